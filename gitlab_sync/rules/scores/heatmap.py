"""The heatmap of a year: 53 weeks, each day with the level of its contributions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from gitlab_sync.types import TableRow

WEEKS = 53

LEVEL_ENDS = (0, 2, 5, 10, 20)
"""The highest number of each level: 0, 1-2, 3-5, 6-10, 11-20, and more is level 5."""

HEATMAP_COLUMNS = ("Week", "Weekday", "Day", "Number", "Level")

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

LEVEL_TITLES = ("0", "1-2", "3-5", "6-10", "11-20", "more than 20")


@dataclass(frozen=True, slots=True)
class HeatmapDay:
    """One day, the number of contributions on it, and its level from 0 to 5."""

    day: date
    number: int

    @property
    def level(self) -> int:
        """The level, which decides the colour."""
        return level(self.number)


Week = tuple[HeatmapDay | None, ...]
"""Seven days from Monday; None is a day in the future or outside the period."""


def level(number: int) -> int:
    """Return the level, from 0 to 5, of a day with this number of contributions."""
    return bisect_left(LEVEL_ENDS, number)


def first_day(today: date) -> date:
    """Return the Monday that begins the 53 weeks up to the week of `today`."""
    return today - timedelta(days=today.weekday(), weeks=WEEKS - 1)


def heatmap(
    numbers: Mapping[date, int], today: date, since: date | None = None
) -> tuple[Week, ...]:
    """Return 53 weeks, the oldest first, up to the week of `today`.

    `numbers` is the result of `contribution.activity`. A day before `since` is there only if it has
    contributions, which can happen in another time zone.
    """

    def cell(day: date) -> HeatmapDay | None:
        number = numbers.get(day, 0)
        asked = day <= today and (since is None or day >= since or number)
        return HeatmapDay(day, number) if asked else None

    monday = first_day(today)
    cells = [cell(monday + timedelta(days=number)) for number in range(7 * WEEKS)]
    return tuple(tuple(cells[start : start + 7]) for start in range(0, len(cells), 7))


def heatmap_rows(weeks: Iterable[Week]) -> list[TableRow]:
    """Return a row for each day, with `HEATMAP_COLUMNS`, for charts.

    `Week` is its Monday and `Day` itself, as `YYYY-MM-DD`; `Weekday` is `Mon`, `Tue`, …
    """
    return [
        {
            "Week": (cell.day - timedelta(days=place)).isoformat(),
            "Weekday": _WEEKDAYS[place],
            "Day": cell.day.isoformat(),
            "Number": cell.number,
            "Level": cell.level,
        }
        for week in weeks
        for place, cell in enumerate(week)
        if cell is not None
    ]
