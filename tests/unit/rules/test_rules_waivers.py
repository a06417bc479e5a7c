"""Waivers: which faults do not count, until when, and which waivers are of nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from project_examples import COMPLETE, repository, without
from rules_examples import issue, merge_request

from gitlab_sync.rules.items import table, waived
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.fixes import EvaluatedItems, what_to_fix
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.items.verdict import Result, Verdict
from gitlab_sync.rules.items.while_open import rules_if_merged
from gitlab_sync.rules.policy import CLASSIC, FAIR, fair
from gitlab_sync.rules.projects.compliance import DEFAULT_POLICY, evaluate, summary_row
from gitlab_sync.rules.waiver import Waiver
from gitlab_sync.rules.waivers import Subject, Waivers, WaiverUse
from gitlab_sync.rules.working_time import WorkingTime
from gitlab_sync.types import Record

UNTIL = date(2026, 12, 31)
SUBJECT = Subject("courses/web/app!7", "courses/web/app", "Ann")


def waiver(check: str = "no_desc", until: date = UNTIL, **limit: Any) -> Waiver:
    """Return a waiver of a check."""
    told = {"reason": "pair-programmed", "by": "mentor1", **limit}
    return Waiver(check, until=until, **told)


@pytest.mark.parametrize(
    ("limit", "covers"),
    [
        ({}, True),
        ({"item": "courses/web/app!7"}, True),
        ({"item": "Courses/Web/App!7"}, True),
        ({"item": "courses/web/app#7"}, False),
        ({"item": "courses/web/app!70"}, False),
        ({"item": "web/app!7"}, False),
        ({"project": "courses/web/app"}, True),
        ({"project": "/courses/web/app/"}, True),
        ({"project": "courses/web"}, False),
        ({"project": "courses/web/app2"}, False),
        ({"group": "courses/web"}, True),
        ({"group": "courses"}, True),
        ({"group": "course"}, False),
        ({"group": "courses/web/app"}, False),
        ({"person": "ann"}, True),
        ({"person": "@ANN"}, True),
        ({"person": "anna"}, False),
    ],
)
def test_a_waiver_covers_what_it_is_limited_to(limit: dict[str, str], covers: bool) -> None:
    """Paths and names whatever their case; a project is no group, and no part of another's name."""
    waivers = Waivers((waiver(**limit),))
    assert (waivers.covering("no_desc", SUBJECT) is not None) == covers
    assert waivers.covering("no_issues", SUBJECT) is None
    assert (waivers.covering("no_desc", Subject()) is not None) == (limit == {})


def test_of_several_the_narrowest_counts_and_then_the_one_that_ends_last() -> None:
    """Whatever their order."""
    later = date(2027, 1, 1)
    given = [
        waiver(),
        waiver(group="courses"),
        waiver(group="courses/web"),
        waiver(project="courses/web/app"),
        waiver(person="ann"),
        waiver(item="courses/web/app!7"),
        waiver(item="courses/web/app!7", until=later),
    ]
    while given:
        for order in (given, given[::-1]):
            assert Waivers(tuple(order)).covering("no_desc", SUBJECT) == given[-1]
        given.pop()


@pytest.mark.parametrize(
    ("zone", "moment", "counts"),
    [
        ("UTC", "2026-12-31T23:59:59+00:00", False),
        ("UTC", "2027-01-01T00:00:00+00:00", True),
        ("Asia/Kolkata", "2026-12-31T18:29:59+00:00", False),
        ("Asia/Kolkata", "2026-12-31T18:30:00+00:00", True),
        ("America/New_York", "2027-01-01T04:59:59+00:00", False),
    ],
)
def test_a_waiver_holds_up_to_the_end_of_its_last_day(zone: str, moment: str, counts: bool) -> None:
    """By the clock of the policy's time zone; then the fault counts again."""
    terms = Terms(WorkingTime(ZoneInfo(zone)))
    policy = replace(fair(terms), waivers=(waiver(),)).at(datetime.fromisoformat(moment))
    mr = merge_request(state="merged", description="")
    for rules in (policy.merge_requests, policy.quick):
        verdict = rules.evaluate(mr)["no_desc"]
        assert verdict.result == ("fail" if counts else "waived")
    assert policy.issues.evaluate(issue(state="closed", description=""))["no_desc"].result == (
        "fail" if counts else "waived"
    )
    assert [*policy.waivers_of_day.ended] == ([waiver()] if counts else [])


