"""Reads files of any program and system: lists, CSV and XLSX."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitlab_sync.cli.messages import note
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.bounds import BeyondBounds
from gitlab_sync.rules.delimited import decoded, list_lines

if TYPE_CHECKING:
    from gitlab_sync.cli.signals import Interruption
    from gitlab_sync.reports.atomic import AtomicFile

STANDARD_INPUT = "-"


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
    """Return the text of a list, a CSV, or the first sheet of a workbook.

    Warns if it is not Unicode. Raises as `read_bytes`, and for a file beyond the bounds of lists.
    """
    try:
        text, is_unicode = decoded(read_bytes(name))
        list_lines(text)
    except BeyondBounds as beyond:
        raise click.UsageError(f"{place_of(name)} is too large: {beyond}") from None
    except ConfigurationError as error:
        raise click.UsageError(f"{place_of(name)}: {error}. {error.hint}") from None
    if not is_unicode:
        note(f"warning: {place_of(name)} is not UTF-8, so it is read as Windows-1252")
    return text


@contextmanager
def open_file(path: str, option: str, interruption: Interruption) -> Iterator[AtomicFile]:
    """Yield a file that replaces `path` in one step if the block ends well.

    Raises ConfigurationError, which names the `option` with the path, if it cannot be written.
    """
    from gitlab_sync.reports.atomic import AtomicFile

    with ExitStack() as stack:
        try:
            file = stack.enter_context(AtomicFile(path))
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be written: {error.strerror}",
                hint=f"Give {option} a file in a folder that exists and is writable.",
            ) from None
        interruption.last_words.append(file.discard)
        yield file
