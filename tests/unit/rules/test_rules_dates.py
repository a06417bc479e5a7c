"""Periods and days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.dates import Period, When, day_in, day_of, moment_in, period

KOLKATA = timezone(timedelta(hours=5, minutes=30))
BERLIN = ZoneInfo("Europe/Berlin")
HAVANA = ZoneInfo("America/Havana")  # its clocks change at midnight
ZONES: list[tzinfo] = [UTC, KOLKATA, BERLIN, HAVANA, ZoneInfo("Pacific/Kiritimati")]


def test_a_day_as_the_end_counts_whole() -> None:
    """To its last moment, and not one more."""
    january = period(date(2024, 1, 1), date(2024, 1, 31), UTC)
    assert january.contains("2024-01-01T00:00:00Z")
    assert january.contains("2024-01-31T23:59:59.999999Z")
    assert not january.contains("2023-12-31T23:59:59.999999Z")
    assert not january.contains("2024-02-01T00:00:00Z")


def test_days_are_days_in_the_zone() -> None:
    """Half an hour past midnight in India is the day before in UTC, but a day of India here."""
    day = period("2024-01-05", "2024-01-05", KOLKATA)
    assert day.contains("2024-01-04T18:30:00Z")
    assert day.contains("2024-01-05T00:30:00+05:30")
    assert not day.contains("2024-01-04T18:29:59Z")
    assert not day.contains("2024-01-05T18:30:00Z")


def test_moments_are_compared_as_instants_and_both_ends_are_in() -> None:
    """An aware time keeps its offset; a naive one is in the zone."""
    aware = period("2024-01-05T10:00:00+05:30", datetime(2024, 1, 5, 6, tzinfo=UTC), BERLIN)
    assert aware.contains("2024-01-05T04:30:00Z")
    assert aware.contains("2024-01-05T06:00:00Z")
    assert not aware.contains("2024-01-05T06:00:00.001Z")
    naive = period(datetime.fromisoformat("2024-01-05T10:00"), "2024-01-05 11:00", BERLIN)
    assert naive == Period(
        datetime(2024, 1, 5, 9, tzinfo=UTC), datetime(2024, 1, 5, 10, tzinfo=UTC)
    )


def test_the_days_on_which_clocks_change_have_their_true_length() -> None:
    """23 and 25 hours; and where the change is at midnight, the day begins when it begins."""
    for zone, day, hours in (
        (BERLIN, date(2024, 3, 31), 23),
        (BERLIN, date(2024, 10, 27), 25),
        (HAVANA, date(2024, 3, 10), 23),
        (HAVANA, date(2024, 11, 3), 25),
    ):
        whole = period(day, day, zone)
        assert whole.start is not None
        assert whole.end is not None
        assert whole.end - whole.start + timedelta.resolution == timedelta(hours=hours)


def test_no_bound_and_an_empty_text_let_everything_in() -> None:
    """On that side."""
    assert period(None, "", UTC) == Period()
    assert period(None, "  ", UTC).contains("not a time")
    assert period(None, "2024-01-05", UTC).contains("0001-01-01T00:00:00+14:00")
    assert period("2024-01-05", None, UTC).contains("9999-12-31T23:59:59-12:00")


@pytest.mark.parametrize("text", [None, "", "soon", "2024-01-05", "2024-01-05T10:00:00", 5, []])
def test_what_names_no_moment_is_in_no_bounded_period(text: object) -> None:
    """It cannot be said to be inside."""
    assert not period("2024-01-01", None, UTC).contains(text)


@pytest.mark.parametrize(
    ("since", "until", "shown"),
    [
        ("2024-02-01", "2024-01-31", ["2024-02-01", "2024-01-31"]),
        ("2024-01-05T10:00:01Z", "2024-01-05T10:00:00Z", ["10:00:01", "10:00:00"]),
        ("soon", None, ["since", "soon"]),
        (None, "2024-13-01", ["until", "2024-13-01"]),
        ("2024-W54", None, ["2024-W54"]),
        ("2024-W00", None, ["2024-W00"]),
        ("2024-13", None, ["2024-13"]),
        ("30d", None, ["30d"]),
        ("-3d", None, ["-3d"]),
        ("2024-01-05T25:00", None, ["2024-01-05T25:00"]),
        ("05.01.2024", None, ["05.01.2024"]),
        (20240105, None, ["20240105"]),
        (True, None, ["True"]),
        ("x" * 10_000, None, ["xxx"]),
    ],
)
def test_nonsense_and_reversed_ranges_are_refused_and_shown(
    since: When, until: When, shown: list[str]
) -> None:
    """The error says what was given, however long that is."""
    with pytest.raises(ConfigurationError) as caught:
        period(since, until, UTC)
    assert all(part in str(caught.value) for part in shown)
    assert len(str(caught.value)) < 300


MONDAY = date(2026, 6, 15)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("today", "2026-06-15", "2026-06-15"),
        ("Yesterday", "2026-06-14", "2026-06-14"),
        ("30d", "2026-05-16", "2026-05-16"),
        ("2w", "2026-06-01", "2026-06-01"),
        ("2026-W23", "2026-06-01", "2026-06-07"),
        ("2026w01", "2025-12-29", "2026-01-04"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-12", "2026-12-01", "2026-12-31"),
    ],
)
def test_a_text_can_be_days_before_today_a_week_or_a_month(
    text: str, first: str, last: str
) -> None:
    """As `since` it begins with its first day, as `until` it ends with its last."""
    assert period(text, text, BERLIN, MONDAY) == period(first, last, BERLIN)


def test_the_ends_of_the_calendar_can_be_asked_for() -> None:
    """Placeholders for "always" must not overflow."""
    for zone in ZONES:
        always = period(date.min, date.max, zone)
        assert always.contains("2024-01-05T10:00:00Z")
        assert period("0001-01-01", "0001-01-01", zone).start is not None
    assert period(None, "9999-12-31T23:59:59-12:00", UTC).contains("9999-12-31T10:00:00Z")


@settings(deadline=None)
@given(st.dates(), st.dates(), st.sampled_from(ZONES))
def test_dates_round_trip(one: date, other: date, zone: tzinfo) -> None:
    """As dates and as text, and the days of the ends are those that were given."""
    first, last = sorted((one, other))
    found = period(first, last, zone)
    assert found == period(first.isoformat(), last.isoformat(), zone)
    assert found.start is not None
    assert found.end is not None
    assert period(found.start, found.end, zone) == found
    if first.year > 1950 and last.year < 2100:
        assert day_of(found.end.isoformat(), zone) == last
        assert day_of(found.start.isoformat(), zone) == first


@settings(deadline=None)
@given(
    st.datetimes(
        *map(datetime.fromisoformat, ["2000-01-01", "2030-01-01"]), timezones=st.just(UTC)
    ),
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    st.sampled_from(ZONES),
    st.integers(-14 * 60, 14 * 60),
)
def test_a_moment_is_in_exactly_the_day_that_the_clock_in_the_zone_shows(
    moment: datetime, other: date, zone: tzinfo, offset: int
) -> None:
    """Whatever offset it is written with."""
    text = moment.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    own = moment.astimezone(zone).date()
    assert period(own, own, zone).contains(text)
    assert period(other, other, zone).contains(text) == (other == own)


@settings(deadline=None)
@given(st.text() | st.dates().map(str) | st.datetimes().map(str), st.sampled_from(ZONES))
def test_no_text_raises_anything_but_a_configuration_error(text: str, zone: tzinfo) -> None:
    """Neither as a bound nor as a moment."""
    try:
        found = period(text, text, zone)
    except ConfigurationError:
        pass
    else:
        assert (found.start is None) == (not text.strip())
    assert period("2024-01-01", None, zone).contains(text) in {True, False}
    moment_in(text, zone)
    day_in(text)


def test_a_moment_is_shown_by_its_own_clock_or_that_of_a_zone() -> None:
    """At the edge of the calendar a zone may have no date for it."""
    text = "2024-01-05T00:30:00+05:30"
    assert str(moment_in(text, None)) == "2024-01-05 00:30:00+05:30"
    assert day_of(text, None) == date(2024, 1, 5)
    assert day_of(text, UTC) == date(2024, 1, 4)
    assert day_of("0001-01-01T00:00:00Z", timezone(timedelta(hours=-1))) is None
    assert day_of("soon", UTC) is None


def test_a_day_is_read_off_the_front_of_a_text() -> None:
    """A time behind it does not matter."""
    assert day_in("2024-01-05") == day_in("2024-01-05T23:00:00Z") == date(2024, 1, 5)
    assert day_in("soon") is day_in(None) is day_in(20240105) is None
