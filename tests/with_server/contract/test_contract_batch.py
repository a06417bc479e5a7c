"""The rows of the contract about whole people: `batch.process_*` and `resolve_project_paths`."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.batch import (
    process_batch_users,
    process_single_user,
    resolve_project_paths,
)
from gitlab_sync.errors import AuthenticationError, ConfigurationError
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Progress

KEYS = [
    "user", "projects", "commits", "commit_stats", "groups", "mrs", "mr_stats", "mr_quality",
    "issues", "issue_stats", "issue_quality", "total_time_spent_seconds",
]  # fmt: skip


@pytest.fixture
def names(world: World) -> list[str]:
    """All people of the world who wrote something."""
    return list(world.truth.usernames)


def test_process_single_user_gives_all_about_a_person(
    client: GitLabClient, world: World, names: list[str]
) -> None:
    """The keys of the contract, and counts that the world knows to be true."""
    found = process_single_user(client, names[0])
    assert found is not None
    assert (found["username"], found["status"], found["error"]) == (names[0], "Success", None)
    data = found["data"]
    assert sorted(data) == sorted(KEYS)
    truth = world.truth.issues()[names[0]]
    assert data["issue_quality"] == truth
    assert data["issue_stats"]["total"] == truth["Total Assigned"]
    closed = world.truth.merge_requests()[names[0]]["Closed MRs"]
    assert data["mr_quality"]["Closed MRs"] == closed
    assert data["mr_stats"]["merged"] + data["mr_stats"]["closed"] == closed


@pytest.mark.parametrize("name", ["", "  ", "@"])
def test_a_blank_name_is_nobody_and_costs_nothing(
    client: GitLabClient, sandbox: Sandbox, name: str
) -> None:
    """None, as the older client gave."""
    assert process_single_user(client, name) is None
    assert sandbox.traffic.total == 0


def test_process_batch_users_keeps_the_order_and_counts_a_name_once(
    client: GitLabClient, names: list[str]
) -> None:
    """Blank names are left out, another case is the same person."""
    given = [names[2], "", "nobody.at.all", names[0], names[2].upper()]
    found = process_batch_users(client, given)
    assert [each["username"] for each in found] == [names[2], "nobody.at.all", names[0]]
    assert [each["status"] for each in found] == ["Success", "Not Found", "Success"]
    assert found[1]["data"] is None
    assert "nobody.at.all" in found[1]["error"]


def test_a_person_is_the_same_alone_and_in_a_batch(client: GitLabClient, names: list[str]) -> None:
    """No one's numbers depend on who else is asked for; what is left unmatched does."""
    for each in process_batch_users(client, names):
        alone = process_single_user(client, each["username"])
        assert alone is not None
        for found in (alone, each):
            del found["data"]["commit_stats"]["unmatched"]
        assert alone == each


def test_eight_people_and_more_do_not_stand_still(
    make_bridge: Callable[..., Bridge], sandbox: Sandbox
) -> None:
    """Work that waited for work of its own pool hung forever from eight people on."""
    world = generate_world(seed=4, users=12, merge_requests=1, issues=1, projects=2)
    with Sandbox(world) as crowd:
        client = GitLabClient(crowd.url, crowd.token(), bridge=make_bridge(2))
        done: list[int] = []
        names = list(world.truth.usernames)
        worker = threading.Thread(
            target=lambda: done.append(len(process_batch_users(client, names))), daemon=True
        )
        worker.start()
        worker.join(60)
        assert done == [len(names)]


def test_each_projects_commits_are_read_once_for_everybody(
    client: GitLabClient, sandbox: Sandbox, names: list[str]
) -> None:
    """The requests are those of the projects, however many people are in them."""
    process_batch_users(client, names)
    first_pages = [
        each
        for each in sandbox.traffic.exchanges
        if each.endpoint == "/projects/:id/repository/commits" and "page=" not in
        each.query.replace("per_page=", "")
    ]  # fmt: skip
    paths = [each.path for each in first_pages]
    assert len(paths) == len(set(paths))


def test_what_cannot_be_read_is_none_and_said(
    client: GitLabClient, sandbox: Sandbox, names: list[str]
) -> None:
    """One part that fails leaves the others, and is never an empty list."""
    sandbox.faults.add("status", status=403, path="/users/*/memberships", times=None)
    sandbox.faults.add("status", status=500, path="/groups", times=None)
    sandbox.faults.add("status", status=502, path="/issues", times=None)
    found = process_single_user(client, names[0])
    assert found is not None
    assert found["status"] == "Partial"
    assert "issues: 502" in found["error"]
    assert "groups: 500" in found["error"]
    assert found["data"]["issues"] is None
    assert found["data"]["issue_quality"] is None
    assert found["data"]["groups"] is None
    assert found["data"]["mrs"]


