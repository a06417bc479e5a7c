"""Open runs that many readers share, as few as memory asks for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.snapshots.database import Source
from gitlab_sync.snapshots.files import LocalCopies
from gitlab_sync.snapshots.seen import Seen
from gitlab_sync.snapshots.snapshot import Snapshot
from gitlab_sync.snapshots.turns import Turns

MOST = 2
"""How many readers are at work at once, and how many runs stay open."""

_Run: TypeAlias = tuple[str, str, str]
_Key: TypeAlias = tuple[_Run, Seen]


@dataclass(slots=True)
class _Shared:
    snapshot: Snapshot
    readers: int = 0


class SnapshotPool:
    """Runs that are open, by the people who are visible in them. Thread-safe.

    At most `most` readers work at once, and others wait for their turn: a reader needs a core and
    memory, and no answer comes sooner if many compute. So few runs are open: of those that no one
    reads, the one that was not used for the longest time is closed when there are so many. Files
    of a run are checked, and copied if they are elsewhere, once for all its readers; a run that was
    changed, since a person was forgotten, is another one.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._turns = Turns(most)
        self._lock = threading.Lock()
        self._open: OrderedDict[_Key, _Shared] = OrderedDict()  # least recently used first
        self._copies: dict[_Run, LocalCopies] = {}

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
        while idle and len(self._open) >= self._most:
            self._open.pop(idle.pop(0)).snapshot.close()
        copies = self._copies.get(key[0]) or source.files()
        shared = _Shared(Snapshot(replace(source, copies=copies), self._turns.give_way))
        self._copies[key[0]], self._open[key] = copies, shared
        self._forget_copies()
        return shared

    def _forget_copies(self) -> None:
        """Remove the files of runs that are no longer open. The caller holds the lock."""
        used = {run for run, _ in self._open}
        for run in [each for each in self._copies if each not in used]:
            self._copies.pop(run).close()

    def close(self) -> None:
        """Close all runs that no one reads."""
        with self._lock:
            for key in [key for key, shared in self._open.items() if not shared.readers]:
                self._open.pop(key).snapshot.close()
            self._forget_copies()

    def __len__(self) -> int:
        return len(self._open)
