"""People from arguments, files and standard input, and what is wrong with those who cannot be any.

A file is a list with one username a line, or a CSV, as `rules.identity.people_input` reads them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import click

from gitlab_sync.cli.files import place_of, read_list
from gitlab_sync.cli.messages import note, printable
from gitlab_sync.cli.options import FILE, Connection
from gitlab_sync.errors import without_secrets
from gitlab_sync.rules.delimited import records_of
from gitlab_sync.rules.identity.people_input import (
    PeopleInput,
    Person,
    layout_of,
    merge,
    merged,
    parse_people,
    username_fault,
)
from gitlab_sync.types import TableRow

if TYPE_CHECKING:
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.reports.sheet import Sheet

COLLEGE = "College"

users_argument = click.argument("users", metavar="[USER]...", nargs=-1)
_USERS_FILE = click.option(
    "--users-file", "users_files", multiple=True, type=FILE, metavar="FILE",
    help="Usernames, one a line, or a CSV with a column of them; - is standard input. May be "
    "given several times.",
)  # fmt: skip
members_option = click.option(
    "--members-of", "groups", multiple=True, metavar="GROUP",
    help="The members of this group, too, inherited ones included: id or path. May be given "
    "several times.",
)  # fmt: skip


@dataclass(slots=True)
class People:
    """Who was named, each once and in order, and a message for each name that is none.

    `titles` are the further columns of their files; `groups` those whose members are meant, too,
    and not read yet. `asked` says whether somebody named people at all, be it by an empty file.
    """

    people: tuple[Person, ...] = ()
    refused: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    groups: tuple[str, ...] = ()
    asked: bool = False

    @property
    def usernames(self) -> list[str]:
        """The usernames, as given."""
        return [person.username for person in self.people]


def people_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the argument and the options that name people, and hand them over as `people`."""

    @functools.wraps(command)
    def gather(**given: Any) -> int:
        named = (given.pop("users"), given.pop("users_files"), given.pop("groups"))
        return command(people=read_people(*named), **given)

    return users_argument(_USERS_FILE(members_option(gather)))


def require_people(people: People, connection: Connection) -> None:
    """Refuse a command that names nobody, but in the demo, which has people of its own."""
    if not people.asked and not connection.demo:
        raise click.UsageError(
            "Whose? Give at least one USER, --users-file FILE, or --members-of GROUP."
        )


def read_people(
    arguments: Iterable[str], users_files: Iterable[str] = (), groups: Iterable[str] = ()
) -> People:
    """Collect the people of a command: its arguments, then those of files (`-`: standard input).

    Who is named twice is there once, with all further columns. Raises click.UsageError for a file
    that cannot be read, and for an argument that is a token.
    """
    people = People(groups=tuple(group for group in groups if group.strip()))
    people.asked = bool(people.groups)
    inputs = []
    for number, argument in enumerate(arguments, start=1):
        people.asked = True
        if without_secrets(argument) != argument:
            raise click.UsageError("A token was given as a USER. Put it into GITLAB_TOKEN.")
        inputs.append(_of_argument(number, argument))
    titles: dict[str, None] = {}
    for name in users_files:
        people.asked = True
        text = read_list(name)
        inputs.append(parse_people(text, place_of(name)))
        titles |= dict.fromkeys(_titles(text, inputs[-1].people))
    found = merge(*inputs)
    people.people = found.people
    people.refused = [f"{fault}: left out" for fault in found.faults]
    people.titles = list(titles)
    return people


def find_people(people: People, command: CommandRun) -> People:
    """Return the people that a run is about, and note the names that are left out of it.

    These are the people named, with the members of the groups; without any, the people of the demo.
    """
    from gitlab_sync.services.members import people_of_groups

    for message in people.refused:
        note(message)
    named = list(people.people)
    if people.groups:
        named = merged([*named, *people_of_groups(command.session, people.groups)])
    if not people.asked:
        named = [Person(name) for name in command.demo_people]
    if not named and not people.refused:
        note("warning: nobody was named, so there are no rows")
    return replace(people, people=tuple(named))


class Further:
    """The further columns of a list of people, for the rows of a report that has `columns`.

    A title that the report has, too, gets a number behind it. Who has nothing there has an empty
    text: that is no null, since nothing is unknown about it. Immutable.
    """

    def __init__(self, people: People, columns: Sequence[str]) -> None:
        named: dict[str, str] = {}
        taken = {column.casefold() for column in columns}
        for title in people.titles:
            named[title] = name = _free(printable(title), taken)
            taken.add(name.casefold())
        self.titles = list(named.values())
        self._nothing: TableRow = dict.fromkeys(self.titles, "")
        self._cells = {
            person.key: self._nothing | {named[title]: cell for title, cell in _cells(person)}
            for person in people.people
        }

    def behind(self, sheet: Sheet) -> Sheet:
        """Return a table of people with the further columns behind its own."""
        return replace(
            sheet,
            columns=[*sheet.columns, *self.titles],
            rows=[self.join(row) for row in sheet.rows],
            nothing={*sheet.nothing, *self.titles},
        )

    def join(self, row: TableRow) -> TableRow:
        """Return the row of a person (by its `Username`) with the further cells behind it."""
        return row | self._cells.get(str(row["Username"]).lower(), self._nothing)


def _of_argument(number: int, argument: str) -> PeopleInput:
    username = argument.strip().removeprefix("@")
    fault = username_fault(username)
    if fault is not None:
        return PeopleInput(faults=(f"argument {number}: {fault}",))
    return PeopleInput((Person(username),))


def _titles(text: str, people: Iterable[Person]) -> list[str]:
    """Return the titles of the further columns that hold anything, in the order of the file."""
    header = layout_of(records_of(text)).titles
    found = {title for person in people for title, _ in _cells(person)}

    def place(title: str) -> int:
        if title == COLLEGE:
            return -1  # wherever it stood: all reports have it first
        # What has no title of its own is called by its number.
        return header.index(title) if title in header else int(title.rpartition(" ")[2]) - 1

    return sorted(found, key=place)


def _cells(person: Person) -> list[tuple[str, str]]:
    college = [(COLLEGE, person.college)] if person.college else []
    return [*college, *person.extra.items()]


def _free(title: str, taken: set[str]) -> str:
    """Return `title`, or what it is called if that is taken: `Status (2)`."""
    name, number = title, 2
    while name.casefold() in taken:
        name, number = f"{title} ({number})", number + 1
    return name
