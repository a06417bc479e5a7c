"""What `since` and `until` mean, and the filters of GitLab that follow from them."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfoNotFoundError

from tzlocal import get_localzone

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.dates import Period, When, period
from gitlab_sync.types import Params

Moment: TypeAlias = Literal["created", "active"]
"""Which items a period selects: those created in it, or those that anything happened to in it."""

_MARGIN = timedelta(days=1)


def local_zone() -> tzinfo:
    """Return the time zone of this machine, including summer time: the default zone of days.

    Raises ConfigurationError if it has no name.
    """
    try:
        return get_localzone()
    except ZoneInfoNotFoundError:
        raise ConfigurationError(
            "The time zone of this machine must have a name such as Europe/Berlin, "
            f"got {os.environ.get('TZ')!r}",
            hint="Set the environment variable TZ, or name a time zone.",
        ) from None


def given_period(
    since: When, until: When, zone: tzinfo | None = None, today: date | None = None
) -> Period:
    """Return the period from `since` to `until`, as `rules.dates.period` reads them.

    Days are days in `zone` (None: the machine's), and `today` is that of the clock unless given.
    Raises ConfigurationError for an invalid time, or an end before the beginning.
    """
    if since is None and until is None:
        return Period()
    zone = zone or local_zone()
    return period(since, until, zone, today or datetime.now(zone).date())


def created_within(wanted: Period) -> Params:
    """Return the filters that make GitLab's list shorter, but never too short.

    They are a day wider than the period: `Period.contains` decides which items are in it, however
    the server treats the boundaries.
    """
    return _filters(wanted, "created_after")


def listed_within(wanted: Period, moment: Moment) -> Params:
    """Return the filters for a list of the items that a period selects by `moment`."""
    return created_within(wanted) if moment == "created" else active_within(wanted)


def active_within(wanted: Period) -> Params:
    """Return the filters for a list of all items that anything happened to in the period.

    Everything that happens to an item (creation, merge, closing) happens between its creation and
    its last change. So the list can hold more items than wanted, but never too few. The filters are
    a day wider than the period, too.
    """
    return _filters(wanted, "updated_after")


def _filters(wanted: Period, first: str) -> Params:
    params: Params = {}
    if wanted.start is not None and wanted.start > _FIRST:
        params[first] = (wanted.start - _MARGIN).isoformat(timespec="seconds")
    if wanted.end is not None and wanted.end < _LAST:
        params["created_before"] = (wanted.end + _MARGIN).isoformat(timespec="seconds")
    return params


_FIRST = datetime.min.replace(tzinfo=UTC) + _MARGIN
_LAST = datetime.max.replace(tzinfo=UTC) - _MARGIN
