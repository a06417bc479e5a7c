"""What holds for the rules whatever GitLab sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from how_many import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_examples import commit, diff, facts, issue, merge_request, note

from gitlab_sync.rules.items import issue as issues
from gitlab_sync.rules.items import merge_request as merge_requests
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.merge_request import CHECKS
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.record import number_id, state
from gitlab_sync.rules.unique import unique
from gitlab_sync.types import PartialList

pytestmark = pytest.mark.slow

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
ABSENT = object()
TIMES = st.sampled_from(
    ["2024-03-01T10:00:00Z", "2024-03-03T10:00:01+05:30", "0001-01-01T00:00:00+14:00", "soon"]
)


def record(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return records in which any field can be right, anything else, or missing."""
    loose = {key: value | JSON | st.just(ABSENT) for key, value in fields.items()}
    return st.fixed_dictionaries(loose).map(
        lambda made: {key: value for key, value in made.items() if value is not ABSENT}
    )


PERSON = record(username=st.sampled_from(["ann", "ANN", "bob", "x-bot", "ghost"]))
STATS = record(total_time_spent=st.integers(0, 2))
STATE = st.sampled_from(["merged", "closed", "opened"])
TEXT = st.sampled_from(["", "fix: a", "see #12", "<!-- #12", "approved this merge request", "x"])
PIPELINE = record(id=st.integers(1, 9), status=st.sampled_from(["failed", "success", "FAILED"]))
MERGE_REQUEST = record(
    id=st.integers(1, 4),
    title=TEXT,
    description=TEXT,
    state=STATE,
    author=PERSON,
    created_at=TIMES,
    merged_at=TIMES,
    closed_at=TIMES,
    upvotes=st.integers(0, 2),
    user_notes_count=st.integers(0, 2),
    time_stats=STATS,
    head_pipeline=PIPELINE,
    web_url=TEXT,
)
ISSUE = record(
    id=st.integers(1, 4),
    title=TEXT,
    description=TEXT,
    state=STATE,
    labels=st.lists(TEXT, max_size=2),
    milestone=st.none(),
    created_at=TIMES,
    closed_at=TIMES,
    time_stats=STATS,
    web_url=TEXT,
)
NOTE = record(id=st.integers(), body=TEXT, system=st.booleans(), author=PERSON)
COMMIT = record(message=TEXT, title=TEXT, parent_ids=st.lists(TEXT, max_size=2))
DIFF = record(new_path=st.sampled_from(["tests/a.py", "a.py", "latest.txt"]))


def reading(row: st.SearchStrategy[Any]) -> st.SearchStrategy[PartialList]:
    """Return readings, whole or broken off, in which a row may even be no record at all."""
    return st.builds(
        PartialList, st.lists(row | JSON, max_size=4), st.none() | st.just("broke off")
    )


FACTS = st.builds(
    Facts,
    reading(NOTE),
    reading(COMMIT),
    reading(DIFF),
    reading(PIPELINE),
    st.none() | reading(STATS),
)
unhurried = settings(max_examples=examples(150), deadline=None)


@unhurried
@given(MERGE_REQUEST, FACTS)
def test_evaluating_a_merge_request_never_raises(mr: dict[str, Any], read: Facts) -> None:
    """Whatever is null, missing or of a strange kind; the reason always says something."""
    verdicts = merge_requests.evaluate(mr, read)
    assert list(verdicts) == [check.id for check in CHECKS]
    quick = merge_requests.evaluate_from_list(mr)
    assert all(verdict.reason for verdict in (*verdicts.values(), *quick.values()))
    for found in (merge_requests.flags(mr, verdicts), merge_requests.flags_from_list(mr)):
        errors = found.pop("errors")
        assert (None in found.values()) == bool(errors)


@unhurried
@given(ISSUE)
def test_evaluating_an_issue_never_raises(record: dict[str, Any]) -> None:
    """Whatever is null, missing or of a strange kind."""
    verdicts = issues.evaluate(record)
    assert all(verdict.reason for verdict in verdicts.values())
    found = issues.flags(record, verdicts)
    errors = found.pop("errors")
    assert (None in found.values()) == bool(errors)


@unhurried
@given(MERGE_REQUEST, FACTS, st.randoms(use_true_random=False))
def test_the_order_of_what_was_read_does_not_matter(
    mr: dict[str, Any], read: Facts, random: Any
) -> None:
    """Neither of notes, commits, files nor pipelines."""
    mixed = {}
    for name in ("notes", "commits", "diffs", "pipelines"):
        part = getattr(read, name)
        mixed[name] = PartialList(random.sample(list(part.rows), len(part.rows)), part.missing)
    before = merge_requests.evaluate(mr, read)
    after = merge_requests.evaluate(mr, replace(read, **mixed))
    assert {c: v.result for c, v in before.items()} == {c: v.result for c, v in after.items()}


