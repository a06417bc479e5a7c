"""The checks that merge requests and issues share: description, time spent, time open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from gitlab_sync.rules import record
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.text import (
    first_line,
    format_hours_minutes,
    hours_between,
    instant,
    plural,
    without_comments,
)
from gitlab_sync.rules.working_time import WorkingTime
from gitlab_sync.types import PartialList, Record

TWO_DAYS = 48.0
ONE_WEEK = 168.0
"""The limits of time open, in hours."""

_DAY = 24 * 3600


def description(item: Record) -> Verdict:
    """Check that there is a description, apart from comments and white space."""
    text, link = record.read_text(item, "description"), record.link(item)
    if text is None:
        return unreadable(item, "description", "a text")
    if without_comments(text).strip():
        return Verdict("pass", "has a description", link)
    return Verdict("fail", "only comments" if text.strip() else "no description", link)


def semantic_title(
    item: Record, semantic: re.Pattern[str], without: re.Pattern[str] | None = None
) -> Verdict:
    """Check that the title, after the prefix `without`, begins as the pattern `semantic` says."""
    title, link = record.read_text(item, "title"), record.link(item)
    if title is None:
        return unreadable(item, "title", "a text")
    if without is not None:
        title = without.sub("", title)
    if semantic.match(first_line(title)):
        return Verdict("pass", "semantic title", link)
    return Verdict("fail", "title not semantic", link)


def total_time_spent(stats: object) -> int | None:
    """Return the seconds in a record of time statistics, or None if they are not there."""
    return record.count(stats, "total_time_spent")


def time_spent(item: Record, seconds: int | None, missing: str) -> Verdict:
    """Check the time booked; None seconds are unknown, for the reason `missing`."""
    link = record.link(item)
    if seconds is None:
        return Verdict("unknown", missing, link)
    if seconds == 0:
        return Verdict("fail", "no time booked", link)
    return Verdict("pass", f"{format_hours_minutes(seconds)} booked", link)


def times_open(
    item: Record, ended: Iterable[str], limits: Mapping[str, float]
) -> dict[str, Verdict]:
    """Check that the item was open for at most so many hours; `limits` has them by check.

    `ended` names the fields that can hold the end; the first that is not null counts.
    """
    link = record.link(item)
    end_key = next((key for key in ended if item.get(key) is not None), None)
    if end_key is None:
        return dict.fromkeys(limits, Verdict("unknown", "time of closing not known", link))
    start, end = instant(item.get("created_at")), instant(item.get(end_key))
    if start is None or end is None:
        unread = "created_at" if start is None else end_key
        return dict.fromkeys(limits, Verdict("unknown", f"{unread} is not a time", link))
    hours = hours_between(start, end)
    spent = format_hours_minutes(round(hours * 3600))
    reason = f"open {spent}" if hours >= 0 else "closed before it was created"
    return {
        check: Verdict("fail" if hours > limit else "pass", reason, link)
        for check, limit in limits.items()
    }


def working_time(
    start: datetime | None, end: datetime | None, working: WorkingTime, ended: str
) -> int | str:
    """Return the seconds of working time from `start` to `end`, or why they are not known.

    `ended` is the verb for the end, as in `merged` and `merged_at`.
    """
    if start is None or end is None:
        return "created_at is not a time" if start is None else f"{ended}_at is not a time"
    if end < start and end.replace(microsecond=0) < start.replace(microsecond=0):
        return f"{ended} before it was created"
    seconds = working.seconds(start, end)
    return "times outside of the years 1970 to 2200" if seconds is None else seconds


def in_working_days(seconds: int) -> str:
    """Return a limit of working time in words: `2 working days (48 hours of them)`."""
    hours = plural(seconds // 3600, "hour")
    if seconds % _DAY:
        return f"{hours} of working days"
    return f"{plural(seconds // _DAY, 'working day')} ({hours} of them)"


def within(item: Record, taken: int | str, limit: int) -> Verdict:
    """Check that what `working_time` returned is at most `limit` seconds."""
    link = record.link(item)
    if isinstance(taken, str):
        return Verdict("unknown", taken, link)
    reason = f"took {format_hours_minutes(taken)} of working time"
    return Verdict("fail" if taken > limit else "pass", reason, link)


def unreadable(thing: Record, key: str, kind: str) -> Verdict:
    """Return unknown for a record without this key, or with something else than `kind` there."""
    return Verdict("unknown", record.unreadable(thing, key, kind), record.link(thing))


def without_state(thing: Record, checks: Iterable[Check]) -> dict[str, Verdict]:
    """Return unknown for each of the checks of an item without a readable state."""
    return dict.fromkeys((check.id for check in checks), unreadable(thing, "state", "a state"))


def not_read(what: str, reading: PartialList) -> str:
    """Return the reason why an incomplete list leaves a check unknown."""
    return f"{what} not read: {reading.missing}"


def decide(thing: Record, unread: list[str], fault: str, suffix: str = "") -> Verdict:
    """Return a fault, or unknown if something that could disprove it was `unread`."""
    link = record.link(thing, suffix)
    if unread:
        return Verdict("unknown", "; ".join(dict.fromkeys(unread)), link)
    return Verdict("fail", fault, link)
