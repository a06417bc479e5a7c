"""Who may see which pages: what the server's operator wrote down, and nothing else."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.sign_ins import SignIn

Role = Literal["admin", "mentor", "member"]
"""An admin sees all pages and the server's state, a mentor all pages, a member what is theirs."""

VARIABLE = "GITLAB_SYNC_ROLES"
"""The environment variable that names a file with roles."""

_RANKS: tuple[Role, ...] = get_args(Role)
_OLDER: dict[str, Role] = {"intern": "member"}


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles of usernames, in lower case. Immutable, so threads may share it.

    Who is not listed where somebody is, is a member; where nobody is listed, all are mentors.
    """

    by_username: Mapping[str, Role] = field(default_factory=dict)

    @classmethod
    def from_settings(cls, secrets: Mapping[str, object], environ: Mapping[str, str]) -> Roles:
        """Read `roles` of the secrets, else the file that `GITLAB_SYNC_ROLES` names (TOML).

        Both have a list of usernames for each role: `admin = ["ann"]`. Who is in two has the one
        that sees more. Raises ConfigurationError for anything else.
        """
        given = secrets.get("roles")
        path = environ.get(VARIABLE, "").strip()
        if given is None and path:
            given = _read_file(path)
        if given is None:
            return cls()
        if not isinstance(given, Mapping):
            raise ConfigurationError("roles must have a list of usernames for each role")
        return cls(_listed(given))

    def of(self, sign_in: SignIn) -> Role:
        """Return what somebody is; in the demo, where nothing can be harmed, an admin."""
        if sign_in.is_demo:
            return "admin"
        otherwise: Role = "member" if self.by_username else "mentor"
        return self.by_username.get(sign_in.username.lower(), otherwise)


def _read_file(path: str) -> object:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"the file of roles cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"the file of roles is not TOML: {error}") from None


def _listed(given: Mapping[str, object]) -> dict[str, Role]:
    found: dict[str, Role] = {}
    by_role: dict[Role, list[str]] = {role: [] for role in _RANKS}
    for name, usernames in given.items():
        role = _OLDER.get(name.lower(), name.lower())
        if role not in by_role:
            raise ConfigurationError(
                f"there is no role “{name}”", hint=f"Roles are {', '.join(_RANKS)}."
            )
        if isinstance(usernames, str) or not isinstance(usernames, Iterable):
            raise ConfigurationError(f"the role {name} must have a list of usernames")
        by_role[role] += [str(username).strip().removeprefix("@").lower() for username in usernames]
    for role, names in by_role.items():  # who sees more comes first
        for username in names:
            found.setdefault(username, role)
    return found