def test_a_waived_verdict_says_why_by_whom_until_when_and_what_the_fault_is() -> None:
    """With its evidence; only faults can be waived."""
    policy = replace(FAIR, waivers=(waiver(), waiver("no_issues")))
    mr = merge_request(state="merged", description="")
    plain, found = (each.merge_requests.evaluate(mr) for each in (FAIR, policy))
    assert plain["no_desc"].result == "fail"
    assert found["no_desc"] == Verdict(
        "waived",
        "waived by mentor1 until 2026-12-31: pair-programmed (no description)",
        plain["no_desc"].evidence,
        waiver=waiver(),
    )
    assert {**found, "no_desc": None} == {**plain, "no_desc": None}


def test_the_waiver_of_a_person_holds_in_the_rows_of_that_person_alone() -> None:
    """An issue counts for its author, and for its assignees."""
    rules = replace(FAIR, waivers=(waiver(person="zoe"),)).issues
    open_long = issue(state="closed", description="", author={"username": "ann"})
    for person, result in {None: "fail", "ann": "fail", "Zoe": "waived"}.items():
        assert rules.evaluate(open_long, person=person)["no_desc"].result == result


def test_an_item_without_a_reference_is_known_by_its_address() -> None:
    """Without either, only what is wider covers it."""
    address = "https://gitlab.example/courses/app/-/merge_requests/7"
    named = merge_request(web_url=address, references={"full": "courses/app!8"})
    assert waived.subject_of(named).item == "courses/app!8"
    found = waived.subject_of(merge_request(web_url=address, references=None))
    assert (found.item, found.project) == ("courses/app!7", "courses/app")
    found = waived.subject_of(merge_request(web_url=None, references=None))
    assert (found.item, found.project) == (None, None)


def test_open_merge_requests_and_what_to_fix_follow() -> None:
    """Since all of them ask the same rules."""
    policy = replace(FAIR, waivers=(waiver(),))
    now = datetime(2026, 5, 1, tzinfo=UTC)
    opened = merge_request(state="opened", description="")
    verdicts = rules_if_merged(policy.merge_requests, now).evaluate(opened)
    assert verdicts["no_desc"].result == "waived"
    merged = merge_request(state="merged", description="")
    evaluated = [(merged, policy.merge_requests.evaluate(merged))]
    kinds = [EvaluatedItems("merge request", policy.merge_requests.checks, evaluated)]
    found = what_to_fix(kinds)
    assert [entry.check.id for entry in found.waived] == ["no_desc"]
    assert "no_desc" not in {entry.check.id for entry in (*found.faults, *found.unknown)}
    assert found.of_check("merge request", "No Desc").waived == found.waived


def test_only_a_policy_with_waivers_has_their_column() -> None:
    """The last one, whatever has ended: files of others keep their bytes."""
    for plain in (FAIR, CLASSIC):
        ended = replace(plain, waivers=(waiver(),), day=date(2030, 1, 1))
        for rules in ("merge_requests", "quick", "issues"):
            columns = table.columns(getattr(plain, rules))
            assert "Waived" not in columns
            assert table.columns(getattr(ended, rules)) == (*columns, "Waived")


