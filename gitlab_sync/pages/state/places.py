"""Where in the app somebody was who went elsewhere to sign in, so that they get back there."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gitlab_sync.errors import without_secrets

LIFE = 900.0
"""Seconds that a place is kept: who takes longer to sign in has begun something else since."""

MOST_LETTERS = 20_000
"""Of a query that is kept; of a longer one only the page is."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the app by the path in its address, and what the address asked of it. Immutable.

    It names no host, and no token: so it can lead nowhere else, and tells nothing.
    """

    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, path: str, query: Mapping[str, Sequence[str]]) -> Place:
        """Return the place of an address, without secrets, and without a query that is too long."""
        clean = {name: [*map(without_secrets, values)] for name, values in query.items()}
        letters = sum(len(value) for values in clean.values() for value in values)
        return cls(path, clean if letters <= MOST_LETTERS else {})


class Places:
    """The place that each browser left last. Thread-safe; `clock` gives seconds that only grow.

    The oldest go beyond `most`: somebody who never came back.
    """

    def __init__(self, most: int = 1000, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, Place]] = OrderedDict()

    def leave(self, key: str, place: Place) -> None:
        """Keep the place of the browser of that key, instead of any that was kept before."""
        with self._lock:
            self._left[key] = (self._clock(), place)
            self._left.move_to_end(key)
            if len(self._left) > self._most:
                self._left.popitem(last=False)

    def take(self, key: str) -> Place | None:
        """Return the place and forget it; None if there is none, or it was left too long ago."""
        with self._lock:
            left, place = self._left.pop(key, (0.0, None))
        return place if self._clock() < left + LIFE else None
