"""The quick evaluation of merge requests, flags, and counting."""

from __future__ import annotations

from typing import Any

import pytest
from rules_examples import clean_facts, facts, merge_request

from gitlab_sync.rules.items.merge_request import (
    CHECKS,
    RULES,
    efficient_row,
    evaluate,
    evaluate_from_list,
    flags,
    flags_from_list,
)
from gitlab_sync.types import PartialList

COLUMNS = [
    "Closed MRs",
    "No Desc",
    "No Issues",
    "No Time Spent",
    "Failed Pipeline",
    "No Semantic Commits",
    "No Internal Review",
    "Merge > 1 Week",
    "Merge > 2 Days",
]
LOST = PartialList((), "403 Forbidden")


def quick(check: str, **changes: Any) -> str:
    """Return what the quick evaluation says; a change to `...` takes the key away."""
    mr = {key: value for key, value in merge_request(**changes).items() if value is not ...}
    return evaluate_from_list(mr)[check].result


def test_the_quick_evaluation_has_every_check_but_the_tests() -> None:
    """A list says nothing of the changed files."""
    expected = [check.id for check in CHECKS if check.id != "no_unit_tests"]
    assert list(evaluate_from_list(merge_request())) == expected


@pytest.mark.parametrize(
    ("check", "keys"),
    [
        ("no_desc", ["description"]),
        ("no_issues", ["description"]),
        ("no_time_spent", ["time_stats"]),
        ("failed_pipeline", []),
        ("no_semantic_commits", ["title"]),
        ("no_internal_review", ["user_notes_count"]),
        ("no_internal_review", ["upvotes", "user_notes_count"]),
        ("merge_gt_1_week", ["merged_at"]),
        ("merge_gt_2_days", ["created_at"]),
    ],
)
def test_an_absent_key_leaves_its_check_unknown(check: str, keys: list[str]) -> None:
    """It is not counted: a row may hold only some columns."""
    assert quick(check, **dict.fromkeys(keys, ...)) == "unknown"


def test_what_is_there_may_decide_although_a_key_is_absent() -> None:
    """One number above zero, or one text that names an issue."""
    assert quick("no_internal_review", upvotes=...) == "pass"
    assert quick("no_internal_review", user_notes_count=..., upvotes=1) == "pass"
    assert quick("no_issues", title=...) == "pass"
    assert quick("no_issues", title="#1", description=...) == "pass"
    assert quick("merge_gt_2_days", merged_at=..., closed_at="2024-03-09T10:00:00Z") == "fail"


def test_the_title_stands_for_the_commits() -> None:
    """A list has no commits."""
    assert quick("no_semantic_commits", title="fix: a") == "pass"
    assert quick("no_semantic_commits", title="Fix a") == "fail"


def test_upvotes_or_notes_are_a_review() -> None:
    """A list does not say who wrote them."""
    assert quick("no_internal_review", upvotes=0, user_notes_count=0) == "fail"
    assert quick("no_internal_review", upvotes=1, user_notes_count=0) == "pass"
    assert quick("no_internal_review", upvotes=0, user_notes_count=1) == "pass"
    assert quick("no_internal_review", upvotes=None, user_notes_count=0) == "unknown"


@pytest.mark.parametrize("key", ["head_pipeline", "pipeline"])
def test_a_pipeline_of_either_name_counts(key: str) -> None:
    """Null says no more than a missing key: rows made from lists have it."""
    assert quick("failed_pipeline", **{key: {"status": "failed"}}) == "fail"
    assert quick("failed_pipeline", **{key: {"status": "success"}}) == "pass"
    assert quick("failed_pipeline", **{key: None}) == "unknown"
    assert quick("failed_pipeline", **{key: {}}) == "unknown"
    assert quick("failed_pipeline", **{key: "failed"}) == "unknown"


def test_the_head_pipeline_goes_before_the_other() -> None:
    """Where it is null, the other counts."""
    good, bad = {"status": "success"}, {"status": "failed"}
    assert quick("failed_pipeline", head_pipeline=good, pipeline=bad) == "pass"
    assert quick("failed_pipeline", head_pipeline=None, pipeline=bad) == "fail"


def test_the_quick_row_has_its_titles_in_order() -> None:
    """Spreadsheets rely on them."""
    assert list(efficient_row([]).cells) == COLUMNS
    assert set(efficient_row([]).cells.values()) == {0}


