"""Reads lists of people, pasted or uploaded, and names every bad line.

A list is one username a line, or a table with any delimiter, with or without a header.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gitlab_sync.rules.bounds import first_faults
from gitlab_sync.rules.delimited import Records, records_of
from gitlab_sync.rules.identity.usernames import HasUsername, bare_username, is_username

# The clearest first: if there are two, “User” can be a full name.
USER_TITLES = (
    "gitlab username",
    "gitlab_username",
    "username",
    "user_name",
    "user name",
    "user",
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


@dataclass(frozen=True, slots=True)
class Person(HasUsername):
    """A person on a list. `extra` has the further columns by their titles. Immutable."""

    username: str
    college: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PeopleInput:
    """The people that were read, each once, and the faults as `file, line 3: …`."""

    people: tuple[Person, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of a table are. `titles` is empty without a header."""

    user: int
    titles: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def column(self, titles: Sequence[str], otherwise: int) -> int | None:
        """Return the column that has one of `titles`; without a header, `otherwise`."""
        return _position(self.titles, titles) if self.titles else otherwise


def parse_people(text: str, source: str = "text") -> PeopleInput:
    """Return the people of a text or a CSV file; never raises.

    The delimiter is found among `,`, `;`, tab and `|`. A header is a first line with one of
    `USER_TITLES`; without one, column 1 is the username and column 2 the college. No one is listed
    twice: see `merged`. An `@` before a username is left out. A line without a username, or
    with one that GitLab cannot have, is a fault that is named with `source` and its line, and left
    out.
    """
    records = records_of(text)
    layout = layout_of(records)
    college = layout.column(COLLEGE_TITLES, 1)
    titles = _own_titles(layout.titles)
    people: list[Person] = []
    faults = list(records.faults)
    for line, cells in layout.rows:
        username = bare_username(cell(cells, layout.user))
        fault = username_fault(username)
        if fault is not None:
            faults.append((line, fault))
            continue
        extra = {
            cell(titles, position) or f"Column {position + 1}": value
            for position, value in enumerate(cells)
            if position not in {layout.user, college} and value
        }
        people.append(Person(username, cell(cells, college), extra))
    return PeopleInput(tuple(merged(people)), named(faults, source))


def merge(*inputs: PeopleInput) -> PeopleInput:
    """Return several inputs as one, in their order, with each person once."""
    people = merged(person for each in inputs for person in each.people)
    return PeopleInput(tuple(people), tuple(fault for each in inputs for fault in each.faults))


def merged(people: Iterable[Person]) -> list[Person]:
    """Return everyone once, ignoring case, as first spelled, at their first place.

    What an earlier line leaves empty comes from a later one.
    """
    found: dict[str, list[Person]] = {}
    for person in people:
        found.setdefault(person.key, []).append(person)
    return [_as_one(each) for each in found.values()]


def _as_one(lines: Sequence[Person]) -> Person:
    extra: dict[str, str] = {}
    for line in lines:
        for title, value in line.extra.items():
            extra.setdefault(title, value)
    college = next((line.college for line in lines if line.college), "")
    return Person(lines[0].username, college, extra)


def layout_of(records: Records) -> Layout:
    """Return the column of the username, and the rows below the header if there is one."""
    header = tuple(title.lower() for title in records.rows[0][1]) if records.rows else ()
    user = _position(header, USER_TITLES)
    if user is None:
        return Layout(0, (), records.rows)
    return Layout(user, records.rows[0][1], records.rows[1:])


def cell(cells: Sequence[str], position: int | None) -> str:
    """Return a cell of a row; empty if the column or the cell is missing."""
    return "" if position is None or position >= len(cells) else cells[position]


def username_fault(username: str) -> str | None:
    """Return why this cannot be a username of GitLab, or None."""
    if not username:
        return "no username"
    if is_username(username):
        return None
    return f"“{username[:60]}” is not a username (letters, digits, “_”, “.” and “-”)"


def named(faults: Iterable[tuple[int, str]], source: str) -> tuple[str, ...]:
    """Return the faults with their places, in the order of the lines."""
    return tuple(first_faults(f"{source}, line {line}: {fault}" for line, fault in sorted(faults)))


def _position(header: Sequence[str], titles: Sequence[str]) -> int | None:
    lowered = [title.lower() for title in header]
    return next((lowered.index(title) for title in titles if title in lowered), None)


def _own_titles(titles: Sequence[str]) -> list[str]:
    """Return the titles of columns; one that is repeated is empty."""
    first = {title: place for place, title in reversed(tuple(enumerate(titles)))}
    return [title if first[title] == place else "" for place, title in enumerate(titles)]
