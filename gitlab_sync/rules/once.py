"""Each item once, however many lists brought it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_sync.rules.tally import distinct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitlab_sync.types import Record


def each_once(rows: Iterable[Record]) -> list[Record]:
    """Return the rows in order, each `id` once (the first counts); without an id all stay."""
    return [row for row, _ in distinct((row, {}) for row in rows)]