def test_the_quick_row_evaluates_only_what_has_ended_and_each_id_once() -> None:
    """Without an id all count."""
    mrs = [
        merge_request(id=1, description=""),
        merge_request(id=1, description=""),
        merge_request(id=2, state="closed"),
        merge_request(id=3, state="opened", description=""),
        merge_request(id=None, description=""),
        merge_request(id=None, description=""),
    ]
    row = efficient_row(mrs)
    assert row.cells["Closed MRs"] == 4
    assert row.cells["No Desc"] == 3
    assert row.unknown == {**dict.fromkeys(COLUMNS[1:], 0), "Failed Pipeline": 4}
    assert row.cells["Failed Pipeline"] is None


def test_a_row_counts_the_known_faults_and_the_unknown_pairs() -> None:
    """A cell is null only if nothing could be evaluated."""
    lost = facts(clean_facts().notes, LOST, LOST, LOST)
    read, unread = merge_request(id=1), merge_request(id=2, description="")
    row = RULES.count([(read, evaluate(read, clean_facts())), (unread, evaluate(unread, lost))])
    assert row.cells == {
        "Closed MRs": 2,
        "No Desc": 1,
        "No Issues": 0,
        "No Time Spent": 0,
        "No Unit Tests": 0,
        "Failed Pipeline": 0,
        "No Semantic Commits": 0,
        "No Internal Review": 0,
        "Merge > 1 Week": 0,
        "Merge > 2 Days": 0,
    }
    # Issues, tests, pipeline and commits of the second.
    assert row.unverified == 4
    alone = RULES.count([(unread, evaluate(unread, lost))])
    assert alone.cells["No Unit Tests"] is None
    assert alone.cells["No Desc"] == 1


def test_no_merge_requests_are_zero_and_open_ones_do_not_count() -> None:
    """Nothing there is not the same as nothing read."""
    row = RULES.count([(merge_request(state="opened"), {})])
    assert list(row.cells) == ["Closed MRs", *(check.title for check in CHECKS)]
    assert set(row.cells.values()) == {0}
    assert row.unverified == 0


def test_an_item_without_verdicts_is_unknown_throughout() -> None:
    """What was not evaluated is not clean."""
    row = RULES.count([(merge_request(), {})])
    assert row.cells.pop("Closed MRs") == 1
    assert set(row.cells.values()) == {None}
    assert row.unverified == len(CHECKS)


def test_flags_have_the_older_names_in_their_order() -> None:
    """Programs of the older client read them."""
    mr = merge_request()
    found = flags(mr, evaluate(mr, clean_facts()))
    assert found == {
        "is_terminal": True,
        "is_merged": True,
        "is_closed_rejected": False,
        "no_desc": False,
        "no_issues": False,
        "no_time": False,
        "no_unit_tests": False,
        "failed_pipe": False,
        "no_semantic_commits": False,
        "no_internal_review": False,
        "merge_gt_2_days": False,
        "merge_gt_1_week": False,
        "errors": [],
    }
    assert list(found)[-3:] == ["merge_gt_2_days", "merge_gt_1_week", "errors"]


def test_flags_tell_faults_from_the_unknown_and_each_reason_once() -> None:
    """Notes that were not read leave two checks open for one reason."""
    mr = merge_request(state="closed", title="x", description="")
    found = flags(mr, evaluate(mr, facts(notes=LOST)))
    assert found["is_closed_rejected"] is True
    assert found["is_merged"] is False
    assert found["no_desc"] is True
    assert found["no_issues"] is None
    assert found["no_internal_review"] is None
    assert found["errors"] == ["notes not read: 403 Forbidden"]


def test_flags_from_a_list_have_no_tests_and_another_name_for_closed() -> None:
    """As the older client's quick twin."""
    found = flags_from_list(merge_request(state="closed"))
    assert list(found) == [
        "is_terminal",
        "is_merged",
        "is_closed",
        "no_desc",
        "no_issues",
        "no_time",
        "failed_pipe",
        "no_semantic_commits",
        "no_internal_review",
        "merge_gt_2_days",
        "merge_gt_1_week",
        "errors",
    ]
    assert found["is_closed"] is True
    assert found["failed_pipe"] is None
    assert found["errors"] == ["pipeline not in the list"]


def test_what_is_open_has_no_faults_yet() -> None:
    """It is not evaluated, so there is nothing to be unknown either."""
    found = flags(merge_request(state="opened", description=""), {})
    assert {value for key, value in found.items() if key != "errors"} == {False}
    assert found["errors"] == []
    assert flags_from_list(merge_request(state="opened", description=""))["no_desc"] is False


def test_without_a_state_every_flag_is_unknown() -> None:
    """It cannot be told whether it should have been evaluated."""
    for found in (flags({}, {}), flags_from_list({})):
        errors = found.pop("errors")
        assert set(found.values()) == {None}
        assert errors == ["state not read"]
