"""The fair rules for issues."""

from __future__ import annotations

from typing import Any

import pytest
from rules_examples import issue

from gitlab_sync.rules.items.facts import NOT_ASKED, Facts
from gitlab_sync.rules.items.fair_issue import rules_for
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.policy import FAIR
from gitlab_sync.types import PartialList


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


ACTIVE, NONE = PartialList([{"id": 1}]), PartialList()


@pytest.mark.parametrize(
    ("milestones", "own", "result", "reason"),
    [
        (ACTIVE, None, "fail", "no milestone"),
        (ACTIVE, {"title": "1.0"}, "pass", "has a milestone"),
        (NONE, None, "n/a", "the project has no active milestone"),
        (NONE, {"title": "1.0"}, "n/a", "the project has no active milestone"),
        (PartialList((), "403"), None, "unknown", "milestones of the project not read: 403"),
        (NOT_ASKED, None, "unknown", "milestones of the project not read: not asked for"),
    ],
)
def test_a_milestone_is_asked_for_if_the_project_uses_them(
    milestones: PartialList, own: dict[str, Any] | None, result: str, reason: str
) -> None:
    """Now; the milestones of its project are read for nothing else."""
    rules = rules_for(Terms(milestones="if used"))
    thing, facts = issue(milestone=own), Facts(milestones=milestones)
    verdict = rules.evaluate(thing, facts)["no_milestone"]
    assert (verdict.result, verdict.reason) == (result, reason)
    assert rules.undecided(thing) == ("milestones",)
    assert rules.undecided(thing, facts) == (() if milestones.whole else ("milestones",))
    assert not rules.undecided(issue(moved_to_id=7))
    assert not FAIR.issues.undecided(thing)


def test_labels_exempt_an_issue_from_a_check() -> None:
    """As they do for merge requests."""
    rules = rules_for(Terms(exempt_labels={"no_desc": {"bug"}}))
    assert rules.evaluate(issue(description=""))["no_desc"].result == "n/a"
