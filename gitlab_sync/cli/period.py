"""The options `--since`, `--until` and `--timezone` of commands about a period."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import click

from gitlab_sync.api.period import given_period, local_zone
from gitlab_sync.cli.messages import note
from gitlab_sync.cli.options import with_options
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.text import did_you_mean


@dataclass(frozen=True, slots=True)
class Span:
    """The period that counts, and the time zone of its days (None: that of this machine)."""

    period: Period
    zone: tzinfo | None = None


def demo_now(*, demo: bool) -> datetime | None:
    """Return the time of the demo's last events, in UTC; None (the real time) outside of it."""
    if not demo:
        return None
    from gitlab_sync.sandbox.generate import TODAY

    return TODAY.replace(tzinfo=UTC)


_PERIOD = (
    click.option(
        "--since", metavar="WHEN",
        help="Only from then on: a date (2024-01-05), a time (2024-01-05T09:00:00+05:30), a week "
        "(2024-W01), a month (2024-01), today, yesterday, 30d or 2w (before today).",
    ),
    click.option(
        "--until", metavar="WHEN",
        help="Only until then; a date, week or month includes all of it.",
    ),
    click.option(
        "--timezone", metavar="ZONE",
        help="The time zone of days, such as Asia/Kolkata. Default: that of this machine.",
    ),
)  # fmt: skip


def period_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options of `Span`, and pass them as the argument `span`.

    Raises ConfigurationError, which shows the value, for a wrong time or time zone.
    """

    @functools.wraps(command)
    def gather(**given: Any) -> int:
        since, until, name = given.pop("since"), given.pop("until"), given.pop("timezone")
        zone = None if name is None else zone_of(name)
        day = None
        if given.get("demo") or given.get("snapshot") is not None:
            day = today_in(zone, demo=given["demo"], snapshot=given.get("snapshot"))
        span = Span(given_period(since, until, zone, day), zone)
        if span.period != Period():
            note(f"only{span.period.in_words().removeprefix(',')}")
        return command(span=span, **given)

    return with_options(gather, _PERIOD)


def today_in(zone: tzinfo | None, *, demo: bool, snapshot: str | None = None) -> date:
    """Return today's date in `zone` (None: that of this machine); in the demo its last day.

    For rows from a snapshot it is the day of its moment; raises ConfigurationError if that cannot
    be read.
    """
    if snapshot is not None:
        from gitlab_sync.snapshots.runs import moment_of

        return moment_of(snapshot).astimezone(zone or local_zone()).date()
    return (demo_now(demo=demo) or datetime.now(zone or local_zone())).date()


def zone_of(name: str) -> tzinfo:
    """Return the time zone with that name; ConfigurationError if there is none."""
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = did_you_mean(name[:60], available_timezones()).lstrip()
        raise ConfigurationError(
            f"timezone must be the name of a time zone, got “{name[:60]}”",
            hint=near or "Give a name such as Asia/Kolkata, Europe/Berlin or UTC.",
        ) from None
