"""Reads lists of people, pasted or uploaded, and names every bad line.

A list is one username a line, or a table with any delimiter, with or without a header. All commands
and pages read people here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gitlab_sync.rules.bounds import first_faults, shown
from gitlab_sync.rules.delimited import records_of
from gitlab_sync.rules.identity.usernames import HasUsername, bare_username, is_username

# In lower case, with a space for `_` and `-`. The clearest first: “User” can be a full name.
USER_TITLES = (
    "gitlab username",
    "gitlab user name",
    "gitlab user",
    "gitlab login",
    "gitlab handle",
    "gitlab account",
    "gitlab profile",
    "gitlab",
    "username",
    "user name",
    "login",
    "user",
    "handle",
    "account",
    "profile",
    "github username",
)
COLLEGE_TITLES = (
    "college",
    "college name",
    "institution",
    "institution name",
    "university",
    "university name",
    "organization",
    "organisation",
    "org",
    "school",
)
TEAM_TITLES = ("team name", "team")
NAME_TITLES = ("full name", "name")
DEADLINE_TITLES = ("deadline",)

BARE = ("Username", "College")
"""The columns of a list of people without a header."""

# Titles that other columns of such lists have: a first line with one of them is a header.
_OTHER_TITLE = re.compile(
    r"((first|last|full|given|family|middle|display) ?)?name|surname|e ?mail( address)?|mail|"
    r"((student|github|user|member) )?id( number)?|identifier|team( name)?|groups?|section"
)


@dataclass(frozen=True, slots=True)
class Person(HasUsername):
    """A person on a list. `extra` has the further columns by their titles. Immutable."""

    username: str
    college: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def team(self) -> str:
        """The team in the further columns; can be empty."""
        return self._cell(TEAM_TITLES)

    @property
    def name(self) -> str:
        """The full name in the further columns, in one or two of them; can be empty."""
        parts = (self._cell(["first name"]), self._cell(["last name"]))
        return self._cell(NAME_TITLES) or " ".join(filter(None, parts))

    @property
    def deadline(self) -> str:
        """The deadline in the further columns, as it was written; can be empty."""
        return self._cell(DEADLINE_TITLES)

    def _cell(self, titles: Iterable[str]) -> str:
        cells = {_plain(title): text for title, text in self.extra.items()}
        return next((cells[title] for title in titles if title in cells), "")


@dataclass(frozen=True, slots=True)
class PeopleInput:
    """The people that were read, each once, and the faults as `file, line 3: …`.

    `titles` are those of the further columns, in their order. `refused` says that the whole list
    was: its only fault is the reason.
    """

    people: tuple[Person, ...] = ()
    faults: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    refused: bool = False


def parse_people(text: str, source: str = "text", bare: Sequence[str] = BARE) -> PeopleInput:
    """Return the people of a text or a CSV file; never raises.

    The delimiter is found among `,`, `;`, tab and `|`. A header is a first line with one of
    `USER_TITLES`, in any case; without one, the columns are those of `bare`. A line with a single
    cell is a username. A header without a column of usernames refuses the list, since a guess could
    be wrong. No one is listed twice: see `merged`. Usernames can be as in `bare_username`. A line
    without one, or with one that GitLab cannot have, is a fault that is named with `source` and its
    line, and left out. `#` begins a comment; see `delimited.without_comments`.
    """
    records = records_of(text, comments=True)
    header = records.rows[0][1] if records.rows else ()
    has_header = _position(header, USER_TITLES) is not None
    if not has_header and any(map(_OTHER_TITLE.fullmatch, map(_plain, header))):
        given = shown(", ".join(filter(None, header)))
        known = "username, login, user, …"
        return PeopleInput(
            faults=(f"{source} has no column of usernames ({known}), only: {given}",), refused=True
        )
    titles = _own_titles(header if has_header else bare)
    user, college = _position(titles, USER_TITLES) or 0, _position(titles, COLLEGE_TITLES)
    people: list[Person] = []
    further: set[int] = set()
    faults = list(records.faults)
    for line, cells in records.rows[has_header:]:
        username = bare_username(cells[0] if len(cells) == 1 else _cell(cells, user))
        fault = username_fault(username)
        if fault is not None:
            faults.append((line, fault))
            continue
        others = set() if len(cells) == 1 else set(range(len(cells))) - {user, college}
        extra = {_title(titles, place): cells[place] for place in sorted(others) if cells[place]}
        further |= {place for place in others if cells[place]}
        people.append(Person(username, "" if len(cells) == 1 else _cell(cells, college), extra))
    return PeopleInput(
        tuple(merged(people)),
        _named(faults, source),
        tuple(_title(titles, place) for place in sorted(further)),
    )


def merge(*inputs: PeopleInput) -> PeopleInput:
    """Return several inputs as one, in their order, with each person once."""
    people = merged(person for each in inputs for person in each.people)
    return PeopleInput(tuple(people), tuple(fault for each in inputs for fault in each.faults))


def merged(people: Iterable[Person]) -> list[Person]:
    """Return everyone once, ignoring case, as first spelled, at their first place.

    What an earlier line leaves empty comes from a later one. Of several deadlines the last one
    counts: later lines are extensions.
    """
    found: dict[str, list[Person]] = {}
    for person in people:
        found.setdefault(person.key, []).append(person)
    return [_as_one(each) for each in found.values()]


def _as_one(lines: Sequence[Person]) -> Person:
    extra: dict[str, str] = {}
    for line in lines:
        for title, value in line.extra.items():
            if _plain(title) in DEADLINE_TITLES:
                extra[title] = value
            else:
                extra.setdefault(title, value)
    college = next((line.college for line in lines if line.college), "")
    return Person(lines[0].username, college, extra)


def username_fault(username: str) -> str | None:
    """Return why this cannot be a username of GitLab, or None."""
    if not username:
        return "no username"
    if is_username(username):
        return None
    return f"“{username[:60]}” is not a valid username (letters, digits, “_”, “.” and “-”)"


def _named(faults: Iterable[tuple[int, str]], source: str) -> tuple[str, ...]:
    """Return the faults with their places, in the order of the lines."""
    return tuple(first_faults(f"{source}, line {line}: {fault}" for line, fault in sorted(faults)))


def _plain(title: str) -> str:
    """Return a title as it is compared: `GitLab_Username` as `gitlab username`."""
    return " ".join(title.lower().replace("_", " ").replace("-", " ").split())


def _position(header: Sequence[str], titles: Sequence[str]) -> int | None:
    plain = [_plain(title) for title in header]
    return next((plain.index(title) for title in titles if title in plain), None)


def _cell(cells: Sequence[str], position: int | None) -> str:
    """Return a cell of a row; empty if the column or the cell is missing."""
    return "" if position is None or position >= len(cells) else cells[position]


def _title(titles: Sequence[str], place: int) -> str:
    return _cell(titles, place) or f"Column {place + 1}"


def _own_titles(titles: Sequence[str]) -> list[str]:
    """Return the titles of columns; one that is repeated is empty."""
    first = {title: place for place, title in reversed(tuple(enumerate(titles)))}
    return [title if first[title] == place else "" for place, title in enumerate(titles)]
