"""`--since`, `--until` and `--timezone`, as commands that look at a period get them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import pytest
from click.testing import CliRunner
from tzlocal import reload_localzone

from gitlab_sync.api.period import local_zone
from gitlab_sync.cli.period import Span, period_options, zone_of
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.dates import day_of, period


def span_of(*arguments: str) -> Span:
    """Return what a command with these options is handed."""
    found: list[Span] = []

    @click.command()
    @period_options
    def command(span: Span) -> int:
        found.append(span)
        return 0

    result = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return found[0]


def test_without_options_all_time_counts() -> None:
    """And no zone was named."""
    span = span_of()
    assert (span.period.start, span.period.end, span.zone) == (None, None, None)


def test_a_day_is_one_of_the_zone_that_is_named() -> None:
    """From its midnight to its end."""
    span = span_of("--since", "2024-01-05", "--until", "2024-01-05", "--timezone", "Asia/Kolkata")
    assert span.zone == ZoneInfo("Asia/Kolkata")
    assert span.period.start == datetime(2024, 1, 4, 18, 30, tzinfo=UTC)
    assert span.period.end == datetime(2024, 1, 5, 18, 29, 59, 999999, tzinfo=UTC)


def test_days_before_today_are_those_of_the_clock_in_the_zone() -> None:
    """Which is told on standard error, with the moments that count."""
    zone = ZoneInfo("Asia/Kolkata")
    before = datetime.now(zone).date()
    span = span_of("--since", "30d", "--until", "yesterday", "--timezone", zone.key)
    assert span.period.start is not None
    assert span.period.end is not None
    first, last = (
        moment.astimezone(zone).date() for moment in (span.period.start, span.period.end)
    )
    assert (last - first).days == 29
    assert (datetime.now(zone).date() - last).days >= 1
    assert (before - last).days <= 1


def test_a_time_with_an_offset_is_that_moment() -> None:
    """Whatever the zone."""
    span = span_of("--since", "2024-01-05T09:00:00+05:30", "--timezone", "UTC")
    assert span.period.start == datetime(2024, 1, 5, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "soon"), ("since", "“soon”")),
        (("--until", "2024-13-01"), ("until", "“2024-13-01”")),
        (("--since", "2024-02-01", "--until", "2024-01-01"), ("2024-02-01", "2024-01-01")),
        (("--timezone", "Mars/Base"), ("timezone", "“Mars/Base”")),
        (("--timezone", "../etc/passwd"), ("timezone", "“../etc/passwd”")),
        (("--timezone", ""), ("timezone", "“”")),
        (("--timezone", "Europe"), ("timezone", "“Europe”")),
    ],
)
def test_an_error_shows_what_was_given(arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    """And says what could have been."""
    with pytest.raises(ConfigurationError) as raised:
        span_of(*arguments)
    assert all(word in str(raised.value) for word in words)


def test_a_zone_may_have_spaces_around_its_name() -> None:
    """As when it was pasted."""
    assert zone_of(" UTC ") == ZoneInfo("UTC")


@pytest.fixture
def move_to() -> Iterator[Callable[[str], None]]:
    """Move this machine to another zone, until the end of the test."""

    def move(zone: str) -> None:
        patch.setenv("TZ", zone)
        notice()

    def notice() -> None:
        time.tzset()
        reload_localzone()

    with pytest.MonkeyPatch.context() as patch:
        yield move
    notice()


@pytest.mark.skipif(sys.platform == "win32", reason="TZ sets the zone on POSIX")
@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Asia/Kolkata", "2024-07-04T18:30:00+00:00 2024-07-05T18:29:59.999999+00:00"),
        ("America/New_York", "2024-07-05T04:00:00+00:00 2024-07-06T03:59:59.999999+00:00"),
        ("UTC", "2024-07-05T00:00:00+00:00 2024-07-05T23:59:59.999999+00:00"),
    ],
)
def test_without_a_zone_days_are_those_of_this_machine(
    zone: str, day: str, move_to: Callable[[str], None]
) -> None:
    """With its summer time; also at the ends of the calendar."""
    move_to(zone)
    here = local_zone()
    found = period("2024-07-05", "2024-07-05", here)
    assert found.start is not None
    assert found.end is not None
    assert f"{found.start.isoformat()} {found.end.isoformat()}" == day
    for name in ("2024-01-05", "2024-07-05"):
        assert str(day_of(f"{name}T12:00:00Z", here)) == name
    period("0001-01-01", "9999-12-31", here)
    day_of("0001-01-01T00:00:00Z", here)
    day_of("9999-12-31T23:59:59Z", here)
