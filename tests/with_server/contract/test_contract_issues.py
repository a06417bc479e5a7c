"""`gitlab_sync.api.issues`: a person's issues as rows."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.api import issues
from gitlab_sync.errors import ConfigurationError, NotFound, PermissionDenied
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Record

KEYS = [
    "id", "iid", "title", "description", "project_id", "web_url", "state", "created_at",
    "closed_at", "assigned", "role", "labels", "milestone", "time_stats", "_username",
]  # fmt: skip
STATS = ["total", "opened", "closed", "assigned"]


@pytest.fixture
def world() -> World:
    """Four people with six issues each, and no one assigned but by the test."""
    world = fresh_world(seed=3, users=4, merge_requests=1, issues=6, projects=4)
    for issue in world.tables.issues:
        issue["assignees"], issue["assignee"] = [], None
    world.changed()
    return world


def user(world: World, place: int = 0) -> Record:
    """Return the record of one of the people."""
    return world.users_by_name[world.truth.usernames[place].lower()].data


def authored(world: World, person: Record) -> list[Record]:
    """Return what the person wrote, by the world's own tables."""
    return [issue for issue in world.tables.issues if issue["author"]["id"] == person["id"]]


def assign(world: World, found: list[Record], person: Record) -> None:
    """Assign issues to a person."""
    for issue in found:
        issue["assignees"] = [person]
    world.changed()


def ids(rows: list[Record]) -> set[int]:
    """Return the ids of rows or records."""
    return {row["id"] for row in rows}


def test_get_user_issues_gives_rows_and_stats_of_the_contract(
    client: GitLabClient, world: World
) -> None:
    """Keys in order, values as in GitLab's record, numbers of what was authored."""
    person = user(world)
    mine = {issue["id"]: issue for issue in authored(world, person)}
    rows, stats = issues.get_user_issues(client, person["id"])
    assert ids(rows) == set(mine)
    for row in rows:
        assert list(row) == KEYS
        plain = [key for key in KEYS if key not in {"assigned", "role", "_username"}]
        assert all(row[key] == mine[row["id"]].get(key) for key in plain)
        assert (row["assigned"], row["role"]) == (False, "Author")
        assert row["_username"] == person["username"]
    states = [issue["state"] for issue in mine.values()]
    assert list(stats) == STATS
    assert stats == {
        "total": 6,
        "opened": states.count("opened"),
        "closed": states.count("closed"),
        "assigned": 0,
    }


def test_what_is_both_authored_and_assigned_is_one_row_and_counts_as_authored(
    client: GitLabClient, world: World
) -> None:
    """The older client lost such items between its columns."""
    person = user(world)
    both, theirs = authored(world, person)[:2], authored(world, user(world, 1))[:3]
    assign(world, [*both, *theirs], person)
    rows, stats = issues.get_user_issues(client, None, person["username"])
    roles = {row["id"]: (row["role"], row["assigned"]) for row in rows}
    assert len(rows) == len(roles) == 9
    assert {roles[key] for key in ids(both)} == {("Authored & Assigned", True)}
    assert {roles[key] for key in ids(theirs)} == {("Assigned", True)}
    assert (stats["total"], stats["assigned"]) == (6, 5)


def test_assigned_work_scores_for_nobody_but_its_author(client: GitLabClient, world: World) -> None:
    """Opened and closed are counted among what the person wrote."""
    person = user(world)
    before = issues.get_user_issues(client, person["id"])[1]
    assign(world, authored(world, user(world, 1)), person)
    assert issues.get_user_issues(client, person["id"])[1] == {**before, "assigned": 6}


def test_whole_histories_are_read(bridge: Bridge) -> None:
    """The older client knew the newest hundred of each list."""
    world = generate_world(seed=2, users=2, merge_requests=0, issues=230, projects=3)
    person = user(world)
    assign(world, authored(world, user(world, 1)), person)
    with Sandbox(world) as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        rows, stats = issues.get_user_issues(client, person["id"])
    assert ids(rows) >= ids(world.tables.issues)
    assert stats["total"] == 230
    assert stats["assigned"] >= 230


def test_the_period_goes_by_creation_with_both_days(client: GitLabClient, world: World) -> None:
    """Days are those of the zone that was named."""
    person = user(world)
    mine = authored(world, person)
    times = [
        "2024-03-01T18:29:59.999Z", "2024-03-01T18:30:00Z", "2024-03-10T18:29:59.999Z",
        "2024-03-10T18:30:00Z", "2024-03-02T00:30:00+05:30", "2024-01-01T00:00:00Z",
    ]  # fmt: skip
    for issue, time in zip(mine, times, strict=True):
        issue["created_at"] = time
    world.changed()
    rows, _ = issues.get_user_issues(
        client, person["id"], None, "2024-03-02", "2024-03-10", zone=ZoneInfo("Asia/Kolkata")
    )
    assert ids(rows) == ids([mine[1], mine[2], mine[4]])


def test_projects_are_ids_paths_or_urls(client: GitLabClient, world: World) -> None:
    """An empty list is no filter."""
    person = user(world)
    mine = authored(world, person)
    project = world.project(str(mine[0]["project_id"]))
    assert project is not None
    there = ids([issue for issue in mine if issue["project_id"] == project.data["id"]])
    for named in (project.data["id"], project.data["path_with_namespace"], project.data["web_url"]):
        assert ids(issues.get_user_issues(client, person["id"], project_ids=[named])[0]) == there
    assert len(issues.get_user_issues(client, person["id"], project_ids=[])[0]) == 6
    with pytest.raises(NotFound, match="404"):
        issues.get_user_issues(client, person["id"], project_ids=["no/such"])


@pytest.mark.parametrize("whom", [(987654, None), (None, "nobody.here")])
def test_somebody_who_does_not_exist_is_not_found(client: GitLabClient, whom: Any) -> None:
    """GitLab answers with empty lists: those would look like a person without work."""
    with pytest.raises(NotFound, match="404"):
        issues.get_user_issues(client, *whom)


def test_what_names_nobody_is_refused(client: GitLabClient) -> None:
    """A filter without a value would bring everybody's."""
    with pytest.raises(ConfigurationError):
        issues.get_user_issues(client, None, " ")


def test_what_could_not_be_read_raises_with_what_was(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """The rows of the list that could be read are the error's."""
    person = user(world)
    sandbox.faults.add("status", status=403, query={"assignee_id": str(person["id"])}, times=None)
    with pytest.raises(PermissionDenied) as caught:
        issues.get_user_issues(client, person["id"])
    assert caught.value.partial is not None
    assert ids(list(caught.value.partial)) == ids(authored(world, person))


def test_two_lists_are_all_that_it_costs(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Where both the id and the name are known."""
    person = user(world)
    issues.get_user_issues(client, person["id"], person["username"])
    assert sandbox.traffic.by_endpoint == {"/issues": 2}
