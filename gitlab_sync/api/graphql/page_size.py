"""How much to ask GraphQL for at once: sizes that follow what the server can bear."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gitlab_sync.rules import record

_FIRST, MOST_ITEMS = 25, 50
"""Merge requests a query, at first and at most. More would leave workers idle behind one answer."""

MOST_PROJECTS = 40
"""So that the text stays below GitLab's 10,000 characters."""

_MOST_ROWS, _FEWEST_ROWS = 100, 3

FEW_ROWS = 20
"""Below so many rows of a list it is better to ask for fewer merge requests first."""

_GROWTH = 2
_BESIDES = 3
"""The complexity of asking for the complexity."""

_LIMIT, _LIST, _PERSON = 250, 30, 4
"""Complexities, until the server tells: of a query, a list of nothing, and the way to it."""

MOST_PEOPLE = 40
"""So that the text stays below GitLab's 10,000 characters."""

_TOLD = re.compile(r"complexity of (\d+).*?complexity of (\d+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Size:
    """What one query may hold: merge requests, projects that they lie in, rows of each list."""

    items: int = _FIRST
    projects: int = 5
    rows: int = _MOST_ROWS


class Pages:
    """The size of the next query to one instance. Thread-safe.

    The complexity of a query is that of one project times their number; how many merge requests of
    it are asked for hardly matters where they are named by number. What counts is the server's own
    word: it comes with each answer, and with each refusal.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._size = Size()

    @property
    def size(self) -> Size:
        """How much the next query asks for."""
        return self._size

    def passed(self, asked: Size, complexity: object) -> None:
        """Grow after an answer; `complexity` is what it says of itself, if anything.

        `asked` is what the query held, with the rows that it asked for.
        """
        score, limit = (record.number(complexity, key) for key in ("score", "limit"))
        with self._lock:
            self._size = replace(self._size, items=min(MOST_ITEMS, self._size.items + _GROWTH))
            if score and limit and asked.rows == self._size.rows:
                self._learn(asked, score, limit)

    def too_complex(self, asked: Size, refusal: str) -> None:
        """Shrink after a query that was above the server's limit."""
        told = _TOLD.search(refusal)
        with self._lock:
            if asked.rows > self._size.rows:
                return  # another's refusal came first
            if told is not None:
                self._learn(asked, int(told[1]), int(told[2]))
            elif asked.projects > 1:
                self._size = replace(self._size, projects=max(1, asked.projects // 2))
            if asked.projects > 1:
                return
            rows, items = self._size.rows, asked.items
            if rows > FEW_ROWS or items == 1:
                rows = max(_FEWEST_ROWS, rows // 2)
            else:
                items = max(1, items // 2)
            self._size = Size(min(items, self._size.items), 1, rows)

    def too_slow(self, asked: Size) -> None:
        """Shrink after a query that took too long, or that the server failed over."""
        with self._lock:
            items = max(1, min(self._size.items, asked.items // 2))
            self._size = replace(self._size, items=items)

    def _learn(self, asked: Size, score: float, limit: float) -> None:
        """Take the server's word for the complexity of one project."""
        each = max(1.0, (score - _BESIDES) / asked.projects)
        fitting = math.floor((limit - _BESIDES) / each)
        rows = self._size.rows
        if fitting >= 2 * asked.projects and rows < _MOST_ROWS:
            rows, fitting = min(_MOST_ROWS, 2 * rows), 1
        self._size = replace(self._size, projects=max(1, min(MOST_PROJECTS, fitting)), rows=rows)


class Room:
    """How much of people's lists the next query to one instance may ask for. Thread-safe.

    A list counts by `1 + first / 100` times what one of nothing does, so lists of different lengths
    go into one query. What counts is the server's own word, as for `Pages`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limit = float(_LIMIT)
        self._list = float(_LIST)
        self._people = _FIRST

    def fitting(self, firsts: Sequence[int]) -> int:
        """Return how many lists, of up to so many rows each, one query may hold: at least one."""
        with self._lock:
            left = self._limit - _BESIDES
            for number, first in enumerate(firsts[: self._people]):
                left -= _PERSON + self._list * _weight(first)
                if left < 0:
                    return max(1, number)
            return min(len(firsts), self._people)

    def passed(self, asked: Sequence[int], complexity: object) -> None:
        """Grow after an answer; `complexity` is what it says of itself, if anything.

        `asked` has how many rows were asked for of each list.
        """
        score, limit = (record.number(complexity, key) for key in ("score", "limit"))
        with self._lock:
            self._people = min(MOST_PEOPLE, self._people + _GROWTH)
            if score and limit:
                self._learn(asked, score, limit)

    def too_complex(self, asked: Sequence[int], refusal: str) -> None:
        """Shrink after a query that was above the server's limit."""
        told = _TOLD.search(refusal)
        with self._lock:
            if told is not None:
                self._learn(asked, int(told[1]), int(told[2]))
            else:
                self._people = max(1, min(self._people, len(asked) // 2))

    def too_slow(self, asked: Sequence[int]) -> None:
        """Shrink after a query that took too long, or that the server failed over."""
        with self._lock:
            self._people = max(1, min(self._people, len(asked) // 2))

    def _learn(self, asked: Sequence[int], score: float, limit: float) -> None:
        """Take the server's word for the complexity of a list; it rounds down, this up."""
        lists = score - _BESIDES - _PERSON * len(asked)
        self._list = max(1.0, float(math.ceil(lists / sum(map(_weight, asked)))))
        self._limit = limit


def _weight(first: int) -> float:
    """Return what rows of a list multiply its complexity by."""
    return 1 + min(first, _MOST_ROWS) / 100
