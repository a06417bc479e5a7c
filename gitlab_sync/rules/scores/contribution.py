"""The days on which a person contributed, and the contribution index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from functools import cached_property

from gitlab_sync.rules import record
from gitlab_sync.rules.dates import day_in, day_of
from gitlab_sync.rules.scores.work import Work
from gitlab_sync.types import Record, Scalar, TableRow

INDEX_COLUMNS = ("Username", "Active Days", "Total Days", "Consistency", "Collaboration")

CONTRIBUTIONS = "Contributions"
"""The column with the number that `Collaboration` is of, in tables of policies with a name."""


@dataclass(frozen=True)
class Days:
    """The days from `first` to `last`, both included; with `counts` only those for which it holds.

    Immutable.
    """

    first: date
    last: date
    counts: Callable[[date], bool] | None = None

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last and (self.counts is None or self.counts(day))

    @cached_property
    def number(self) -> int:
        """How many there are."""
        number = max(0, (self.last - self.first).days + 1)
        if self.counts is None:
            return number
        return sum(self.counts(self.first + timedelta(days=each)) for each in range(number))


@dataclass(frozen=True, slots=True)
class ContributionIndex:
    """The share of active days in a period, and the share of work that involves others.

    `collaboration` is the share of merge requests and issues in all `contributions`, which are
    these and commits. Shares are from 0 to 1, and 0 without any contribution. All but the total are
    None if something was not read.
    """

    active_days: int | None
    total_days: int
    collaboration: float | None
    contributions: int | None = None

    @property
    def consistency(self) -> float | None:
        """Active days ÷ total days."""
        if self.active_days is None:
            return None
        return self.active_days / self.total_days if self.total_days else 0.0


def activity(
    commits: Iterable[TableRow],
    merge_requests: Iterable[Record],
    issues: Iterable[Record],
    zone: tzinfo,
) -> Counter[date]:
    """Return the number of contributions on each day: commits, opened merge requests and issues.

    Commits are rows of `commits.commit_row` and count on the day of the row. The others are items
    that the person wrote, on the day of their `created_at` in `zone`.
    """
    days = [day_in(row["date"]) for row in commits]
    for items in (merge_requests, issues):
        days += [day_of(record.field(thing, "created_at"), zone) for thing in items]
    return Counter(day for day in days if day is not None)


def contribution_index(numbers: Mapping[date, int], days: Days, work: Work) -> ContributionIndex:
    """Return a person's index of these days.

    `numbers` is the result of `activity`; `work` has the person's numbers of the same period, of
    which only authored work counts.
    """
    total = days.number
    if not work.is_whole("mr_created", "issues_raised", "commits"):
        return ContributionIndex(None, total, None)
    active = sum(number > 0 and day in days for day, number in numbers.items())
    together = (work.mr_created or 0) + (work.issues_raised or 0)
    done = together + (work.commits or 0)
    return ContributionIndex(active, total, together / done if done else 0.0, done)


def index_row(username: str, index: ContributionIndex | None) -> TableRow:
    """Return a person's row with `INDEX_COLUMNS` and `CONTRIBUTIONS`.

    Shares are in percent, null if unknown.
    """
    cells: list[Scalar] = [username, None, None, None, None, None]
    if index is not None:
        shares = (index.consistency, index.collaboration)
        percent = (None if share is None else round(100 * share, 1) for share in shares)
        cells = [username, index.active_days, index.total_days, *percent, index.contributions]
    return dict(zip((*INDEX_COLUMNS, CONTRIBUTIONS), cells, strict=True))
