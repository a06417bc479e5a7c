"""A file that is written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self


class AtomicFile:
    """Write a file beside `path`, and put it in its place when all went well.

    A context manager: until it ends without an exception, the old file stays as it was. The mode is
    what the umask says. A link is followed. What is no plain file (a pipe, `/dev/null`) cannot be
    replaced and is written as it is. Raises OSError, on entering if the folder cannot be written.
    Not thread-safe, but for `discard`.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._temporary: Path | None = None
        self._file: BinaryIO

    def __enter__(self) -> Self:
        if self.path.exists() and not self.path.is_file():
            self._file = self.path.open("wb")
            return self
        self.path = self.path.resolve()
        self._temporary = self.path.parent / f".gitlab-sync-{secrets.token_hex(8)}.tmp"
        self._file = self._temporary.open("xb")
        return self

    def write(self, data: bytes) -> None:
        """Append to what the file will hold."""
        self._file.write(data)

    def discard(self) -> None:
        """Remove what was written so far, if it has not taken its place yet; from any thread."""
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with self._file as file:
                if kind is None and self._temporary is not None:
                    file.flush()
                    os.fsync(file.fileno())  # else a crash could leave the new name with no bytes
            if kind is None and self._temporary is not None:
                self._temporary.replace(self.path)
                _sync_folder(self.path.parent)
                self._temporary = None
        finally:
            self.discard()


def _sync_folder(folder: Path) -> None:
    """Make the new name last, where the system lets folders be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
