"""Which pages a visitor may see: the roles that the server's operator has listed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.rules.identity.people_input import username_fault
from gitlab_sync.rules.identity.usernames import bare_username, username_key

Role = Literal["admin", "mentor", "member"]
"""An admin sees all pages and the server's status, a mentor all pages, a member their own data."""

VARIABLE = "GITLAB_SYNC_ROLES"
"""The environment variable with the path of the roles file."""

_RANKS: tuple[Role, ...] = get_args(Role)  # from most to fewest pages
_OLDER_NAMES: dict[str, Role] = {"intern": "member"}


@dataclass(frozen=True, slots=True)
class Roles:
    """Roles by username in lower case. Immutable.

    If anyone is listed, everyone who is not is a member. If the list is empty, everyone is a
    mentor. Usernames are those of the configured GitLab: elsewhere anyone can have the same name.
    """

    by_username: Mapping[str, Role] = field(default_factory=dict)

    @classmethod
    def from_settings(cls, secrets: Mapping[str, object], environ: Mapping[str, str]) -> Roles:
        """Read `roles` of the secrets, else the TOML file that `GITLAB_SYNC_ROLES` names.

        Both have a list of usernames for each role: `admin = ["ann"]`, in the file below `[roles]`
        or without it. A username in two lists has the role that sees more. Raises
        ConfigurationError, which names the place, for anything else.
        """
        setting, where = secrets.get("roles"), "roles in the secrets"
        path = environ.get(VARIABLE, "").strip()
        if setting is None and path:
            setting, where = _read_file(path), f"the file of {VARIABLE}"
        if setting is None:
            return cls()
        if not isinstance(setting, Mapping):
            raise ConfigurationError(
                f"{where}: it must be a table with a list of usernames for each role, "
                f"got {type(setting).__name__}",
                hint='Write, for example, admin = ["ann"] below [roles].',
            )
        return cls(_by_username(setting, where))

    def of(self, sign_in: SignIn, *, is_own: bool) -> Role:
        """Return the visitor's role; `is_own` says whether they are at the configured GitLab.

        In the demo everyone is a mentor: they see all pages, but not the server's status.
        """
        if sign_in.is_demo or not self.by_username:
            return "mentor"
        role = self.by_username.get(username_key(sign_in.username)) if is_own else None
        return role or "member"


def _read_file(path: str) -> object:
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"the file of {VARIABLE} cannot be read: {error.strerror}"
        ) from None
    except ValueError as error:
        raise ConfigurationError(f"the file of {VARIABLE} is not TOML: {error}") from None
    return content["roles"] if content.keys() == {"roles"} else content


def _by_username(setting: Mapping[str, object], where: str) -> dict[str, Role]:
    """Return the role of each username. Raises ConfigurationError, which names the place."""
    by_role: dict[Role, list[str]] = {role: [] for role in _RANKS}
    for name, usernames in setting.items():
        role = _OLDER_NAMES.get(name.lower(), name.lower())
        if role not in by_role:
            raise ConfigurationError(
                f"{where}: a role must be admin, mentor or member, got “{name}”",
                hint="Use one of these three names.",
            )
        if isinstance(usernames, str | Mapping) or not isinstance(usernames, Iterable):
            raise ConfigurationError(
                f"{where}: the role {name} must be a list of usernames, "
                f"got {type(usernames).__name__}",
                hint=f'Write, for example, {name} = ["ann", "bob"].',
            )
        for place, username in enumerate(usernames, 1):
            by_role[role].append(_key_of(username, f"{where}: {name}, entry {place}"))
    # The role that sees more comes last, so it has the last word.
    return {username: role for role in reversed(_RANKS) for username in by_role[role]}


def _key_of(username: object, place: str) -> str:
    """Return what a username is compared by. Raises ConfigurationError if no one can have it."""
    text = bare_username(username) if isinstance(username, str) else ""
    fault = username_fault(text) if text else f"a username must be a text, got {username!r}"
    if fault is not None:
        raise ConfigurationError(f"{place}: {fault}", hint="Write the name after the @ in GitLab.")
    return username_key(text)
