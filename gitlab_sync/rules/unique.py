"""Lists as callers give them, and the one way to drop duplicates."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules import record
from gitlab_sync.types import Record

T = TypeVar("T")


def several(name: str, given: Iterable[T]) -> Iterable[T]:
    """Return what was given; ConfigurationError for one text, which would be read as letters."""
    if isinstance(given, str):
        raise ConfigurationError(f"{name} must be a list; did you mean [{given!r}]?")
    return given


def unique(items: Iterable[T], key: Callable[[T], Hashable | None]) -> list[T]:
    """Return the first item of each key, in order; all items with the key None stay."""
    seen: set[Hashable] = set()
    kept: list[T] = []
    for item in items:
        found = key(item)
        if found is None or found not in seen:
            kept.append(item)
            seen.add(found)
    return kept


def unique_records(rows: Iterable[Record]) -> list[Record]:
    """Return the first row of each `id`, in order; all rows without an id stay."""
    return unique(rows, record.identity)