def test_a_waived_fault_is_in_no_cell_and_in_no_number_of_items() -> None:
    """If all are, the check has no number, as one that applies to nothing; in classic it has 0."""
    faulty = [merge_request(id=at, state="merged", description="") for at in range(3)]
    faulty[0]["references"] = {"full": "courses/app!0"}
    for plain, nothing in ((FAIR, None), (CLASSIC, 0)):
        for limit, cell, of, number in (
            ({"item": "courses/app!0"}, 2, 2, 1),
            ({}, nothing, 0, 3),
        ):
            rules = replace(plain, waivers=(waiver(**limit),)).quick
            counted = rules.count((mr, rules.evaluate(mr)) for mr in faulty)
            assert (counted.cells["No Desc"], counted.of["No Desc"]) == (cell, of)
            assert counted.waived["No Desc"] == number
            assert counted.unknown["No Desc"] == 0
            assert table.cells(counted, rules)["Waived"] == number


# -- whatever the waivers --------------------------------------------------------------------------

CHECKS = tuple(Check(name, name.upper(), "low", "", "", "") for name in ("one", "two", "three"))
RULES = RuleSet(
    CHECKS,
    lambda item, _: {name: Verdict(result, name) for name, result in item["found"].items()},
    frozenset({"merged"}),
    {},
    shares=True,
)
PATHS = ("a/b/x", "a/b/y", "a/z", "b/x")
PEOPLE = ("ann", "bob")
RESULTS: tuple[Result, ...] = ("pass", "fail", "unknown", "n/a")
NAMES = st.sampled_from([check.id for check in CHECKS])
ITEMS = st.lists(
    st.fixed_dictionaries(
        {
            "state": st.just("merged"),
            "references": st.builds(
                lambda path, sign, iid: {"full": f"{path}{sign}{iid}"},
                st.sampled_from(PATHS),
                st.sampled_from("!#"),
                st.integers(1, 3),
            ),
            "author": st.sampled_from(PEOPLE).map(lambda name: {"username": name}),
            "found": st.fixed_dictionaries(
                {check.id: st.sampled_from(RESULTS) for check in CHECKS}
            ),
        }
    ),
    max_size=8,
)
LIMITS = st.one_of(
    st.just({}),
    st.builds(
        lambda path, sign, iid: {"item": f"{path}{sign}{iid}"},
        st.sampled_from(PATHS),
        st.sampled_from("!#"),
        st.integers(1, 3),
    ),
    st.sampled_from(PATHS).map(lambda path: {"project": path}),
    st.sampled_from(("a", "a/b", "b", "A/B")).map(lambda path: {"group": path}),
    st.sampled_from((*PEOPLE, "Bob")).map(lambda name: {"person": name}),
)
DAY = date(2026, 6, 1)
DAYS = st.sampled_from((date(2026, 5, 31), DAY, date(2026, 6, 2)))
WAIVERS = st.lists(
    st.builds(
        lambda check, until, by, limit: Waiver(check, "so", by, until, **limit),
        NAMES,
        DAYS,
        st.sampled_from("mn"),
        LIMITS,
    ),
    max_size=6,
).map(tuple)


def covers(each: Waiver, item: Record, check: str) -> bool:
    """Say whether a waiver covers a fault: computed a second time."""
    name = str(item["references"]["full"]).lower()
    path = name.replace("#", "!").split("!")[0]
    limits = {
        each.item: name,
        each.project: path,
        each.person: item["author"]["username"],
    }
    within = each.group is None or path.startswith(f"{each.group.lower()}/")
    same = all(limit is None or limit.lower() == own for limit, own in limits.items())
    return each.check == check and each.until >= DAY and within and same


