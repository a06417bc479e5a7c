"""What an item was at a moment: whatever happens later changes no verdict that is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from how_many import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import fresh_world

from gitlab_sync.rules.items import history
from gitlab_sync.rules.items.facts import NOTHING, Facts
from gitlab_sync.rules.items.history import History
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.tally import Verdicts
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.policy import CLASSIC, FAIR, Policy, fair
from gitlab_sync.rules.record import NotKnown
from gitlab_sync.sandbox import World
from gitlab_sync.sandbox.generate import TODAY
from gitlab_sync.sandbox.moving import Mover
from gitlab_sync.types import PartialList, Record

WHEN = TODAY.replace(tzinfo=UTC)
EXEMPT = {"no_desc": ("late", "backend"), "no_unit_tests": ("late",)}
TERMS = Terms(milestones="always", exempt_labels=EXEMPT)
POLICIES = {each.name: each for each in (CLASSIC, FAIR, fair(TERMS, "exempt"))}
ACTIONS = (
    *("comment", "approve", "describe", "retitle", "book", "end", "label", "plan", "edit_comment"),
    *("run_pipeline", "retry_pipeline", "push", "vote"),
)
EDITS = {"describe", "retitle", "book", "edit_comment", "retry_pipeline", "push"}
"""Of what these change GitLab keeps no earlier value: a push counts if it was closed before."""


def small_world(seed: int) -> World:
    """Return a world with items of each state."""
    return fresh_world(seed, users=3, merge_requests=9, issues=5, projects=2, large_every=0)


def some_of(world: World) -> list[Record]:
    """Return two items of each kind and state, so that much happens to each."""
    found: dict[tuple[bool, str], list[Record]] = {}
    for item in (*world.tables.merge_requests, *world.tables.issues):
        found.setdefault(("merged_at" in item, item["state"]), []).append(item)
    return [item for _, items in sorted(found.items()) for item in items[:2]]


def lists_of(world: World, item: Record) -> dict[str, PartialList]:
    """Return all lists of an item, by GitLab's names."""
    key, tables = (item["project_id"], item["iid"]), world.tables
    kind = "MergeRequest" if "merged_at" in item else "Issue"
    events = tables.resource_events.get((kind, *key), [])
    rows = {
        "resource_state_events": [each for each in events if "state" in each],
        "resource_label_events": [each for each in events if "label" in each],
        "resource_milestone_events": [each for each in events if "milestone" in each],
        "notes": (tables.mr_notes if kind == "MergeRequest" else tables.issue_notes).get(key),
        "versions": tables.mr_versions.get(key),
    }
    return {name: PartialList(found) for name, found in rows.items()}


def facts_of(world: World, item: Record) -> Facts:
    """Return all facts of a merge request."""
    key, tables = (item["project_id"], item["iid"]), world.tables
    if "merged_at" not in item:
        return NOTHING
    parts = (tables.mr_notes, tables.mr_commits, tables.mr_diffs, tables.mr_pipelines)
    return Facts(*(PartialList(part.get(key)) for part in parts))


def rules_of(item: Record, policy: Policy) -> RuleSet:
    """Return the rules that evaluate an item."""
    return policy.merge_requests if "merged_at" in item else policy.issues


def verdicts_of(world: World, item: Record, policy: Policy) -> Verdicts:
    """Return the verdicts on an item as it is."""
    return rules_of(item, policy).evaluate(item, facts_of(world, item))


def as_it_was(world: World, item: Record, policy: Policy) -> tuple[Record, Verdicts]:
    """Return an item as it was, with its verdicts, reading only what is needed."""
    rules, lists = rules_of(item, policy), lists_of(world, item)
    past = history.with_state(item, lists["resource_state_events"], WHEN)
    needed = history.lists_needed(past, item, rules, WHEN)
    read = History(**{name: lists[name] for name in needed})
    past = history.with_fields(past, item, read, WHEN)
    facts = facts_of(world, item)
    if history.is_merge_request(item):
        if history.has_changed(item, WHEN):
            past |= history.texts(item, facts.notes, WHEN)
        facts = history.facts_then(facts, past, read, WHEN)
    return past, rules.evaluate(past, facts)


