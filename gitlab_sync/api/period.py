"""What `since` and `until` mean, and the filters of GitLab that follow from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal, TypeAlias

from gitlab_sync.rules.dates import Period, When, period
from gitlab_sync.types import Params

Moment: TypeAlias = Literal["created", "active"]
"""Which items a period selects: those created in it, or those that anything happened to in it."""

_MARGIN = timedelta(days=1)


class LocalZone(tzinfo):
    """The time zone of this machine, including summer time. Immutable.

    The standard library uses it for naive times, but has no object for it.
    """

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """Return the offset from UTC at this local time."""
        try:
            return _offset(datetime.now() if moment is None else moment.replace(tzinfo=None))  # noqa: DTZ005 - local time is wanted
        except (OverflowError, ValueError, OSError):  # years that the system does not support
            return _offset(datetime.now())  # noqa: DTZ005 - as above

    def dst(self, _moment: datetime | None) -> None:
        """Return None: the part of the offset that is summer time is not needed."""

    def tzname(self, moment: datetime | None) -> str:
        """Return the offset as a name, such as `UTC+05:30`."""
        return timezone(self.utcoffset(moment)).tzname(None)

    def fromutc(self, moment: datetime) -> datetime:
        """Return the local time for this time in UTC."""
        try:
            return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)
        except (ValueError, OSError):
            return moment + self.utcoffset(None)


def _offset(naive: datetime) -> timedelta:
    return naive.astimezone().utcoffset() or timedelta()


LOCAL = LocalZone()
"""The default time zone of days."""


def given_period(since: When, until: When, zone: tzinfo | None = None) -> Period:
    """Return the period from `since` to `until`; days are days in `zone` (None: the machine's).

    Raises ConfigurationError for an invalid time, or an end before the beginning.
    """
    return period(since, until, zone or LOCAL)


def created_within(wanted: Period) -> Params:
    """Return the filters that make GitLab's list shorter, but never too short.

    They are a day wider than the period: `Period.contains` decides which items are in it, however
    the server treats the boundaries.
    """
    return _filters(wanted, "created_after")


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