@unhurried
@given(st.lists(st.tuples(MERGE_REQUEST, FACTS), max_size=5), st.lists(ISSUE, max_size=5))
def test_faults_and_unknowns_are_never_more_than_items(
    mrs: list[tuple[dict[str, Any], Facts]], all_issues: list[dict[str, Any]]
) -> None:
    """And a cell is null exactly if all items are unknown."""
    evaluated = [(mr, merge_requests.evaluate(mr, read)) for mr, read in mrs]
    full, quick = (
        merge_requests.RULES.count(evaluated),
        merge_requests.efficient_row(m for m, _ in mrs),
    )
    of_issues = issues.efficient_row(all_issues)
    due = unique((mr for mr, _ in mrs if merge_requests.RULES.is_due(mr)), number_id)
    closed = [one for one in unique(all_issues, number_id) if issues.RULES.is_due(one)]
    for tally, title, found in (
        (full, "Closed MRs", due),
        (quick, "Closed MRs", due),
        (of_issues, "Closed Issues", closed),
    ):
        items = len(found)
        # Those without a readable state are in no count, and unknown in all checks.
        assert tally.cells[title] == sum(state(one) is not None for one in found)
        for column, unknown in tally.unknown.items():
            faults = tally.cells[column]
            assert (faults or 0) + unknown <= items
            assert (faults is None) == (0 < items == unknown)
        assert tally.unverified == sum(tally.unknown.values())


@unhurried
@given(MERGE_REQUEST, FACTS, st.data())
def test_reading_less_never_turns_an_answer_into_its_opposite(
    mr: dict[str, Any], read: Facts, data: st.DataObject
) -> None:
    """A list that breaks off earlier can only make an answer unknown."""
    shorter = {}
    for name in ("notes", "commits", "diffs", "pipelines"):
        part = getattr(read, name)
        kept = data.draw(st.integers(0, len(part.rows)))
        shorter[name] = PartialList(part.rows[:kept], "broke off")
    whole = merge_requests.evaluate(mr, read)
    partial = merge_requests.evaluate(mr, replace(read, **shorter))
    for check, verdict in partial.items():
        assert verdict.result in {whole[check].result, "unknown"}


@unhurried
@given(MERGE_REQUEST, FACTS)
def test_a_fact_that_need_not_be_read_changes_nothing(mr: dict[str, Any], read: Facts) -> None:
    """Neither an answer nor its reason or link; one that has to be read may change an answer."""
    wanted = merge_requests.RULES.undecided(mr)
    if state(mr) is None:
        assert wanted == ()  # all its checks are unknown, whatever is read
        return
    less = Facts(**{fact: getattr(read, fact) for fact in wanted})
    assert merge_requests.evaluate(mr, less) == merge_requests.evaluate(mr, read)
    assert {"commits", "diffs", "pipelines"} <= set(wanted)
    unread = merge_requests.evaluate(mr, Facts())
    for check in CHECKS:
        assert set(check.needs) <= set(wanted) or unread[check.id].result != "unknown"


@unhurried
@given(MERGE_REQUEST, FACTS, st.sampled_from(["notes", "commits", "diffs", "pipelines"]))
def test_an_unreadable_row_never_turns_an_answer_into_its_opposite(
    mr: dict[str, Any], read: Facts, name: str
) -> None:
    """A row of which nothing can be read may only make a fault unknown."""
    part = getattr(read, name)
    more = replace(read, **{name: PartialList([*part.rows, None], part.missing)})
    before, after = merge_requests.evaluate(mr, read), merge_requests.evaluate(mr, more)
    for check in before:
        assert {before[check].result, after[check].result} != {"pass", "fail"}


def without(record: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a record without this key."""
    return {name: value for name, value in record.items() if name != key}


def changed(before: Mapping[str, Verdict], after: Mapping[str, Verdict]) -> set[str]:
    """Return the results after a change of the checks with another result before it."""
    return {after[c].result for c in before if after[c].result != before[c].result}


@unhurried
@given(st.sampled_from(sorted(merge_request())), st.data())
def test_a_missing_key_never_turns_an_answer_into_its_opposite(
    key: str, data: st.DataObject
) -> None:
    """For every field of a merge request, an issue, a note, a commit, a file and a pipeline."""
    rows = {
        "notes": note("bob"),
        "commits": commit(),
        "diffs": diff("tests/a.py"),
        "pipelines": {"id": 1, "status": "failed"},
    }
    read = facts(**{name: [row] for name, row in rows.items()})
    for mr in (merge_request(), merge_request(title="x", description="", upvotes=1)):
        before = merge_requests.evaluate(mr, read)
        after = merge_requests.evaluate(without(mr, key), read)
        assert changed(before, after) <= {"unknown"}
        quick = merge_requests.evaluate_from_list(without(mr, key))
        assert changed(merge_requests.evaluate_from_list(mr), quick) <= {"unknown"}
    name = data.draw(st.sampled_from(sorted(rows)))
    field = data.draw(st.sampled_from(sorted(rows[name])))
    plain = merge_request(title="x", description="x")
    before = merge_requests.evaluate(plain, facts(**{name: [rows[name]]}))
    after = merge_requests.evaluate(plain, facts(**{name: [without(rows[name], field)]}))
    assert changed(before, after) <= {"unknown"}
    key = data.draw(st.sampled_from(sorted(issue())))
    for one in (issue(), issue(description="", labels=[], milestone=None, title="x")):
        assert changed(issues.evaluate(one), issues.evaluate(without(one, key))) <= {"unknown"}
