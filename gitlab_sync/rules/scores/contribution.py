"""The days on which a person contributed, and the contribution index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo

from gitlab_sync.rules import record
from gitlab_sync.rules.dates import day_in, day_of
from gitlab_sync.rules.scores.work import Work
from gitlab_sync.types import Record, Scalar, TableRow

INDEX_COLUMNS = ("Username", "Active Days", "Total Days", "Consistency", "Collaboration")


@dataclass(frozen=True, slots=True)
class ContributionIndex:
    """The share of active days in a period, and the share of work that involves others.

    `collaboration` is the share of merge requests and issues in all contributions. Shares are from
    0 to 1, and 0 without any contribution. Days and shares are None if something was not read.
    """

    active_days: int | None
    total_days: int
    collaboration: float | None

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


def contribution_index(
    numbers: Mapping[date, int], first: date, last: date, work: Work
) -> ContributionIndex:
    """Return a person's index of the days from `first` to `last`, both included.

    `numbers` is the result of `activity`; `work` has the person's numbers of the same period, of
    which only authored work counts.
    """
    total = max(0, (last - first).days + 1)
    if not work.is_whole("mr_created", "issues_raised", "commits"):
        return ContributionIndex(None, total, None)
    active = sum(number > 0 and first <= day <= last for day, number in numbers.items())
    together = (work.mr_created or 0) + (work.issues_raised or 0)
    done = together + (work.commits or 0)
    return ContributionIndex(active, total, together / done if done else 0.0)


def index_row(username: str, index: ContributionIndex | None) -> TableRow:
    """Return a person's row with `INDEX_COLUMNS`: shares in percent, null if unknown."""
    cells: list[Scalar] = [username, None, None, None, None]
    if index is not None:
        shares = (index.consistency, index.collaboration)
        percent = (None if share is None else round(100 * share, 1) for share in shares)
        cells = [username, index.active_days, index.total_days, *percent]
    return dict(zip(INDEX_COLUMNS, cells, strict=True))
