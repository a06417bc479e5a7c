"""What counts of a merge request while it is open, in its own pipeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gitlab_sync.rules.items.conversation import Conversation
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.own_note import MARKER
from gitlab_sync.rules.items.while_open import is_open, rules_in_pipeline
from gitlab_sync.rules.policy import CLASSIC, FAIR, Policy
from gitlab_sync.types import PartialList, Record

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
MR: Record = {
    "state": "opened",
    "title": "fix: it",
    "description": "",
    "author": {"username": "ann"},
    "created_at": "2026-06-01T09:00:00Z",
    "merged_at": None,
    "closed_at": None,
    "squash": False,
    "upvotes": 0,
    "labels": [],
    "time_stats": {"total_time_spent": 0},
}
COMMIT = {"message": "fix: it", "title": "fix: it", "parent_ids": ["1"]}
FAILED = {"id": 1, "status": "failed", "created_at": "2026-06-02T09:00:00Z"}
READ = Facts(
    notes=PartialList(),
    commits=PartialList([COMMIT]),
    diffs=PartialList([{"new_path": "src/app.py"}]),
    pipelines=PartialList([FAILED]),
)
LATER = {"no_internal_review", "merge_gt_1_week", "merge_gt_2_days"}


def note(body: str, by: str = "bob") -> Record:
    """Return a note of a person."""
    at = "2026-06-03T09:00:00Z"
    return {"id": 1, "body": body, "system": False, "author": {"username": by}, "created_at": at}


@pytest.mark.parametrize("policy", [FAIR, CLASSIC], ids=lambda policy: policy.name)
@pytest.mark.parametrize("final", [True, False])
def test_what_can_still_come_is_no_fault_before_it_is_final(policy: Policy, final: bool) -> None:
    """Its pipeline never counts, whatever the list of pipelines says."""
    found = rules_in_pipeline(policy.merge_requests, NOW, final=final).evaluate(MR, READ)
    assert found["failed_pipeline"].result == "n/a"
    assert found["no_desc"].result == found["no_unit_tests"].result == "fail"
    for check in LATER:
        result, pending = found[check].result, found[check].pending
        assert (result, pending) == (("fail", False) if final else ("unknown", True))
    pending = {check for check, verdict in found.items() if verdict.pending}
    assert pending == (set() if final else LATER)


def test_what_was_not_read_stays_unknown_and_pipelines_are_not_read_at_all() -> None:
    """A review could be there."""
    rules = rules_in_pipeline(FAIR.merge_requests, NOW, final=False)
    unread = replace(READ, notes=PartialList((), "403 Forbidden"), pipelines=Facts().pipelines)
    review = rules.evaluate(MR, unread)["no_internal_review"]
    assert (review.result, review.pending) == ("unknown", False)
    assert rules.undecided(MR) == ("notes", "commits", "diffs")
    assert rules.undecided(MR, replace(unread, notes=PartialList())) == ()


def test_a_clock_that_is_behind_gitlabs_hides_no_review() -> None:
    """A note moves the time of the last update."""
    rules = rules_in_pipeline(FAIR.merge_requests, NOW, final=True)
    later = {**note("Fine."), "created_at": "2026-06-15T12:05:00Z"}
    read = replace(READ, notes=PartialList([later]))
    updated = {**MR, "updated_at": "2026-06-15T12:05:00Z"}
    assert rules.evaluate(updated, read)["no_internal_review"].result == "pass"


@pytest.mark.parametrize(
    ("state", "known"),
    [("opened", True), ("locked", True), ("merged", False), ("closed", False), (None, False)],
)
def test_a_merge_request_is_open_until_it_is_merged_or_closed(state: Any, known: bool) -> None:
    """While it is being merged, it is locked."""
    assert is_open({"state": state}) == known


@pytest.mark.parametrize("policy", [FAIR, CLASSIC], ids=lambda policy: policy.name)
def test_our_own_note_is_nothing_that_a_person_said(policy: Policy) -> None:
    """It can be written with anyone's token, and says what to do about a missing issue."""
    own = note(f"{MARKER}\nNo Issues: such as “Closes #12”")
    merged = {**MR, "state": "merged", "merged_at": "2026-06-04T09:00:00Z"}
    for rules, item in (
        (policy.merge_requests, merged),
        (rules_in_pipeline(policy.merge_requests, NOW, final=True), MR),
    ):
        for notes, result in (([own], "fail"), ([own, note("See #12")], "pass")):
            found = rules.evaluate(item, replace(READ, notes=PartialList(notes)))
            assert found["no_internal_review"].result == result
            assert found["no_issues"].result == result
    talk = Conversation.of(PartialList([{"notes": [own]}]), ())
    assert isinstance(talk, Conversation)
    assert talk.last(lambda said: said.by_person) is None
