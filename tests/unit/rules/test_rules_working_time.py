"""Working time: days of work in a zone, without holidays."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlab_sync.rules.working_time import WorkingTime

HOUR = 3600
DAY = 24 * HOUR
ZONES = ["UTC", "Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo", "Asia/Gaza"]

given_zones = st.sampled_from([UTC, ZoneInfo("Asia/Tokyo")])
moments = st.datetimes(datetime(1999, 1, 1), datetime(2030, 1, 1), timezones=given_zones)  # noqa: DTZ001 - they have zones
zones = st.sampled_from(ZONES).map(ZoneInfo)


def at(text: str, zone: str = "UTC") -> datetime:
    """Return the moment of a clock time in a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def seconds(start: str, end: str, working: WorkingTime | None = None) -> int | None:
    """Return the working seconds between two clock times in UTC."""
    return (working or WorkingTime()).seconds(at(start), at(end))


def test_a_weekend_is_no_working_time() -> None:
    """From Friday noon to Monday noon is one day."""
    assert seconds("2024-03-01 12:00", "2024-03-04 12:00") == DAY


def test_two_working_days_are_48_hours() -> None:
    """Whatever time of day they begin."""
    assert seconds("2024-03-04 09:30", "2024-03-06 09:30") == 2 * DAY


def test_what_begins_and_ends_on_a_weekend_took_none() -> None:
    """Not a second of it."""
    assert seconds("2024-03-02 00:00", "2024-03-03 23:59:59") == 0


def test_holidays_do_not_count() -> None:
    """A set of dates is enough to name them."""
    working = WorkingTime(holidays={date(2024, 3, 5)})
    assert seconds("2024-03-04 12:00", "2024-03-06 12:00", working) == DAY


def test_a_day_is_one_of_the_zone() -> None:
    """Friday evening in Kolkata is still Friday in UTC: in one of them the weekend has begun."""
    start, end = at("2024-03-01 18:30"), at("2024-03-01 23:30")
    assert WorkingTime().seconds(start, end) == 5 * HOUR
    assert WorkingTime(ZoneInfo("Asia/Kolkata")).seconds(start, end) == 0


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2024-03-31", "Europe/Berlin", 0),  # a Sunday
        ("2023-04-28", "Africa/Cairo", 23),  # clocks skip midnight of this Friday
        ("2011-12-30", "Pacific/Apia", 0),  # a Friday that was left out
        ("2023-10-26", "Africa/Cairo", 25),
    ],
)
def test_a_day_has_the_hours_that_its_clocks_show(day: str, zone: str, hours: int) -> None:
    """Also where clocks change at midnight, or a day is left out."""
    working, start = WorkingTime(ZoneInfo(zone)), at(f"{day} 00:00", zone)
    end = at(f"{date.fromisoformat(day) + timedelta(days=1)} 00:00", zone)
    assert working.seconds(start, end) == hours * HOUR


def test_fractions_of_seconds_are_cut_off() -> None:
    """GraphQL has none."""
    assert seconds("2024-03-04 09:00:00.900", "2024-03-04 09:00:01.100") == 1


@pytest.mark.parametrize("year", [1, 1969, 2201, 9999])
def test_outside_of_some_centuries_it_is_not_known(year: int) -> None:
    """Whichever end is outside."""
    odd = datetime(year, 6, 1, tzinfo=timezone(timedelta(hours=14)))
    assert WorkingTime().seconds(odd, at("2024-03-04 09:00")) is None
    assert WorkingTime().seconds(at("2024-03-04 09:00"), odd) is None


@given(moments, moments, moments, zones)
def test_it_is_additive(first: datetime, second: datetime, third: datetime, zone: ZoneInfo) -> None:
    """Two spans that meet take what both take."""
    start, middle, end = sorted([first, second, third])
    working = WorkingTime(zone)
    parts = [working.seconds(start, middle), working.seconds(middle, end)]
    assert None not in parts
    assert sum(filter(None, parts)) == working.seconds(start, end)


@given(moments, moments, zones)
def test_it_is_never_more_than_clock_time(
    first: datetime, second: datetime, zone: ZoneInfo
) -> None:
    """And nothing where the end comes first."""
    start, end = sorted([first, second])
    found = WorkingTime(zone).seconds(start, end)
    assert found is not None
    assert 0 <= found <= math.floor(end.timestamp()) - math.floor(start.timestamp())
    assert WorkingTime(zone).seconds(end, start) == 0


@given(moments, st.integers(0, 40 * DAY), zones)
def test_it_is_that_of_counting_every_quarter_of_an_hour(
    start: datetime, length: int, zone: ZoneInfo
) -> None:
    """Clocks of these zones change on quarters, and so do their days."""
    quarter = 900
    begin = math.floor(start.timestamp()) // quarter * quarter
    end = begin + length // quarter * quarter
    days = (datetime.fromtimestamp(each, zone).weekday() for each in range(begin, end, quarter))
    given_ = (datetime.fromtimestamp(each, UTC) for each in (begin, end))
    assert WorkingTime(zone).seconds(*given_) == quarter * sum(day < 5 for day in days)


@given(moments, moments)
def test_it_shifts_with_the_zone(first: datetime, second: datetime) -> None:
    """The same clock times, in a zone of another offset."""
    start, end = sorted([first.replace(tzinfo=None), second.replace(tzinfo=None)])
    kolkata = ZoneInfo("Asia/Kolkata")
    there = WorkingTime(kolkata).seconds(start.replace(tzinfo=kolkata), end.replace(tzinfo=kolkata))
    assert there == WorkingTime().seconds(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC))
