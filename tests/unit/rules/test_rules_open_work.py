"""Who has the ball in an open merge request: the first rule that holds, and never a guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from open_examples import BOB_SPOKE, CASES, CREATED, NOW, Case, Note, approval, open_mr, pipelines

from gitlab_sync.rules.items import worklist
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.open_work import (
    RULES,
    WAITING_FOR,
    OpenMergeRequest,
    Turn,
    turn,
)
from gitlab_sync.rules.items.while_open import rules_if_merged
from gitlab_sync.rules.items.worklist import OpenItem
from gitlab_sync.rules.policy import CLASSIC, FAIR
from gitlab_sync.types import PartialList, Record

TERMS = FAIR.terms
BROKEN = PartialList((), "500 Internal Server Error")


def row(mr: Record, facts: Facts) -> dict[str, Any]:
    """Return the row of a merge request."""
    return item(mr, facts).row


def item(mr: Record, facts: Facts) -> OpenItem:
    """Return a merge request with its row."""
    rules = rules_if_merged(FAIR.merge_requests, NOW)
    return worklist.open_item(mr, facts, rules, TERMS, NOW)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_first_rule_that_holds_says_whose_turn_it_is(case: Case) -> None:
    """With the people who can act, since when, and why."""
    found = row(case.mr(), case.facts())
    assert found["Waiting For"] == case.waiting_for
    assert found["Who"] == case.who
    assert found["Since"] == case.began
    assert case.why in found["Why"]


def test_the_table_of_cases_has_each_rule() -> None:
    """A rule without a case could be anything."""
    decided = set()
    for case in CASES:
        seen = OpenMergeRequest.of(case.mr(), case.facts(), TERMS)
        found = (place for place, (_, rule) in enumerate(RULES) if isinstance(rule(seen), Turn))
        decided.add(next(found))
    assert decided == set(range(len(RULES)))


@pytest.mark.parametrize(
    ("lost", "changes", "waiting_for", "reason"),
    [
        ("discussions", {"draft": True}, "author", "it is a draft"),
        ("discussions", {"has_conflicts": True}, "author", "it has conflicts"),
        ("discussions", {}, None, "discussions not read: 500 Internal Server Error"),
        ("pipelines", {"draft": True}, "author", "it is a draft"),
        ("pipelines", {"has_conflicts": True}, "author", "it has conflicts"),
        ("pipelines", {}, None, "pipelines not read: 500 Internal Server Error"),
    ],
)
def test_what_could_not_be_read_is_unknown_unless_it_changes_nothing(
    lost: str, changes: dict[str, Any], waiting_for: str | None, reason: str
) -> None:
    """Whatever the pipelines are: with conflicts it is the author's turn."""
    case = Case("", "merge", "", None, "", changes, [BOB_SPOKE])
    facts = replace(case.facts(), **{lost: BROKEN})  # type: ignore[arg-type]
    found = row(case.mr(), facts)
    assert (found["Waiting For"], found["Why"]) == (waiting_for, reason)
    assert (found["Who"] is None) == (waiting_for is None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"draft": None}, "draft is not true or false"),
        ({"has_conflicts": "no"}, "has_conflicts is not true or false"),
        ({"author": None}, "author of the merge request not known"),
        ({"reviewers": None}, "reviewers not known"),
        ({"reviewers": [{"username": "bob"}, None]}, "reviewers not known"),
        ({"assignees": [{}]}, "assignees not known"),
        ({"detailed_merge_status": None}, "detailed_merge_status not in the list"),
        ({"created_at": "yesterday"}, "created_at is not a time"),
    ],
)
def test_a_field_that_is_not_readable_makes_it_unknown(
    changes: dict[str, Any], reason: str
) -> None:
    """The reason names the field."""
    case = Case("", "merge", "", None, "", {}, [BOB_SPOKE])
    mr = {**case.mr(), **changes}
    if "created_at" in changes:  # it counts only where nothing was pushed
        case = replace(case, notes=())
    found = row(mr, case.facts())
    assert (found["Waiting For"], found["Who"], found["Since"]) == (None, None, None)
    assert found["Why"] == reason


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        ({"author": None}, "author of a note not known"),
        ({"created_at": None}, "time of a note not known"),
        ({"system": "yes"}, "a note is not readable"),
    ],
)
def test_one_unreadable_note_could_be_the_last_word(note: dict[str, Any], reason: str) -> None:
    """So nothing is said that depends on who wrote last."""
    case = Case("", "merge", "", None, "", {}, [BOB_SPOKE])
    rows = case.discussions()
    rows[0]["notes"][0] |= note
    found = row(case.mr(), replace(case.facts(), discussions=PartialList(rows)))
    assert (found["Waiting For"], found["Why"], found["Idle"]) == (None, reason, None)