def act(world: World, action: str, item: Record, at: datetime) -> None:
    """Let something happen to an item, if it can."""
    mover, is_mr = Mover(world, world.tables.users[0]), "merged_at" in item
    notes = lists_of(world, item)["notes"].rows
    if action == "comment":
        mover.comment(item, at, "see #12")
    elif action == "describe":
        mover.describe(item, at, None if item["description"] else "A text, see #3")
    elif action == "retitle":
        mover.retitle(item, at, "feat: now it is semantic (#4)")
    elif action == "book":
        mover.book(item, at, 3600 if at.minute % 2 else -(10**6))
    elif action == "end":
        ends = {"closed": mover.reopen, "opened": mover.merge if is_mr and at.minute % 2 else
                mover.close}  # fmt: skip
        if item["state"] in ends:
            ends[item["state"]](item, at)
    elif action == "label":
        mover.label(item, at, ("late", "backend")[at.minute % 2])
    elif action == "plan":
        new = {"id": 7, "title": "Next"}
        mover.plan(item, at, None if item["milestone"] else new)
    elif action == "edit_comment" and any(not note["system"] for note in notes):
        mover.edit_comment(item, next(note for note in notes if not note["system"]), at, "see #5")
    elif action == "vote":
        item["upvotes"] += 1
    elif is_mr and action == "approve":
        mover.approve(item, at)
    elif is_mr and action == "run_pipeline":
        mover.run_pipeline(item, at, "failed")
    elif is_mr and action == "retry_pipeline":
        mover.retry_pipeline(item, at, ("failed", "success", "running")[at.minute % 3])
    elif is_mr and action == "push" and item["state"] == "opened":
        commit = {"id": "1" * 40, "message": "feat: late (#1)", "title": "feat: late (#1)"}
        mover.push(item, at, [{**commit, "parent_ids": []}])


STEPS = st.tuples(st.sampled_from(ACTIONS), st.integers(0, 9), st.integers(1, 999))
"""What happens: an action, to which item, after so many minutes more."""


@pytest.mark.slow
@given(
    st.lists(STEPS, min_size=30, max_size=60), st.sampled_from(sorted(POLICIES)), st.integers(1, 4)
)
@settings(max_examples=examples(60), deadline=None)
def test_later_events_change_no_verdict_that_is_known(
    later: list[tuple[str, int, int]], name: str, seed: int
) -> None:
    """What is unknown says why: something was edited of which nothing is kept, or voted for."""
    world, policy = small_world(seed), POLICIES[name]
    items = some_of(world)
    before = [(item["state"], verdicts_of(world, item, policy)) for item in items]
    at, happened = WHEN + timedelta(seconds=1), [set[str]() for _ in items]
    for action, number, minutes in later:
        at += timedelta(minutes=minutes)
        act(world, action, items[number % len(items)], at)
        happened[number % len(items)].add(action)
    for item, (state, verdicts), actions in zip(items, before, happened, strict=True):
        past, found = as_it_was(world, item, policy)
        assert past["state"] == state
        if not rules_of(item, policy).is_due(past):
            continue
        for check, verdict in found.items():
            if verdict.result == verdicts[check].result:
                continue
            assert verdict.result == "unknown", (check, verdict, verdicts[check], actions)
            told = verdict.reason
            edited = "not known as of then" in told or "a note not readable" in told
            assert "voted for" in told or (edited and actions & EDITS), (check, verdict)


LATER = "2026-06-20T00:00:00.000Z"
EARLIER = "2026-06-01T00:00:00.000Z"
ISSUE = {
    "id": 1,
    "state": "closed",
    "created_at": EARLIER,
    "updated_at": LATER,
    "closed_at": "2026-06-02T00:00:00.000Z",
    "labels": ["backend"],
    "milestone": None,
    "title": "fix: it",
    "description": "See #1.",
    "time_stats": {"total_time_spent": 0},
}


@pytest.mark.parametrize(
    ("events", "labels"),
    [
        ([], ["backend"]),
        ([("add", "backend", LATER)], []),
        ([("remove", "late", LATER)], ["backend", "late"]),
        ([("remove", "backend", LATER), ("add", "backend", LATER)], ["backend"]),
        ([("add", "backend", EARLIER)], ["backend"]),
        ([("add", None, LATER)], "a label that it had was deleted: labels not known as of then"),
        ([("replace", "backend", LATER)], "a label event is not readable"),
    ],
)
def test_labels_are_those_before_each_later_event(
    events: list[tuple[str, str | None, str]], labels: object
) -> None:
    """Of a label that was deleted, GitLab shows no name."""
    rows = [
        {"id": number, "action": action, "created_at": at, "label": name and {"name": name}}
        for number, (action, name, at) in enumerate(events)
    ]
    read = History(resource_label_events=PartialList(rows))
    found = history.with_fields(ISSUE, ISSUE, read, WHEN)["labels"]
    assert (found.reason if isinstance(found, NotKnown) else found) == labels


