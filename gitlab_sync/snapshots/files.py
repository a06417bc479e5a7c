"""The files of a snapshot's folder: written whole or not at all, and read as they were written.

A folder is on this machine, or a URL of one of pyarrow's filesystems (`s3://bucket/folder`). Each
run is a folder in it, which is whole if it has `run.json`. On this machine a run gets its name when
all of it is there; elsewhere `run.json`, with which a run begins to be one, is written last.
"""

from __future__ import annotations

import os
import platform
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeVar

from gitlab_sync.errors import ConfigurationError, without_secrets

T = TypeVar("T")

RUN = "run.json"
_UNFINISHED = ".unfinished-"
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z(-[0-9]+)?")
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_CHUNK = 1 << 20

MISSING = 'Install it with: pip install "gitlab-sync[snapshot]"'


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of snapshots. `name` is as it was given, for messages. Immutable."""

    name: str
    system: Any
    path: str

    @classmethod
    def at(cls, name: str) -> Folder:
        """Return the folder at a path or a URL; nothing is read or created yet.

        Raises ConfigurationError for a URL that no filesystem knows, and without pyarrow.
        """
        try:
            from pyarrow import fs  # type: ignore[import-untyped]
        except ModuleNotFoundError:
            raise ConfigurationError(
                "Snapshots need the package pyarrow, which is not installed", hint=MISSING
            ) from None
        if _URL.match(name) is None:
            return cls(name, fs.LocalFileSystem(), str(Path(name).resolve()))
        shown = without_secrets(name)
        try:
            system, path = fs.FileSystem.from_uri(_limited(name))
        except (ValueError, OSError, NotImplementedError) as error:
            raise ConfigurationError(
                f"The folder of snapshots must be a path or a URL that pyarrow knows, got {shown}",
                hint=without_secrets(str(error)),
            ) from None
        return cls(shown, system, path.rstrip("/"))

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return str(self.system.type_name) == "local"

    def below(self, *parts: str) -> str:
        """Return the path of a file or a folder in it."""
        return "/".join([self.path, *parts])

    def runs(self) -> list[str]:
        """Return the names of the whole runs, the oldest first; none if there is no folder.

        Raises ConfigurationError if the folder cannot be read.
        """
        from pyarrow import fs

        select = fs.FileSelector(self.path, allow_not_found=True)
        found = self.attempt("read", lambda: self.system.get_file_info(select))
        names = [each.base_name for each in found if _NAME.fullmatch(each.base_name)]
        names.sort(key=_order)
        paths = [self.below(name, RUN) for name in names]
        infos = self.attempt("read", lambda: self.system.get_file_info(paths)) if paths else []
        return [name for name, info in zip(names, infos, strict=True) if info.is_file]

    def read(self, *parts: str) -> bytes:
        """Return the content of a small file; raises FileNotFoundError and ConfigurationError."""

        def content() -> bytes:
            with self.system.open_input_stream(self.below(*parts)) as stream:
                return bytes(stream.read())

        return self.attempt("read", content)

    def attempt(self, what: str, work: Callable[[], T]) -> T:
        """Return the result of `work`; an OSError becomes a ConfigurationError, but a missing file.

        `what` says what could not be done with the folder.
        """
        try:
            return work()
        except FileNotFoundError:
            raise
        except OSError as error:
            reason = error.strerror or without_secrets(str(error))
            raise ConfigurationError(
                f"The snapshots in {self.name} cannot be {_DONE[what]}: {reason}",
                hint="Check that the folder is there, that you may use it, and that it has room.",
            ) from None


def _order(run: str) -> tuple[str, int]:
    """Return what runs are sorted by: their begin, and the number of those of one second."""
    begin, _, number = run.partition("-")
    return begin, int(number or 1)


_DONE = {"read": "read", "write": "written", "delete": "deleted"}

_LIMITS = {"gs": "retry_limit_seconds=30", "gcs": "retry_limit_seconds=30"}
"""What is asked of filesystems that would otherwise try for a quarter of an hour."""


def _limited(name: str) -> str:
    """Return a URL with the limit of its filesystem, unless it has one."""
    limit = _LIMITS.get(name.partition(":")[0].lower())
    if limit is None or limit.partition("=")[0] in name:
        return name
    return f"{name}{'&' if '?' in name else '?'}{limit}"


class HashedFiles:
    """Writes files of a run, at a place of the folder, with their hashes and sizes by name.

    `started` has the names of all that were begun.
    """

    def __init__(self, folder: Folder, place: str) -> None:
        self.folder = folder
        self.place = place
        self.started: list[str] = []
        self.hashes: dict[str, str] = {}
        self.sizes: dict[str, int] = {}

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
        self.hashes[name], self.sizes[name] = hashed.digest, hashed.size


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
    from pyarrow import fs

    whole = {*folder.runs()}
    select = fs.FileSelector(folder.path, allow_not_found=True, recursive=True)
    changed: dict[str, float] = {}
    for each in folder.attempt("read", lambda: folder.system.get_file_info(select)):
        run, _, file = each.path.removeprefix(f"{folder.path}/").partition("/")
        if file and _NAME.fullmatch(run) and run not in whole:
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


class LocalCopies:
    """Files of a run on this machine: those that are here already, and copies of the others.

    Each is checked by its hash before it is used, once. A file is that of the table with the name
    before its first dot. A context manager, which removes copies.
    """

    def __init__(self, folder: Folder, run: str, hashes: dict[str, str]) -> None:
        self._folder = folder
        self._run = run
        self._hashes = hashes
        self._names = {name.partition(".")[0]: name for name in hashes}
        self._checked: set[str] = set()
        self._copies = None if folder.is_local else tempfile.mkdtemp(prefix="gitlab-sync-")

    def path(self, table: str) -> str:
        """Return the path of a table's file; ConfigurationError if it is missing or was changed."""
        name, place = self._names[table], self.place_of(table)
        if name in self._checked:
            return place
        where = self._folder.below(self._run, name)
        if self._copies is None:
            self._check(name, Path(where).open, None)
        else:
            with Path(place).open("wb") as target:
                self._check(name, lambda _: self._folder.system.open_input_stream(where), target)
        self._checked.add(name)
        return place

    def place_of(self, table: str) -> str:
        """Return the path that a table's file has, or will have, on this machine."""
        name = self._names[table]
        if self._copies is None:
            return self._folder.below(self._run, name)
        return str(Path(self._copies) / name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, name: str, opened: Callable[[str], Any], copy: BinaryIO | None) -> None:
        def read() -> str:
            made = sha256()
            with opened("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    made.update(chunk)
                    if copy is not None:
                        copy.write(chunk)
            return made.hexdigest()

        try:
            found = self._folder.attempt("read", read)
        except FileNotFoundError:
            raise damaged(self._folder, self._run, f"{name} is missing") from None
        if found != self._hashes.get(name):
            raise damaged(self._folder, self._run, f"{name} was changed after it was written")

    def close(self) -> None:
        """Remove the copies."""
        if self._copies is not None:
            shutil.rmtree(self._copies, ignore_errors=True)


def damaged(folder: Folder, run: str, fault: str) -> ConfigurationError:
    """Return the error for a run with a fault."""
    return ConfigurationError(
        f"The snapshot {run} in {folder.name} cannot be used: {fault}",
        hint="Take another run of the folder (--from DIR@RUN), or take a new snapshot.",
    )
