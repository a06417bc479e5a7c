"""Who calls: tokens, what they may do, and the credential that a request carries."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from gitlab_sync.sandbox.answer import Refusal, json_answer, message

ADMIN_TOKEN = "sandbox-admin-token"  # noqa: S105 - it opens nothing but this sandbox
"""The token of an administrator that every sandbox has."""

Kind = Literal["personal", "oauth", "job"]

_HEADERS: Mapping[str, Collection[Kind]] = {
    "PRIVATE-TOKEN": {"personal"},
    "Authorization": {"personal", "oauth"},
    "JOB-TOKEN": {"job"},
}
"""The kinds of tokens that each header takes."""

JOB_ROUTES = frozenset(
    {
        "/projects/:id/repository/branches",
        "/projects/:id/repository/commits/:sha",
        "/projects/:id/repository/commits/:sha/merge_requests",
        "/projects/:id/repository/files/:path/raw",
        "/projects/:id/repository/tags",
        "/projects/:id/merge_requests",
        "/projects/:id/merge_requests/:iid",
        "/projects/:id/merge_requests/:iid/notes",
        "/projects/:id/merge_requests/:iid/notes/:note_id",
    }
)
"""What the token of a CI job can read, with GET; on all other routes GitLab ignores it."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `name` is what traffic and faults call it; the value is the secret itself.

    That of a CI job sees what is public, and of the rest only the `project` of the job, by id.
    """

    name: str
    value: str
    user_id: int
    scopes: tuple[str, ...] = ("read_api",)
    kind: Kind = "personal"
    admin: bool = False
    expired: bool = False
    expires: str | None = None
    project: int | None = None

    @property
    def reads(self) -> bool:
        """Whether it may read the whole API."""
        return "api" in self.scopes or "read_api" in self.scopes

    def reaches(self, method: str, template: str) -> bool:
        """Whether GitLab takes it into account on a route; else the caller is no one."""
        return self.kind != "job" or (method == "GET" and template in JOB_ROUTES)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request carried: the header's name and the value, or None and None."""

    header: str | None = None
    value: str | None = None


class Tokens:
    """All tokens of a sandbox, by value and by name."""

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self._lock = threading.Lock()
        self._by_value: dict[str, Token] = {}
        self._by_name: dict[str, Token] = {}
        self._revoked: set[str] = set()
        for token in tokens:
            self.add(token)

    def add(self, token: Token) -> Token:
        """Put `token` in, in place of one of the same name."""
        with self._lock:
            old = self._by_name.get(token.name)
            if old is not None:
                self._by_value.pop(old.value, None)
            self._by_name[token.name] = token
            self._by_value[token.value] = token
            self._revoked.discard(token.value)
        return token

    def revoke(self, name: str) -> None:
        """Take the token of that name away: it is answered with 401 from now on."""
        with self._lock:
            token = self._by_name.pop(name, None)
            if token is not None:
                self._by_value.pop(token.value, None)
                self._revoked.add(token.value)

    def named(self, name: str) -> Token:
        """Return the token of that name; KeyError if there is none."""
        with self._lock:
            return self._by_name[name]

    def find(self, credential: Credential) -> Token | None:
        """Return the token of a request, valid or not; None if unknown."""
        return None if credential.value is None else self._by_value.get(credential.value)

    def check(self, credential: Credential) -> Token | None:
        """Return the token of a request, or None if it carries no credential.

        Raises the `Refusal` (401) for a token that is unknown, expired, or in the wrong header.
        """
        if credential.value is None:
            return None
        token = self._by_value.get(credential.value)
        if token is None or token.kind not in _HEADERS[credential.header or ""]:
            if credential.value in self._revoked:
                raise _invalid("Token was revoked. You have to re-authorize from the user.")
            raise message(401, "401 Unauthorized")
        if token.expired:
            raise _invalid("Token is expired. You can either do re-authorization or token refresh.")
        return token


def credential_of(headers: Mapping[bytes, bytes]) -> Credential:
    """Return the credential in `headers`, which cheroot keeps with capital initials."""
    private = headers.get(b"Private-Token")
    if private:
        return Credential("PRIVATE-TOKEN", private.decode("latin-1").strip())
    job = headers.get(b"Job-Token")
    if job:
        return Credential("JOB-TOKEN", job.decode("latin-1").strip())
    bearer = headers.get(b"Authorization")
    if bearer:
        scheme, _, value = bearer.decode("latin-1").strip().partition(" ")
        if scheme.lower() == "bearer":
            return Credential("Authorization", value.strip())
        return Credential("Authorization", bearer.decode("latin-1"))
    return Credential()


def make_value(name: str, kind: Kind) -> str:
    """Return a token's value that looks like GitLab's and follows from its name."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    beginning = {"personal": "glpat-", "job": "glcbt-"}
    return f"{beginning[kind]}{digest[:20]}" if kind in beginning else digest


def _invalid(text: str) -> Refusal:
    return Refusal(json_answer({"error": "invalid_token", "error_description": text}, 401))
