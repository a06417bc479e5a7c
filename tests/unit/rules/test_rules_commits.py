"""Commits as rows, times of day, and their counts."""

from __future__ import annotations

from datetime import UTC, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.rules.scores.commits import commit_row, commit_stats, distinct_rows
from gitlab_sync.rules.slots import USUAL_SLOTS

COMMIT = {
    "id": "c0ffee00",
    "short_id": "c0ffee",
    "title": "fix: a typo",
    "message": "fix: a typo\n\nIt was wrong.\n",
    "author_name": "Ann Lee",
    "author_email": "ann@corp.example",
    "authored_date": "2024-01-05T00:30:00.000+05:30",
    "web_url": "https://gitlab.example/g/app/-/commit/c0ffee00",
}


@pytest.mark.parametrize(
    ("clock", "slot"),
    [
        ("00:00:00", "Other"),
        ("08:59:59.999999", "Other"),
        ("09:00:00", "Morning"),
        ("12:29:59.999999", "Morning"),
        ("12:30:00", "Afternoon"),
        ("16:59:59.999999", "Afternoon"),
        ("17:00:00", "Other"),
        ("23:59:59", "Other"),
    ],
)
def test_the_parts_of_the_day_begin_exactly_on_time(clock: str, slot: str) -> None:
    """The first moment belongs to the part that begins with it."""
    assert USUAL_SLOTS.of(time.fromisoformat(clock)) == slot


def test_a_row_has_its_keys_in_order_and_the_whole_message() -> None:
    """Date and time are those of the author's clock."""
    assert list(commit_row(COMMIT, "App").items()) == [
        ("project_name", "App"),
        ("message", "fix: a typo\n\nIt was wrong.\n"),
        ("date", "2024-01-05"),
        ("time", "00:30:00"),
        ("slot", "Other"),
        ("sha", "c0ffee00"),
        ("short_id", "c0ffee"),
        ("author_name", "Ann Lee"),
        ("web_url", "https://gitlab.example/g/app/-/commit/c0ffee00"),
    ]


@pytest.mark.parametrize(
    ("authored", "shown"),
    [
        ("2024-01-05T09:00:00+05:30", ("2024-01-05", "09:00:00", "Morning")),
        ("2024-01-05T08:59:59-08:00", ("2024-01-05", "08:59:59", "Other")),
        ("2024-01-05T12:30:00Z", ("2024-01-05", "12:30:00", "Afternoon")),
        ("2024-01-05T09:00:00", ("2024-01-05", "09:00:00", "Morning")),
        ("soon", (None, None, None)),
        (None, (None, None, None)),
        (5, (None, None, None)),
    ],
)
def test_the_offset_of_the_commit_decides_about_the_time_of_day(
    authored: object, shown: tuple[object, ...]
) -> None:
    """Nine in the morning is morning wherever it is; what cannot be read is unknown."""
    row = commit_row({**COMMIT, "authored_date": authored}, "App")
    assert (row["date"], row["time"], row["slot"]) == shown


def test_one_time_zone_for_all_takes_the_place_of_the_offset() -> None:
    """In winter and in summer, as its clocks went at that time."""
    berlin = ZoneInfo("Europe/Berlin")
    winter = commit_row({**COMMIT, "authored_date": "2024-03-31T00:59:59Z"}, "App", berlin)
    summer = commit_row({**COMMIT, "authored_date": "2024-03-31T01:00:00Z"}, "App", berlin)
    assert (winter["time"], summer["time"]) == ("01:59:59", "03:00:00")
    assert commit_row(COMMIT, "App", UTC)["date"] == "2024-01-04"
    # On the night when an hour comes twice both are shown by the clock on the wall.
    twice = ["2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z"]
    rows = [commit_row({**COMMIT, "authored_date": text}, "App", berlin) for text in twice]
    assert [row["time"] for row in rows] == ["02:30:00", "02:30:00"]


def test_a_date_that_the_zone_does_not_have_is_unknown() -> None:
    """At the edge of the calendar."""
    first = {**COMMIT, "authored_date": "0001-01-01T00:00:00Z"}
    assert commit_row(first, "App", timezone(timedelta(hours=-1)))["date"] is None
    assert commit_row(first, "App")["date"] == "0001-01-01"


def test_shares_are_percent_of_the_total_with_one_decimal() -> None:
    """Merges and unmatched commits are in no total."""
    clocks = ["09:00:00", "12:29:59", "12:30:00", "17:00:00", "20:00:00", "21:00:00", "22:00:00"]
    rows = [
        commit_row({**COMMIT, "id": clock, "authored_date": f"2024-01-05T{clock}Z"}, "App")
        for clock in clocks
    ]
    assert commit_stats(rows, merges=3, unmatched=2) == {
        "total": 7,
        "morning_commits": 2,
        "afternoon_commits": 1,
        "morning_pct": 28.6,
        "afternoon_pct": 14.3,
        "other_commits": 4,
        "merges": 3,
        "unmatched": 2,
    }


def test_shares_of_nothing_are_nothing() -> None:
    """No division by zero."""
    stats = commit_stats([], 0, 0)
    assert set(stats.values()) == {0}


def test_a_commit_whose_time_is_unknown_is_in_no_part_of_the_day() -> None:
    """It is work all the same."""
    stats = commit_stats([commit_row({**COMMIT, "authored_date": None}, "App")])
    assert (stats["total"], stats["other_commits"]) == (1, 0)


def test_a_commit_of_a_project_and_its_fork_counts_once() -> None:
    """It keeps the project where it was read first; without an id all stay."""
    rows = [commit_row(COMMIT, "App"), commit_row(COMMIT, "Fork")]
    rows += [commit_row({}, "App"), commit_row({}, "App")]
    assert [row["project_name"] for row in distinct_rows(rows)] == ["App", "App", "App"]


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(COMMIT)),
        st.none() | st.text() | st.integers() | st.lists(st.text()) | st.datetimes().map(str),
    ),
    st.none() | st.just(ZoneInfo("America/Havana")),
)
def test_no_commit_makes_a_row_fail(commit: dict[str, object], zone: ZoneInfo | None) -> None:
    """Whatever is null, missing or of a strange kind; and the parts add up."""
    row = commit_row(commit, "App", zone)
    assert (row["slot"] is None) == (row["date"] is None) == (row["time"] is None)
    stats = commit_stats([row])
    known = ("morning_commits", "afternoon_commits", "other_commits")
    assert sum(stats[part] or 0 for part in known) == (row["slot"] is not None)
