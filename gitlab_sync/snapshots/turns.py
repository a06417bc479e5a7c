"""Turns of those who compute: some at once, and the others in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from gitlab_sync.concurrency.cancel import CancelToken

_LOOK = 0.2  # seconds between two looks whether one who waits was cancelled


class Turns:
    """At most so many have a turn at once. Thread-safe.

    One who takes long gives way now and then, so that no one waits for the end of all of it.
    """

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._free = most
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self, cancel: CancelToken | None = None) -> Iterator[None]:
        """Wait for a turn, and have it in the block.

        Raises the error of `cancel` if it is cancelled in the meantime.
        """
        self._take(cancel)
        try:
            yield
        finally:
            self._leave()

    def give_way(self) -> None:
        """Let those who wait go first, in the middle of a turn."""
        if self._waiting:
            self._leave()
            self._take(None)

    def _take(self, cancel: CancelToken | None) -> None:
        with self._lock:
            if self._free and not self._waiting:
                self._free -= 1
                return
            own = threading.Event()
            self._waiting.append(own)
        try:
            while not own.wait(_LOOK):
                if cancel is not None:
                    cancel.check()
        except BaseException:
            with self._lock:
                has_turn = own not in self._waiting
                if not has_turn:
                    self._waiting.remove(own)
            if has_turn:  # it came at the same moment
                self._leave()
            raise

    def _leave(self) -> None:
        """Hand the turn to the one who has waited for the longest time."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
