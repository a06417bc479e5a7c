"""Writes the files of a run: whole or not at all, with their hashes; and removes runs.

On this machine a run gets its name when all of it is there; elsewhere `run.json`, with which a run
begins to be one, is written last.
"""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from gitlab_sync.snapshots.files import NAME, RUN, Folder

_UNFINISHED = ".unfinished-"


class HashedFiles:
    """Writes files of a run, at a place of the folder, with their hashes by name.

    `started` has the names of all that were begun.
    """

    def __init__(self, folder: Folder, place: str) -> None:
        self.folder = folder
        self.place = place
        self.started: list[str] = []
        self.hashes: dict[str, str] = {}

    @contextmanager
    def opened(self, name: str) -> Iterator[_Hashed]:
        """Yield a file to write; its hash is in `hashes` when it is closed.

        Raises ConfigurationError if it cannot be written.
        """
        path = self.folder.below(self.place, name)
        self.started.append(name)
        stream = self.folder.attempt("write", lambda: self.folder.system.open_output_stream(path))
        hashed = _Hashed(stream)
        try:
            yield hashed
        finally:
            self.folder.attempt("write", stream.close)
        self.hashes[name] = hashed.digest


class RunFiles(HashedFiles):
    """The files of one run while it is written. A context manager: `finish` makes it whole.

    Without `finish` nothing stays of it. Raises ConfigurationError if the folder cannot be written.
    """

    def __init__(self, folder: Folder, name: str) -> None:
        taken = {*folder.runs()}
        numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
        self.name = name if name not in taken else next(n for n in numbered if n not in taken)
        super().__init__(folder, _unfinished(self.name) if folder.is_local else self.name)
        self._finished = False

    def __enter__(self) -> Self:
        sweep(self.folder)
        path = self.folder.below(self.place)
        self.folder.attempt("write", lambda: self.folder.system.create_dir(path, recursive=True))
        return self

    def finish(self, run: bytes) -> None:
        """Write `run.json`, and give the run its name."""

        def write() -> None:
            with self.folder.system.open_output_stream(self.folder.below(self.place, RUN)) as file:
                file.write(run)
            if self.folder.is_local:
                place = Path(self.folder.below(self.place))
                for each in (*place.iterdir(), place):
                    sync(each)
                place.rename(self.folder.below(self.name))
                sync(Path(self.folder.path))

        self.folder.attempt("write", write)
        self._finished = True

    def __exit__(self, *_: object) -> None:
        if not self._finished:
            try:
                self.folder.system.delete_dir(self.folder.below(self.place))
            except OSError:  # what is left has no `run.json`, so it is no run
                return


def remove_run(folder: Folder, run: str) -> None:
    """Remove a run, which is none from the first moment on; raises ConfigurationError."""

    def remove() -> None:
        if folder.is_local:
            left = Path(folder.below(_unfinished(run)))
            Path(folder.below(run)).rename(left)
            shutil.rmtree(left)
        else:
            folder.system.delete_file(folder.below(run, RUN))
            folder.system.delete_dir(folder.below(run))

    try:
        folder.attempt("delete", remove)
    except FileNotFoundError:  # someone else removes it, too
        return


def sweep(folder: Folder) -> None:
    """Remove what killed runs have left in a folder; in an object store, after a day."""
    if folder.is_local:
        for left in Path(folder.path).glob(f"{_UNFINISHED}*"):
            if _is_abandoned(left):
                shutil.rmtree(left, ignore_errors=True)
        return
    from pyarrow import fs  # type: ignore[import-untyped]

    whole = {*folder.runs()}
    select = fs.FileSelector(folder.path, allow_not_found=True, recursive=True)
    changed: dict[str, float] = {}
    for each in folder.attempt("read", lambda: folder.system.get_file_info(select)):
        run, _, file = each.path.removeprefix(f"{folder.path}/").partition("/")
        if file and NAME.fullmatch(run) and run not in whole:
            changed[run] = max(changed.get(run, 0.0), (each.mtime_ns or 0) / 1e9)
    for run, last in changed.items():
        if time.time() - last > _ABANDONED:
            folder.attempt("delete", partial(folder.system.delete_dir, folder.below(run)))


_ABANDONED = 24 * 3600
"""Seconds without any change after which an unfinished run of another machine is a killed one."""


def _unfinished(run: str) -> str:
    """Return the name of an unfinished run, which says who writes it."""
    return f"{_UNFINISHED}{run}-{secrets.token_hex(4)}.{os.getpid()}.{platform.node()}"


def _is_abandoned(path: Path) -> bool:
    """Return whether the process that wrote an unfinished run has ended."""
    process, _, machine = path.name.partition(".unfinished-")[2].partition(".")[2].partition(".")
    if machine == platform.node() and process.isdigit() and hasattr(os, "getpgid"):
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False
    try:
        changed = max(each.stat().st_mtime for each in (path, *path.iterdir()))
    except OSError:
        return False
    return time.time() - changed > _ABANDONED


class _Hashed:
    """A file that is written, with the hash of all that was."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._hash = sha256()
        self.size = 0
        self.closed = False

    @property
    def digest(self) -> str:
        """The hash so far, in hexadecimal."""
        return self._hash.hexdigest()

    def write(self, data: Any) -> int:
        """Append to the file."""
        self._hash.update(data)
        self._stream.write(data)
        number = memoryview(data).nbytes
        self.size += number
        return number

    def tell(self) -> int:
        """Return how much was written."""
        return self.size

    def flush(self) -> None:
        """Do nothing: closing writes everything."""

    def close(self) -> None:
        """Do nothing: `opened` closes the file."""


def sync(path: Path) -> None:
    """Make a file or a name durable, where the system can open it for that."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)
