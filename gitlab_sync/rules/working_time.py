"""Working time: how much of a span of time is on working days.

Working days are Monday to Friday in one time zone, without holidays. 48 hours are two of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Container, Iterator
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
        if not (_is_known(start) and _is_known(end)):
            return None
        first, last = _whole_seconds(start), _whole_seconds(end)
        if last <= first:
            return 0
        one, other = self._year_at(first, start.year), self._year_at(last, end.year)
        worked = other.before(last) - one.before(first)
        return worked + sum(self._year(year).whole for year in range(one.number, other.number))

    def is_working_day(self, day: date) -> bool:
        """Return whether this is a working day."""
        return day.weekday() < _WEEKEND and day not in self.holidays

    def _year_at(self, second: int, about: int) -> _Year:
        """Return the year of a second; `about` is the year by the clock of another zone."""
        found = self._year(about)
        if second < found.begins[0]:
            return self._year(about - 1)
        return found if second < found.begins[-1] else self._year(about + 1)

    def _year(self, year: int) -> _Year:
        found = self._years.get(year)
        if found is None:  # two threads that make it at once make the same
            found = self._years[year] = _Year.of(year, self.zone, self.is_working_day)
        return found


@dataclass(frozen=True, slots=True)
class _Year:
    """One year: the second at which each of its days begins, and the working time before it.

    Both have one entry more than the year has days: the begin of the next year.
    """

    number: int
    begins: list[int]
    worked: list[int]

    @classmethod
    def of(cls, year: int, zone: tzinfo, is_working_day: Callable[[date], bool]) -> _Year:
        days = [*_days_of(year), date(year + 1, 1, 1)]
        # Where clocks skip midnight, a day begins at the change; Python finds that moment as well.
        begins = [_whole_seconds(datetime.combine(day, time.min, zone)) for day in days]
        lengths = (
            (after - begin) * is_working_day(day)
            for day, (begin, after) in zip(days, pairwise(begins), strict=False)
        )
        return cls(year, begins, list(accumulate(lengths, initial=0)))

    @property
    def whole(self) -> int:
        return self.worked[-1]

    def before(self, second: int) -> int:
        """Return the working seconds of the year before this second of it."""
        day = bisect_right(self.begins, second) - 1
        worked = self.worked[day]
        return worked if self.worked[day + 1] == worked else worked + second - self.begins[day]


def _days_of(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += _ONE_DAY


def _is_known(moment: datetime) -> bool:
    return FIRST_YEAR <= moment.year <= LAST_YEAR


def _whole_seconds(moment: datetime) -> int:
    return int((moment - _EPOCH) // _ONE_SECOND)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_SECOND = timedelta(seconds=1)
