"""How much a person did in a period, as numbers: what scores, tables and totals are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from gitlab_sync.rules import record
from gitlab_sync.rules.items.roles import is_assigned, is_authored

if TYPE_CHECKING:
    from gitlab_sync.types import Record

Number = int | float


@dataclass(frozen=True, slots=True)
class Work:
    """One person's numbers. None is unknown: it could not be read. Immutable.

    What was authored and what was assigned are counted apart, and what is both is in both. Merge
    requests by state and issues closed are authored ones. `time_spent` is in seconds.
    """

    username: str
    status: str = "Success"
    commits: int | None = field(default=None, metadata={"title": "Total Commits"})
    morning_commits: int | None = field(default=None, metadata={"title": "Morning Commits"})
    afternoon_commits: int | None = field(default=None, metadata={"title": "Afternoon Commits"})
    mr_created: int | None = field(default=None, metadata={"title": "MR Created"})
    mr_merged: int | None = field(default=None, metadata={"title": "MR Merged"})
    mr_open: int | None = field(default=None, metadata={"title": "MR Open"})
    mr_closed: int | None = field(default=None, metadata={"title": "MR Closed"})
    mr_assigned: int | None = field(default=None, metadata={"title": "MR Assigned"})
    issues_raised: int | None = field(default=None, metadata={"title": "Issues Raised"})
    issues_closed: int | None = field(default=None, metadata={"title": "Issues Closed"})
    issues_assigned: int | None = field(default=None, metadata={"title": "Issues Assigned"})
    time_spent: Number | None = field(default=None, metadata={"title": "Time Spent"})
    groups: int | None = field(default=None, metadata={"title": "Groups"})

    @property
    def key(self) -> str:
        """The username in lower case: what tells people apart."""
        return self.username.lower()

    def count(self, name: str) -> Number | None:
        """Return one of the numbers by its name in `TITLES`, or None where it is unknown."""
        value: Number | None = getattr(self, name)
        return value


TITLES: dict[str, str] = {
    each.name: each.metadata["title"] for each in fields(Work) if "title" in each.metadata
}
"""The numbers of `Work` with their columns' titles, in the order of the columns."""


def work_of(outcome: Record) -> Work:
    """Return the numbers in what a batch says of a person: `username`, `status` and `data`.

    Merge requests and issues are counted by the `role` of their rows, each `project_id` with its
    `iid` once. What `data` lacks is unknown; never raises.
    """
    data = record.field(outcome, "data")
    mrs, issues = _rows(data, "mrs"), _rows(data, "issues")
    stats = record.field(data, "commit_stats")
    groups = record.field(data, "groups")
    return Work(
        username=record.text(outcome, "username") or "",
        status=record.text(outcome, "status") or "",
        commits=_whole(stats, "total"),
        morning_commits=_whole(stats, "morning_commits"),
        afternoon_commits=_whole(stats, "afternoon_commits"),
        mr_created=_authored(mrs),
        mr_merged=_authored(mrs, "merged"),
        mr_open=_authored(mrs, "opened"),
        mr_closed=_authored(mrs, "closed"),
        mr_assigned=_assigned(mrs),
        issues_raised=_authored(issues),
        issues_closed=_authored(issues, "closed"),
        issues_assigned=_assigned(issues),
        time_spent=record.number(data, "total_time_spent_seconds"),
        groups=len(groups) if isinstance(groups, list) else None,
    )


def add(numbers: Sequence[Number | None]) -> Number | None:
    """Return the sum of the known numbers; None where there are some and not one is known."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known or not numbers else None


def _rows(data: object, key: str) -> list[Record] | None:
    """Return the rows of a list, each item once, or None if it was not read."""
    rows = record.field(data, key)
    if not isinstance(rows, list):
        return None
    items = {_identity(row) or position: row for position, row in reversed(list(enumerate(rows)))}
    return list(items.values())


def _identity(row: Record) -> object:
    project, number = record.number(row, "project_id"), record.number(row, "iid")
    return None if project is None or number is None else (project, number)


def _whole(stats: object, key: str) -> int | None:
    number = record.number(stats, key)
    return None if number is None else int(number)


def _authored(rows: list[Record] | None, state: str | None = None) -> int | None:
    if rows is None:
        return None
    return sum(is_authored(row) and state in {None, record.state(row)} for row in rows)


def _assigned(rows: list[Record] | None) -> int | None:
    return None if rows is None else sum(map(is_assigned, rows))