def test_where_graphql_is_off_time_comes_from_the_items(world: World, bridge: Bridge) -> None:
    """And the row says that the logs could not be read."""
    name = world.truth.usernames[0]
    with Sandbox(world, graphql=False) as older:
        client = GitLabClient(older.url, older.token(), bridge=bridge)
        found = process_single_user(client, name)
    assert found is not None
    assert found["status"] == "Partial"
    assert "time logs: 404" in found["error"]
    assert found["data"]["total_time_spent_seconds"] is not None


def test_since_and_until_go_by_creation(client: GitLabClient, names: list[str]) -> None:
    """Both ends are included, and what is outside is in no number."""
    everything = process_single_user(client, names[0])
    assert everything is not None
    days = sorted(row["created_at"][:10] for row in everything["data"]["mrs"])
    found = process_single_user(client, names[0], since=days[0], until=days[-1])
    assert found is not None
    assert len(found["data"]["mrs"]) == len(days)
    later = process_single_user(client, names[0], since="2090-01-01")
    assert later is not None
    assert later["data"]["mrs"] == []
    assert later["data"]["mr_stats"]["total"] == 0
    with pytest.raises(ConfigurationError, match="until must be after since"):
        process_single_user(client, names[0], since="2024-02-01", until="2024-01-01")


def test_project_ids_choose_projects_by_id_or_path(
    client: GitLabClient, world: World, names: list[str]
) -> None:
    """An empty list is no filter."""
    everything = process_single_user(client, names[0], project_ids=[])
    assert everything is not None
    chosen = everything["data"]["mrs"][0]["project_id"]
    path = next(p.data["path_with_namespace"] for p in world.projects if p.data["id"] == chosen)
    by_id = process_single_user(client, names[0], project_ids=[chosen])
    by_path = process_single_user(client, names[0], project_ids=[path])
    assert by_id is not None
    assert by_path is not None
    assert {row["project_id"] for row in by_id["data"]["mrs"]} == {chosen}
    assert by_path["data"]["mrs"] == by_id["data"]["mrs"]


def test_an_override_that_does_not_exist_is_named(client: GitLabClient, names: list[str]) -> None:
    """A misspelt one must not be passed over in silence; an empty text is none."""
    with pytest.raises(ConfigurationError, match="override_mail"):
        process_batch_users(client, names[:1], overrides={names[0]: {"override_mail": "a@b.c"}})
    found = process_batch_users(client, names[:1], overrides={names[0]: {"override_email": ""}})
    assert found[0]["status"] == "Success"


def test_an_override_gives_a_person_further_commits(
    client: GitLabClient, world: World, names: list[str]
) -> None:
    """Commits under another address are found once the address is known."""
    stranger = "somebody@elsewhere.example"
    project = next(
        row.data["id"] for row in world.projects if world.tables.commits.get(row.data["id"])
    )
    commits = list(world.tables.commits.get(project))
    plain = next(each for each in commits if len(each["parent_ids"]) < 2)
    changed = {**plain, "author_email": stranger, "author_name": "Someone Else"}
    world.tables.commits[project] = [changed if each is plain else each for each in commits]
    world.changed()
    without = process_batch_users(client, names[:1], project_ids=[project])
    extra = {names[0]: {"override_email": stranger}}
    found = process_batch_users(client, names[:1], project_ids=[project], overrides=extra)
    shas = {row["sha"] for row in found[0]["data"]["commits"]}
    assert plain["id"] in shas
    assert plain["id"] not in {row["sha"] for row in without[0]["data"]["commits"]}


def test_progress_counts_people(client: GitLabClient, names: list[str]) -> None:
    """One call for each, up to all of them."""
    seen: list[Progress] = []
    process_batch_users(client, names, on_progress=seen.append)
    assert [each.done for each in seen] == list(range(1, len(names) + 1))
    assert seen[-1].total == len(names)


def test_resolve_project_paths_tells_ids_from_what_is_none(
    client: GitLabClient, world: World
) -> None:
    """Paths, ids and URLs; what does not exist comes back as it was given."""
    project = next(iter(world.projects)).data
    path = project["path_with_namespace"]
    given = [path, str(project["id"]), f"{client.base_url}/{path}/-/issues", "no/such", 999_999_999]
    ids, failed = resolve_project_paths(client, given)
    assert ids == [project["id"]] * 3
    assert failed == ["no/such", 999_999_999]


def test_a_wrong_token_is_not_the_paths_fault(sandbox: Sandbox, bridge: Bridge) -> None:
    """It is raised: else every path would be called wrong."""
    client = GitLabClient(sandbox.url, "glpat-wrong-token-000000", bridge=bridge)
    with pytest.raises(AuthenticationError):
        resolve_project_paths(client, ["a/b"])