@given(items=ITEMS, waivers=WAIVERS, data=st.data())
def test_waivers_change_nothing_but_the_faults_that_they_cover(
    items: list[Record], waivers: tuple[Waiver, ...], data: st.DataObject
) -> None:
    """And their order changes nothing at all."""
    rules = replace(RULES, waivers=Waivers(waivers, DAY))
    evaluated = [(item, rules.evaluate(item)) for item in items]
    for item, verdicts in evaluated:
        for name, verdict in verdicts.items():
            among = [each for each in waivers if covers(each, item, name)]
            fails = item["found"][name] == "fail"
            assert verdict.result == ("waived" if fails and among else item["found"][name])
            assert (verdict.waiver in among) if verdict.result == "waived" else not verdict.waiver
    plain = RULES.count((item, RULES.evaluate(item)) for item in items)
    counted = rules.count(evaluated)
    for check in CHECKS:
        title = check.title
        lost = counted.waived[title]
        assert counted.unknown[title] == plain.unknown[title]
        assert (counted.cells[title] or 0) == (plain.cells[title] or 0) - lost
        assert (counted.of[title] or 0) == (plain.of[title] or 0) - lost
        assert (counted.cells[title] is None) == (not counted.of[title])
        if not any(each.check == check.id for each in waivers):
            assert lost == 0
            assert counted.cells[title] == plain.cells[title]
            assert counted.of[title] == plain.of[title]
    other = replace(rules, waivers=Waivers(tuple(data.draw(st.permutations(waivers))), DAY))
    assert [(item, other.evaluate(item)) for item in items] == evaluated


@given(items=ITEMS, waivers=WAIVERS)
def test_what_is_of_nothing_covers_no_fault_and_no_unknown_one_of_the_run(
    items: list[Record], waivers: tuple[Waiver, ...]
) -> None:
    """And there was something that it could cover, as many as is said."""
    rules = replace(RULES, waivers=Waivers(waivers, DAY))
    use = WaiverUse(rules.waivers)
    for item in items:
        for name, verdict in rules.evaluate(item).items():
            use.look(name, waived.subject_of(item), verdict.result)
    expected = []
    for each in waivers:
        results = [item["found"][each.check] for item in items if covers(each, item, each.check)]
        if results and not {"fail", "unknown"} & {*results}:
            expected.append((each, len(results)))
    assert use.unused(("item", "project", "person", "group", "")) == expected
    narrow = [(each, number) for each, number in expected if each.item or each.person]
    assert use.unused(("item", "person")) == narrow


# -- projects --------------------------------------------------------------------------------------


def test_a_waived_fault_of_a_project_counts_in_no_score() -> None:
    """Neither what passes of it nor what fails."""
    facts = repository(without(COMPLETE, "LICENSE", "README.md"))
    path = str(facts.project["path_with_namespace"])
    plain = evaluate(facts)
    assert (plain.findings["license"].result, plain.waived) == ("fail", 0)
    for limit in ({}, {"project": path}, {"group": path.rpartition("/")[0]}):
        policy = replace(DEFAULT_POLICY, waivers=Waivers((waiver("license", **limit),)))
        found = evaluate(facts, policy)
        assert found.findings["license"].result == "waived"
        assert found.findings["license"].reason.startswith("waived by mentor1 until 2026-12-31: ")
        assert found.findings["license"].reason.endswith(f"({plain.findings['license'].reason})")
        assert found.score.passed == plain.score.passed
        assert found.score.failed == plain.score.failed - policy.weights["license"]
        assert {check.id for check in plain.faults} - {check.id for check in found.faults} == {
            "license"
        }
        cells = summary_row(facts, found, policy)
        assert (cells[policy.license_title], cells["Waived"]) == ("waived", 1)
    other = replace(DEFAULT_POLICY, waivers=Waivers((waiver("license", project="other/app"),)))
    assert evaluate(facts, other).score == plain.score
    assert evaluate(facts, other).findings == plain.findings
    assert "Waived" not in summary_row(facts, plain)


def test_facts_decide_as_without_waivers() -> None:
    """Nothing more and nothing less is read for them."""
    rules = replace(FAIR, waivers=(waiver("no_internal_review"),)).merge_requests
    mr = merge_request(state="merged")
    assert rules.undecided(mr, Facts()) == FAIR.merge_requests.undecided(mr, Facts())
