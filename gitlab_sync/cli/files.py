"""Reads files of any program and system: lists and CSV."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from gitlab_sync.cli.messages import note
from gitlab_sync.rules.bounds import BeyondBounds
from gitlab_sync.rules.delimited import DELIMITERS, decoded, list_lines

STANDARD_INPUT = "-"

# `#` before a delimiter is the title of a column of numbers, not a comment.
_COMMENT_LINE = re.compile(r"\s*#(?![,;\t|])")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")


def read_bytes(name: str) -> bytes:
    """Return the content of a file (`-`: standard input); click.UsageError if it cannot be read."""
    try:
        return sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{name} cannot be read: {error.strerror}") from None


def place_of(name: str) -> str:
    """Return the name of a file in messages."""
    return "standard input" if name == STANDARD_INPUT else name


def read_list(name: str) -> str:
    """Return the text of a list or CSV without its comments; line numbers stay.

    Warns if it is not Unicode. In a CSV only a whole line is a comment, since its cells can hold
    `Section #2`. In a plain list a comment can also follow a name. Raises as `read_bytes`, and for
    a file beyond the bounds of lists.
    """
    text, is_unicode = decoded(read_bytes(name))
    try:
        every_line = list_lines(text)
    except BeyondBounds as beyond:
        raise click.UsageError(f"{place_of(name)} is too large: {beyond}") from None
    if not is_unicode:
        note(f"warning: {place_of(name)} is not UTF-8, so it is read as Windows-1252")
    lines = ["" if _COMMENT_LINE.match(line) else line for line in every_line]
    plain = [_COMMENT.sub("", line).strip() for line in lines]
    is_plain = not any(sign in line for line in plain for sign in DELIMITERS)
    return "\n".join(plain if is_plain else lines)
