"""Cancellation that wakes every waiter at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gitlab_sync.errors import Cancelled


class CancelToken:
    """A switch for a whole piece of work, which can be thrown once.

    A token made with parents is cancelled along with any of them: a call's with its client's or the
    bridge's. `reason` says why it was cancelled. Callbacks run in the thread that cancels, so they
    must be short: they set an event or shut down a socket.
    """

    def __init__(self, *parents: CancelToken) -> None:
        self._event = threading.Event()
        # Re-entrant: the garbage collector can end a forgotten context inside it, in this thread.
        self._lock = threading.RLock()
        self._callbacks: dict[object, Callable[[], None]] = {}
        self._parents = parents
        self.reason = "the work was cancelled"
        for parent in parents:
            parent.add(self, lambda parent=parent: self.cancel(parent.reason))  # type: ignore[misc]

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called here or on a parent."""
        return self._event.is_set()

    def cancel(self, reason: str = "the work was cancelled") -> None:
        """Throw the switch: wake all waiters and run the callbacks. Only the first call counts."""
        with self._lock:
            if self._event.is_set():
                return
            self.reason = reason
            self._event.set()
            callbacks = list(self._callbacks.values())
            self._callbacks.clear()
        for callback in callbacks:
            callback()

    def error(self) -> Cancelled:
        """Return the error that says why the work ended."""
        return Cancelled(self.reason)

    def check(self) -> None:
        """Raise `Cancelled` if the token is cancelled."""
        if self._event.is_set():
            raise self.error()

    def wait(self, seconds: float) -> None:
        """Wait for so many seconds; raise `Cancelled` as soon as the token is cancelled."""
        if self._event.wait(seconds):
            raise self.error()

    def add(self, key: object, callback: Callable[[], None]) -> None:
        """Run `callback` on cancel, or now if that has happened; `discard(key)` removes it."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks[key] = callback
                return
        callback()

    def discard(self, key: object) -> None:
        """Remove the callback that was added under `key`, if it is still there."""
        with self._lock:
            self._callbacks.pop(key, None)

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """Run `callback` if the token is cancelled inside the `with` block."""
        key = object()
        self.add(key, callback)
        try:
            yield
        finally:
            self.discard(key)

    def release(self) -> None:
        """Detach from the parents, so that work that has ended does not stay in their lists."""
        for parent in self._parents:
            parent.discard(self)
