"""What a generated world knows about itself: which checks each item was made to fail.

The generator decides first and writes the records afterwards. So these counts owe nothing to the
program that is measured against them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

NO_DESC = "No Desc"
NO_ISSUES = "No Issues"
NO_TIME = "No Time Spent"
NO_TESTS = "No Unit Tests"
FAILED_PIPELINE = "Failed Pipeline"
NO_SEMANTIC_COMMITS = "No Semantic Commits"
NO_REVIEW = "No Internal Review"
WEEK = "Merge > 1 Week"
TWO_DAYS = "Merge > 2 Days"
NO_LABELS = "No Labels"
NO_MILESTONE = "No Milestone"
LONG_OPEN = "Long Open Time (>2 days)"
NO_SEMANTIC_TITLE = "No Semantic Title"

MERGE_REQUEST_CHECKS = (
    NO_DESC,
    NO_ISSUES,
    NO_TIME,
    NO_TESTS,
    FAILED_PIPELINE,
    NO_SEMANTIC_COMMITS,
    NO_REVIEW,
    WEEK,
    TWO_DAYS,
)
"""The checks of a merge request, in the order of the report's columns."""

ISSUE_CHECKS = (NO_DESC, NO_LABELS, NO_MILESTONE, NO_TIME, LONG_OPEN, NO_SEMANTIC_TITLE)
"""The checks of an issue, in the order of the report's columns."""

Scope = Literal["author", "assignee"]
Counts: TypeAlias = dict[str, int]


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one merge request or issue. `fails` holds titles of columns."""

    project_id: int
    iid: int
    author: str
    assignees: tuple[str, ...]
    state: str
    fails: frozenset[str]

    def involves(self, username: str, scope: Scope) -> bool:
        """Whether the item is that person's in this scope."""
        return username == self.author if scope == "author" else username in self.assignees


class Truth:
    """The expected reports of a world. Read only, once the world is made."""

    def __init__(self) -> None:
        self.usernames: list[str] = []
        self.merge_request_decisions: list[Decision] = []
        self.issue_decisions: list[Decision] = []
        self.projects_of_group: dict[int, frozenset[int]] = {}

    def merge_requests(
        self,
        scope: Scope = "author",
        *,
        project_id: int | None = None,
        group_id: int | None = None,
        project_ids: Collection[int] | None = None,
    ) -> dict[str, Counts]:
        """Return for each person the counts of the merge request report, in its columns' order.

        A group stands for its projects and those below it, without archived ones; the project wins
        if both are given. `project_ids` are those that a token sees (None: all).
        """
        allowed = self._allowed(project_id, group_id, project_ids)
        rows = {}
        for username in self.usernames:
            mine = _of(self.merge_request_decisions, username, scope, allowed)
            ended = [one for one in mine if one.state in {"merged", "closed"}]
            rows[username] = {"Closed MRs": len(ended), **_faults(ended, MERGE_REQUEST_CHECKS)}
        return rows

    def issues(
        self,
        scope: Scope = "author",
        *,
        project_id: int | None = None,
        group_id: int | None = None,
        project_ids: Collection[int] | None = None,
    ) -> dict[str, Counts]:
        """Return for each person the counts of the issue report, in its columns' order."""
        allowed = self._allowed(project_id, group_id, project_ids)
        rows = {}
        for username in self.usernames:
            mine = _of(self.issue_decisions, username, scope, allowed)
            closed = [one for one in mine if one.state == "closed"]
            rows[username] = {
                "Total Assigned": len(mine),
                "Opened Issues": len(mine) - len(closed),
                "Closed Issues": len(closed),
                **_faults(closed, ISSUE_CHECKS),
            }
        return rows

    def _allowed(
        self,
        project_id: int | None,
        group_id: int | None,
        project_ids: Collection[int] | None,
    ) -> Collection[int] | None:
        if project_id is not None:
            return {project_id} if project_ids is None else {project_id} & set(project_ids)
        if group_id is not None:
            below = self.projects_of_group[group_id]
            return below if project_ids is None else below & set(project_ids)
        return project_ids


def _faults(decisions: Sequence[Decision], checks: Iterable[str]) -> dict[str, int]:
    return {check: sum(check in one.fails for one in decisions) for check in checks}


def _of(
    decisions: Iterable[Decision], username: str, scope: Scope, allowed: Collection[int] | None
) -> list[Decision]:
    return [
        one
        for one in decisions
        if one.involves(username, scope) and (allowed is None or one.project_id in allowed)
    ]
