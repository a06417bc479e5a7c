"""A year of days at a glance: 53 weeks, each day with the level of what was recorded on it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

WEEKS = 53

LEVEL_ENDS = (0, 2, 5, 10, 20)
"""The highest number of each level: 0, 1-2, 3-5, 6-10, 11-20, and more is level 5."""

LEVEL_TITLES = ("0", "1-2", "3-5", "6-10", "11-20", "more than 20")


@dataclass(frozen=True, slots=True)
class HeatmapDay:
    """One day, what was recorded on it, and its level from 0 to 5. Immutable."""

    day: date
    number: int

    @property
    def level(self) -> int:
        """How strong its colour is."""
        return level(self.number)


Week = tuple[HeatmapDay | None, ...]
"""Seven days from Monday on; None is a day that has not come."""


def level(number: int) -> int:
    """Return the level of a day with so many contributions, from 0 to 5."""
    return bisect_left(LEVEL_ENDS, number)


def heatmap(numbers: Mapping[date, int], today: date) -> tuple[Week, ...]:
    """Return 53 weeks, the oldest first, the last of them with `today` in it.

    `numbers` is what `contribution.activity` returns.
    """
    monday = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    days = (monday + timedelta(days=number) for number in range(7 * WEEKS))
    cells = [HeatmapDay(day, numbers.get(day, 0)) if day <= today else None for day in days]
    return tuple(tuple(cells[start : start + 7]) for start in range(0, len(cells), 7))
