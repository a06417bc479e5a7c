"""Working time: how much of a span of time is on working days.

Working days are Monday to Friday in one time zone, without holidays. 48 hours are two of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import accumulate, pairwise

FIRST_YEAR, LAST_YEAR = 1970, 2200
"""The years in which working time is known: GitLab has no item from other ones."""

_WEEKEND = 5
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class WorkingTime:
    """Working days in `zone`, without the days in `holidays`. Immutable; thread-safe.

    `holidays` is anything that says whether it contains a date, such as a set of dates.
    """

    zone: tzinfo = UTC
    holidays: Container[date] = frozenset()
    _years: dict[int, _Year] = field(default_factory=dict, repr=False)

    def seconds(self, start: datetime, end: datetime) -> int | None:
        """Return the whole seconds of working time from `start` to `end`, two aware times.

        Fractions of seconds are cut off both, since not every source has them. It is 0 if `end` is
        not after `start`, and None if one of them is outside `FIRST_YEAR` to `LAST_YEAR`.
        """
        try:
            first, last = (_whole_seconds(each) for each in (start, end))
            days = [datetime.fromtimestamp(each, self.zone) for each in (first, last)]
        except (OverflowError, ValueError, OSError):
            return None
        if not all(FIRST_YEAR <= day.year <= LAST_YEAR for day in days):
            return None
        if last <= first:
            return 0
        before, until = (
            self._year(day.year).before(at) for day, at in zip(days, (first, last), strict=True)
        )
        between = range(days[0].year, days[1].year)
        return until - before + sum(self._year(year).whole for year in between)

    def _year(self, year: int) -> _Year:
        found = self._years.get(year)
        if found is None:  # two threads that make it at once make the same
            found = self._years[year] = _Year.of(year, self.zone, self.holidays)
        return found


@dataclass(frozen=True, slots=True)
class _Year:
    """One year: the second at which each of its days begins, and the working time before it.

    Both have one entry more than the year has days: the begin of the next year.
    """

    begins: list[int]
    worked: list[int]

    @classmethod
    def of(cls, year: int, zone: tzinfo, holidays: Container[date]) -> _Year:
        days = [*_days_of(year), date(year + 1, 1, 1)]
        # Where clocks skip midnight, a day begins at the change; Python finds that moment as well.
        begins = [_whole_seconds(datetime.combine(day, time.min, zone)) for day in days]
        lengths = (
            (after - begin) * (day.weekday() < _WEEKEND and day not in holidays)
            for day, (begin, after) in zip(days, pairwise(begins), strict=False)
        )
        return cls(begins, list(accumulate(lengths, initial=0)))

    @property
    def whole(self) -> int:
        return self.worked[-1]

    def before(self, second: int) -> int:
        """Return the working seconds of the year before this second of it."""
        day = min(max(bisect_right(self.begins, second) - 1, 0), len(self.begins) - 2)
        begin, after = self.begins[day : day + 2]
        if self.worked[day + 1] == self.worked[day]:
            return self.worked[day]
        return self.worked[day] + min(max(second - begin, 0), after - begin)


def _days_of(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += _ONE_DAY


def _whole_seconds(moment: datetime) -> int:
    return int((moment - _EPOCH) // _ONE_SECOND)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_SECOND = timedelta(seconds=1)