@pytest.mark.parametrize(
    ("note", "changed"),
    [
        ("changed the description", "description"),
        ("changed title from **a** to **b**", "title"),
        ("marked this merge request as **ready**", "title"),
        ("unmarked as a **Work In Progress**", "title"),
        ("added 2h of time spent", "time_stats"),
        ("added 2h of time spent at 2026-06-01", "time_stats"),
        ("deleted 30m of spent time from 2026-06-01", "time_stats"),
        ("removed time spent", "time_stats"),
        ("added 3 commits", None),
        ("marked the checklist item **x** as completed", None),
    ],
)
def test_notes_of_gitlab_tell_what_was_changed(note: str, changed: str | None) -> None:
    """Only those after the moment, and only those that GitLab wrote."""

    def lost(**told: object) -> list[str]:
        row = {"id": 1, "body": note, "system": True, "created_at": LATER, **told}
        found = history.texts(ISSUE, PartialList([row]), WHEN)
        return [key for key, value in found.items() if isinstance(value, NotKnown)]

    assert lost() == ([changed] if changed else [])
    assert lost(created_at=EARLIER) == lost(system=False) == []


def test_a_server_that_tells_of_the_last_edit_is_believed() -> None:
    """If no note says what was edited, neither title nor description is known."""
    edited = {**ISSUE, "last_edited_at": LATER}
    found = history.texts(edited, PartialList(), WHEN)
    assert found["title"] == NotKnown("title changed at 2026-06-20T00:00:00+00:00: not known as of "
                                      "then")  # fmt: skip
    assert isinstance(found["description"], NotKnown)
    assert history.texts({**ISSUE, "last_edited_at": EARLIER}, PartialList(), WHEN) == {
        key: ISSUE[key] for key in ("title", "description", "time_stats")
    }


def test_what_could_not_be_read_is_unknown_and_says_why() -> None:
    """Each list for the field that it tells of."""
    broken = PartialList((), "403 Forbidden")
    read = History(resource_label_events=broken, resource_milestone_events=broken, notes=broken)
    found = history.with_fields(ISSUE, ISSUE, read, WHEN)
    assert set(history.doubts(found)) == {
        "label events not read: 403 Forbidden",
        "milestone events not read: 403 Forbidden",
        "notes not read: 403 Forbidden",
    }
    opened = {**ISSUE, "state": "opened", "closed_at": None}
    state = history.with_state(opened, broken, WHEN)["state"]
    assert state == NotKnown("state events not read: 403 Forbidden")


def test_a_moment_is_a_whole_second() -> None:
    """Since GraphQL cuts fractions off, what happened within the second was there."""
    when = datetime(2026, 6, 20, tzinfo=UTC)
    assert not history.has_changed({"updated_at": "2026-06-20T00:00:00.999Z"}, when)
    assert history.has_changed({"updated_at": "2026-06-20T00:00:01Z"}, when)
    assert history.has_changed({"updated_at": "now"}, when), "it can have changed"


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("moved to acme/other#3", {"moved_to_id": 5}),
        ("marked this issue as a duplicate of #3", {"_links": {"closed_as_duplicate_of": "/3"}}),
    ],
)
def test_an_issue_that_another_replaced_later_is_evaluated(said: str, place: Record) -> None:
    """One that was replaced before is not: the note tells which it was."""
    item, rules = {**ISSUE, **place}, FAIR.issues
    past = history.with_state(item, PartialList(), WHEN)
    assert history.NOTES in history.lists_needed(past, item, rules, WHEN)

    def result(at: str) -> str:
        note = {"id": 1, "body": said, "system": True, "created_at": at}
        found = history.with_fields(past, item, History(notes=PartialList([note])), WHEN)
        return rules.evaluate(found)["no_desc"].result

    assert (result(EARLIER), result(LATER)) == ("n/a", "pass")


def test_a_field_that_a_server_leaves_out_stays_missing() -> None:
    """No event says what it was."""
    item = {key: value for key, value in ISSUE.items() if key not in {"labels", "milestone"}}
    read = History(resource_label_events=PartialList(), resource_milestone_events=PartialList())
    assert not {"labels", "milestone"} & history.with_fields(item, item, read, WHEN).keys()
