"""The options `--since`, `--until` and `--timezone` of commands about a period."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from gitlab_sync.api.period import given_period
from gitlab_sync.cli.options import Connection, with_options
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.dates import Period


@dataclass(frozen=True, slots=True)
class Span:
    """The period that counts, and the time zone of its days (None: that of this machine)."""

    period: Period
    zone: tzinfo | None = None


def demo_now(connection: Connection) -> datetime | None:
    """Return the time of the demo's last events, in UTC; None (the real time) outside of it."""
    if not connection.demo:
        return None
    from gitlab_sync.sandbox.generate import TODAY

    return TODAY.replace(tzinfo=UTC)


_PERIOD = (
    click.option(
        "--since", metavar="WHEN",
        help="Only from then on: a date (2024-01-05) or a time (2024-01-05T09:00:00+05:30).",
    ),
    click.option("--until", metavar="WHEN", help="Only until then; a date includes the whole day."),
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
        span = Span(given_period(since, until, zone), zone)
        return command(span=span, **given)

    return with_options(gather, _PERIOD)


def zone_of(name: str) -> tzinfo:
    """Return the time zone with that name; ConfigurationError if there is none."""
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            f"timezone must be the name of a time zone, got “{name[:60]}”",
            hint="Give a name such as Asia/Kolkata, Europe/Berlin or UTC.",
        ) from None
