"""The plan of a generated merge request: what its commits, notes and record are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gitlab_sync.sandbox.making.people import Person
from gitlab_sync.sandbox.records import Record


@dataclass(slots=True)
class MergeRequestPlan:
    """What one merge request will be: decided before any of its records is made.

    `place` says where it refers to an issue: title, description, commit or note; None for nowhere.
    `no_commits` leaves only the title to evaluate. `large` gives it more than a page of commits,
    files and notes, and what decides is on the last page.
    """

    project: Record
    author: Person
    assignees: Sequence[Person]
    state: str
    created: datetime
    ended: datetime | None
    fails: set[str]
    iid: int
    large: bool = False
    no_commits: bool = False
    fork: Record | None = None
    place: str | None = None
    reference: str = ""
    issue_iid: int = 0
    reviewers: list[Person] = field(default_factory=list)
    upvotes: int = 0

    def passes(self, check: str) -> bool:
        """Whether the merge request passes a check."""
        return check not in self.fails
