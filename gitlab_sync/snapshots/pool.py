"""Open runs that many readers share, as few as memory asks for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.snapshots.database import Engine, Source
from gitlab_sync.snapshots.files import LocalCopies
from gitlab_sync.snapshots.seen import Seen
from gitlab_sync.snapshots.snapshot import Snapshot
from gitlab_sync.snapshots.turns import Turns

MOST = 2
"""How many readers are at work at once."""

KEPT = 8
"""How many stay open when no one reads them: some 2 MB for a hundred people."""

_Run: TypeAlias = tuple[str, str, str]
_Key: TypeAlias = tuple[_Run, Seen]


@dataclass(slots=True)
class _Shared:
    snapshot: Snapshot
    readers: int = 0


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of a run, and the engine that reads them for everyone."""

    copies: LocalCopies
    engine: Engine

    @classmethod
    def of(cls, source: Source) -> Self:
        copies = source.files()
        return cls(copies, Engine([copies]))

    def close(self) -> None:
        self.engine.close()
        self.copies.close()


class SnapshotPool:
    """Runs that are open, by the people who are visible in them. Thread-safe.

    At most `most` readers work at once, and others wait for their turn: a reader needs a core and
    memory, and no answer comes sooner if many compute. One engine, and the files of a run, which
    are checked, and copied if they are elsewhere, serve all its readers, however many gave way in
    the middle. Of what no one reads, that of other runs is closed for the next, and that which was
    not used for the longest time if there are `kept`. A run that was changed, since a person was
    forgotten, is another one.
    """

    def __init__(self, most: int = MOST, kept: int = KEPT) -> None:
        self._kept = kept
        self._turns = Turns(most)
        self._lock = threading.Lock()
        self._open: OrderedDict[_Key, _Shared] = OrderedDict()  # least recently used first
        self._files: dict[_Run, _Files] = {}

    @contextmanager
    def opened(self, source: Source, cancel: CancelToken | None = None) -> Iterator[Snapshot]:
        """Yield a run to a reader in its turn, with what the source says is visible.

        Raises the error of `cancel` if it is cancelled before that.
        """
        with self._turns.turn(cancel):
            key = ((source.folder.name, source.run, source.info.mark), source.seen)
            with self._lock:
                shared = self._open.get(key) or self._opened(source, key)
                self._open.move_to_end(key)
                shared.readers += 1
            try:
                yield shared.snapshot
            finally:
                with self._lock:
                    shared.readers -= 1

    def _opened(self, source: Source, key: _Key) -> _Shared:
        """Open a run in the place of another that no one reads. The caller holds the lock."""
        idle = [each for each, shared in self._open.items() if not shared.readers]
        idle.sort(key=lambda each: each[0] == key[0])  # those of other runs first
        while idle and (len(self._open) >= self._kept or idle[0][0] != key[0]):
            self._open.pop(idle.pop(0)).snapshot.close()
        files = self._files.get(key[0]) or _Files.of(source)
        source = replace(source, copies=files.copies)
        shared = _Shared(Snapshot(source, self._turns.give_way, files.engine))
        self._files[key[0]], self._open[key] = files, shared
        self._close_files()
        return shared

    def _close_files(self) -> None:
        """Close the files of runs that are no longer open. The caller holds the lock."""
        used = {run for run, _ in self._open}
        for run in [each for each in self._files if each not in used]:
            self._files.pop(run).close()

    def close(self) -> None:
        """Close all runs that no one reads."""
        with self._lock:
            for key in [key for key, shared in self._open.items() if not shared.readers]:
                self._open.pop(key).snapshot.close()
            self._close_files()

    def __len__(self) -> int:
        return len(self._open)
