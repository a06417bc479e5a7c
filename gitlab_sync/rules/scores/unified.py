"""The table of people: commits, projects, groups, merge requests and issues in one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitlab_sync.rules.items.as_of import AS_OF
from gitlab_sync.rules.items.table import POLICY, WAIVED, of, row, waived_column
from gitlab_sync.rules.items.tally import Tally
from gitlab_sync.rules.policy import Policy
from gitlab_sync.rules.scores.work import Work
from gitlab_sync.types import TableRow

NO_UNIT_TESTS = "MR No Unit Tests"
MR_ENDED, ISSUE_CLOSED = "MR Ended", "Issue Closed"

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
"""The columns of checks, and the titles of these counts in a tally."""

TOTALS = {
    **dict.fromkeys(MERGE_REQUEST_CHECKS, MR_ENDED),
    **dict.fromkeys(ISSUE_CHECKS, ISSUE_CLOSED),
}
"""The columns of checks, and for each the column with the number of evaluated items."""

UNIFIED_COLUMNS = (
    *("Username", "College", "Status", "Commits Total", "Commits Morning", "Commits Afternoon"),
    *("Projects (Auth)", "Projects (Contr)", "Groups Count", "MR Total (Authored)"),
    *MERGE_REQUEST_CHECKS,
    *("Issue Total (Auth)", ISSUE_CLOSED),
    *ISSUE_CHECKS,
    *("Error", "Unverified", MR_ENDED),
)
"""The columns of the full evaluation, in order."""

QUICK_UNIFIED_COLUMNS = tuple(each for each in UNIFIED_COLUMNS if each != NO_UNIT_TESTS)
"""Those of the evaluation from lists alone, which do not have the changed files."""

FURTHER = ("MR Merged", "Closed Unmerged", "Open")
"""What policies with shares count besides: the merge requests of each state."""

_TITLES = {**MERGE_REQUEST_CHECKS, **ISSUE_CHECKS}

TEXT_COLUMNS = frozenset({"Username", "College", "Status", "Error", POLICY, AS_OF})
"""The columns without counts."""


def columns(policy: Policy, *, quick: bool = False) -> tuple[str, ...]:
    """Return the columns of the table under a policy, in order."""
    first = QUICK_UNIFIED_COLUMNS if quick else UNIFIED_COLUMNS
    if policy.merge_requests.shares:
        first = (*first, *FURTHER, *(of(title) for title in first if title in _TITLES), POLICY)
    return (*first, *waived_column(policy.merge_requests))


def unified_row(
    work: Work,
    error: str | None,
    mrs: Tally | None,
    issues: Tally | None,
    college: str = "",
    columns: Sequence[str] = UNIFIED_COLUMNS,
    policy: str | None = None,
) -> TableRow:
    """Return one person's row, with exactly `columns` as its keys.

    `work` has the person's numbers and status; `error` says what is missing. `mrs` and `issues`
    count the faults of items that the person wrote, None if they could not be read. `Unverified` is
    the number of unknown pairs of item and check, and `Waived` that of waived faults; both are null
    if nothing was read.
    """
    tallies = [each for each in (mrs, issues) if each is not None]
    unverified = sum(each.unverified for each in tallies) if tallies else None
    cells = {
        "Commits Total": work.commits,
        "Commits Morning": work.morning_commits,
        "Commits Afternoon": work.afternoon_commits,
        "Projects (Auth)": work.personal_projects,
        "Projects (Contr)": work.contributed_projects,
        "Groups Count": work.groups,
        "MR Total (Authored)": work.mr_created,
        "Issue Total (Auth)": work.issues_raised,
        ISSUE_CLOSED: work.issues_closed,
        MR_ENDED: None if mrs is None else mrs.cells.get("Closed MRs"),
        **_faults(MERGE_REQUEST_CHECKS, mrs),
        **_faults(ISSUE_CHECKS, issues),
        **({} if mrs is None else {title: mrs.cells.get(title) for title in FURTHER}),
        WAIVED: sum(sum(each.waived.values()) for each in tallies) if tallies else None,
    }
    found = row(columns, work.username, cells, work.status, error, unverified, policy)
    return {**found, "College": college}


def totals(policy: Policy) -> dict[str, str]:
    """Return the columns of checks, and for each the column that says of how many items it is."""
    if not policy.merge_requests.shares:
        return TOTALS
    return {title: of(title) for title in TOTALS}


def help_texts(policy: Policy) -> dict[str, str]:
    """Return what columns mean: of a check, when it fails and how to fix it, in a few sentences."""
    titled = (
        (MERGE_REQUEST_CHECKS, policy.merge_requests.checks),
        (ISSUE_CHECKS, policy.issues.checks),
    )
    found = {MR_ENDED: "Ended: merged or closed."}
    for titles, checks in titled:
        texts = {check.title: f"{check.fails_when} {check.how_to_fix}" for check in checks}
        found |= {column: texts[title] for column, title in titles.items()}
    return found


def check_of(column: str) -> tuple[str, str]:
    """Return what a column of a check counts: the kind of item, and the title of the check."""
    is_mr = column in MERGE_REQUEST_CHECKS
    return (
        ("merge request", MERGE_REQUEST_CHECKS[column])
        if is_mr
        else ("issue", ISSUE_CHECKS[column])
    )


def unknown_cells(mrs: Tally | None, issues: Tally | None) -> dict[str, int]:
    """Return the number of unknown items for each column of a check that has any. Never raises."""
    return _numbers(*(None if each is None else each.unknown for each in (mrs, issues)))


def waived_cells(mrs: Tally | None, issues: Tally | None) -> dict[str, int]:
    """Return the number of waived faults for each column of a check that has any. Never raises."""
    return _numbers(*(None if each is None else each.waived for each in (mrs, issues)))


def _numbers(mrs: Mapping[str, int] | None, issues: Mapping[str, int] | None) -> dict[str, int]:
    titled = ((MERGE_REQUEST_CHECKS, mrs), (ISSUE_CHECKS, issues))
    return {
        column: number
        for titles, numbers in titled
        for column, title in titles.items()
        if numbers is not None and (number := numbers.get(title))
    }


def _faults(titles: Mapping[str, str], counted: Tally | None) -> dict[str, int | None]:
    if counted is None:
        return {}
    return {column: counted.cells.get(title) for column, title in titles.items()} | {
        of(column): counted.of.get(title) for column, title in titles.items()
    }
