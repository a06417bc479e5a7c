"""A timer: calls a function when it is due, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Timer:
    """Calls `action` at the earliest of the times it was set to.

    `clock` returns seconds and never goes back. `action` runs in a thread of the timer, and sets
    the timer again if there is more to do. There is no thread while no time is set.
    """

    def __init__(self, action: Callable[[], None], clock: Callable[[], float]) -> None:
        self._action = action
        self._clock = clock
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._due = 0.0

    def set(self, due: float) -> None:
        """Call `action` at `due` on the clock, or earlier if an earlier time is set.

        Raises RuntimeError if no thread can be started.
        """
        with self._lock:
            if self._timer is not None:
                if self._due <= due:
                    return
                self._timer.cancel()
                self._timer = None
            timer = threading.Timer(max(0.0, due - self._clock()), self._ring)
            # A timer that is far off must not keep the process from ending.
            timer.daemon = True
            timer.start()
            self._due, self._timer = due, timer

    def _ring(self) -> None:
        with self._lock:
            if threading.current_thread() is not self._timer:
                return  # it was set again meanwhile
            self._timer = None
        self._action()

    def stop(self) -> None:
        """Clear the time that was set."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
