"""Usernames from arguments and files, and what is wrong with those that cannot be any."""

from __future__ import annotations

import codecs
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from gitlab_sync.errors import without_secrets

STANDARD_INPUT = "-"

# GitLab's own rule for usernames: docs.gitlab.com, "Reserved names and rules".
_USERNAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_SHOWN = 60  # characters of a wrong name that a message repeats


@dataclass(slots=True)
class People:
    """Usernames as given, in order, and a message for each name that is none.

    `asked` says whether somebody named people at all, be it by an empty file.
    """

    usernames: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    asked: bool = False


def read_people(arguments: Iterable[str], users_file: str | None) -> People:
    """Collect the people of a command: its arguments, then the lines of a file (`-`: stdin).

    Raises click.UsageError for a file that cannot be read, and for an argument that is a token.
    """
    people = People()
    for number, argument in enumerate(arguments, start=1):
        people.asked = True
        if without_secrets(argument) != argument:
            raise click.UsageError("A token was given as a USER. Put it into GITLAB_TOKEN.")
        _take(people, argument.strip(), f"argument {number}")
    if users_file is not None:
        people.asked = True
        place = "standard input" if users_file == STANDARD_INPUT else users_file
        for number, name in _names(_read(users_file)):
            _take(people, name, f"{place}, line {number}")
    return people


def _take(people: People, name: str, where: str) -> None:
    username = name.removeprefix("@")
    if _USERNAME.fullmatch(username):
        people.usernames.append(username)
        return
    shown = name if len(name) <= _SHOWN else name[:_SHOWN] + "…"
    people.refused.append(f"{where}: {shown!r} cannot be a username, so it is left out")


def _read(users_file: str) -> bytes:
    try:
        if users_file == STANDARD_INPUT:
            return sys.stdin.buffer.read()
        return Path(users_file).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{users_file} cannot be read: {error.strerror}") from None


def _names(data: bytes) -> Iterator[tuple[int, str]]:
    """Yield the lines that name somebody, with their numbers; `#` begins a comment.

    What is not UTF-8 cannot be a username: it comes out as characters that none has.
    """
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # PowerShell writes it
    text = data.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        name = line.partition("#")[0].strip()
        if name:
            yield number, name
