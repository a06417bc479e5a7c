"""The fair rules for issues."""

from __future__ import annotations

from typing import Any

import pytest
from rules_examples import issue

from gitlab_sync.rules.items.fair_issue import rules_for
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.policy import FAIR


def results(**changes: Any) -> dict[str, str]:
    """Return what the fair policy says of a closed issue."""
    found = FAIR.issues.evaluate(issue(**changes))
    return {check: verdict.result for check, verdict in found.items()}


@pytest.mark.parametrize(
    "elsewhere",
    [{"moved_to_id": 7}, {"_links": {"closed_as_duplicate_of": "https://gitlab.example/x/-/1"}}],
)
def test_an_issue_whose_place_another_has_taken_is_not_evaluated(elsewhere: dict[str, Any]) -> None:
    """It was moved, or closed as a duplicate."""
    assert set(results(description="", labels=[], **elsewhere).values()) == {"n/a"}


@pytest.mark.parametrize("here", [{}, {"moved_to_id": None, "_links": None}, {"_links": {}}])
def test_where_a_server_does_not_tell_an_issue_is_evaluated_as_usual(here: dict[str, Any]) -> None:
    """A missing field is no reason to leave it out."""
    assert results(description="", **here)["no_desc"] == "fail"


def test_only_working_days_count_as_open() -> None:
    """A weekend is none."""
    friday = "2024-03-01T12:00:00Z"
    assert results(created_at=friday, closed_at="2024-03-05T12:00:00Z")["long_open_time"] == "pass"
    assert results(created_at=friday, closed_at="2024-03-05T12:00:01Z")["long_open_time"] == "fail"
    assert results(created_at=friday, closed_at=None)["long_open_time"] == "unknown"


def test_milestones_and_booked_time_count_only_where_the_policy_asks_for_them() -> None:
    """They are not asked for by default."""
    bare = {"milestone": None, "time_stats": {"total_time_spent": 0}}
    assert results(**bare)["no_milestone"] == results(**bare)["no_time_spent"] == "n/a"
    rules = rules_for(Terms(time_tracking=True, milestones="always"))
    found = rules.evaluate(issue(**bare))
    assert found["no_milestone"].result == found["no_time_spent"].result == "fail"


def test_labels_exempt_an_issue_from_a_check() -> None:
    """As they do for merge requests."""
    rules = rules_for(Terms(exempt_labels={"no_desc": {"bug"}}))
    assert rules.evaluate(issue(description=""))["no_desc"].result == "n/a"
