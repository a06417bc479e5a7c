"""A token with its header, its principal and where it came from."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from hashlib import blake2b

from gitlab_sync.errors import ConfigurationError

# Without the key, a principal does not reveal its token, and a guess cannot be tested.
_KEY = secrets.token_bytes(32)


class Credential:
    """One token and how it is sent. Immutable; its repr hides the token.

    `is_oauth` sends it as `Authorization: Bearer`, `is_job` (the token of a job of GitLab CI) as
    `JOB-TOKEN`, otherwise it goes as `PRIVATE-TOKEN`. It pickles only as a reference to the
    environment variable that holds it: the token itself never leaves the process. Raises
    ConfigurationError for a token with blanks or characters outside ASCII.
    """

    __slots__ = ("headers", "is_job", "is_oauth", "reference", "token")

    def __init__(
        self,
        token: str | None,
        is_oauth: bool = False,
        reference: str | None = None,
        *,
        is_job: bool = False,
    ) -> None:
        text = (token or "").strip()
        if not all("!" <= character <= "~" for character in text):
            raise ConfigurationError(
                "The token must be printable ASCII without spaces",
                hint="Copy it again, without spaces, quotes or line breaks.",
            )
        self.token = text
        self.is_oauth = is_oauth
        self.is_job = is_job
        self.reference = reference
        header = self._header
        value = f"Bearer {text}" if is_oauth else text
        self.headers: dict[str, str] = {header: value} if text else {}

    @property
    def _header(self) -> str:
        if self.is_oauth:
            return "Authorization"
        return "JOB-TOKEN" if self.is_job else "PRIVATE-TOKEN"

    @classmethod
    def from_environment(
        cls, name: str, is_oauth: bool = False, is_job: bool = False
    ) -> Credential:
        """Read the token from an environment variable, and keep the name so that it pickles.

        Raises ConfigurationError if the variable is not set.
        """
        token = os.environ.get(name)
        if not token:
            raise ConfigurationError(
                f"The environment variable {name} holds no token",
                hint=f"Set {name} to a token with the scope read_api.",
            )
        return cls(token, is_oauth, reference=name, is_job=is_job)

    def principal(self, instance: str, key: bytes | None = None) -> str:
        """Return a keyed hash that identifies the user of this token: 32 hexadecimal digits.

        It does not reveal the token. With a `key` it is the same in every process that has the
        key, without one in this process alone.
        """
        parts = "\0".join(self._signed_in_as(instance))
        return blake2b(parts.encode(), key=key or _KEY, digest_size=16).hexdigest()

    def _signed_in_as(self, instance: str) -> tuple[str, ...]:
        kind = "job" if self.is_job else str(self.is_oauth)
        return instance, kind, self.token

    def __repr__(self) -> str:
        where = f" from {self.reference}" if self.reference else ""
        return f"<Credential{where}: {'Bearer' if self.is_oauth else self._header}, hidden>"

    def __reduce__(self) -> tuple[Callable[..., Credential], tuple[object, ...]]:
        if self.reference is None:
            raise ConfigurationError(
                "A token cannot be sent to another process",
                hint="Use Credential.from_environment, and set the variable there, too.",
            )
        return (Credential.from_environment, (self.reference, self.is_oauth, self.is_job))


class SentCredential(Credential):
    """A token that pickles with its text: it is sent to other processes on purpose."""

    __slots__ = ()

    @classmethod
    def of(cls, credential: Credential) -> SentCredential:
        """Return a credential as one that can be sent."""
        return cls(credential.token, credential.is_oauth, is_job=credential.is_job)

    def __reduce__(self) -> tuple[Callable[..., Credential], tuple[object, ...]]:
        return _sent, (self.token, self.is_oauth, self.is_job)


def _sent(token: str, is_oauth: bool, is_job: bool) -> SentCredential:
    return SentCredential(token, is_oauth, is_job=is_job)


class OidcCredential(Credential):
    """The access token of a person who signed in by OpenID Connect, with their identity.

    The token changes with every sign-in, so the principal is made of issuer and subject, which do
    not change. The caller guarantees that both come from a verified ID token.
    """

    __slots__ = ("issuer", "subject")

    def __init__(self, token: str, issuer: str, subject: str) -> None:
        super().__init__(token, is_oauth=True)
        self.issuer = issuer
        self.subject = subject

    def _signed_in_as(self, instance: str) -> tuple[str, ...]:
        return "oidc", instance, self.issuer, self.subject
