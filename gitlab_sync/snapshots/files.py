"""A folder of snapshots, and the files of its runs as they were written.

A folder is on this machine, or a URL of one of pyarrow's filesystems (`s3://bucket/folder`). Each
run is a folder in it, which is whole if it has `run.json`.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeVar

from gitlab_sync.errors import ConfigurationError, without_secrets

T = TypeVar("T")

RUN = "run.json"
NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z(-[0-9]+)?")
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
        names = [each.base_name for each in found if NAME.fullmatch(each.base_name)]
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


class LocalCopies:
    """Files of a run on this machine: those that are here already, and copies of the others.

    Each is checked by its hash before it is used, and again if it has changed since. A file is that
    of the table with the name before its first dot. A context manager, which removes copies.
    Thread-safe.
    """

    def __init__(self, folder: Folder, run: str, hashes: dict[str, str]) -> None:
        self._folder = folder
        self._run = run
        self._hashes = hashes
        self._names = {name.partition(".")[0]: name for name in hashes}
        self._copies = None if folder.is_local else tempfile.mkdtemp(prefix="gitlab-sync-")
        self._lock = threading.Lock()
        self._checked: dict[str, tuple[int, int]] = {}

    def path(self, table: str) -> str:
        """Return the path of a table's file; ConfigurationError if it is missing or was changed."""
        name, place = self._names[table], self.place_of(table)
        where = self._folder.below(self._run, name)
        with self._lock:
            if name in self._checked and self._checked[name] == _state_of(place):
                return place
            if self._copies is None:
                self._check(name, Path(where).open, None)
            else:
                with Path(place).open("wb") as target:
                    self._check(
                        name, lambda _: self._folder.system.open_input_stream(where), target
                    )
            self._checked[name] = _state_of(place)
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


def _state_of(path: str) -> tuple[int, int]:
    """Return what tells that a file was changed; nothing if it is gone."""
    try:
        found = Path(path).stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def damaged(folder: Folder, run: str, fault: str) -> ConfigurationError:
    """Return the error for a run with a fault."""
    return ConfigurationError(
        f"The snapshot {run} in {folder.name} cannot be used: {fault}",
        hint="Take another run of the folder (--from DIR@RUN), or take a new snapshot.",
    )
