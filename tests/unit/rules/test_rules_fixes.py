"""What to fix: faults, the worst first, and what is unknown apart from them."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from rules_examples import clean_facts, facts, issue, merge_request

from gitlab_sync.rules.items import issue as issue_rules
from gitlab_sync.rules.items import merge_request as mr_rules
from gitlab_sync.rules.items.fixes import EvaluatedItems, Fixes, what_to_fix
from gitlab_sync.rules.items.tally import Evaluated
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.types import PartialList, Record

SEVERITIES = ("high", "medium", "low")


def day(number: int, **changes: object) -> Record:
    """Return a clean merge request that was created on that day of March."""
    made = f"2024-03-{number:02}T10:00:00Z"
    url = f"https://gitlab.example/group/app/-/merge_requests/{number}"
    times = {"created_at": made, "merged_at": made}
    return merge_request(**{"id": number, "iid": number, "web_url": url, **times, **changes})


def said(**results: str) -> dict[str, Verdict]:
    """Return verdicts that all pass, but for these."""
    passed = dict.fromkeys((check.id for check in mr_rules.CHECKS), Verdict("pass", "fine"))
    return passed | {check: Verdict(result, f"{check}!") for check, result in results.items()}


def of(*evaluated: Evaluated) -> Fixes:
    """Return what to fix in these merge requests."""
    return what_to_fix([EvaluatedItems("merge request", mr_rules.CHECKS, evaluated)])


def shown(fixes: Fixes) -> list[tuple[str, int]]:
    """Return check and number of each fault, in order."""
    return [(entry.check.id, entry.item["iid"]) for entry in fixes.faults]


def test_severity_comes_first_and_then_the_newest() -> None:
    """Whatever the order in which items were evaluated."""
    fixes = of(
        (day(2), said(no_time_spent="fail", no_unit_tests="fail")),
        (day(9), said(no_time_spent="fail", no_desc="fail")),
        (day(5), said(no_unit_tests="fail", failed_pipeline="fail")),
    )
    assert shown(fixes) == [
        ("no_unit_tests", 5), ("failed_pipeline", 5), ("no_unit_tests", 2),
        ("no_desc", 9), ("no_time_spent", 9), ("no_time_spent", 2),
    ]  # fmt: skip


def test_an_item_without_a_readable_date_is_the_oldest() -> None:
    """It is shown all the same."""
    fixes = of((day(1, created_at=None), said(no_desc="fail")), (day(3), said(no_desc="fail")))
    assert shown(fixes) == [("no_desc", 3), ("no_desc", 1)]


def test_groups_count_and_say_how_large_the_share_is() -> None:
    """Of the items that are known; the others are apart from it."""
    fixes = of(
        (day(1), said(no_desc="fail", no_issues="fail")),
        (day(2), said(no_desc="unknown", no_issues="fail")),
        (day(3), said()),
    )
    many, one = fixes.groups
    assert (many.check.id, len(many.faults), many.known, many.unknown) == ("no_issues", 2, 3, 0)
    assert (one.check.id, len(one.faults), one.known, one.unknown) == ("no_desc", 1, 2, 1)
    assert one.share == 0.5


def test_what_is_not_known_is_no_fault_and_says_why() -> None:
    """Many items with the same reason are told once."""
    unread = facts(notes=[], commits=[], diffs=PartialList((), "403 Forbidden"), pipelines=[])
    evaluated = [(day(number), mr_rules.evaluate(day(number), unread)) for number in (1, 2)]
    fixes = of(*evaluated)
    assert "no_unit_tests" not in {entry.check.id for entry in fixes.faults}
    (doubt,) = fixes.doubts
    assert (doubt.kind, doubt.check.id, doubt.number) == ("merge request", "no_unit_tests", 2)
    assert doubt.reason == "diffs not read: 403 Forbidden"


def test_what_nobody_evaluated_is_not_clean() -> None:
    """An item without verdicts is unknown in every check."""
    fixes = of((day(1), {}))
    assert not fixes.faults
    assert len(fixes.unknown) == len(mr_rules.CHECKS)


def test_an_item_that_is_there_twice_counts_once() -> None:
    """As in the tables of counts."""
    assert shown(of(*[(day(1), said(no_desc="fail"))] * 2)) == [("no_desc", 1)]


def test_a_fault_leads_to_its_item_and_says_what_to_do() -> None:
    """The evidence may lead further into it."""
    mr = day(7)
    (entry,) = of((mr, mr_rules.evaluate(mr, clean_facts()) | said(no_desc="fail"))).faults
    assert entry.link == mr["web_url"]
    assert entry.verdict.reason == "no_desc!"
    assert entry.check.how_to_fix


def test_kinds_are_kept_apart() -> None:
    """A check of the same title is another one for issues."""
    verdicts = issue_rules.evaluate(issue(description=""))
    ruled = [
        EvaluatedItems("merge request", mr_rules.CHECKS, [(day(1), said(no_desc="fail"))]),
        EvaluatedItems("issue", issue_rules.CHECKS, [(issue(description=""), verdicts)]),
    ]
    fixes = what_to_fix(ruled)
    assert [(group.kind, len(group.faults)) for group in fixes.groups] == [
        ("merge request", 1), ("issue", 1),
    ]  # fmt: skip
    assert fixes.evaluated == {"merge request": 1, "issue": 1}


RESULTS = st.fixed_dictionaries(
    {check.id: st.sampled_from(("pass", "fail", "unknown")) for check in mr_rules.CHECKS}
)


@given(st.lists(RESULTS, max_size=8))
def test_faults_and_unknown_answers_are_those_that_the_tables_count(
    results: Sequence[dict[str, str]],
) -> None:
    """Check by check; each fault is in one group, and none is lost by sorting."""
    evaluated = [(day(place + 1), said(**each)) for place, each in enumerate(results)]
    fixes, tally = of(*evaluated), mr_rules.RULES.count(evaluated)
    groups = {group.check.title: group for group in fixes.groups}
    for check in mr_rules.CHECKS:
        faults = len(groups[check.title].faults) if check.title in groups else 0
        assert faults == (tally.cells[check.title] or 0)
        unknown = [entry for entry in fixes.unknown if entry.check is check]
        assert len(unknown) == tally.unknown[check.title]
    ranks = [SEVERITIES.index(entry.check.severity) for entry in fixes.faults]
    assert ranks == sorted(ranks)
    by_group = {(entry.check.id, entry.item["iid"]) for g in fixes.groups for entry in g.faults}
    assert by_group == set(shown(fixes))
    assert len(by_group) == len(fixes.faults)
