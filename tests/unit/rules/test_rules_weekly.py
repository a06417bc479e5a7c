"""The week of each person."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.scores.commits import commit_row
from gitlab_sync.rules.scores.weekly import (
    MEASURES,
    Recorded,
    WeekPeople,
    WeekPerson,
    days_before,
    days_between,
    last_days,
    measure_rows,
    overview_rows,
    parse_week_people,
    person_week,
    time_of,
)

ANN = WeekPerson("Blue", "Ann Lee", "ann")
FRIDAY = date(2024, 1, 5)
DAY, THURSDAY = (FRIDAY,), date(2024, 1, 4)


def recorded(**changes: object) -> Recorded:
    """Return a day's work: two merge requests, an issue, a commit and ninety minutes."""
    done = {
        "merge_requests": [
            {"id": 1, "merged_at": "2024-01-05T09:10:00Z"},
            {"id": 1, "merged_at": "2024-01-05T09:10:00Z"},
            {"id": 2, "merged_at": "2024-01-05T09:50:00Z"},
            {"id": 3, "merged_at": None},
        ],
        "issues": [{"id": 1, "created_at": "2024-01-05T14:00:00Z"}],
        "commits": [
            commit_row({"id": "a", "authored_date": "2024-01-05T08:00:00+01:00"}, "App"),
            commit_row({"id": "a", "authored_date": "2024-01-05T08:00:00+01:00"}, "Fork"),
            commit_row({"id": "b", "authored_date": "2024-01-04T23:59:59-08:00"}, "App"),
            commit_row({"id": "c"}, "App"),
        ],
        "time_spent": {"2024-01-05": 5400, "2024-01-04": 6000, "2024-01-06": 1},
    }
    return Recorded(**{**done, **changes})  # type: ignore[arg-type]


def test_everything_counts_on_its_day_and_once() -> None:
    """Merge requests by merge, issues by creation, commits by their own clock."""
    week = person_week(ANN, DAY, recorded(), UTC)
    work = week.days[FRIDAY]
    assert (work.merge_requests, work.issues, work.commits, work.time_spent) == (2, 1, 1, 5400)
    assert work.hours == (8, 9, 14)
    assert list(week.before) == [THURSDAY]
    assert week.before[THURSDAY].commits == 1


def test_days_are_days_in_the_zone() -> None:
    """Also on the day when clocks change, which has an hour less."""
    late = recorded(merge_requests=[{"id": 1, "merged_at": "2024-01-05T20:00:00Z"}])
    kolkata = timezone(timedelta(hours=5, minutes=30))
    assert person_week(ANN, DAY, late, kolkata).days[FRIDAY].merge_requests == 0
    sunday = date(2024, 3, 31)
    merged = ["2024-03-30T22:59:59Z", "2024-03-30T23:00:00Z"]  # midnight at its beginning,
    merged += ["2024-03-31T21:59:59Z", "2024-03-31T22:00:00Z"]  # and at its end
    items = [{"id": number, "merged_at": text} for number, text in enumerate(merged)]
    week = person_week(ANN, (sunday,), Recorded(items), ZoneInfo("Europe/Berlin"))
    assert week.days[sunday].merge_requests == 2
    assert week.days[sunday].hours == (0, 23)


def test_totals_are_compared_with_the_days_before() -> None:
    """More is positive."""
    week = person_week(ANN, DAY, recorded(), UTC)
    assert [week.total(measure) for measure in MEASURES] == [2, 1, 1, 5400]
    assert [week.change(measure) for measure in MEASURES] == [2, 1, 0, -600]


def test_what_was_not_read_is_unknown_and_not_nothing() -> None:
    """In cells, totals and changes; the rest is still known."""
    week = person_week(ANN, DAY, recorded(commits=None, time_spent=None), UTC)
    assert (week.total("commits"), week.change("commits")) == (None, None)
    assert week.days[FRIDAY].hours == (9, 14)
    assert overview_rows([week])[0]["2024-01-05"] == "2 MRs, 1 issue, ? commits, ? h"
    assert measure_rows([week], "time_spent")[0]["Total"] is None


def test_where_something_is_missing_a_day_without_anything_is_unknown() -> None:
    """What was found counts; how that compares to the days before is unknown."""
    partial = {"commits", "time_spent", "issues"}
    week = person_week(ANN, (THURSDAY, FRIDAY), recorded(issues=[], partial=partial), UTC)
    commits, before = (
        [work.commits for work in days.values()] for days in (week.days, week.before)
    )
    assert (commits, before) == ([1, 1], [None, None])
    assert [work.merge_requests for work in week.days.values()] == [0, 2]
    assert [work.time_spent for work in week.before.values()] == [None, None]
    assert [week.total(measure) for measure in MEASURES] == [2, None, 2, 11400]
    assert [week.change(measure) for measure in MEASURES] == [2, None, None, None]


def test_what_is_read_holds_the_days_by_every_clock() -> None:
    """Those before as well; the calendar's ends are no bounds."""
    days = last_days(FRIDAY)
    read = time_of(days, ZoneInfo("Pacific/Kiritimati"))
    for clock in (timezone(timedelta(hours=-12)), timezone(timedelta(hours=14))):
        assert read.includes(datetime.combine(days_before(days)[0], time.min, clock))
        assert read.includes(datetime.combine(days[-1], time.max, clock))
    assert time_of((date.max,), UTC).end is None
    assert time_of((date(1, 1, 2),), UTC).start is None


