"""How much to ask GraphQL for at once: sizes that follow what the server accepts."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gitlab_sync.rules import record

_FIRST, MOST_ITEMS = 25, 50
"""Merge requests in a query, at first and at most. With more, workers would wait for one answer."""

MOST_PROJECTS = 40
"""So that the text stays below GitLab's 10,000 characters."""

_MOST_ROWS, _FEWEST_ROWS = 100, 3

FEW_ROWS = 20
"""At so few rows of a list, fewer merge requests are tried before fewer rows."""

_GROWTH = 2
_BESIDES = 3
"""The complexity of the field that reports the complexity."""

_LIMIT, _LIST, _PERSON = 250, 32, 4
"""Complexities until the server reports them: a query's limit, an empty list, a person."""

OPEN_LIST = 42
"""The complexity of an empty list of open merge requests, likewise."""

MOST_PEOPLE = 40
"""So that the text stays below GitLab's 10,000 characters."""

_TOLD = re.compile(r"complexity of (\d{1,18}+).*?complexity of (\d{1,18})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Size:
    """The size of one query: merge requests, their projects, and rows of each list."""

    items: int = _FIRST
    projects: int = 5
    rows: int = _MOST_ROWS


class Pages:
    """The size of the next query to one instance.

    The complexity of a query is that of one project times the number of projects; how many of a
    project's merge requests are asked for by number hardly matters. The server reports the
    complexity with each answer and with each refusal, and the size follows that.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._size = Size()

    @property
    def size(self) -> Size:
        """The size of the next query."""
        return self._size

    def passed(self, asked: Size, complexity: object) -> None:
        """Grow after an answer; `complexity` is what it reports about itself, or None.

        `asked` is the size of its query.
        """
        score, limit = (record.count(complexity, key) for key in ("score", "limit"))
        with self._lock:
            self._size = replace(self._size, items=min(MOST_ITEMS, self._size.items + _GROWTH))
            if score and limit and asked.rows == self._size.rows:
                self._learn(asked, score, limit)

    def too_complex(self, asked: Size, refusal: str) -> None:
        """Shrink after a query that was above the server's limit."""
        told = _TOLD.search(refusal)
        with self._lock:
            if asked.rows > self._size.rows:
                return  # another refusal came first
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
        """Shrink after a query that took too long or made the server fail."""
        with self._lock:
            items = max(1, min(self._size.items, asked.items // 2))
            self._size = replace(self._size, items=items)

    def _learn(self, asked: Size, score: float, limit: float) -> None:
        """Adopt the complexity of one project that the server reported."""
        each = max(1.0, (score - _BESIDES) / asked.projects)
        fitting = math.floor((limit - _BESIDES) / each)
        rows = self._size.rows
        if fitting >= 2 * asked.projects and rows < _MOST_ROWS:
            rows, fitting = min(_MOST_ROWS, 2 * rows), 1
        self._size = replace(self._size, projects=max(1, min(MOST_PROJECTS, fitting)), rows=rows)


class Room:
    """How much of people's lists the next query to one instance asks for.

    The complexity of a list is `1 + first / 100` times that of an empty one, so lists of different
    lengths fit into one query. The size follows what the server reports, as in `Pages`.
    """

    def __init__(self, each: float = _LIST) -> None:
        """`each` is the complexity of an empty list, until the server reports it."""
        self._lock = threading.Lock()
        self._limit = float(_LIMIT)
        self._list = float(each)
        self._people = _FIRST

    def fitting(self, firsts: Sequence[int]) -> int:
        """Return how many lists, of up to so many rows each, fit into one query: at least one."""
        with self._lock:
            left = self._limit - _BESIDES
            for number, first in enumerate(firsts[: self._people]):
                left -= _PERSON + self._list * _weight(first)
                if left < 0:
                    return max(1, number)
            return min(len(firsts), self._people)

    def passed(self, asked: Sequence[int], complexity: object) -> None:
        """Grow after an answer; `complexity` is what it reports about itself, or None.

        `asked` has the number of rows requested of each list.
        """
        score, limit = (record.count(complexity, key) for key in ("score", "limit"))
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
        """Shrink after a query that took too long or made the server fail."""
        with self._lock:
            self._people = max(1, min(self._people, len(asked) // 2))

    def _learn(self, asked: Sequence[int], score: float, limit: float) -> None:
        """Adopt the complexity of a list that the server reported and rounded down; round it up."""
        lists = score - _BESIDES - _PERSON * len(asked)
        self._list = max(1.0, float(math.ceil(lists / sum(map(_weight, asked)))))
        self._limit = limit


def _weight(first: int) -> float:
    return 1 + min(first, _MOST_ROWS) / 100
