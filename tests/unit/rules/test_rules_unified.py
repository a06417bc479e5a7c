"""The row of a whole person: which columns it has, and what is null in it."""

from __future__ import annotations

from dataclasses import replace

from gitlab_sync.rules.items.tally import Tally
from gitlab_sync.rules.scores.unified import (
    QUICK_UNIFIED_COLUMNS,
    UNIFIED_COLUMNS,
    unified_row,
)
from gitlab_sync.rules.scores.work import Work

MRS = Tally({"Closed MRs": 4, "No Desc": 1, "No Unit Tests": 2, "Merge > 2 Days": 3}, {})
ISSUES = Tally({"Total Assigned": 5, "No Desc": 2, "Long Open Time (>2 days)": 1}, {"No Desc": 1})


WORK = Work(
    "ann", commits=9, morning_commits=4, afternoon_commits=0, personal_projects=1,
    contributed_projects=2, groups=0, mr_created=6, issues_raised=5, issues_closed=3,
)  # fmt: skip


def test_the_columns_are_those_that_spreadsheets_use() -> None:
    """In exactly this order; the quick ones say nothing of unit tests."""
    assert ", ".join(UNIFIED_COLUMNS) == (
        "Username, College, Status, Commits Total, Commits Morning, Commits Afternoon, "
        "Projects (Auth), Projects (Contr), Groups Count, MR Total (Authored), MR No Desc, "
        "MR No Issues, MR No Time, MR Failed Pipe, MR No Semantic, MR No Review, "
        "MR No Unit Tests, MR > 2 Days, MR > 1 Week, Issue Total (Auth), Issue Closed, "
        "Issue No Desc, Issue No Labels, Issue No Milestone, Issue No Time, Issue Long Open, "
        "Issue No Semantic, Error, Unverified, MR Ended"
    )
    assert set(UNIFIED_COLUMNS) - set(QUICK_UNIFIED_COLUMNS) == {"MR No Unit Tests"}


def test_each_number_is_in_its_column() -> None:
    """Those of merge requests and of issues keep apart where their checks share a name."""
    row = unified_row(WORK, None, MRS, ISSUES, "Test College")
    assert tuple(row) == UNIFIED_COLUMNS
    known = {column: cell for column, cell in row.items() if cell is not None}
    assert known == {
        "Username": "ann", "College": "Test College", "Status": "Success", "Commits Total": 9,
        "Commits Morning": 4, "Commits Afternoon": 0, "Projects (Auth)": 1,
        "Projects (Contr)": 2, "Groups Count": 0, "MR Total (Authored)": 6, "MR No Desc": 1,
        "MR No Unit Tests": 2, "MR > 2 Days": 3, "Issue Total (Auth)": 5, "Issue Closed": 3,
        "Issue No Desc": 2, "Issue Long Open": 1, "Unverified": 1, "MR Ended": 4,
    }  # fmt: skip


def test_what_was_not_read_is_null_and_not_zero() -> None:
    """Each part by itself."""
    work = replace(WORK, groups=None, commits=None, mr_created=None)
    row = unified_row(work, "groups: 403", None, ISSUES)
    for column in ("Groups Count", "Commits Total", "MR Total (Authored)", "MR No Desc"):
        assert row[column] is None
    assert row["Issue No Desc"] == 2


def test_somebody_who_does_not_exist_has_no_counts_at_all() -> None:
    """But a college, which the list of people says."""
    row = unified_row(Work("x", "Not Found"), "404 no user", None, None, "Test College")
    assert {column: cell for column, cell in row.items() if cell is not None} == {
        "Username": "x", "College": "Test College", "Status": "Not Found", "Error": "404 no user",
    }  # fmt: skip


def test_a_row_says_what_is_missing() -> None:
    """And how it came about."""
    row = unified_row(replace(WORK, status="Partial"), "403 denied", MRS, ISSUES)
    assert (row["Status"], row["Error"]) == ("Partial", "403 denied")


def test_columns_may_be_fewer() -> None:
    """As for the quick evaluation."""
    row = unified_row(WORK, None, MRS, ISSUES, columns=QUICK_UNIFIED_COLUMNS)
    assert tuple(row) == QUICK_UNIFIED_COLUMNS