def test_the_table_to_read_has_a_column_a_day() -> None:
    """Hours are shown only for people that the setting names."""
    week = person_week(WeekPerson("Blue", "Ann Lee", "Ann"), DAY, recorded(), UTC)
    assert overview_rows([week]) == [
        {
            "Team Name": "Blue",
            "Full Name": "Ann Lee",
            "GitLab Username": "Ann",
            "2024-01-05": "2 MRs, 1 issue, 1 commit, 1h 30m",
            "Total": "2 MRs, 1 issue, 1 commit, 1h 30m",
            "Change": "+2 MRs, +1 issue, 0 commits, -0h 10m",
        }
    ]
    assert overview_rows([week], ["bob"]) == overview_rows([week])
    shown = overview_rows([week], ["ann"])[0]["2024-01-05"]
    assert shown == "2 MRs, 1 issue, 1 commit, 1h 30m, at 8, 9, 14"


def test_a_change_by_one_is_singular() -> None:
    """Also if it is one less."""
    nothing = recorded(merge_requests=[], issues=[], commits=[])
    (row,) = overview_rows([person_week(ANN, (FRIDAY,), nothing, UTC)])
    before = recorded()
    (more,) = overview_rows([person_week(ANN, (FRIDAY,), before, UTC)])
    assert "+1 issue" in str(more["Change"])
    later = (FRIDAY + timedelta(days=1),)
    (less,) = overview_rows([person_week(ANN, later, before, UTC)])
    assert str(less["Change"]).startswith("-2 MRs, -1 issue, -1 commit, ")
    assert str(row["Change"]).startswith("0 MRs, 0 issues, 0 commits, ")


def test_a_table_of_one_measure_holds_numbers() -> None:
    """So that they sort and add up."""
    week = person_week(ANN, (THURSDAY, FRIDAY), recorded(), UTC)
    assert list(measure_rows([week], "commits")[0].items()) == [
        ("Team Name", "Blue"),
        ("Full Name", "Ann Lee"),
        ("GitLab Username", "ann"),
        ("2024-01-04", 1),
        ("2024-01-05", 1),
        ("Total", 2),
        ("Before", 0),
        ("Change", 2),
    ]


def test_a_week_is_seven_days_up_to_today() -> None:
    """And is compared with the seven before it."""
    days = last_days(FRIDAY)
    assert (len(days), days[0], days[-1]) == (7, date(2023, 12, 30), FRIDAY)
    assert days_before(days)[-1] == date(2023, 12, 29)
    assert last_days(FRIDAY, 1) == DAY


@pytest.mark.parametrize("number", [1, 7, 45])
def test_days_have_as_many_before_them(number: int) -> None:
    """Else the calendar has none to compare with."""
    first = date.min + timedelta(days=number)
    days = last_days(first + timedelta(days=number - 1), number)
    assert (days[0], days_before(days)[0]) == (first, date.min)
    for too_early in (first + timedelta(days=number - 2), date.min):
        with pytest.raises(ConfigurationError, match=str(too_early)):
            last_days(too_early, number)


def test_a_range_has_at_most_45_days() -> None:
    """And goes forward; the error shows both ends."""
    assert len(days_between(FRIDAY, FRIDAY + timedelta(days=44))) == 45
    assert days_between(FRIDAY, FRIDAY) == DAY
    for last in (FRIDAY + timedelta(days=45), THURSDAY):
        with pytest.raises(ConfigurationError) as caught:
            days_between(FRIDAY, last)
        assert str(FRIDAY) in str(caught.value)
        assert str(last) in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffTeam Name,Full Name,GitLab Username\nBlue,Ann Lee,ann\n",
        "gitlab username;team name;full name\nann;Blue;Ann Lee\n",
        "Blue\tAnn Lee\tann\n",
    ],
)
def test_people_are_read_from_their_three_columns(text: str) -> None:
    """In any order under their titles, else in this one."""
    assert parse_week_people(text) == WeekPeople((ANN,))


def test_bad_lines_are_named_and_nobody_is_there_twice() -> None:
    """Without case; the first line of a person counts."""
    found = parse_week_people("Blue,Ann Lee,ann\nRed,Ann L.,ANN\nBlue,Bob Ray\n", "team.csv")
    assert found == WeekPeople((ANN,), ("team.csv, line 3: no username",))


@settings(deadline=None)
@given(st.text(st.sampled_from('ab,;\t|"\n @') | st.characters()))
def test_no_text_raises(text: str) -> None:
    """Whatever it holds."""
    assert len({person.key for person in parse_week_people(text).people}) == len(
        parse_week_people(text).people
    )


JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.datetimes().map(str)
ITEMS = st.none() | st.lists(
    st.dictionaries(st.sampled_from(["id", "merged_at", "created_at"]), JSON)
)


@settings(deadline=None)
@given(ITEMS, ITEMS, st.integers(1, 45))
def test_no_item_makes_a_week_fail_and_the_total_is_the_sum_of_the_days(
    mrs: list[dict[str, object]] | None, issues: list[dict[str, object]] | None, number: int
) -> None:
    """Whatever is null, missing or of a strange kind."""
    week = person_week(ANN, last_days(FRIDAY, number), Recorded(mrs, issues), UTC)
    assert len(week.days) == len(week.before) == number
    if mrs is not None:
        assert week.total("merge_requests") == sum(
            day.merge_requests or 0 for day in week.days.values()
        )
