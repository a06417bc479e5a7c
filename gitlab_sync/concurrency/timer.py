"""An alarm clock: something is done when its time has come, whether or not anybody comes by."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Timer:
    """Calls `action` at the earliest of the moments it was set to. Thread-safe.

    `clock` gives seconds that only grow; `action` runs in a thread of the alarm's own and sets it
    again if more is to come. No thread exists while nothing is set.
    """

    def __init__(self, action: Callable[[], None], clock: Callable[[], float]) -> None:
        self._action = action
        self._clock = clock
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._due = 0.0

    def set(self, due: float) -> None:
        """Ring at `due` of the clock, or earlier if that was asked for before."""
        with self._lock:
            if self._timer is not None:
                if self._due <= due:
                    return
                self._timer.cancel()
            self._due = due
            self._timer = threading.Timer(max(0.0, due - self._clock()), self._ring)
            # An alarm that is far off must not keep the process from ending.
            self._timer.daemon = True
            self._timer.start()

    def _ring(self) -> None:
        with self._lock:
            if threading.current_thread() is not self._timer:
                return  # it was set anew while it began to ring
            self._timer = None
        self._action()

    def stop(self) -> None:
        """Forget what was set."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
