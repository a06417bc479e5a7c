"""Known faults and new ones: fingerprints that last, the file, and what a run fails on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.verdict import Result, Verdict
from gitlab_sync.rules.policy import FAIR
from gitlab_sync.rules.projects.checks import CHECKS
from gitlab_sync.rules.projects.compliance import Report, Score
from gitlab_sync.rules.projects.facts import Finding
from gitlab_sync.rules.ratchet.baseline import FORMAT, Baseline, KnownFault, parse_baseline
from gitlab_sync.rules.ratchet.check_result import CheckResult, of_item, of_project
from gitlab_sync.rules.ratchet.comparison import Comparison, decided, known_faults
from gitlab_sync.rules.ratchet.limits import Limits
from gitlab_sync.rules.ratchet.place import Kind, Place, place_of_item
from gitlab_sync.types import PartialList

RULES = FAIR.merge_requests
HERE = Place("courses/app", "merge request", 42)

texts = st.text(max_size=20)
times = st.datetimes().map(lambda time: f"{time.isoformat()}Z")
kinds: st.SearchStrategy[Kind] = st.sampled_from(("project", "merge request", "issue"))
places = st.builds(Place, texts, kinds, st.none() | st.integers(0, 10**6))
spots = st.tuples(texts, places)
records = st.fixed_dictionaries(
    {},
    optional={
        "title": texts,
        "description": texts | st.none(),
        "created_at": times,
        "merged_at": times,
        "state": st.sampled_from(["merged", "opened", "closed"]),
        "labels": st.lists(texts),
        "web_url": texts,
        "sha": texts,
        "updated_at": times,
    },
)
notes = st.lists(st.fixed_dictionaries({"system": st.booleans(), "body": texts}))
facts = st.builds(
    lambda rows, paths: Facts(
        notes=PartialList(rows), diffs=PartialList([{"new_path": path} for path in paths])
    ),
    notes,
    st.lists(texts),
)


def fingerprints(mr: dict[str, Any], read: Facts) -> dict[str, str]:
    """Return the fingerprint of each check of the merge request `HERE` with this record."""
    verdicts = RULES.evaluate(mr, read)
    return {each.check.id: each.fingerprint for each in of_item(mr, HERE, RULES, verdicts, read)}


@given(records, facts, records, facts)
def test_no_text_time_or_list_of_an_item_changes_a_fingerprint(
    before: dict[str, Any], read: Facts, after: dict[str, Any], later: Facts
) -> None:
    """Nor does a second run."""
    assert fingerprints(before, read) == fingerprints(after, later) == fingerprints(before, read)


@settings(max_examples=25)
@given(st.data())
def test_no_text_file_or_line_of_a_finding_changes_a_fingerprint(data: st.DataObject) -> None:
    """A line that moves is the same fault."""
    results: list[Any] = ["pass", "fail", "unknown", "not applicable"]
    findings = st.builds(
        Finding, st.sampled_from(results), texts, st.none() | texts, st.none() | st.integers(1)
    )

    def known(languages: Sequence[str]) -> dict[str, str]:
        found = {check.id: data.draw(findings) for check in CHECKS}
        report = Report(found, Score(), tuple(languages))
        return {each.check.id: each.fingerprint for each in of_project(report, Place("a/b"))}

    assert known([]) == known(["Python"])


@given(spots, spots)
def test_two_spots_have_the_same_fingerprint_only_if_they_are_the_same(
    one: tuple[str, Place], other: tuple[str, Place]
) -> None:
    """Wherever the borders between their parts are."""
    (check, place), (second, elsewhere) = one, other
    same = (check, place) == (second, elsewhere)
    assert (place.fingerprint(check) == elsewhere.fingerprint(second)) == same


def test_a_fingerprint_is_the_same_in_every_version() -> None:
    """The baselines of all teams have them."""
    found = HERE.fingerprint("no_desc")
    assert found == "e411c0a995438c015225288fdae749063f1a0de7bd8f57a1a0af9f4a7a23d406"


@pytest.mark.parametrize(
    ("item", "kind", "place"),
    [
        ({"references": {"full": "a/b!7"}}, "merge request", "a/b!7"),
        ({"references": {"full": "a/b#7"}}, "issue", "a/b#7"),
        ({"web_url": "https://x.example/a/b/-/merge_requests/7"}, "merge request", "a/b!7"),
        ({"references": {"full": "a/b#7"}}, "merge request", None),
        ({"references": {"full": "!7"}}, "merge request", None),
        ({"references": {"full": "a/b!seven"}}, "merge request", None),
        ({}, "issue", None),
    ],
)
def test_the_place_of_an_item_is_what_its_record_says(
    item: dict[str, Any], kind: Kind, place: str | None
) -> None:
    """Older servers have no references, but the address."""
    found = place_of_item(item, kind)
    assert (None if found is None else str(found)) == place


# -- the file --------------------------------------------------------------------------------------

lines = st.builds(KnownFault, *[st.text(min_size=1, max_size=20)] * 3)
baselines = st.builds(Baseline, texts, st.none() | texts, st.frozensets(lines, max_size=8))


@given(baselines)
def test_a_baseline_is_read_as_it_was_written(baseline: Baseline) -> None:
    """It is sorted, with a line for each fault, so that its history is easy to read."""
    text = baseline.to_text()
    assert parse_baseline(text.encode(), "file") == baseline
    listed = json.loads(text)["faults"]
    assert [*map(tuple, (each.values() for each in listed))] == sorted(
        (each.place, each.check, each.fingerprint) for each in baseline.faults
    )
    assert len(text.split("\n")) == (len(listed) + 8 if listed else 7)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "must be JSON"),
        (b"\xff", "must be JSON"),
        (b"[]", "must be a baseline"),
        (b'{"faults": []}', "must be a baseline"),
        (b'{"format": 2, "policy": "fair", "project": null, "faults": []}', "format 1, got 2"),
        (b'{"format": 1, "policy": "fair", "project": null}', "must have a policy"),
        (b'{"format": 1, "policy": 7, "project": null, "faults": []}', "must have a policy"),
        (b'{"format": 1, "policy": "fair", "faults": [{"place": "a"}]}', "must have a policy"),
        (b'{"format": 1, "x": ' + b"[" * 100_000, "must be JSON"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_with_what_to_do(content: bytes, told: str) -> None:
    """It is never taken for an empty one."""
    with pytest.raises(ConfigurationError, match=told) as caught:
        parse_baseline(content, "known.json")
    assert str(caught.value).startswith("known.json ")
    assert "write" in caught.value.hint.lower()


def test_a_baseline_that_is_too_large_is_refused_unread() -> None:
    """To write it again would not help."""
    with pytest.raises(ConfigurationError, match=r"^known\.json .*too large") as caught:
        parse_baseline(b'"' + b"x" * (17 << 20) + b'"', "known.json")
    assert "write" not in caught.value.hint.lower()


def test_a_baseline_of_another_policy_or_project_is_refused_with_what_to_do() -> None:
    """What it knows was found by other rules, or is elsewhere. One for any project fits each."""
    baseline = Baseline("fair", "courses/app")
    baseline.check_fits("fair", "courses/app", "known.json")
    Baseline("fair", None).check_fits("fair", "courses/app", "known.json")
    for policy, project, told in (
        ("classic", "courses/app", "for the policy classic, got the policy fair"),
        ("fair", "courses/lib", "for the project courses/lib, got the project courses/app"),
        ("fair", None, "for any project, got the project courses/app"),
    ):
        with pytest.raises(ConfigurationError, match=told) as caught:
            baseline.check_fits(policy, project, "known.json")
        assert "--baseline" in caught.value.hint


def test_the_format_is_part_of_the_file() -> None:
    """So that a later version can tell."""
    assert json.loads(Baseline("fair", None).to_text())["format"] == FORMAT


# -- comparison ------------------------------------------------------------------------------------

RESULTS: tuple[Result, ...] = ("pass", "fail", "unknown", "n/a")
verdicts = st.builds(Verdict, st.sampled_from(RESULTS), texts, st.none(), st.booleans())
few = st.builds(Place, st.sampled_from(["a", "b"]), st.just("issue"), st.integers(1, 3))
results = st.lists(st.builds(CheckResult, st.sampled_from(RULES.checks), few, verdicts))


@given(results, results)
def test_a_comparison_finds_each_fault_new_or_known_and_those_that_are_gone(
    before: list[CheckResult], now: list[CheckResult]
) -> None:
    """What was not looked at, or could not be decided, is not gone."""
    baseline = Baseline("fair", None).renewed(known_faults(first(before)), ())
    comparison = Comparison.of(now, baseline)
    new, known = comparison.those("new"), comparison.those("known")
    faults = {each.fingerprint for each in first(now) if each.outcome == "fault"}
    assert {each.fingerprint for each in new} == faults - baseline.fingerprints
    assert {each.fingerprint for each in known} == faults & baseline.fingerprints
    gone = {each.fingerprint for each in comparison.gone}
    assert gone == (baseline.fingerprints & decided(first(now))) - faults

    tighter = baseline.without(comparison.gone)
    assert tighter.fingerprints == baseline.fingerprints - gone
    again = Comparison.of(now, tighter)
    assert not again.gone
    assert again.those("new") == new
    renewed = baseline.renewed(known_faults(first(now)), decided(first(now)))
    assert not Comparison.of(now, renewed).those("new")
    assert not Comparison.of(now, renewed).gone


def first(found: Sequence[CheckResult]) -> list[CheckResult]:
    """Return the first result of each spot: an item can be several people's."""
    return list({each.fingerprint: each for each in reversed(found)}.values())


