"""Values that one page leaves for the same browser's next page, which reads them once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from cachetools import TTLCache

T = TypeVar("T")


class FlashStore(Generic[T]):
    """One value for each browser, by the browser's key. Thread-safe.

    Unlike the state of a page, a value survives a reload. It expires `life` seconds of `clock`
    (which never goes back) after it was put. Beyond `most` values the oldest is dropped: its
    browser did not come back.
    """

    def __init__(
        self,
        *,
        life: float = math.inf,
        most: int = 1000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = threading.Lock()
        self._values: TTLCache[str, T] = TTLCache(most, life, clock)

    def put(self, key: str, value: T) -> None:
        """Store the value for the browser with that key, in place of an earlier one."""
        with self._lock:
            self._values[key] = value

    def pop(self, key: str) -> T | None:
        """Return the browser's value and forget it; None if there is none or it has expired."""
        with self._lock:
            return self._values.pop(key, None)

    def move(self, key: str, new: str) -> None:
        """Give the value of one key, if there is any, to another."""
        value = self.pop(key)
        if value is not None:
            self.put(new, value)
