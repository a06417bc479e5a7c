"""Each thing once: the one way to drop duplicates."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from gitlab_sync.rules import record
from gitlab_sync.types import Record

T = TypeVar("T")


def unique(items: Iterable[T], key: Callable[[T], Hashable | None]) -> list[T]:
    """Return the items in order, the first of each key only; items with the key None all stay."""
    seen: set[Hashable] = set()
    kept: list[T] = []
    for item in items:
        found = key(item)
        if found is None or found not in seen:
            kept.append(item)
            seen.add(found)
    return kept


def unique_records(rows: Iterable[Record]) -> list[Record]:
    """Return the rows in order, each `id` once; rows without an id all stay."""
    return unique(rows, record.identity)
