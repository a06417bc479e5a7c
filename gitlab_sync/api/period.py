"""What `since` and `until` of a person mean, and what of it GitLab can be asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal, TypeAlias

from gitlab_sync.rules.dates import Period, When, period
from gitlab_sync.types import Params

Moment: TypeAlias = Literal["created", "active"]
"""Which items a period means: those created in it, or those to which anything happened in it."""

_MARGIN = timedelta(days=1)


class LocalZone(tzinfo):
    """The time zone that this machine is set to, summer time included. Immutable.

    The standard library uses it for times that name none, but has no object for it.
    """

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """Return how far the machine's clocks are ahead of UTC at that time of theirs."""
        try:
            return _offset(datetime.now() if moment is None else moment.replace(tzinfo=None))  # noqa: DTZ005 - local is what is asked
        except (OverflowError, ValueError, OSError):  # years that the system does not know
            return _offset(datetime.now())  # noqa: DTZ005 - as above

    def dst(self, _moment: datetime | None) -> None:
        """Return None: how much of the offset is summer's, nobody asks."""

    def tzname(self, moment: datetime | None) -> str:
        """Return the offset as a name, such as `UTC+05:30`."""
        return timezone(self.utcoffset(moment)).tzname(None)

    def fromutc(self, moment: datetime) -> datetime:
        """Return what the machine's clocks show at that time of UTC."""
        try:
            return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)
        except (ValueError, OSError):
            return moment + self.utcoffset(None)


def _offset(naive: datetime) -> timedelta:
    return naive.astimezone().utcoffset() or timedelta()


LOCAL = LocalZone()
"""The time zone of days that nobody gave another one for."""


def given_period(since: When, until: When, zone: tzinfo | None = None) -> Period:
    """Return the period that was given, days being days in `zone` (None: the machine's).

    ConfigurationError for what is no time, and for an end before the beginning.
    """
    return period(since, until, zone or LOCAL)


def created_within(wanted: Period) -> Params:
    """Return the filters that make GitLab's list shorter, and never too short.

    They are a day wider than the period: which items lie in it is decided by `Period.contains`,
    whatever the server makes of the edges.
    """
    return _filters(wanted, "created_after")


def active_within(wanted: Period) -> Params:
    """Return the filters for a list of all items to which anything happened in the period.

    Whatever happens to an item (creation, merge, closing) lies between its creation and its last
    change. So there are more in the list than one looks for, and never too few. As wide as above.
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
