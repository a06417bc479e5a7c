"""Writes a file completely or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import BinaryIO, Self


class AtomicFile:
    """Writes a temporary file next to `path`, and renames it to `path` if all went well.

    A context manager: until it ends without an exception, the old file stays unchanged. The mode
    follows the umask, or with `keeps_mode` is that of an old file. A link is followed. Anything but
    a plain file (a pipe, `/dev/null`) cannot be replaced and is written directly. Raises OSError,
    on entering if the folder is not writable. Not thread-safe, except for `discard`.
    """

    def __init__(self, path: str | Path, *, keeps_mode: bool = False) -> None:
        self.path = Path(path)
        self._keeps_mode = keeps_mode
        self._temporary: Path | None = None
        self._file: BinaryIO

    def __enter__(self) -> Self:
        if self.path.exists() and not self.path.is_file():
            self._file = self.path.open("wb")
            return self
        self.path = self.path.resolve()
        self._temporary = self.path.parent / f".gitlab-sync-{secrets.token_hex(8)}.tmp"
        self._file = self._temporary.open("xb")
        if self._keeps_mode and self.path.exists():
            self._temporary.chmod(stat.S_IMODE(self.path.stat().st_mode))
        return self

    def write(self, data: bytes) -> None:
        """Append to the file's content."""
        self._file.write(data)

    def discard(self) -> None:
        """Remove what was written so far, unless it has replaced `path`. For any thread."""
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink()

    def abandon(self) -> None:
        """Leave `path` as it was, whatever was written, although all went well."""
        self.discard()
        self._temporary = None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            with self._file as file:
                if kind is None and self._temporary is not None:
                    file.flush()
                    os.fsync(file.fileno())  # a crash must not leave the new name empty
            if kind is None and self._temporary is not None:
                self._temporary.replace(self.path)
                _sync_folder(self.path.parent)
                self._temporary = None
        finally:
            self.discard()


def _sync_folder(folder: Path) -> None:
    """Make the new name durable, if the system allows folders to be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
