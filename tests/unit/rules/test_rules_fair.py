"""The fair rules for merge requests: what counts is what could have been done until the merge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import truth_of_fair as truth
from how_many import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_examples import NOTHING, clean_facts, commit, diff, facts, merge_request, note

from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.fair_merge_request import rules_for
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.policy import FAIR
from gitlab_sync.types import PartialList, Record

BEFORE, END, AFTER = "2024-03-04T11:00:00Z", "2024-03-04T12:00:00.500Z", "2024-03-04T12:00:01Z"
READY = "marked this merge request as **ready**"


def mr(**changes: Any) -> Record:
    """Return a merge request of a Monday."""
    usual = {"created_at": "2024-03-04T09:00:00Z", "merged_at": END, "squash": False}
    return merge_request(**{**usual, **changes})


def said(at: str | None, by: str = "bob", body: str = "Nice.", **changes: Any) -> Record:
    """Return a note of that time."""
    return note(by, body, created_at=at, **changes)


def pipeline(number: int | None, status: str | None, at: str | None = BEFORE) -> Record:
    """Return a pipeline of that time."""
    return {"id": number, "status": status, "created_at": at}


def verdict(check: str, item: Record | None = None, read: Facts | None = None) -> Verdict:
    """Return what the fair policy says."""
    return FAIR.merge_requests.evaluate(item or mr(), read or facts())[check]


def result(check: str, item: Record | None = None, **read: Any) -> str:
    """Return the result alone."""
    return verdict(check, item, facts(**read)).result


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["README.md", "docs/conf.py"], "n/a"),
        (["go.sum", ".gitlab-ci.yml"], "n/a"),
        (["vendor/x.go", "web/app.min.js", "api.pb.go", "types/x.d.ts"], "n/a"),
        (["db/migrations/0001.py", "Examples/a.py"], "n/a"),
        ([], "n/a"),
        (["src/a.py"], "fail"),
        (["README.md", "SRC/A.PY"], "fail"),
        (["src/a.py", "tests/test_a.py"], "pass"),
        (["docs/tests/a.md"], "pass"),
        (["testdata/a.json"], "pass"),
    ],
)
def test_only_a_change_of_source_needs_a_test(paths: list[str], expected: str) -> None:
    """A test path decides in any folder."""
    assert result("no_unit_tests", diffs=[diff(path) for path in paths]) == expected


@pytest.mark.parametrize(
    ("paths", "expected"),
    [(["tests/a.py"], "pass"), (["src/a.py"], "unknown"), (["README.md"], "unknown")],
)
def test_changes_that_were_not_read_to_their_end_decide_as_far_as_they_can(
    paths: list[str], expected: str
) -> None:
    """The rest could hold a test, or source."""
    read = PartialList([diff(path) for path in paths], "cut")
    assert result("no_unit_tests", diffs=read) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "n/a"),
        ([pipeline(1, "canceled"), pipeline(2, "skipped"), pipeline(3, "manual")], "n/a"),
        ([pipeline(1, "success"), pipeline(2, "failed")], "fail"),
        ([pipeline(2, "success"), pipeline(1, "failed")], "pass"),
        ([pipeline(1, "failed"), pipeline(2, "canceled")], "fail"),
        ([pipeline(1, "success"), pipeline(2, "running")], "pass"),
        ([pipeline(1, "success"), pipeline(2, "failed", AFTER)], "pass"),
        ([pipeline(2, "failed", AFTER)], "n/a"),
        ([pipeline(2, "failed", "2024-03-04T12:00:00.900Z")], "fail"),
        ([pipeline(1, "RUNNING")], "unknown"),
        ([pipeline(1, "success"), pipeline(2, "failed", None)], "unknown"),
        ([pipeline(2, "success"), pipeline(1, "failed", None)], "pass"),
        ([pipeline(1, "failed"), pipeline(2, "failed", None)], "fail"),
        ([pipeline(1, "success"), pipeline(None, "failed")], "unknown"),
        ([pipeline(1, "success"), pipeline(2, None)], "unknown"),
        ([pipeline(1, "success"), pipeline(None, "skipped", None)], "pass"),
    ],
)
def test_the_newest_finished_pipeline_from_before_the_merge_counts(
    rows: list[Record], expected: str
) -> None:
    """What says neither success nor failure says nothing."""
    assert result("failed_pipeline", pipelines=rows) == expected


def test_a_pipeline_that_still_runs_is_not_decided_yet() -> None:
    """Everything was read, so the row is not partial."""
    running = verdict("failed_pipeline", read=facts(pipelines=[pipeline(1, "running")]))
    assert running.pending
    assert not verdict("failed_pipeline", read=Facts()).pending


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ([], "fail"),
        ([said(BEFORE)], "pass"),
        ([said(END)], "pass"),
        ([said("2024-03-04T12:00:00.999Z")], "pass"),
        ([said(AFTER)], "fail"),
        ([said(BEFORE, "ann")], "fail"),
        ([said(BEFORE, "release-bot")], "fail"),
        ([said(BEFORE, body="approved this merge request", system=True)], "pass"),
        ([said(AFTER, body="approved this merge request", system=True)], "fail"),
        ([said(BEFORE, body="changed the title", system=True)], "fail"),
        ([said(None)], "unknown"),
        ([said("soon"), said(BEFORE)], "pass"),
    ],
)
def test_a_review_is_what_another_person_said_before_the_merge(
    notes: list[Record], expected: str
) -> None:
    """A second later is too late; fractions of seconds do not count."""
    assert result("no_internal_review", notes=notes) == expected


def test_votes_are_no_review() -> None:
    """They say neither who voted nor when."""
    assert result("no_internal_review", mr(upvotes=3)) == "fail"
    assert verdict("no_internal_review", mr(upvotes=3), facts(notes=NOTHING)).result == "fail"


def test_an_issue_that_is_named_after_the_merge_was_not_named() -> None:
    """In time it is."""
    bare = mr(description="Better.")
    assert result("no_issues", bare, notes=[said(AFTER, body="See #3.")]) == "fail"
    assert result("no_issues", bare, notes=[said(BEFORE, body="See #3.")]) == "pass"


@pytest.mark.parametrize(
    ("title", "squash", "message", "expected"),
    [
        ("Better sign in", {}, "fix: a typo", "pass"),
        ("Better sign in", {"squash": True}, "fix: a typo", "fail"),
        ("Better sign in", {"squash_on_merge": True}, "fix: a typo", "fail"),
        ("Better sign in", {"squash_commit_sha": "c0ffee"}, "fix: a typo", "fail"),
        ("feat: sign in", {"squash": True}, "A typo", "pass"),
        ("Draft: feat: sign in", {"squash": True}, "A typo", "pass"),
        ("[WIP] (draft) feat: sign in", {"squash": True}, "A typo", "pass"),
        ("Drafts: feat: sign in", {"squash": True}, "A typo", "fail"),
        ('Revert "Better sign in"', {}, "A typo", "n/a"),
        ('Draft: Revert "Better sign in"', {"squash": True}, "A typo", "fail"),
        ("Better sign in", {"squash": None}, "fix: a typo", "unknown"),
        ("feat: sign in", {"squash": None}, "fix: a typo", "pass"),
        ("Better sign in", {"squash": None}, "A typo", "fail"),
    ],
)
def test_where_commits_are_squashed_the_title_counts(
    title: str, squash: dict[str, Any], message: str, expected: str
) -> None:
    """And nothing where GitLab made the title; where it is not known, both have to agree."""
    item = mr(title=title, **squash)
    assert result("no_semantic_commits", item, commits=[commit(message)]) == expected


def test_time_spent_counts_only_where_the_policy_asks_for_it() -> None:
    """It is not asked for by default."""
    idle = mr(time_stats={"total_time_spent": 0})
    assert result("no_time_spent", idle) == "n/a"
    rules = rules_for(Terms(time_tracking=True))
    assert rules.evaluate(idle, facts())["no_time_spent"].result == "fail"


@pytest.mark.parametrize(
    ("created", "merged", "two_days", "one_week"),
    [
        ("2024-03-01T12:00:00Z", "2024-03-05T12:00:00Z", "pass", "pass"),  # over a weekend
        ("2024-03-01T12:00:00Z", "2024-03-05T12:00:01Z", "fail", "pass"),
        ("2024-03-01T12:00:00Z", "2024-03-08T12:00:00Z", "fail", "pass"),
        ("2024-03-01T12:00:00Z", "2024-03-08T12:00:01Z", "fail", "fail"),
        ("2024-03-05T12:00:00Z", "2024-03-04T12:00:00Z", "unknown", "unknown"),
        (None, "2024-03-04T12:00:00Z", "unknown", "unknown"),
        ("2024-03-04T12:00:00Z", None, "unknown", "unknown"),
        ("0001-01-01T00:00:00Z", "2024-03-04T12:00:00Z", "unknown", "unknown"),
    ],
)
def test_only_working_days_count_as_waiting(
    created: str | None, merged: str | None, two_days: str, one_week: str
) -> None:
    """A weekend is none; what cannot be told is unknown."""
    item = mr(created_at=created, merged_at=merged)
    found = [result(check, item) for check in ("merge_gt_2_days", "merge_gt_1_week")]
    assert found == [two_days, one_week]


def test_a_draft_waits_for_nobody() -> None:
    """From the last time that it was marked as ready, before the merge."""
    item = mr(created_at="2024-02-01T12:00:00Z")
    ready = [said("2024-02-05T09:00:00Z", "ann", READY, system=True)]
    assert result("merge_gt_2_days", item, notes=ready) == "fail"
    again = [*ready, said("2024-03-04T09:00:00Z", "ann", READY.upper(), system=True)]
    assert result("merge_gt_2_days", item, notes=again) == "pass"
    later = [*ready, said(AFTER, "ann", READY, system=True)]
    assert result("merge_gt_2_days", item, notes=later) == "fail"
    typed = [said("2024-03-04T09:00:00Z", "ann", READY)]
    assert result("merge_gt_2_days", item, notes=typed) == "fail"


def test_without_the_notes_a_long_wait_is_not_known_and_a_short_one_is() -> None:
    """It can have been a draft, which only makes it shorter."""
    assert verdict("merge_gt_2_days", read=Facts()).result == "pass"
    old = mr(created_at="2024-02-01T12:00:00Z")
    assert verdict("merge_gt_2_days", old, Facts()).result == "unknown"


def test_labels_exempt_from_a_check() -> None:
    """They are compared exactly, and where they were not read the check is unknown."""
    rules = rules_for(Terms(exempt_labels={"no_desc": {"spike"}}))

    def of(**changes: Any) -> str:
        return rules.evaluate(mr(description="", **changes), facts())["no_desc"].result

    assert of(labels=["docs", "spike"]) == "n/a"
    assert of(labels=[{"name": "spike"}]) == "n/a"
    assert of(labels=["Spike"]) == "fail"
    assert of() == "unknown"


def test_closed_ones_are_counted_and_not_evaluated() -> None:
    """Merged, closed and open ones are apart."""
    items = [mr(id=number, state=state) for number, state in enumerate(STATES, 1)]
    counted = FAIR.merge_requests.count(
        (each, FAIR.merge_requests.evaluate(each, clean_facts())) for each in items
    )
    cells = counted.cells
    assert cells["Closed MRs"] == 3
    assert [cells["MR Merged"], cells["Closed Unmerged"], cells["Open"]] == [2, 1, 2]
    assert counted.of["No Desc"] == 2


STATES = ["merged", "merged", "closed", "opened", "locked"]


def test_a_check_of_nothing_has_no_number() -> None:
    """Neither where nothing was merged nor where it applies to nothing."""
    counted = FAIR.merge_requests.count([])
    assert counted.cells["No Desc"] is None
    assert counted.of["No Desc"] == 0
    only = mr(title='Revert "x"')
    counted = FAIR.merge_requests.count([(only, FAIR.merge_requests.evaluate(only, facts()))])
    assert counted.cells["No Semantic Commits"] is None
    assert counted.of["No Semantic Commits"] == 0


# -- properties ------------------------------------------------------------------------------------

MERGED = datetime(2024, 3, 6, 12, tzinfo=UTC)
moments = st.integers(-20 * 86_400, 20 * 86_400).map(
    lambda seconds: (MERGED + timedelta(seconds=seconds)).isoformat()
)
late = st.integers(1, 20 * 86_400).map(
    lambda seconds: (MERGED + timedelta(seconds=seconds)).isoformat()
)
bodies = st.sampled_from(
    ["Nice.", "See #3", READY, "approved this merge request", "added 1 commit"]
)
people = st.sampled_from(["ann", "bob", "Bob", "release-bot"])
statuses = st.sampled_from(["success", "failed", "running", "canceled", "manual", "created"])


def notes_at(times: st.SearchStrategy[str]) -> st.SearchStrategy[list[Record]]:
    """Return lists of notes of these times."""
    made = st.builds(
        lambda at, by, body, system: said(at, by, body, system=system),
        times, people, bodies, st.booleans(),
    )  # fmt: skip
    return st.lists(made, max_size=4)


def pipelines_at(times: st.SearchStrategy[str]) -> st.SearchStrategy[list[Record]]:
    """Return lists of pipelines of these times, each with an id of its own."""
    made = st.builds(pipeline, st.integers(1, 99), statuses, times)
    return st.lists(made, max_size=4, unique_by=lambda row: row["id"])


items = st.builds(
    lambda **changes: mr(**{**changes, "merged_at": MERGED.isoformat()}),
    title=st.sampled_from(["feat: x", "x", 'Revert "x"', "Draft: [WIP] fix: x", "wip: x"]),
    description=st.sampled_from(["", "Closes #1", "Better."]),
    created_at=moments,
    squash=st.booleans(),
    squash_on_merge=st.booleans(),
    squash_commit_sha=st.sampled_from([None, "c0ffee"]),
    upvotes=st.integers(0, 2),
)
commits = st.lists(
    st.builds(commit, st.sampled_from(["fix: x", "x\n\nSee #4", "Merge"]), st.integers(1, 2)),
    max_size=3,
)
diffs = st.lists(
    st.sampled_from(["src/a.py", "tests/a.py", "README.md", "docs/a.js", "a.min.js"]).map(diff),
    max_size=3,
)


@pytest.mark.slow
@settings(max_examples=examples(300))
@given(items, notes_at(moments), commits, diffs, pipelines_at(moments))
def test_the_rules_agree_with_a_second_computation(
    item: Record,
    notes: list[Record],
    own: list[Record],
    changed: list[Record],
    ran: list[Record],
) -> None:
    """Each check of any merge request, with everything read."""
    read = facts(notes, own, changed, ran)
    parts = {"notes": notes, "commits": own, "diffs": changed, "pipelines": ran}
    said_of = {True: "fail", False: "pass", truth.NA: "n/a"}
    expected = [said_of.get(each, "unknown") for each in truth.answers_of(item, parts)]
    found = FAIR.merge_requests.evaluate(item, read)
    assert [each.result for each in found.values()] == expected


@settings(max_examples=examples(150))
@given(items, notes_at(moments), pipelines_at(moments), notes_at(late), pipelines_at(late))
def test_nothing_from_after_the_merge_moves_a_verdict(
    item: Record,
    notes: list[Record],
    ran: list[Record],
    notes_later: list[Record],
    ran_later: list[Record],
) -> None:
    """Notes, approvals, pushes, pipelines."""
    numbers = {row["id"] for row in ran}
    further = [row for row in ran_later if row["id"] not in numbers]
    before = FAIR.merge_requests.evaluate(item, facts(notes, [], [], ran))
    after = FAIR.merge_requests.evaluate(item, facts(notes + notes_later, [], [], ran + further))
    assert {check: each.result for check, each in after.items()} == {
        check: each.result for check, each in before.items()
    }
