"""Booked time by day, and the format of durations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import tzinfo

from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period, day_in, moment_in
from gitlab_sync.rules.items import item
from gitlab_sync.rules.text import instant
from gitlab_sync.rules.unique import unique_records
from gitlab_sync.types import Record

_ISSUE_DAY = ("created_at",)
_MERGE_REQUEST_DAY = ("merged_at", "updated_at")


def aggregate_daily_time(logs: Iterable[Record]) -> dict[str, int | float]:
    """Return the seconds booked on each day (`YYYY-MM-DD`), in the order of the days.

    A log has its day as `date`, else as `spent_at` (either is a day, or a time that begins with
    it), and `time_spent` in seconds, negative if time was removed. Each `id` counts once; a log
    without a day or without seconds is left out.
    """
    seconds: defaultdict[str, int | float] = defaultdict(int)
    for log in unique_records(logs):
        day = day_in(record.field(log, "date")) or day_in(record.field(log, "spent_at"))
        spent = record.number(log, "time_spent")
        if day is not None and spent is not None:
            seconds[day.isoformat()] += spent
    return dict(sorted(seconds.items()))


def daily_time_from_stats(
    issues: Iterable[Record],
    merge_requests: Iterable[Record],
    period: Period,
    zone: tzinfo,
    existing: Mapping[str, int | float] | None = None,
) -> dict[str, int | float]:
    """Fill the days without a log from the `time_stats` of items.

    An issue's time counts on the day it was created, a merge request's on the day it was merged,
    else last updated, as days in `zone`, within `period`. `existing` has seconds by day from logs,
    which stay; a 0 there is a day without a log. Items without statistics add nothing:
    `without_stats` returns them.
    """
    known = {day: spent for day, spent in (existing or {}).items() if spent}
    added: defaultdict[str, int | float] = defaultdict(int)
    for items, keys in ((issues, _ISSUE_DAY), (merge_requests, _MERGE_REQUEST_DAY)):
        for thing in unique_records(items):
            seconds = item.total_time_spent(record.field(thing, "time_stats"))
            moment = moment_in(_first_of(thing, keys), zone)
            if seconds and moment is not None and period.includes(moment):
                added[moment.date().isoformat()] += seconds
    return dict(sorted({**(existing or {}), **added, **known}.items()))


def without_stats(
    issues: Iterable[Record], merge_requests: Iterable[Record], period: Period
) -> tuple[list[Record], list[Record]]:
    """Return the issues and merge requests of `period` with no time spent in their record."""
    return (
        _lacking(issues, _ISSUE_DAY, period),
        _lacking(merge_requests, _MERGE_REQUEST_DAY, period),
    )


def undated(issues: Iterable[Record], merge_requests: Iterable[Record]) -> list[Record]:
    """Return the items with time, or with unknown time, that a malformed time gives no day."""
    return [
        thing
        for items, keys in ((issues, _ISSUE_DAY), (merge_requests, _MERGE_REQUEST_DAY))
        for thing in items
        if item.total_time_spent(record.field(thing, "time_stats")) != 0
        and (instant(_first_of(thing, keys)) is None or _lacks_its_end(thing))
    ]


def _lacks_its_end(thing: Record) -> bool:
    return record.state(thing) == "merged" and "merged_at" not in thing


def format_time_spent(seconds: float) -> str:
    """Return `0 min`, `45 min` or `1 hr 0 min`: whole minutes, rounded towards zero.

    Only older callers use it; tables and pages have `text.format_hours_minutes`.
    """
    hours, minutes = divmod(int(abs(seconds) // 60), 60)
    sign = "-" if seconds <= -60 else ""
    return f"{sign}{hours} hr {minutes} min" if hours else f"{sign}{minutes} min"


def _lacking(items: Iterable[Record], keys: Iterable[str], period: Period) -> list[Record]:
    return [
        thing
        for thing in unique_records(items)
        if item.total_time_spent(record.field(thing, "time_stats")) is None
        and period.contains(_first_of(thing, keys))
    ]


def _first_of(thing: Record, keys: Iterable[str]) -> object:
    return next((value for key in keys if (value := record.field(thing, key)) is not None), None)
