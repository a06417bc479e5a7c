"""Periods and days: converts what a person typed into instants that can be compared.

A day is a day in a time zone, which the caller gives.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeAlias

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.text import instant

When: TypeAlias = date | datetime | str | None
"""A day, a moment, either of them as text (see `period`), or no bound: None or an empty text."""

_DATE_FIRST = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}")
_WEEK = re.compile(r"([0-9]{4})-?w([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_AGO = re.compile(r"([0-9]{1,4})([dw])")
_DAYS_AGO = {"today": 0, "yesterday": 1}
_ONE_DAY = timedelta(days=1)
_DURATION = re.compile(r"([0-9]{1,5})([mhdw])")
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """A period from one instant to another, both included; None is no bound on that side.

    `start` and `end` are aware, in UTC.
    """

    start: datetime | None = None
    end: datetime | None = None

    def contains(self, instant_text: object) -> bool:
        """Return whether an ISO 8601 time with an offset is in the period.

        Any other text is in no period but the one without bounds.
        """
        if self.start is None and self.end is None:
            return True
        moment = instant(instant_text)
        return moment is not None and self.includes(moment)

    def includes(self, moment: datetime) -> bool:
        """Return whether `moment`, an aware time, is in the period."""
        return (self.start is None or self.start <= moment) and (
            self.end is None or moment <= self.end
        )

    def in_words(self) -> str:
        """Return `, since …, until …` for the end of a sentence; empty without bounds."""
        bounds = (("since", self.start), ("until", self.end))
        return "".join(
            f", {word} {moment.isoformat(timespec='seconds')}"
            for word, moment in bounds
            if moment is not None
        )


def period(since: When, until: When, zone: tzinfo, today: date | None = None) -> Period:
    """Return the period from `since` to `until`, both included.

    Texts are days and moments in ISO 8601, weeks (`2026-W23`) and months (`2026-06`); with `today`
    also `today`, `yesterday`, `30d` and `2w` (so long before today). Days, weeks and months begin
    and end at midnight in `zone`, and as `until` they count to their end. A time without an offset
    is a time in `zone`. Raises ConfigurationError, which shows the input, for any other value, and
    for `until` before `since`.
    """
    (first, _), (_, last) = _read(since, "since", today), _read(until, "until", today)
    start = None if first is None else _instant_of(first, zone)
    end = None if last is None else _end_of(last, zone)
    if start is not None and end is not None and end < start:
        raise ConfigurationError(
            f"until must be after since, got since {_shown(since)}, until {_shown(until)}"
        )
    return Period(start, end)


def end_of(given: When, name: str, zone: tzinfo, today: date | None = None) -> datetime | None:
    """Return the last moment of what was given, in `zone`; None for no bound.

    It is read as `period` reads `until`; `name` says in a ConfigurationError what it is.
    """
    _, last = _read(given, name, today)
    return None if last is None else _end_of(last, zone).astimezone(zone)


def duration(text: str, name: str) -> timedelta:
    """Return a duration such as `90m`, `12h`, `2d` or `1w`; ConfigurationError for another text."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        raise ConfigurationError(
            f"{name} must be a duration, got {_shown(text)}",
            hint="Give minutes, hours, days or weeks, such as 90m, 12h, 2d or 1w.",
        )
    return int(found[1]) * _UNITS[found[2]]


def moment_in(text: object, zone: tzinfo | None) -> datetime | None:
    """Return the moment of an ISO 8601 time in `zone`, or None for any other text.

    Without a zone it keeps the offset of the text.
    """
    moment = instant(text)
    if moment is None or zone is None:
        return moment
    try:
        return moment.astimezone(zone)
    except OverflowError:  # the first or last day of the calendar, with an offset beyond it
        return None


def day_of(text: object, zone: tzinfo | None) -> date | None:
    """Return the day of an ISO 8601 time in `zone`, or None."""
    moment = moment_in(text, zone)
    return None if moment is None else moment.date()


def day_in(text: object) -> date | None:
    """Return the day at the start of a text (`2024-01-05`, with or without a time), or None."""
    if not isinstance(text, str):
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _read(given: When, name: str, today: date | None) -> tuple[date | None, date | None]:
    """Return the first and the last day of what was given; a moment is both."""
    if given is None or isinstance(given, date):
        return given, given
    if isinstance(given, str):
        text = given.strip()
        try:
            found = _read_text(text.lower(), today) if text else (None, None)
        except (ValueError, OverflowError):
            found = None
        if found is not None:
            return found
    raise ConfigurationError(
        f"{name} must be a date or a time, got {_shown(given)}",
        hint="Give a date such as 2024-01-05, a time such as 2024-01-05T09:00:00+05:30, a week "
        "(2024-W01), a month (2024-01), or today, yesterday, 30d or 2w.",
    )


def _read_text(text: str, today: date | None) -> tuple[date, date] | None:
    """Return the first and the last day; ValueError or OverflowError if there is no such day."""
    if found := _WEEK.fullmatch(text):
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
        return monday, monday + 6 * _ONE_DAY
    if found := _MONTH.fullmatch(text):
        year, month = int(found[1]), int(found[2])
        return date(year, month, 1), date(year, month, monthrange(year, month)[1])
    if today is not None and (found := _AGO.fullmatch(text)):
        day = today - int(found[1]) * (7 if found[2] == "w" else 1) * _ONE_DAY
        return day, day
    if today is not None and text in _DAYS_AGO:
        day = today - _DAYS_AGO[text] * _ONE_DAY
        return day, day
    if found := _DATE_FIRST.match(text):
        moment = (date if found.end() == len(text) else datetime).fromisoformat(text.upper())
        return moment, moment
    return None


def _end_of(last: date, zone: tzinfo) -> datetime:
    """Return a moment as it is, or the last moment of a day."""
    if isinstance(last, datetime):
        return _instant_of(last, zone)
    if last == date.max:
        return _LAST
    return _instant_of(last + _ONE_DAY, zone) - timedelta.resolution


def _instant_of(given: date, zone: tzinfo) -> datetime:
    if not isinstance(given, datetime):
        given = datetime.combine(given, time.min)
    moment = given if given.tzinfo is not None else given.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # only in the first and last hours of the calendar
        return _FIRST if moment.year == 1 else _LAST


def _shown(given: object) -> str:
    return f"“{str(given)[:60]}”"
