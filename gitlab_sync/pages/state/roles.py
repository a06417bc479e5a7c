"""Who has which role, as the server's operator has listed it: in a file, or in the secrets.

On a live GitLab a role opens pages of the app, and the token decides what they show. On a snapshot
a role also says of which people (`state.access`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from gitlab_sync.api.projects import extract_path_from_url
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.rules.identity.people_input import username_fault
from gitlab_sync.rules.identity.usernames import bare_username, username_key

Role = Literal["admin", "mentor", "member"]
"""An admin sees all pages and the server's status, a mentor all pages, a member their own data."""

VARIABLE = "GITLAB_SYNC_ROLES"
"""The environment variable with the path of the roles file."""

RANKS: tuple[Role, ...] = get_args(Role)
"""The roles, from most to fewest pages."""

_OLDER_NAMES: dict[str, Role] = {"intern": "member"}
_TEAMS = "teams"
_WHO = ("people", "groups")
_OF_WHOM = ("of_groups", "of_teams", "of_colleges")
_ENTRY = re.compile(r"\s*(?:\[\[\s*(?:roles\s*\.\s*)?)?(\w+)\s*(?:\]\]|=)")


@dataclass(frozen=True, slots=True)
class Grant:
    """A role for some people and, on a snapshot, of which people it shows the work. Immutable.

    `people` are keys, and `groups` the paths or ids of groups with members who have it, too.
    `of_groups`, `of_teams` and `of_colleges` are as written. `place` names the entry.
    """

    role: Role
    place: str
    people: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    of_groups: tuple[str, ...] = ()
    of_teams: tuple[str, ...] = ()
    of_colleges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Roles:
    """The grants of all roles, and the `teams` that they name, as keys by name. Immutable.

    Usernames are those of the configured GitLab: elsewhere anyone can have the same name. `given`
    says whether there is a list of roles at all.
    """

    grants: tuple[Grant, ...] = ()
    teams: Mapping[str, frozenset[str]] = field(default_factory=dict)
    given: bool = False

    @classmethod
    def from_settings(cls, secrets: Mapping[str, object], environ: Mapping[str, str]) -> Roles:
        """Read `roles` of the secrets, else the TOML file that `GITLAB_SYNC_ROLES` names.

        Both have for each role a list of usernames, `admin = ["ann"]`, or of tables with the fields
        of a `Grant`; in the file below `[roles]` or without it. Raises ConfigurationError, which
        names the place, for anything else.
        """
        setting, where = secrets.get("roles"), "roles in the secrets"
        path, lines = environ.get(VARIABLE, "").strip(), dict[str, list[int]]()
        if setting is None and path:
            (setting, lines), where = _read_file(path), f"the file of {VARIABLE}"
        if setting is None:
            return cls()
        if not isinstance(setting, Mapping):
            raise ConfigurationError(
                f"{where}: it must be a table with a list of usernames for each role, "
                f"got {type(setting).__name__}",
                hint='Write, for example, admin = ["ann"] below [roles].',
            )
        teams = _teams(setting.get(_TEAMS, {}), where)
        grants = tuple(
            _in_line(grant, number, lines.get(name, ()))
            for name, entries in setting.items()
            if name != _TEAMS
            for number, grant in enumerate(_grants(name, entries, where))
        )
        for grant in grants:
            _require_teams(grant, teams, where)
        return cls(grants, teams, given=True)

    def of(self, sign_in: SignIn, *, is_own: bool) -> Role:
        """Return the visitor's role on a live GitLab; `is_own`: they are at the configured one.

        If anyone is listed, everyone who is not is a member; a group is not looked up. If no one
        is, everyone is a mentor. In the demo everyone is: they see all pages, but not the server's
        status.
        """
        if sign_in.is_demo or not self.grants:
            return "mentor"
        key = username_key(sign_in.username)
        theirs = {grant.role for grant in self.grants if is_own and key in grant.people}
        return next((role for role in RANKS if role in theirs), "member")


def state_of_file(environ: Mapping[str, str]) -> object:
    """Return what changes whenever the roles file does."""
    path = environ.get(VARIABLE, "").strip()
    try:
        found = Path(path).stat() if path else None
    except (OSError, ValueError):
        found = None
    return (path, found and (found.st_mtime_ns, found.st_size, found.st_ino))


def keys_of(usernames: object, place: str) -> frozenset[str]:
    """Return the keys of a list of usernames. Raises ConfigurationError, which names the place."""
    return frozenset(_listed(usernames, place, "usernames", _key_of))


