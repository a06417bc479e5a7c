"""The table of whole people: commits, projects, groups, and how merge requests and issues fare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_sync.rules import record
from gitlab_sync.rules.items import issue, merge_request
from gitlab_sync.rules.items.roles import is_authored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitlab_sync.rules.items.tally import Tally
    from gitlab_sync.types import Record, Scalar, TableRow

NO_UNIT_TESTS = "MR No Unit Tests"

MERGE_REQUEST_CHECKS = {
    "MR No Desc": "No Desc",
    "MR No Issues": "No Issues",
    "MR No Time": "No Time Spent",
    "MR Failed Pipe": "Failed Pipeline",
    "MR No Semantic": "No Semantic Commits",
    "MR No Review": "No Internal Review",
    NO_UNIT_TESTS: "No Unit Tests",
    "MR > 2 Days": "Merge > 2 Days",
    "MR > 1 Week": "Merge > 1 Week",
}
ISSUE_CHECKS = {
    "Issue No Desc": "No Desc",
    "Issue No Labels": "No Labels",
    "Issue No Milestone": "No Milestone",
    "Issue No Time": "No Time Spent",
    "Issue Long Open": "Long Open Time (>2 days)",
    "Issue No Semantic": "No Semantic Title",
}
"""The columns of checks, and what a tally calls the same counts."""

UNIFIED_COLUMNS = (
    *("Username", "College", "Status", "Commits Total", "Commits Morning", "Commits Afternoon"),
    *("Projects (Auth)", "Projects (Contr)", "Groups Count", "MR Total (Authored)"),
    *MERGE_REQUEST_CHECKS,
    *("Issue Total (Auth)", "Issue Closed"),
    *ISSUE_CHECKS,
    *("Error", "Unverified"),
)
"""The columns of the full evaluation, in order."""

QUICK_UNIFIED_COLUMNS = tuple(each for each in UNIFIED_COLUMNS if each != NO_UNIT_TESTS)
"""Those of the evaluation from lists alone, which say nothing of changed files."""

TEXT_COLUMNS = frozenset({"Username", "College", "Status", "Error"})
"""The columns that hold no counts."""


def authored(outcome: Record, part: str) -> list[Record] | None:
    """Return what a person wrote of a part (`mrs`, `issues`) of a batch's outcome, to be evaluated.

    The rows of a batch do not repeat the author, and reviews are evaluated by that: so each gets
    its author. None where the part was not read. Never raises.
    """
    data = record.field(outcome, "data")
    rows = record.field(data, part)
    if not isinstance(rows, list):
        return None
    author = {"username": record.text(record.field(data, "user"), "username")}
    return [{**row, "author": author} for row in rows if is_authored(row)]


def unified_row(
    outcome: Record,
    mrs: Tally | None,
    issues: Tally | None,
    college: str = "",
    trouble: str | None = None,
    columns: Sequence[str] = UNIFIED_COLUMNS,
) -> TableRow:
    """Return one person's row, with exactly `columns` as its keys.

    `outcome` is what a batch says of a person: `username`, `status`, `error`, `data`. `mrs` and
    `issues` count the faults of what the person wrote; None, and what they or `data` lack, is null.
    `trouble` says why some checks are unknown: it makes a `Success` a `Partial`. `Unverified`
    is the number of unknown pairs of item and check, null where nothing was read. Never raises.
    """
    data = record.field(outcome, "data")
    status = record.text(outcome, "status") or "Error"
    if trouble and status == "Success":
        status = "Partial"
    errors = [text for text in (record.text(outcome, "error"), trouble) if text]
    tallies = [each for each in (mrs, issues) if each is not None]
    cells: TableRow = {
        "Username": record.text(outcome, "username") or "",
        "College": college,
        "Status": status,
        "Error": "; ".join(errors) or None,
    }
    if isinstance(data, dict):
        cells |= _counts(data)
        cells |= _faults(MERGE_REQUEST_CHECKS, mrs) | _faults(ISSUE_CHECKS, issues)
        cells["Unverified"] = sum(each.unverified for each in tallies) if tallies else None
    return {column: cells.get(column) for column in columns}


def help_texts() -> dict[str, str]:
    """Return for each column of a check when it fails and what to do, as a sentence or two."""
    titled = ((MERGE_REQUEST_CHECKS, merge_request.CHECKS), (ISSUE_CHECKS, issue.CHECKS))
    found: dict[str, str] = {}
    for titles, checks in titled:
        texts = {check.title: f"{check.fails_when} {check.how_to_fix}" for check in checks}
        found |= {column: texts[title] for column, title in titles.items()}
    return found


def unknown_cells(mrs: Tally | None, issues: Tally | None) -> dict[str, int]:
    """Return for each column of a check how many items are unknown, if any. Never raises."""
    titled = ((MERGE_REQUEST_CHECKS, mrs), (ISSUE_CHECKS, issues))
    return {
        column: number
        for titles, counted in titled
        for column, title in titles.items()
        if counted is not None and (number := counted.unknown.get(title))
    }


def _counts(data: Record) -> TableRow:
    commits, projects = data.get("commit_stats"), data.get("projects")
    mrs, issues = data.get("mr_stats"), data.get("issue_stats")
    return {
        "Commits Total": record.number(commits, "total"),
        "Commits Morning": record.number(commits, "morning_commits"),
        "Commits Afternoon": record.number(commits, "afternoon_commits"),
        "Projects (Auth)": _length(record.field(projects, "personal")),
        "Projects (Contr)": _length(record.field(projects, "contributed")),
        "Groups Count": _length(data.get("groups")),
        "MR Total (Authored)": record.number(mrs, "total"),
        "Issue Total (Auth)": record.number(issues, "total"),
        "Issue Closed": record.number(issues, "closed"),
    }


def _faults(titles: Mapping[str, str], counted: Tally | None) -> dict[str, Scalar]:
    if counted is None:
        return {}
    return {column: counted.cells.get(title) for column, title in titles.items()}


def _length(rows: object) -> int | None:
    return len(rows) if isinstance(rows, list) else None
