"""`batch_evaluate_issues`: true rows for generated worlds, from lists alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from batch_rows import assert_true, columns, counts, serving
from worlds import fresh_demo, fresh_world

from gitlab_sync import CancelToken, GitLabClient
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Progress, TableRow

COUNTS = [
    "Total Assigned", "Opened Issues", "Closed Issues", "No Desc", "No Labels", "No Milestone",
    "No Time Spent", "Long Open Time (>2 days)", "No Semantic Title",
]  # fmt: skip


@pytest.fixture
def world() -> World:
    """Six people with seven issues each."""
    return fresh_world(seed=6, users=6, merge_requests=1, issues=7, projects=5)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scope", ["author", "assignee"])
def test_the_rows_of_a_generated_world_are_its_truth(bridge: Bridge, seed: int, scope: Any) -> None:
    """Opened and closed are counted, closed ones are evaluated."""
    world = fresh_world(seed=seed, users=8, merge_requests=0, issues=9, projects=4)
    with serving(world, bridge) as (client, _):
        rows = client.batch_evaluate_issues(world.truth.usernames, issue_scope=scope)
    assert_true(rows, world.truth.issues(scope))


def test_the_rows_of_the_demo_are_its_truth(bridge: Bridge) -> None:
    """Everybody in it."""
    world = fresh_demo()
    with serving(world, bridge) as (client, _):
        assert_true(client.batch_evaluate_issues(world.truth.usernames), world.truth.issues())


@pytest.mark.parametrize("scope", ["author", "assignee"])
def test_in_a_project_only_its_items_count(client: GitLabClient, world: World, scope: Any) -> None:
    """By id and by path; the project wins over a group."""
    for project in world.tables.projects[:3]:
        truth = world.truth.issues(scope, project_id=project["id"])
        for name in (project["id"], project["path_with_namespace"]):
            rows = client.batch_evaluate_issues(world.truth.usernames, name, "no/group", scope)
            assert_true(rows, truth)


def test_in_a_group_its_projects_and_those_below_count(client: GitLabClient, world: World) -> None:
    """By id and by path; archived projects, too."""
    for group in world.tables.groups:
        by_path = client.batch_evaluate_issues(world.truth.usernames, group_id=group["full_path"])
        by_id = client.batch_evaluate_issues(world.truth.usernames, group_id=group["id"])
        assert by_path == by_id
        below = {row.data["id"] for row in world.group_projects(group["id"])}
        assert_true(by_path, world.truth.issues(project_ids=below))


def test_a_row_has_exactly_the_columns_in_their_order(client: GitLabClient, world: World) -> None:
    """Sorted by username without case; one who does not exist has no numbers."""
    rows = client.batch_evaluate_issues([*reversed(world.truth.usernames), "nobody"])
    assert all(list(row) == columns(COUNTS) for row in rows)
    names = [str(row["Username"]).lower() for row in rows]
    assert names == sorted(names)
    (nobody,) = (row for row in rows if row["Username"] == "nobody")
    assert nobody["Status"] == "Not Found"
    assert set(counts(nobody).values()) == {None}


def test_lists_are_all_that_it_costs(client: GitLabClient, world: World, sandbox: Sandbox) -> None:
    """One for each person, and a look-up where that is empty; nothing twice."""
    client.batch_evaluate_issues([*world.truth.usernames, "nobody"])
    assert sandbox.traffic.by_endpoint == {"/issues": len(world.truth.usernames) + 1, "/users": 1}
    assert max(Counter(e.url for e in sandbox.traffic.exchanges).values()) == 1


def test_all_pages_of_a_person_count(bridge: Bridge) -> None:
    """The older client read the newest hundred."""
    world = generate_world(seed=2, users=2, merge_requests=0, issues=230, projects=2)
    with serving(world, bridge) as (client, sandbox):
        assert_true(client.batch_evaluate_issues(world.truth.usernames), world.truth.issues())
        assert sandbox.traffic.total == 6


def test_an_issue_of_two_assignees_counts_for_both(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Its verdict is one."""
    issue = next(one for one in world.tables.issues if one["state"] == "closed")
    people = [world.users_by_name[name.lower()].data for name in world.truth.usernames[:2]]
    for other in world.tables.issues:
        other["assignees"] = people if other is issue else []
    world.changed()
    rows = client.batch_evaluate_issues([one["username"] for one in people], issue_scope="assignee")
    assert [row["Closed Issues"] for row in rows] == [1, 1]
    assert counts(rows[0]) == counts(rows[1])


def test_a_list_that_broke_off_is_partial_with_what_was_read(bridge: Bridge) -> None:
    """`Unverified` cannot say how much is missing; `Status` and `Error` say that it is."""
    world = generate_world(seed=2, users=2, merge_requests=0, issues=130, projects=2)
    with serving(world, bridge) as (client, sandbox):
        broken, whole = world.truth.usernames
        second = {"page": "2", "author_username": broken}
        sandbox.faults.add("status", status=403, query=second, times=None)
        report = client.batch_evaluate_issues([broken, whole])
    rows = {str(row["Username"]): row for row in report}
    assert (rows[broken]["Status"], rows[broken]["Total Assigned"]) == ("Partial", 100)
    assert "403" in str(rows[broken]["Error"])
    assert_true([rows[whole]], {whole: world.truth.issues()[whole]})
    assert "list of 1 person denied" in str(report.completeness)


def test_one_users_trouble_never_touches_anothers_row(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """A 401 for one list."""
    first, *others = world.truth.usernames
    sandbox.faults.add("status", status=401, query={"author_username": first}, times=None)
    rows = {str(row["Username"]): row for row in client.batch_evaluate_issues([first, *others])}
    assert rows.pop(first)["Status"] == "Error"
    truth = world.truth.issues()
    assert_true(list(rows.values()), {name: truth[name] for name in others})


def test_fields_that_are_missing_are_unknown(client: GitLabClient, sandbox: Sandbox) -> None:
    """Neither a fault nor clean."""
    body = '[{"id": 1, "state": "closed", "author": {"username": "alice.moreau"}}]'
    sandbox.faults.add("status", status=200, body=body, path="/issues")
    (row,) = client.batch_evaluate_issues(["alice.moreau"])
    assert (row["Status"], row["Closed Issues"]) == ("Partial", 1)
    assert row["Unverified"]
    assert row["Error"]
    assert row["Long Open Time (>2 days)"] is None
    assert row["No Time Spent"] is None


def test_rows_and_progress_are_told(client: GitLabClient, world: World) -> None:
    """Each row once; progress by closed issues."""
    rows: list[TableRow] = []
    seen: list[Progress] = []
    report = client.batch_evaluate_issues(
        world.truth.usernames, run=Run(on_row=rows.append, on_progress=seen.append)
    )
    assert sorted(rows, key=lambda row: str(row["Username"]).lower()) == report
    closed = sum(row["Closed Issues"] for row in world.truth.issues().values())
    assert [progress.done for progress in seen] == list(range(closed + 1))
    assert str(report.completeness) == f"{closed} of {closed} issues read"


def test_a_run_that_was_cancelled_says_so_in_every_row(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """And in the completeness line."""
    cancel = CancelToken()
    cancel.cancel()
    report = client.batch_evaluate_issues(world.truth.usernames, run=Run(cancel=cancel))
    assert {row["Status"] for row in report} == {"Error"}
    assert f"lists of {len(report)} people cancelled" in str(report.completeness)
    assert sandbox.traffic.total == 0