@given(results, st.data())
def test_the_order_of_results_decides_nothing(
    found: list[CheckResult], data: st.DataObject
) -> None:
    """Answers of GitLab come in any order."""
    distinct = first(found)
    other = data.draw(st.permutations(distinct))
    one, two = Comparison.of(distinct), Comparison.of(other)
    assert one.those("new", "unknown") == two.those("new", "unknown")


def result(verdict: Result, severity: str, number: int) -> CheckResult:
    """Return a result of a check with this severity."""
    check = next(each for each in RULES.checks if each.severity == severity)
    return CheckResult(check, Place("a/b", "issue", number), Verdict(verdict, "so"))


@pytest.mark.parametrize(
    ("limits", "numbers"),
    [
        (Limits(), {2, 3}),
        (Limits("any"), {1, 2, 3}),
        (Limits("none"), set()),
        (Limits("new", "medium"), {3}),
        (Limits("any", "medium"), {1, 3}),
        (Limits("any", "high"), {3}),
    ],
)
def test_a_run_fails_on_what_its_limits_say(limits: Limits, numbers: set[int]) -> None:
    """What could not be read counts only from the same severity on."""
    found = [result("fail", severity, number) for number, severity in SEVERITIES.items()]
    found += [result("unknown", severity, number + 3) for number, severity in SEVERITIES.items()]
    baseline = Baseline("fair", None, frozenset(known_faults(found[:1])))
    comparison = Comparison.of(found, baseline)
    assert {each.place.number for each in comparison.failing(limits)} == numbers
    unread = {each.place.number for each in comparison.unread(limits)}
    least = {"low": {4, 5, 6}, "medium": {4, 6}, "high": {6}}
    assert unread == least[limits.least]


SEVERITIES = {1: "medium", 2: "low", 3: "high"}
