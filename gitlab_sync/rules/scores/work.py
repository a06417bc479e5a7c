"""The numbers of a person's work in a period, for scores, tables and totals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields

from gitlab_sync.rules.identity.usernames import HasUsername
from gitlab_sync.types import Status

Number = int | float


@dataclass(frozen=True, slots=True)
class Work(HasUsername):
    """One person's numbers. None is unknown: it could not be read.

    Authored and assigned items are counted separately; an item with both roles is in both counts.
    Merge requests and issues by state are authored ones. `time_spent` is in seconds. `partial` has
    the names of the numbers that can be too low, since a part of them could not be read.
    """

    username: str
    status: Status = "Success"
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
    issues_open: int | None = None
    personal_projects: int | None = None
    contributed_projects: int | None = None
    partial: Collection[str] = frozenset()

    def count(self, name: str) -> Number | None:
        """Return one of the numbers by its name, or None if it is unknown."""
        value: Number | None = getattr(self, name)
        return value

    def is_whole(self, *names: str) -> bool:
        """Return whether these numbers are known, and none of them can be too low."""
        return all(self.count(name) is not None and name not in self.partial for name in names)


TITLES: dict[str, str] = {
    each.name: each.metadata["title"] for each in fields(Work) if "title" in each.metadata
}
"""The numbers that can count in a score, with their titles, in the order of the columns."""


def add(numbers: Sequence[Number | None]) -> Number | None:
    """Return the sum of the known numbers; None if there are numbers but none is known."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known or not numbers else None
