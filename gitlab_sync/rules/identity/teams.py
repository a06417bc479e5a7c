"""Reads teams from a file, names every fault, and writes teams.

The form is `{"teams": [{"team_name", "project_name"?, "members": [{"username", "name"?}]}]}`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

import orjson

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.bounds import MOST_LIST_CHARACTERS, BeyondBounds, first_faults, within
from gitlab_sync.rules.identity.bots import is_bot
from gitlab_sync.rules.identity.usernames import HasUsername, bare_username, is_username
from gitlab_sync.rules.unique import unique
from gitlab_sync.types import Record


@dataclass(frozen=True, slots=True)
class Member(HasUsername):
    """A person in a team; `name` can be empty. Immutable."""

    username: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Team:
    """A team, the project it works on (a label, can be empty) and its members. Immutable."""

    name: str
    project: str
    members: tuple[Member, ...]


def parse_teams(text: str, source: str = "teams") -> tuple[Team, ...]:
    """Return the teams in a JSON text.

    Raises ConfigurationError with every fault, one a line, each with `source` and its place such
    as `teams[0].members[2].username`: a missing value, a wrong type, an invalid username, a team
    named twice, a person twice in one team. Unknown keys are ignored.
    """
    try:
        content = orjson.loads(within(text, MOST_LIST_CHARACTERS).removeprefix("\ufeff"))
    except BeyondBounds as beyond:
        raise ConfigurationError(f"{source}: {beyond}") from None
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(
            f"{source}, line {error.lineno}, column {error.colno}: invalid JSON: {error.msg}"
        ) from error
    reader = _Reader()
    teams = reader.teams(content)
    if reader.faults:
        faults = first_faults(f"{source}, {fault}" for fault in reader.faults)
        raise ConfigurationError("\n".join(faults))
    return teams


def first_teams(teams: Iterable[Team], people: int) -> tuple[Team, ...]:
    """Return the first teams that have no more than so many people; of a larger first one a part.

    All of them if they have no more.
    """
    found: list[Team] = []
    taken: set[str] = set()
    for team in teams:
        taken.update(member.key for member in team.members)
        if found and len(taken) > people:
            break
        found.append(replace(team, members=team.members[:people]))
    return tuple(found)


def teams_to_json(teams: Iterable[Team]) -> str:
    """Return the teams as JSON text that `parse_teams` reads; an empty name is left out."""
    content = {
        "teams": [
            {
                "team_name": team.name,
                "project_name": team.project,
                "members": [
                    {"username": member.username, "name": member.name}
                    if member.name
                    else {"username": member.username}
                    for member in team.members
                ],
            }
            for team in teams
        ]
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode() + "\n"


def usernames_of(teams: Iterable[Team]) -> list[str]:
    """Return each username once, ignoring case, in the order of the teams."""
    members = (member for team in teams for member in team.members)
    return [member.username for member in unique(members, lambda member: member.key)]


def without_bots(teams: Iterable[Team], bots: Collection[str]) -> tuple[Team, ...]:
    """Return the teams without the members that are bots; see `bots.is_bot`."""
    return tuple(
        replace(team, members=tuple(each for each in team.members if not is_bot(each.key, bots)))
        for team in teams
    )


class _Reader:
    def __init__(self) -> None:
        self.faults: list[str] = []

    def teams(self, content: object) -> tuple[Team, ...]:
        if not isinstance(content, dict):
            self._fault("top level", "not an object with the key “teams”")
            return ()
        entries = self._objects(content, "", "teams")
        teams = [(place, self._team(entry, place)) for place, entry in entries]
        self._no_doubles((f"{place}.team_name", team.name) for place, team in teams)
        return tuple(team for _, team in teams)

    def _team(self, entry: Record, place: str) -> Team:
        name = self._text(entry, place, "team_name", empty=False)
        project = self._optional_text(entry, place, "project_name")
        members = [
            (within, self._member(member, within))
            for within, member in self._objects(entry, f"{place}.", "members")
        ]
        self._no_doubles((f"{within}.username", member.username) for within, member in members)
        return Team(name, project, tuple(member for _, member in members))

    def _member(self, entry: Record, place: str) -> Member:
        username = bare_username(self._text(entry, place, "username", empty=False))
        if username and not is_username(username):
            self._fault(f"{place}.username", f"“{username}” is not a valid username")
        return Member(username, self._optional_text(entry, place, "name"))

    def _objects(self, entry: Record, prefix: str, key: str) -> Iterator[tuple[str, Record]]:
        value = entry.get(key)
        if not isinstance(value, list):
            self._fault(f"{prefix}{key}", "missing" if value is None else "not a list")
            return
        for position, each in enumerate(value):
            place = f"{prefix}{key}[{position}]"
            if isinstance(each, dict):
                yield place, each
            else:
                self._fault(place, "not an object")

    def _text(self, entry: Record, place: str, key: str, *, empty: bool = True) -> str:
        value = entry.get(key)
        if isinstance(value, str) and (empty or value.strip()):
            return value.strip()
        kind = "missing" if value is None else "empty" if isinstance(value, str) else "not a text"
        self._fault(f"{place}.{key}", kind)
        return ""

    def _optional_text(self, entry: Record, place: str, key: str) -> str:
        return "" if entry.get(key) is None else self._text(entry, place, key)

    def _no_doubles(self, named: Iterable[tuple[str, str]]) -> None:
        first: dict[str, str] = {}
        for place, name in named:
            before = first.setdefault(name.lower(), place)
            if name and before != place:
                self._fault(place, f"“{name}” is also at {before}")

    def _fault(self, place: str, what: str) -> None:
        self.faults.append(f"{place}: {what}")