def test_age_and_idle_are_working_days() -> None:
    """From Monday morning to the next Monday noon: a weekend does not count."""
    found = row(open_mr(), Case("", "merge", "", None, "", {}, [Note("bob", "12:00")]).facts())
    assert found["Age"] == 5.1
    assert found["Idle"] == 4.0


def test_it_would_fail_what_it_fails_if_it_is_merged_now() -> None:
    """Its own pipelines count as they are, and what could not be read is counted apart."""
    source = PartialList([{"new_path": "src/key.py"}])
    facts = Facts(
        commits=PartialList([{"title": "wip", "message": "wip", "parent_ids": ["a"]}]),
        diffs=source,
        discussions=PartialList(Case("", "merge", "", None, "", {}, [BOB_SPOKE]).discussions()),
        pipelines=PartialList(pipelines((1, "failed"))),
    )
    fails = "No Unit Tests, Failed Pipeline, No Semantic Commits, Merge > 1 Week, Merge > 2 Days"
    assert row(open_mr(), facts)["Would Fail"] == fails
    unread = replace(facts, diffs=BROKEN)
    assert row(open_mr(), unread)["Would Fail"] == f"{fails.partition(', ')[2]} (+1 ?)"
    assert not item(open_mr(), unread).whole
    approved = Case("", "merge", "", None, "", {}, [approval("bob", "10:00")])
    young = open_mr(created_at="2026-06-15T09:00:00Z")
    clean = replace(
        facts,
        commits=PartialList([{"message": "fix: it", "parent_ids": ["a"]}]),
        diffs=PartialList([{"new_path": "tests/test_key.py"}]),
        discussions=PartialList(approved.discussions()),
        pipelines=PartialList(pipelines((1, "success"))),
    )
    assert row(young, clean)["Would Fail"] is None


def test_the_facts_to_read_are_those_of_the_turn_and_of_the_checks() -> None:
    """Threads and pipelines always, and never the notes as a list of their own."""
    for policy in (FAIR, CLASSIC):
        rules = rules_if_merged(policy.merge_requests, NOW)
        wanted = rules.undecided(open_mr(time_stats={"total_time_spent": 5}))
        assert set(wanted) == {"discussions", "pipelines", "commits", "diffs"}
        named = open_mr(title="feat: a (#12)", time_stats={"total_time_spent": 5})
        assert set(rules.undecided(named)) >= {"discussions", "pipelines"}
        assert "notes" not in rules.undecided(named)


def test_sums_and_desks_count_each_merge_request_once() -> None:
    """A desk counts what its owner can act on; two reviewers have the same one on theirs."""
    items = [item(case.mr(), case.facts()) for case in CASES]
    items.append(item(open_mr(draft=None), CASES[0].facts()))
    sums = worklist.sums(items)
    assert [entry["Waiting For"] for entry in sums] == [*WAITING_FOR, "unknown"]
    assert sum(int(entry["Merge Requests"] or 0) for entry in sums) == len(items)
    assert {entry["Oldest"] for entry in sums} == {5.1}
    desks = {entry["Username"]: entry for entry in worklist.desks(items)}
    assert set(desks) == {"ann", "bob", "cid", "dan", "eve"}
    for name, desk in desks.items():
        theirs = [each for each in items if name in str(each.row["Who"]).split(", ")]
        assert desk["Total"] == len(theirs)
    assert worklist.in_order(items)[0].row["Idle"] == 5.1


def test_two_usernames_in_other_letters_are_one_desk() -> None:
    """GitLab ignores case in usernames."""
    cases = [Case("", "merge", "", None, "", {}, (), reviewers=[name]) for name in ("Bob", "bob")]
    desks = worklist.desks([item(case.mr(), case.facts()) for case in cases])
    assert [(desk["Username"], desk["Total"]) for desk in desks] == [("Bob", 2)]


