"""Reads people from arguments, files, standard input and groups, and says which names are wrong.

A file is a list with one username per line, a CSV or a workbook, as `rules.identity.people_input`
reads them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import click

from gitlab_sync.cli.files import place_of, read_list
from gitlab_sync.cli.messages import note, printable, say
from gitlab_sync.cli.options import FILE, Connection, with_options
from gitlab_sync.errors import without_secrets
from gitlab_sync.rules.identity import people_input
from gitlab_sync.rules.identity.bots import DEFAULT_BOTS
from gitlab_sync.rules.identity.usernames import bare_username, username_key
from gitlab_sync.types import TableRow

if TYPE_CHECKING:
    from gitlab_sync.cli.session import CommandRun
    from gitlab_sync.reports.sheet import Sheet

COLLEGE = "College"

_USERS = (
    click.argument("users", metavar="[USER]...", nargs=-1),
    click.option(
        "--users-file", "--people", "users_files", multiple=True, type=FILE, metavar="FILE",
        help="Usernames, one per line, or a CSV or XLSX file with a column of them; - is standard "
        "input. Repeatable.",
    ),
    click.option(
        "--members-of", "groups", multiple=True, metavar="GROUP",
        help="Also the members of this group (id or path), inherited ones included. Repeatable.",
    ),
)  # fmt: skip


@dataclass(slots=True)
class People:
    """The people given, each once and in order, and a message for each name that is not valid.

    `titles` are the further columns of their files. The members of `groups` are not read yet.
    `asked` says whether people were given at all, even by an empty file.
    """

    people: tuple[people_input.Person, ...] = ()
    refused: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    groups: tuple[str, ...] = ()
    asked: bool = False

    @property
    def usernames(self) -> list[str]:
        """The usernames as given."""
        return [person.username for person in self.people]


def people_options(
    command: Callable[..., int], bare: Sequence[str] = people_input.BARE
) -> Callable[..., int]:
    """Add the argument and the options for people, and pass them as the argument `people`.

    `bare` are the columns of a file without a header.
    """

    @functools.wraps(command)
    def gather(**given: Any) -> int:
        named = (given.pop("users"), given.pop("users_files"), given.pop("groups"))
        return command(people=read_people(*named, bare), **given)

    return with_options(gather, _USERS)


def require_people(people: People, connection: Connection) -> None:
    """Refuse a command without people, except in the demo and for a snapshot, which have some."""
    if not people.asked and not connection.demo and connection.snapshot is None:
        raise click.UsageError(
            "No users given: give a USER, --users-file FILE, or --members-of GROUP."
        )


def read_people(
    arguments: Iterable[str],
    users_files: Iterable[str] = (),
    groups: Iterable[str] = (),
    bare: Sequence[str] = people_input.BARE,
) -> People:
    """Return the people of arguments, then those of files (`-`: standard input).

    A person who is given twice counts once, with all further columns. Raises click.UsageError for a
    file that cannot be read or has no column of usernames, and for an argument that is a token.
    """
    people = People(groups=tuple(group for group in groups if group.strip()))
    people.asked = bool(people.groups)
    inputs = []
    for number, argument in enumerate(arguments, start=1):
        people.asked = True
        if without_secrets(argument) != argument:
            raise click.UsageError("A token was given as a USER: put it into GITLAB_TOKEN.")
        inputs.append(_of_argument(number, argument))
    titles: dict[str, None] = {}
    for name in users_files:
        people.asked = True
        inputs.append(people_input.parse_people(read_list(name), place_of(name), bare))
        if inputs[-1].refused:
            raise click.UsageError(inputs[-1].faults[0])
        titles |= dict.fromkeys(inputs[-1].titles)
    found = people_input.merge(*inputs)
    people.people = found.people
    people.refused = [f"{fault}: left out" for fault in found.faults]
    has_college = any(person.college for person in found.people)
    people.titles = [*([COLLEGE] if has_college else []), *titles]
    return people


def find_people(
    people: People, command: CommandRun, bots: Collection[str] = DEFAULT_BOTS
) -> People:
    """Return the people of a run, and say on standard error which names are left out.

    These are the people given, with the members of the groups, without `bots`; else the people of
    the demo or of the snapshot. Raises the errors of `gitlab_sync.errors` for a group that could
    not be read.
    """
    from gitlab_sync.services.members import people_of_groups

    for message in people.refused:
        say(message)
    named = list(people.people)
    snapshot = command.snapshot
    if people.groups:
        if snapshot is None:
            members = people_of_groups(command.session, people.groups, bots)
        else:
            members = snapshot.people_of_groups(people.groups, bots)
        named = people_input.merged([*named, *members])
    if not people.asked:
        named = [people_input.Person(name) for name in command.demo_people]
        named += [] if snapshot is None else snapshot.everyone()
    if not named and not people.refused:
        note("warning: no users given, so there are no rows")
    return replace(people, people=tuple(named))


class Further:
    """Adds the further columns of a list of people to the rows of a report with `columns`.

    A title that the report also has gets a number. A person without a value gets an empty text, not
    null, since nothing is unknown about it. Immutable.
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
        """Return a table of people with the further columns after its own."""
        return replace(
            sheet,
            columns=[*sheet.columns, *self.titles],
            rows=[self.join(row) for row in sheet.rows],
            nothing={*sheet.nothing, *self.titles},
        )

    def join(self, row: TableRow) -> TableRow:
        """Return the row of a person (by its `Username`) with the further cells after its own."""
        return row | self._cells.get(username_key(str(row["Username"])), self._nothing)


def _of_argument(number: int, argument: str) -> people_input.PeopleInput:
    username = bare_username(argument)
    fault = people_input.username_fault(username)
    if fault is not None:
        return people_input.PeopleInput(faults=(f"argument {number}: {fault}",))
    return people_input.PeopleInput((people_input.Person(username),))


def _cells(person: people_input.Person) -> list[tuple[str, str]]:
    college = [(COLLEGE, person.college)] if person.college else []
    return [*college, *person.extra.items()]


def _free(title: str, taken: set[str]) -> str:
    """Return `title`, with a number if it is taken: `Status (2)`."""
    name, number = title, 2
    while name.casefold() in taken:
        name, number = f"{title} ({number})", number + 1
    return name
