"""An aliases file or `.mailmap` on this disk, to which several people add at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.reports.atomic import AtomicFile
from gitlab_sync.rules.bounds import MOST_LIST_CHARACTERS

_ATTEMPTS = 5
_WRITING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Change:
    """What one write has changed: the content before (None: there was no file) and after."""

    before: bytes | None
    after: bytes


def read_text(path: Path) -> str:
    """Return the text of the file; empty if there is none.

    Raises ConfigurationError if it cannot be read, is not UTF-8, or is longer than any real one.
    """
    return _decoded(path, _content(path))


def change_file(path: Path, changed: Callable[[str], str]) -> Change | None:
    """Replace the text of a file by what `changed` makes of it; None if that is the same text.

    The file is written as a whole or not at all, and never over what another has written in the
    meantime: then `changed` gets the newer text. Raises ConfigurationError as `read_text`, if the
    file cannot be written, and what `changed` raises. Thread-safe.
    """
    with _WRITING:
        for _ in range(_ATTEMPTS):
            before = _content(path)
            text = _decoded(path, before)
            after = changed(text)
            if after == text:
                return None
            change = Change(before, after.encode())
            if _write(path, before, change.after):
                return change
    raise ConfigurationError(
        f"{path} is changed again and again by others: nothing was written", hint="Try again."
    )


def undo(path: Path, change: Change) -> None:
    """Put back what the file was before a change.

    Raises ConfigurationError if it has been changed again since, or cannot be written.
    """
    with _WRITING:
        if _content(path) != change.after or not _write(path, change.after, change.before):
            raise ConfigurationError(
                f"{path} has been changed since: nothing was undone",
                hint="Take the lines out by hand.",
            )


def _write(path: Path, expected: bytes | None, content: bytes | None) -> bool:
    """Write the content, or remove the file (None); return False if it is not as expected."""
    try:
        if content is None:
            if _content(path) == expected:
                path.unlink()
                return True
            return False
        with AtomicFile(path, keeps_mode=True) as file:
            file.write(content)
            if _content(path) != expected:
                file.abandon()
                return False
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
    return True


def _content(path: Path) -> bytes | None:
    if path.exists() and not path.is_file():
        raise ConfigurationError(f"{path} must be a file, and is none", hint="Name a file.")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None


def _decoded(path: Path, content: bytes | None) -> str:
    try:
        text = (content or b"").decode()
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"{path} must be UTF-8, and is not", hint="Save it as UTF-8."
        ) from None
    if len(text) > MOST_LIST_CHARACTERS:
        raise ConfigurationError(f"{path} is longer than any list of people")
    return text