_PEOPLE = st.sampled_from(["ann", "Ann", "bob", "cid", "dan", "lint-bot"])
_BODIES = st.sampled_from(
    ["A word.", "approved this merge request", "added 2 commits", "requested changes"]
)
_NOTES = st.builds(
    Note,
    _PEOPLE,
    st.times().map(lambda time: f"{time:%H:%M}"),
    _BODIES,
    st.sampled_from(["", "a", "b"]),
    st.booleans(),
    st.booleans(),
)
_STATUSES = ("mergeable", "not_approved", "requested_changes", "unchecked", "conflict", "")
_CASES = st.builds(
    Case,
    st.just(""),
    st.just("merge"),
    st.just(""),
    st.none(),
    st.just(""),
    st.fixed_dictionaries(
        {
            "draft": st.sampled_from([False, False, True]),
            "has_conflicts": st.sampled_from([False, False, True]),
            "detailed_merge_status": st.sampled_from(_STATUSES),
        }
    ),
    st.lists(_NOTES, max_size=6),
    st.lists(
        st.tuples(st.integers(1, 5), st.sampled_from(["success", "failed", "running", "skipped"])),
        max_size=3,
        unique_by=lambda pipeline: pipeline[0],
    ),
    st.lists(_PEOPLE, max_size=2, unique=True),
)


@given(_CASES)
def test_whatever_was_read_it_is_the_turn_of_someone_since_a_time_that_was(case: Case) -> None:
    """Known or not, with a reason; and the order in which things are listed changes nothing."""
    mr, facts = case.mr(), case.facts()
    found = turn(mr, facts, TERMS)
    backwards = Facts(
        discussions=PartialList(facts.discussions.rows[::-1]),
        pipelines=PartialList(facts.pipelines.rows[::-1]),
    )
    again = turn(mr, backwards, TERMS)
    if isinstance(found, str):
        assert again == found == "detailed_merge_status not in the list"
        return
    assert isinstance(again, Turn)
    same = (found.waiting_for, found.since, found.why)
    assert (again.waiting_for, again.since, again.why) == same
    assert found.who
    assert set(map(str.lower, again.who)) == set(map(str.lower, found.who))
    assert found.why
    if found.since is not None:
        assert datetime.fromisoformat(CREATED) <= found.since <= NOW


@given(_CASES, st.sampled_from(["discussions", "pipelines"]))
def test_reading_less_never_changes_an_answer_it_only_makes_it_unknown(
    case: Case, lost: str
) -> None:
    """A part that was not read can leave the answer as it is, or in doubt."""
    whole = turn(case.mr(), case.facts(), TERMS)
    less = turn(case.mr(), replace(case.facts(), **{lost: BROKEN}), TERMS)  # type: ignore[arg-type]
    if isinstance(less, Turn):
        assert isinstance(whole, Turn)
        assert less.waiting_for == whole.waiting_for


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_FIELDS = [*open_mr(), "labels"]


@given(
    st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=4),
    st.lists(st.dictionaries(st.sampled_from(["id", "notes", "author"]), _JSON), max_size=3),
    st.lists(st.dictionaries(st.sampled_from(["id", "status", "created_at"]), _JSON), max_size=3),
)
def test_no_record_makes_it_raise(
    changes: dict[str, Any], discussions: list[Record], runs: list[Record]
) -> None:
    """Servers and proxies send anything; then the row says what is not known."""
    facts = Facts(discussions=PartialList(discussions), pipelines=PartialList(runs))
    found = row({**open_mr(), **changes}, facts)
    assert tuple(found) == worklist.COLUMNS
    assert found["Why"]


def test_working_time_is_that_of_the_policy() -> None:
    """A day off counts neither for the age nor for the idle time."""
    from datetime import date

    from gitlab_sync.rules.working_time import WorkingTime

    terms = replace(TERMS, working_time=WorkingTime(UTC, {date(2026, 6, 10)}))
    rules = rules_if_merged(FAIR.merge_requests, NOW)
    found = worklist.open_item(open_mr(), CASES[0].facts(), rules, terms, NOW).row
    assert found["Age"] == 4.1
