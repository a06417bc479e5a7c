"""People from arguments, files and standard input, and what is wrong with those who cannot be any.

A file is a list with one username a line, or a CSV: the rules of both are `rules.people_input`'s.
"""

from __future__ import annotations

import codecs
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from gitlab_sync.cli.messages import note, printable
from gitlab_sync.cli.options import FILE
from gitlab_sync.errors import without_secrets
from gitlab_sync.rules.delimited import DELIMITERS, lines_of, records_of
from gitlab_sync.rules.people_input import (
    PeopleInput,
    Person,
    layout_of,
    merge,
    parse_people,
    username_fault,
)
from gitlab_sync.types import Row

STANDARD_INPUT = "-"
COLLEGE = "College"

# `#` before a delimiter is a column of numbers, and no comment.
_COMMENT_LINE = re.compile(r"\s*#(?![,;\t|])")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")

_USERS = click.argument("users", metavar="[USER]...", nargs=-1)
_USERS_FILE = click.option(
    "--users-file", "users_files", multiple=True, type=FILE, metavar="FILE",
    help="Usernames, one a line, or a CSV with a column of them; - is standard input. May be "
    "given several times.",
)  # fmt: skip


@dataclass(slots=True)
class People:
    """Who was named, each once and in order, and a message for each name that is none.

    `titles` are the further columns of their files. `asked` says whether somebody named people at
    all, be it by an empty file.
    """

    people: tuple[Person, ...] = ()
    refused: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    asked: bool = False

    @property
    def usernames(self) -> list[str]:
        """The usernames, as given."""
        return [person.username for person in self.people]


def people_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the argument `users` and the option `users_files`, which `read_people` takes."""
    return _USERS(_USERS_FILE(command))


def read_people(arguments: Iterable[str], users_files: Iterable[str] = ()) -> People:
    """Collect the people of a command: its arguments, then those of files (`-`: standard input).

    Who is named twice is there once, with all further columns. Raises click.UsageError for a file
    that cannot be read, and for an argument that is a token.
    """
    people = People()
    inputs = []
    for number, argument in enumerate(arguments, start=1):
        people.asked = True
        if without_secrets(argument) != argument:
            raise click.UsageError("A token was given as a USER. Put it into GITLAB_TOKEN.")
        inputs.append(_of_argument(number, argument))
    titles: dict[str, None] = {}
    for name in users_files:
        people.asked = True
        place = "standard input" if name == STANDARD_INPUT else name
        text = _without_comments(_decoded(_read(name), place))
        inputs.append(parse_people(text, place))
        titles |= dict.fromkeys(_titles(text, inputs[-1].people))
    found = merge(*inputs)
    people.people = found.people
    people.refused = [f"{fault}: left out" for fault in found.faults]
    people.titles = list(titles)
    return people


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
        self._nothing: Row = dict.fromkeys(self.titles, "")
        self._cells = {
            person.key: self._nothing | {named[title]: cell for title, cell in _cells(person)}
            for person in people.people
        }

    def join(self, row: Row) -> Row:
        """Return the row of a person (by its `Username`) with the further cells behind it."""
        return row | self._cells.get(str(row["Username"]).lower(), self._nothing)


def _of_argument(number: int, argument: str) -> PeopleInput:
    username = argument.strip().removeprefix("@")
    fault = username_fault(username)
    if fault is not None:
        return PeopleInput(faults=(f"argument {number}: {fault}",))
    return PeopleInput((Person(username),))


def _read(users_file: str) -> bytes:
    try:
        if users_file == STANDARD_INPUT:
            return sys.stdin.buffer.read()
        return Path(users_file).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{users_file} cannot be read: {error.strerror}") from None


def _decoded(data: bytes, place: str) -> str:
    """Return the text of a file, whatever program of which system wrote it."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # PowerShell does
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        note(f"warning: {place} is not UTF-8, so it is read as Windows-1252")  # Excel's CSV
        return data.decode("cp1252", errors="replace")


def _without_comments(text: str) -> str:
    """Return the lines of a file without comments; their numbers stay as they are.

    In a CSV only a whole line is one: its cells may hold `Section #2`. In a plain list a comment
    may stand behind a name, too, and an `@` before it.
    """
    lines = ["" if _COMMENT_LINE.match(line) else line for line in lines_of(text)]
    plain = [_COMMENT.sub("", line).strip().removeprefix("@") for line in lines]
    is_plain = not any(sign in line for line in plain for sign in DELIMITERS)
    return "\n".join(plain if is_plain else lines)


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
