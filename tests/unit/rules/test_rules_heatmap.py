"""A year of days at a glance."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.rules.scores.heatmap import (
    HEATMAP_COLUMNS,
    LEVEL_ENDS,
    LEVEL_TITLES,
    WEEKS,
    first_day,
    heatmap,
    heatmap_rows,
    level,
)


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, 0), (1, 1), (2, 1), (3, 2), (5, 2), (6, 3), (10, 3), (11, 4), (20, 4), (21, 5), (9999, 5)],
)
def test_levels_begin_and_end_where_their_titles_say(number: int, expected: int) -> None:
    """0, 1-2, 3-5, 6-10, 11-20 and more."""
    assert level(number) == expected
    assert len(LEVEL_TITLES) == len(LEVEL_ENDS) + 1


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_the_map_has_53_weeks_up_to_today(today: date) -> None:
    """Each from Monday to Sunday, without a gap; days to come are empty."""
    weeks = heatmap({today: 3, today + timedelta(days=1): 5}, today)
    days = [day for week in weeks for day in week]
    assert (len(weeks), len(days)) == (WEEKS, 7 * WEEKS)
    there = [day for day in days if day is not None]
    assert [day.day for day in there] == [
        there[0].day + timedelta(days=number) for number in range(len(there))
    ]
    assert there[0].day.weekday() == 0
    assert there[-1].day == today
    assert days[len(there) :] == [None] * (6 - today.weekday())
    assert [day.level for day in there] == [0] * (len(there) - 1) + [2]


@settings(deadline=None)
@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-10, 400))
def test_there_is_no_day_that_nobody_asked_about(today: date, ago: int) -> None:
    """It is not a day on which nothing was done; what was recorded all the same is shown."""
    since, early = today - timedelta(days=ago), first_day(today)
    rows = heatmap_rows(heatmap({early: 2}, today, since))
    first = max(since, first_day(today))
    days = {(first + timedelta(days=number)) for number in range((today - first).days + 1)}
    assert {row["Day"] for row in rows} == {day.isoformat() for day in days | {early}}


def test_a_chart_gets_a_row_for_each_day_with_its_place() -> None:
    """Week by week, and none for days to come."""
    rows = heatmap_rows(heatmap({date(2024, 1, 3): 6}, date(2024, 1, 4)))
    assert len(rows) == 7 * WEEKS - 3
    assert all(tuple(row) == HEATMAP_COLUMNS for row in rows)
    assert [tuple(row.values()) for row in rows[-4:]] == [
        ("2024-01-01", "Mon", "2024-01-01", 0, 0),
        ("2024-01-01", "Tue", "2024-01-02", 0, 0),
        ("2024-01-01", "Wed", "2024-01-03", 6, 3),
        ("2024-01-01", "Thu", "2024-01-04", 0, 0),
    ]
    assert rows[0]["Day"] == first_day(date(2024, 1, 4)).isoformat()
