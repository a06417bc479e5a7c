"""Booked time by day, and how it is written."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.rules.dates import period
from gitlab_sync.rules.scores.time_logs import (
    aggregate_daily_time,
    daily_time_from_stats,
    format_time_spent,
    without_stats,
)

WEEK = period("2024-01-01", "2024-01-07", UTC)
LOGS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(1, 6) | st.none(),
            "date": st.sampled_from(["2024-01-01", "2024-01-02T10:00:00Z", "soon", None]),
            "time_spent": st.integers(-7200, 7200) | st.none() | st.text(max_size=2),
        }
    )
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 min"),
        (30, "0 min"),
        (59.9, "0 min"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 hr 0 min"),
        (3661, "1 hr 1 min"),
        (90_000, "25 hr 0 min"),
        (-30, "0 min"),
        (-60, "-1 min"),
        (-5400, "-1 hr 30 min"),
    ],
)
def test_time_is_written_in_hours_and_whole_minutes(seconds: float, text: str) -> None:
    """Hours only where there are some; what is less than a minute is none."""
    assert format_time_spent(seconds) == text


def test_logs_add_up_by_day() -> None:
    """Time that was taken back is subtracted; the days are in order, each log counts once."""
    logs = [
        {"id": 1, "date": "2024-01-05", "time_spent": 3600},
        {"id": 2, "date": "2024-01-04T23:00:00Z", "time_spent": 60},
        {"id": 3, "date": "2024-01-05", "time_spent": -600},
        {"id": 1, "date": "2024-01-05", "time_spent": 3600},
    ]
    assert list(aggregate_daily_time(logs).items()) == [("2024-01-04", 60), ("2024-01-05", 3000)]


@pytest.mark.parametrize(
    ("days", "day"),
    [
        ({"spent_at": "2024-01-05"}, "2024-01-05"),
        ({"spent_at": "2024-01-05T23:30:00.000Z"}, "2024-01-05"),
        ({"date": None, "spent_at": "2024-01-05T08:00:00+05:30"}, "2024-01-05"),
        ({"date": "2024-01-06", "spent_at": "2024-01-05T23:30:00Z"}, "2024-01-06"),
    ],
)
def test_the_day_of_a_log_is_its_date_else_when_it_was_spent(
    days: dict[str, object], day: str
) -> None:
    """Older callers say `spent_at` alone; our own logs have both."""
    assert aggregate_daily_time([{"id": 1, "time_spent": 60, **days}]) == {day: 60}


@settings(deadline=None)
@given(LOGS)
def test_no_log_raises_and_their_order_does_not_matter(logs: list[dict[str, object]]) -> None:
    """Those of the same id aside: the first of them counts."""
    for log in logs:
        log["id"] = None
    assert aggregate_daily_time(logs) == aggregate_daily_time(logs[::-1])
    readable = [
        log["time_spent"]
        for log in logs
        if isinstance(log["time_spent"], int) and str(log["date"]).startswith("2024")
    ]
    assert sum(aggregate_daily_time(logs).values()) == sum(readable)


def issue(number: int, created_at: str | None, seconds: int | None) -> dict[str, object]:
    """Return an issue with its time statistics, or without any."""
    stats = None if seconds is None else {"total_time_spent": seconds}
    return {"id": number, "created_at": created_at, "time_stats": stats}


def test_days_without_a_log_are_completed_from_the_items() -> None:
    """Issues by creation, merge requests by merge, else by their last change."""
    issues = [issue(1, "2024-01-02T10:00:00Z", 600), issue(2, "2024-01-03T10:00:00Z", 900)]
    mrs = [
        {
            "id": 1,
            "merged_at": "2024-01-02T11:00:00Z",
            "updated_at": "2024-01-06T11:00:00Z",
            "time_stats": {"total_time_spent": 60},
        },
        {
            "id": 2,
            "merged_at": None,
            "updated_at": "2024-01-04T11:00:00Z",
            "time_stats": {"total_time_spent": 120},
        },
    ]
    logged = {"2024-01-03": 30, "2024-01-04": 0, "2023-12-01": 5}
    assert daily_time_from_stats(issues, mrs, WEEK, UTC, logged) == {
        "2023-12-01": 5,
        "2024-01-02": 660,
        "2024-01-03": 30,
        "2024-01-04": 120,
    }
    assert logged == {"2024-01-03": 30, "2024-01-04": 0, "2023-12-01": 5}


def test_only_items_of_the_period_count_each_once_on_the_day_of_the_zone() -> None:
    """Both ends are in; a day is one in the zone."""
    kolkata = timezone(timedelta(hours=5, minutes=30))
    issues = [
        issue(1, "2024-01-01T00:00:00Z", 1),
        issue(1, "2024-01-01T00:00:00Z", 1),
        issue(2, "2024-01-05T20:00:00Z", 10),
        issue(3, "2023-12-31T23:59:59Z", 100),
        issue(4, None, 1000),
    ]
    assert daily_time_from_stats(issues, [], WEEK, kolkata) == {"2024-01-01": 1, "2024-01-06": 10}


def test_items_that_do_not_say_their_time_are_found_to_be_asked_for() -> None:
    """Only those of the period; 0 is an answer."""
    silent = issue(1, "2024-01-02T10:00:00Z", None)
    issues = [silent, issue(2, "2024-01-02T10:00:00Z", 0), issue(3, "2024-02-02T10:00:00Z", None)]
    mr = {"id": 9, "updated_at": "2024-01-02T10:00:00Z"}
    assert without_stats(issues, [mr], WEEK) == ([silent], [mr])
    assert daily_time_from_stats(issues, [mr], WEEK, UTC) == {}
