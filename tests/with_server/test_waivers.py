"""Waived faults over a real server: apart from everything that counts, wherever facts are from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cli_runs import environment, run

from gitlab_sync import GitLabClient
from gitlab_sync.api.scope import Scope
from gitlab_sync.reports.report import Report
from gitlab_sync.reports.shares import readable
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.rules.policy import FAIR, Policy
from gitlab_sync.rules.projects.checks import CHECKS
from gitlab_sync.rules.projects.compliance import DEFAULT_POLICY
from gitlab_sync.rules.waiver import Waiver
from gitlab_sync.rules.waivers import Waivers
from gitlab_sync.run import Run
from gitlab_sync.sandbox import ADMIN_TOKEN, Sandbox, World, generate_world
from gitlab_sync.services import compliance, open_work, people, profile, reviews
from gitlab_sync.services.evaluation import evaluate_issues
from gitlab_sync.services.people_report import PeopleQuery, PeopleReport
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.store.store import open_store
from gitlab_sync.types import Source, TableRow

UNTIL = date(2099, 12, 31)
REVIEW = "No Internal Review"


@pytest.fixture(scope="module")
def world() -> World:
    """Make a world in which many are not reviewed."""
    return generate_world(seed=5, users=6, merge_requests=20, issues=10, projects=3)


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[GitLabClient]:
    """Put it behind a server, and sign in."""
    with Sandbox(world, threads=8) as served, Bridge(8) as bridge:
        yield GitLabClient(served.url, served.token(), bridge=bridge)


@pytest.fixture
def names(world: World) -> list[str]:
    """Return the usernames of the world."""
    return world.truth.usernames


def with_waivers(*waivers: Waiver) -> Policy:
    """Return the fair policy with these waivers."""
    return replace(FAIR, waivers=waivers)


def waiver(check: str, **limit: Any) -> Waiver:
    """Return a waiver that has not ended."""
    return Waiver(check, "pair-programmed", "mentor1", UNTIL, **limit)


def faults(client: GitLabClient, names: list[str], check: str) -> dict[str, list[str]]:
    """Return the references of the merge requests that fail a check, by author."""
    query = PeopleQuery([Person(name) for name in names], policy=FAIR)
    found: dict[str, list[str]] = {}
    for name, person in sorted(people.answer(client, query).people.items()):
        for mr, verdicts in person.mrs:
            if verdicts[check].result == "fail":
                found.setdefault(name, []).append(mr["references"]["full"])
    return found


def assert_waived(
    plain: Report, found: Report, title: str, waived: dict[str, int], behind: str = "(of)"
) -> None:
    """Assert that these rows are the plain ones but for so many waived faults of one check."""
    assert [row["Username"] for row in found] == [row["Username"] for row in plain]
    for row, before in zip(found, plain, strict=True):
        number = waived.get(str(row["Username"]), 0)
        changed: TableRow = dict(before)
        for column in (title, f"{title} {behind}"):
            count = before[column]
            changed[column] = None if count is None else int(count) - number
        if not changed[f"{title} {behind}"]:
            changed[title] = None
        assert row == {**changed, "Waived": number}


@pytest.mark.slow
@pytest.mark.parametrize("source", ["rest", "graphql"])
@pytest.mark.parametrize("limit", ["item", "group", "person"])
def test_rows_have_waived_faults_in_a_column_of_their_own(
    client: GitLabClient, names: list[str], source: Source, limit: str
) -> None:
    """Nothing else of them changes."""
    failing = faults(client, names, "no_internal_review")
    first = next(iter(failing))
    item = failing[first][0]
    path = item.rpartition("!")[0]
    group = path.rpartition("/")[0]
    limits: dict[str, tuple[dict[str, str], Callable[[str, str], bool]]] = {
        "item": ({"item": item}, lambda _, mr: mr == item),
        "group": ({"group": group}, lambda _, mr: mr.startswith(f"{group}/")),
        "person": ({"person": first.upper()}, lambda name, _: name == first),
    }
    given, covers = limits[limit]
    policy = with_waivers(waiver("no_internal_review", **given))
    expected = {name: sum(covers(name, mr) for mr in mrs) for name, mrs in failing.items()}
    assert any(expected.values())
    run = Run(source=source)
    plain = client.batch_evaluate_mrs(names, run=run, policy=FAIR)
    found = client.batch_evaluate_mrs(names, run=run, policy=policy)
    assert_waived(plain, found, REVIEW, expected)
    assert not found.warnings


@pytest.mark.slow
def test_a_store_holds_no_waivers(client: GitLabClient, names: list[str], tmp_path: Path) -> None:
    """What was read before a decision follows it, and follows it back."""
    failing = faults(client, names, "no_internal_review")
    policy = with_waivers(waiver("no_internal_review"))
    with open_store(client.base_url, client.session.credential, "on", tmp_path) as store:
        run = Run(source="rest", store=store)
        plain = client.batch_evaluate_mrs(names, run=run, policy=FAIR)
        found = client.batch_evaluate_mrs(names, run=run, policy=policy)
        assert_waived(plain, found, REVIEW, {name: len(mrs) for name, mrs in failing.items()})
        assert [*client.batch_evaluate_mrs(names, run=run, policy=FAIR)] == [*plain]


def test_an_issue_is_waived_in_the_row_of_the_person_that_the_waiver_names(
    client: GitLabClient, world: World, names: list[str]
) -> None:
    """Not in those of its other assignees."""
    shared = next(
        issue
        for issue in world.tables.issues
        if issue["state"] == "closed" and not (issue["description"] or "").strip()
    )
    name, other = names[:2]
    people_of = [user for user in world.tables.users if user["username"] in {name, other}]
    before = shared["assignees"]
    shared["assignees"] = people_of
    world.changed()
    try:
        scope = Scope(by="assignee")
        plain = evaluate_issues(client, names, scope, policy=FAIR)
        policy = with_waivers(waiver("no_desc", person=name))
        found = evaluate_issues(client, names, scope, policy=policy)
    finally:
        shared["assignees"] = before
        world.changed()
    faults_of = {str(row["Username"]): int(row["No Desc"] or 0) for row in plain}
    assert faults_of[name]
    assert faults_of[other]
    assert_waived(plain, found, "No Desc", {name: faults_of[name]})


@pytest.mark.slow
def test_people_profiles_and_reviews_follow(client: GitLabClient, names: list[str]) -> None:
    """The same faults are waived in all of them, and a profile says why."""
    failing = faults(client, names, "no_internal_review")
    policy = with_waivers(waiver("no_internal_review"))

    def of_people(policy: Policy) -> PeopleReport:
        query = PeopleQuery([Person(name) for name in names], policy=policy)
        return people.answer(client, query)

    numbers = {name: len(mrs) for name, mrs in failing.items()}
    plain, found = of_people(FAIR), of_people(policy)
    assert_waived(plain, found, "MR No Review", numbers)
    sheet = readable(found.sheet(client.base_url))
    name = max(numbers, key=lambda each: numbers[each])
    (row,) = [each for each in sheet.rows if each["Username"] == name]
    assert str(row["MR No Review"]).endswith(f"(+{numbers[name]} waived)")

    told = profile.answer(client, profile.ProfileQuery(name, policy=policy))
    tables = {sheet.title: sheet for sheet in told.summaries(client.base_url)}
    assert len(tables["Waived"].rows) == numbers[name]
    for each in tables["Waived"].rows:
        assert str(each["Reason"]).startswith(
            "waived by mentor1 until 2099-12-31: pair-programmed ("
        )
    assert REVIEW not in {each["Check"] for each in tables["To_Fix"].rows}
    cells = [each[REVIEW] for each in told.parts["MergeRequests"].rows]
    assert cells.count("waived") == numbers[name]

    team = Team("all", "", tuple(Member(each) for each in names))
    before, after = (
        reviews.answer(client, reviews.ReviewsQuery([team], policy=each)).sheets("")[0]
        for each in (FAIR, policy)
    )
    total = sum(numbers.values())
    assert before.rows[0]["Without Review"] == total
    assert after.rows[0] == {
        **before.rows[0],
        "Without Review": 0,
        "Without Review (of)": int(before.rows[0]["Without Review (of)"] or 0) - total,
        "Waived": total,
    }
    assert [*after.columns] == [*before.columns, "Waived"]


def test_open_work_says_what_would_be_waived(client: GitLabClient, names: list[str]) -> None:
    """Apart from what would fail."""
    now = datetime(2026, 5, 1, tzinfo=UTC)

    def would_fail(policy: Policy) -> dict[str, str]:
        query = open_work.OpenQuery(names, policy=policy, now=now)
        rows = open_work.answer(client, query)
        return {str(row["Merge Request"]): str(row["Would Fail"] or "") for row in rows}

    plain = would_fail(FAIR)
    found = would_fail(with_waivers(waiver("no_desc")))
    assert any("No Desc" in text for text in plain.values())
    for name, text in plain.items():
        assert ("waived)" in found[name]) == ("No Desc" in text)
        assert "No Desc" not in found[name]


def test_compliance_follows(client: GitLabClient, world: World) -> None:
    """In the scores of many projects, and in the report on one."""
    paths = [project["path_with_namespace"] for project in world.tables.projects]
    plain = compliance.answer(client, compliance.ComplianceQuery(paths))
    failing = [each.row for each in plain.checked if _fails(each.report, "readme")]
    chosen = str(failing[-1]["Project"])
    policy = replace(DEFAULT_POLICY, waivers=Waivers((waiver("readme", project=chosen),)))
    found = compliance.answer(client, compliance.ComplianceQuery(paths, policy=policy))
    assert {row["Project"]: row["Waived"] for row in found} == {
        path: int(path == chosen) for path in paths
    }
    assert not found.warnings
    before, after = ({row["Project"]: row for row in each} for each in (plain, found))
    for path in paths:
        if path != chosen:
            assert after[path] == {**before[path], "Waived": 0}
    scores = [float(each[chosen]["Compliance Score"] or 0) for each in (before, after)]
    assert scores[0] < scores[1]


def test_compliance_by_a_file_shows_what_is_waived_and_why(
    world: World, client: GitLabClient, tmp_path: Path
) -> None:
    """In the report on one project, in the table of many, and in files."""
    path = world.tables.projects[0]["path_with_namespace"]
    everything = [check.id for check in CHECKS]
    text = "".join(
        f'[[waivers]]\ncheck = "{check}"\nreason = "a copy"\nby = "mentor1"\nuntil = {UNTIL}\n'
        f'group = "{path.partition("/")[0]}"\n'
        for check in everything
    )
    file = tmp_path / "ours.toml"
    file.write_text(text, "utf-8")
    environ = environment(tmp_path, GITLAB_URL=client.base_url, GITLAB_TOKEN=ADMIN_TOKEN)
    line = ("compliance", path, "--policy", str(file))
    shown = run(environ, *line).stdout.decode()
    assert "Score  100 %" in shown
    assert "FAIL" not in shown
    assert "  -     " in shown
    assert "waived by mentor1 until 2099-12-31: a copy (" in shown
    (row,) = json.loads(run(environ, *line, "-f", "json").stdout)
    (plain,) = json.loads(run(environ, *line[:-1], "fair", "-f", "json").stdout)
    assert list(row) == [*plain, "Waived"]
    assert row["Waived"] == shown.count("waived by mentor1")


def _fails(report: Any, check: str) -> bool:
    return report is not None and report.findings[check].result == "fail"


def test_a_run_says_which_waivers_have_ended_and_which_are_of_nothing(
    client: GitLabClient, names: list[str]
) -> None:
    """Of those alone that it could have used: a run over one person knows nothing of another."""
    failing = faults(client, names, "no_internal_review")
    first, second = [*failing][:2]
    passing = "no such project!1"
    ended = replace(waiver("no_desc", place="gitlab-sync.toml: waivers.0"), until=date(2026, 1, 1))
    policy = replace(
        FAIR,
        day=date(2026, 6, 1),
        waivers=(
            ended,
            waiver("no_internal_review", item=failing[first][0]),
            waiver("no_internal_review", item=passing),
            waiver("no_internal_review", person="someone-else"),
            waiver("no_time_spent", person=first),
            waiver("no_time_spent"),
            waiver("readme"),
        ),
    )

    def said(*people_: str) -> list[str]:
        return [*client.batch_evaluate_mrs(people_, policy=policy).warnings]

    about_ended = (
        "gitlab-sync.toml: waivers.0: the waiver of no_desc ended on 2026-01-01: its faults count "
        "again"
    )
    alone = said(first)
    assert alone[0] == about_ended
    assert len(alone) == 2
    assert alone[1].startswith(f"the waiver of no_time_spent of @{first} matched nothing: the run")
    together = said(first, second)
    assert together[:2] == alone
    assert len(together) == 3
    assert together[2].startswith("the waiver of no_time_spent matched nothing: the run evaluated ")
    assert [text for text in said(second) if "@" in text] == []
