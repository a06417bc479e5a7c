"""A person's week, day by day: what was recorded, when, and the change from the week before.

The hours of the day are shown without any rating.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Literal

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period, day_in, moment_in, period
from gitlab_sync.rules.identity.people_input import Person, parse_people
from gitlab_sync.rules.identity.usernames import HasUsername
from gitlab_sync.rules.scores.commits import distinct_rows
from gitlab_sync.rules.scores.work import Number, add
from gitlab_sync.rules.text import format_hours_minutes, plural
from gitlab_sync.rules.unique import unique_records
from gitlab_sync.types import Record, Scalar, TableRow

WEEK = 7
MOST_DAYS = 45

# Time zones are up to 26 hours apart, and a commit counts in its author's.
_BETWEEN_CLOCKS = timedelta(days=2)

PERSON_COLUMNS = ("Team Name", "Full Name", "GitLab Username")

Measure = Literal["merge_requests", "issues", "commits", "time_spent"]

MEASURES: Mapping[Measure, str] = {
    "merge_requests": "Merge Requests",
    "issues": "Issues",
    "commits": "Commits",
    "time_spent": "Time Spent",
}
"""The measures of each day, with their titles, which are also those of their tables."""

OVERVIEW = "Overview"
"""The title of the table with all measures of each day."""

Days = tuple[date, ...]
"""Consecutive days, the oldest first."""


@dataclass(frozen=True, slots=True)
class WeekPerson(HasUsername):
    """A person on the list of a week; team and name can be empty."""

    team: str
    name: str
    username: str

    @classmethod
    def of(cls, person: Person) -> WeekPerson:
        """Return a person of a list, with team and name from its further columns."""
        return cls(person.team, person.name, person.username)


@dataclass(frozen=True, slots=True)
class WeekPeople:
    """The people that were read, each once, and the faults as `file, line 3: …`."""

    people: tuple[WeekPerson, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DayWork:
    """A person's numbers on one day. None is unknown.

    `time_spent` is in seconds; `hours` are the hours (0 to 23) with anything recorded, sorted.
    """

    merge_requests: int | None
    issues: int | None
    commits: int | None
    time_spent: Number | None
    hours: tuple[int, ...] = ()

    def number(self, measure: Measure) -> Number | None:
        """Return one of the numbers."""
        value: Number | None = getattr(self, measure)
        return value


@dataclass(frozen=True, slots=True)
class Recorded:
    """The data of a person, for the days of the week and those before. None: not readable.

    `merge_requests` and `issues` are records that the person wrote, `commits` rows of
    `commits.commit_row`, `time_spent` seconds by day (`YYYY-MM-DD`). Other days are ignored. The
    measures in `partial` are incomplete: a day without data is then unknown.
    """

    merge_requests: Iterable[Record] | None = None
    issues: Iterable[Record] | None = None
    commits: Iterable[TableRow] | None = None
    time_spent: Mapping[str, Number] | None = None
    partial: Collection[Measure] = frozenset()


@dataclass(frozen=True, slots=True)
class PersonWeek:
    """One person's days, and the same number of days before them.

    The numbers of the measures in `partial` can be too low.
    """

    person: WeekPerson
    days: Mapping[date, DayWork]
    before: Mapping[date, DayWork]
    partial: Collection[Measure] = frozenset()

    def total(self, measure: Measure) -> Number | None:
        """Return the sum over the days; None if nothing is known."""
        return add([day.number(measure) for day in self.days.values()])

    def total_before(self, measure: Measure) -> Number | None:
        """Return the sum over the days before."""
        return add([day.number(measure) for day in self.before.values()])

    def change(self, measure: Measure) -> Number | None:
        """Return the difference to the days before; None if one of the sums is unknown."""
        if measure in self.partial:
            return None
        now, before = self.total(measure), self.total_before(measure)
        return None if now is None or before is None else now - before


def parse_week_people(text: str, source: str = "text") -> WeekPeople:
    """Return the people of a list or CSV text, as `parse_people` reads it; never raises.

    A CSV can have columns for team and full name. Without a header its columns are `Team Name, Full
    Name, GitLab Username`.
    """
    found = parse_people(text, source, PERSON_COLUMNS)
    return WeekPeople(tuple(map(WeekPerson.of, found.people)), found.faults)


def last_days(today: date, number: int = WEEK) -> Days:
    """Return `number` days, the last of them `today`; raises as `days_between`."""
    number = min(number, today.toordinal())
    return days_between(today - timedelta(days=number - 1), today)


def days_between(first: date, last: date) -> Days:
    """Return the days from `first` to `last`, both included.

    Raises ConfigurationError, which shows both, if they are reversed or more than 45 days, or if
    the calendar has too few days before them.
    """
    number = (last - first).days + 1
    if number < 1:
        raise ConfigurationError(
            f"the last day must not be before the first, got {first} to {last}"
        )
    if number > MOST_DAYS:
        raise ConfigurationError(
            f"{first} to {last} are {number} days", hint=f"Choose at most {MOST_DAYS} days."
        )
    if first.toordinal() <= number:
        raise ConfigurationError(f"the calendar has no days before {first} to {last}")
    return tuple(first + timedelta(days=offset) for offset in range(number))


def days_before(days: Days) -> Days:
    """Return the same number of days just before, to compare with."""
    return tuple(day - timedelta(days=len(days)) for day in days)


def time_of(days: Days, zone: tzinfo) -> Period:
    """Return a period with all of these days and those before, in every time zone."""
    first, last = days_before(days)[0], days[-1]
    return period(
        None if first - date.min < _BETWEEN_CLOCKS else first - _BETWEEN_CLOCKS,
        None if date.max - last < _BETWEEN_CLOCKS else last + _BETWEEN_CLOCKS,
        zone,
    )


def person_week(person: WeekPerson, days: Days, recorded: Recorded, zone: tzinfo) -> PersonWeek:
    """Return one person's week; never raises.

    A merge request counts on the day it was merged, an issue on the day it was created, both as
    days in `zone`; a commit on the day of its row. Each item counts once.
    """
    moments = {
        "merge_requests": _moments(recorded.merge_requests, "merged_at", zone),
        "issues": _moments(recorded.issues, "created_at", zone),
        "commits": _commit_moments(recorded.commits),
    }

    def day_work(day: date) -> DayWork:
        of_day = {
            measure: None if read is None else [at for at in read if at.date() == day]
            for measure, read in moments.items()
        }
        numbers = {
            measure: None if at is None or (not at and measure in recorded.partial) else len(at)
            for measure, at in of_day.items()
        }
        return DayWork(
            **numbers,
            time_spent=_spent_on(day, recorded),
            hours=tuple(sorted({at.hour for ats in of_day.values() for at in ats or ()})),
        )

    return PersonWeek(
        person,
        {day: day_work(day) for day in days},
        {day: day_work(day) for day in days_before(days)},
        recorded.partial,
    )


def measure_rows(weeks: Iterable[PersonWeek], measure: Measure) -> list[TableRow]:
    """Return the table of one measure, as numbers that can be sorted and added; time in seconds.

    Columns: `Team Name, Full Name, GitLab Username`, one for each day (`YYYY-MM-DD`), `Total`,
    `Before` (the same number of days before) and `Change`.
    """
    return [
        {
            **_person_cells(week.person),
            **{day.isoformat(): work.number(measure) for day, work in week.days.items()},
            "Total": week.total(measure),
            "Before": week.total_before(measure),
            "Change": week.change(measure),
        }
        for week in weeks
    ]


def overview_rows(weeks: Iterable[PersonWeek], with_hours: Collection[str] = ()) -> list[TableRow]:
    """Return the table for people: a text for each day; an unknown number is a “?”.

    Columns: `Team Name, Full Name, GitLab Username`, one for each day (`YYYY-MM-DD`), `Total`, and
    `Change`. A cell reads `2 MRs, 1 issue, 5 commits, 1h 30m`. For people with their key (the
    username in lower case) in `with_hours`, it also has the hours: `, at 9, 10, 14`.
    """
    return [
        {
            **_person_cells(week.person),
            **{
                day.isoformat(): _cell(work, with_hours=week.person.key in with_hours)
                for day, work in week.days.items()
            },
            "Total": _summary([week.total(measure) for measure in MEASURES]),
            "Change": _summary([week.change(measure) for measure in MEASURES], signed=True),
        }
        for week in weeks
    ]


def _spent_on(day: date, recorded: Recorded) -> Number | None:
    if recorded.time_spent is None:
        return None
    spent = recorded.time_spent.get(day.isoformat(), 0)
    return None if not spent and "time_spent" in recorded.partial else spent


def _person_cells(person: WeekPerson) -> dict[str, Scalar]:
    return dict(zip(PERSON_COLUMNS, (person.team, person.name, person.username), strict=True))


def _cell(work: DayWork, *, with_hours: bool) -> str:
    text = _summary([work.number(measure) for measure in MEASURES])
    if with_hours and work.hours:
        text += f", at {', '.join(map(str, work.hours))}"
    return text


def _summary(numbers: Sequence[Number | None], *, signed: bool = False) -> str:
    """Return the four numbers, in the order of `MEASURES`, as one text."""
    *counts, spent = numbers
    parts = []
    for number, noun in zip(counts, ("MR", "issue", "commit"), strict=True):
        sign = "+" if signed and number is not None and number > 0 else ""
        parts.append(f"? {noun}s" if number is None else sign + plural(int(number), noun))
    sign = "+" if signed and spent is not None and spent >= 60 else ""
    parts.append("? h" if spent is None else sign + format_hours_minutes(spent))
    return ", ".join(parts)


def _moments(items: Iterable[Record] | None, key: str, zone: tzinfo) -> list[datetime] | None:
    if items is None:
        return None
    moments = (moment_in(record.field(thing, key), zone) for thing in unique_records(items))
    return [moment for moment in moments if moment is not None]


def _commit_moments(rows: Iterable[TableRow] | None) -> list[datetime] | None:
    """Return the times of the commits without offset, as in their rows."""
    if rows is None:
        return None
    once = distinct_rows(rows)
    texts = (f"{row['date']}T{row['time']}" for row in once if day_in(row["date"]))
    return [datetime.fromisoformat(text) for text in texts]
