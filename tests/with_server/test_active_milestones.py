"""Milestones "if used": the same answers from REST, GraphQL and with a store, once per project."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.policy import fair
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.services.people import answer
from gitlab_sync.services.people_report import PeopleQuery
from gitlab_sync.store.store import open_store
from gitlab_sync.types import Source, TableRow

POLICY = fair(Terms(milestones="if used"))
USED, UNUSED, EMPTY, DENIED = range(101, 105)
LIST = "/projects/:id/milestones"


@pytest.fixture
def world() -> World:
    """Make a world with a project of each kind; of one, tests refuse to tell the milestones."""
    world = generate_world(seed=7, users=6, merge_requests=2, issues=14, projects=4)
    milestones = world.milestones
    world.tables.milestones = {
        USED: milestones[USED],
        UNUSED: [{**each, "state": "closed"} for each in milestones[UNUSED]],
        EMPTY: [],
        DENIED: [],
    }
    world.changed()
    return world


def refuse(sandbox: Sandbox) -> None:
    """Let one project show no milestones, over REST nor over GraphQL."""
    sandbox.faults.add(
        "status",
        status=403,
        body='{"message": "403 Forbidden"}',
        path=f"/projects/{DENIED}/milestones",
        times=None,
    )


def true_row(world: World, username: str) -> dict[str, int | None]:
    """Count a person's issues a second time."""
    found: Counter[str] = Counter()
    for issue in world.tables.issues:
        if issue["author"]["username"] == username and issue["state"] == "closed":
            moved = issue["moved_to_id"] or issue["_links"]["closed_as_duplicate_of"]
            kind = "n/a" if moved or issue["project_id"] != USED else "of"
            found[kind] += 1
            found["fails"] += kind == "of" and issue["milestone"] is None
    return {"No Milestone": found["fails"] if found["of"] else None,
            "No Milestone (of)": found["of"]}  # fmt: skip


def assert_true(rows: list[TableRow], world: World, prefix: str = "") -> None:
    """Assert that the rows of all people are those of the second computation."""
    assert {row["Username"] for row in rows} == set(world.truth.usernames)
    totals: Counter[str] = Counter()
    for row in rows:
        true = true_row(world, str(row["Username"]))
        for title, number in true.items():
            assert row[prefix + title] == number
            totals[title] += number or 0
    assert 0 < totals["No Milestone"] < totals["No Milestone (of)"]


@pytest.mark.parametrize("source", ["rest", "graphql"])
def test_a_milestone_is_asked_for_only_in_projects_that_have_an_active_one(
    client: GitLabClient, sandbox: Sandbox, world: World, source: Source
) -> None:
    """Over REST a request for each project, over GraphQL one for all."""
    names = world.truth.usernames
    report = client.batch_evaluate_issues(names, run=Run(source=source), policy=POLICY)
    assert_true([dict(row) for row in report], world)
    assert {row["Status"] for row in report} == {"Success"}
    asked = Counter(sandbox.traffic.by_endpoint)
    seen = {issue["project_id"] for issue in world.tables.issues if issue["state"] == "closed"}
    assert asked[LIST] == (len(seen) if source == "rest" else 0)
    assert asked["/api/graphql"] == (0 if source == "rest" else 1)


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("source", ["rest", "graphql"])
def test_the_table_of_people_says_the_same(
    client: GitLabClient, sandbox: Sandbox, world: World, source: Source, quick: bool
) -> None:
    """People are read side by side, and still each project is asked for once."""
    people = tuple(map(Person, world.truth.usernames))
    report = answer(client, PeopleQuery(people, quick=quick, policy=POLICY), Run(source=source))
    assert_true(list(report), world, "Issue ")
    asked = [each.path for each in sandbox.traffic.exchanges if each.path.endswith("/milestones")]
    assert len(asked) == len(set(asked)) <= 4
    assert (len(asked) == 4) == (source == "rest")


def test_a_store_changes_no_answer(client: GitLabClient, world: World, tmp_path: Path) -> None:
    """Whether a project has an active milestone is asked for each time."""
    people = PeopleQuery(tuple(map(Person, world.truth.usernames)), policy=POLICY)
    with open_store(client.base_url, client.session.credential, "on", tmp_path) as store:
        first = list(answer(client, people, Run(store=store)))
        world.tables.milestones[USED] = []
        world.changed()
        second = list(answer(client, people, Run(store=store)))
    assert any(row["Issue No Milestone (of)"] for row in first)
    assert not any(row["Issue No Milestone (of)"] for row in second)


@pytest.mark.parametrize("source", ["rest", "graphql"])
def test_where_milestones_cannot_be_read_the_check_is_unknown_and_says_why(
    client: GitLabClient, sandbox: Sandbox, world: World, source: Source
) -> None:
    """Only in that project; the rows of people without issues there are whole."""
    refuse(sandbox)
    sandbox.faults.add("status", status=500, path="/api/graphql", times=None)
    names = world.truth.usernames
    report = client.batch_evaluate_issues(names, run=Run(source=source), policy=POLICY)
    people = {str(row["Username"]): row for row in answer(
        client, PeopleQuery(tuple(map(Person, names)), policy=POLICY), Run(source=source)
    )}  # fmt: skip
    lost = 0
    for row in map(dict[str, Any], report):
        unknown = sum(
            issue["project_id"] == DENIED and issue["state"] == "closed"
            and issue["author"]["username"] == row["Username"]
            and not (issue["moved_to_id"] or issue["_links"]["closed_as_duplicate_of"])
            for issue in world.tables.issues
        )  # fmt: skip
        assert row["Unverified"] == unknown
        assert row["Status"] == ("Partial" if unknown else "Success")
        assert (row["Error"] or "").startswith("403 Forbidden" if unknown else "")
        assert ("milestones: 403" in str(people[row["Username"]]["Error"])) == bool(unknown)
        lost += unknown
    assert lost


@pytest.mark.parametrize("policy", ["off", "always"])
def test_nothing_is_asked_if_the_policy_does_not_depend_on_it(
    client: GitLabClient, sandbox: Sandbox, world: World, policy: Any
) -> None:
    """The lists say all."""
    client.batch_evaluate_issues(world.truth.usernames, policy=fair(Terms(milestones=policy)))
    assert set(sandbox.traffic.by_endpoint) <= {"/issues", "/users"}
