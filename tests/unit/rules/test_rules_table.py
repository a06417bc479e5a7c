"""Columns and rows of the tables."""

from __future__ import annotations

from typing import get_type_hints

import pytest
from rules_examples import issue, merge_request

from gitlab_sync.rules.items.issue import efficient_row
from gitlab_sync.rules.items.merge_request import RULES
from gitlab_sync.rules.items.table import ISSUE_COLUMNS, MERGE_REQUEST_COLUMNS, by_username, row
from gitlab_sync.types import IssueRow, MergeRequestRow


def test_the_columns_are_those_that_spreadsheets_use() -> None:
    """In exactly this order."""
    assert ", ".join(MERGE_REQUEST_COLUMNS) == (
        "Username, Closed MRs, No Desc, No Issues, No Time Spent, No Unit Tests, Failed Pipeline, "
        "No Semantic Commits, No Internal Review, Merge > 1 Week, Merge > 2 Days, "
        "Status, Error, Unverified"
    )
    assert ", ".join(ISSUE_COLUMNS) == (
        "Username, Total Assigned, Opened Issues, Closed Issues, No Desc, No Labels, "
        "No Milestone, No Time Spent, Long Open Time (>2 days), No Semantic Title, "
        "Status, Error, Unverified"
    )


def test_the_types_of_rows_have_the_columns_in_their_order() -> None:
    """Type checkers know them by these; all counts can be unknown."""
    for kind, columns in ((MergeRequestRow, MERGE_REQUEST_COLUMNS), (IssueRow, ISSUE_COLUMNS)):
        hints = get_type_hints(kind)
        assert tuple(hints) == columns
        assert kind.__total__
        for title in set(columns) - {"Username", "Status", "Error"}:
            assert hints[title] == int | None


def test_a_row_has_exactly_the_columns_in_order() -> None:
    """The cells of the counting fit them."""
    counted = RULES.count([(merge_request(), {})])
    made = row(
        MERGE_REQUEST_COLUMNS, "ann", counted.cells, "Partial", "x not read", counted.unverified
    )
    assert tuple(made) == MERGE_REQUEST_COLUMNS
    assert made["Closed MRs"] == 1
    assert made["No Desc"] is None
    assert (made["Username"], made["Status"]) == ("ann", "Partial")
    assert (made["Error"], made["Unverified"]) == ("x not read", 9)
    counted = efficient_row([issue()])
    made = row(ISSUE_COLUMNS, "ann", counted.cells, "Success", None, counted.unverified)
    assert tuple(made) == ISSUE_COLUMNS
    assert None not in (set(made.values()) - {made["Error"]})


@pytest.mark.parametrize("status", ["Not Found", "Error"])
def test_a_row_of_nobody_has_no_counts(status: str) -> None:
    """Not 0: nothing was counted."""
    made = row(ISSUE_COLUMNS, "no-one", {"Total Assigned": 0}, status, "no such user", 0)
    counts = {key: value for key, value in made.items() if key not in {"Username", "Status"}}
    assert counts.pop("Error") == "no such user"
    assert set(counts.values()) == {None}


def test_rows_are_sorted_without_case() -> None:
    """Capitals do not come first."""
    rows = [{"Username": name} for name in ("bob", "Zoe", "Ann", "carl")]
    assert [made["Username"] for made in by_username(rows)] == ["Ann", "bob", "carl", "Zoe"]