def _read_file(path: str) -> tuple[object, dict[str, list[int]]]:
    """Return what a file has, and the numbers of the lines that begin an entry of each name."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError(
            f"the file of {VARIABLE} cannot be read: {error.strerror}"
        ) from None
    except ValueError as error:
        raise ConfigurationError(f"the file of {VARIABLE} is not TOML: {error}") from None
    lines: dict[str, list[int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        begun = _ENTRY.match(line)
        if begun is not None:
            lines.setdefault(begun[1], []).append(number)
    return content["roles"] if content.keys() == {"roles"} else content, lines


def _in_line(grant: Grant, number: int, lines: Sequence[int]) -> Grant:
    """Return the grant with that number of a role, with the line that it is in."""
    if not lines:
        return grant
    return replace(grant, place=f"{grant.place}, line {lines[min(number, len(lines) - 1)]}")


def _grants(name: str, setting: object, where: str) -> Iterator[Grant]:
    """Yield the grants of a role: one of all usernames, and one for each table."""
    role = _OLDER_NAMES.get(name.lower(), name.lower())
    if role not in RANKS:
        raise ConfigurationError(
            f"{where}: a role must be admin, mentor or member, got “{name}”",
            hint="Use one of these three names.",
        )
    if isinstance(setting, str | Mapping) or not isinstance(setting, Iterable):
        raise ConfigurationError(
            f"{where}: the role {name} must be a list of usernames, got {type(setting).__name__}",
            hint=f'Write, for example, {name} = ["ann", "bob"].',
        )
    plain = set[str]()
    for number, entry in enumerate(setting, 1):
        place = f"{name}, entry {number}"
        if isinstance(entry, Mapping):
            yield _grant(role, place, entry, where)
        else:
            plain.add(_key_of(entry, f"{where}: {place}"))
    if plain:
        yield Grant(role, name, frozenset(plain))


def _grant(role: Role, place: str, entry: Mapping[str, object], where: str) -> Grant:
    at = f"{where}: {place}"
    allowed = (*_WHO, *_OF_WHOM) if role == "mentor" else _WHO
    for key in entry:
        if key not in allowed:
            raise ConfigurationError(
                f"{at}: a key of a {role} must be one of {', '.join(allowed)}, got “{key}”",
                hint="An admin sees everyone, and a member only themselves."
                if key in _OF_WHOM
                else "Write one of these keys.",
            )
    if not any(entry.get(key) for key in _WHO):
        raise ConfigurationError(
            f"{at}: it must name people or groups, got neither",
            hint='Write, for example, people = ["bob"].',
        )
    return Grant(
        role,
        place,
        keys_of(entry.get("people", ()), f"{at}, people"),
        *(
            tuple(_listed(entry.get(key, ()), f"{at}, {key}", nouns, read))
            for key, nouns, read in (
                ("groups", "groups", _group_of),
                ("of_groups", "groups", _group_of),
                ("of_teams", "teams", _text_of),
                ("of_colleges", "colleges", _text_of),
            )
        ),
    )


def _teams(setting: object, where: str) -> dict[str, frozenset[str]]:
    if not isinstance(setting, Mapping):
        raise ConfigurationError(
            f"{where}: teams must be a table with a list of usernames for each team, "
            f"got {type(setting).__name__}",
            hint='Write, for example, red = ["alice", "bob"] below [teams].',
        )
    return {
        str(name): keys_of(usernames, f"{where}: teams, {name}")
        for name, usernames in setting.items()
    }


def _require_teams(grant: Grant, teams: Mapping[str, object], where: str) -> None:
    for name in grant.of_teams:
        if name not in teams:
            raise ConfigurationError(
                f"{where}: {grant.place}: of_teams must name teams of [teams], got “{name}”",
                hint=f'Write, for example, {name} = ["alice", "bob"] below [teams].',
            )


def _listed(
    setting: object, place: str, nouns: str, read: Callable[[object, str], str]
) -> Iterator[str]:
    if isinstance(setting, str | Mapping) or not isinstance(setting, Iterable):
        raise ConfigurationError(
            f"{place}: it must be a list of {nouns}, got {type(setting).__name__}",
            hint="Write a list in brackets.",
        )
    for number, each in enumerate(setting, 1):
        yield read(each, f"{place}, entry {number}")


def _group_of(group: object, place: str) -> str:
    """Return the path or id of a group, by which it is compared."""
    text = str(group) if isinstance(group, str | int) and not isinstance(group, bool) else ""
    path = extract_path_from_url(text).strip("/").removeprefix("groups/").lower()
    if not path:
        raise ConfigurationError(
            f"{place}: a group must be a path or an id, got {group!r}",
            hint='Write, for example, "courses/2026".',
        )
    return path


def _text_of(text: object, place: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise ConfigurationError(
            f"{place}: it must be a name, got {text!r}", hint="Write a text in quotes."
        )
    return text.strip()


def _key_of(username: object, place: str) -> str:
    """Return what a username is compared by. Raises ConfigurationError if no one can have it."""
    text = bare_username(username) if isinstance(username, str) else ""
    fault = username_fault(text) if text else f"a username must be a text, got {username!r}"
    if fault is not None:
        raise ConfigurationError(f"{place}: {fault}", hint="Write the name after the @ in GitLab.")
    return username_key(text)
