"""Lists of any length: by page numbers, by keyset, or in windows of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.api import issues, merge_requests
from gitlab_sync.api.windows import read_all
from gitlab_sync.errors import PermissionDenied
from gitlab_sync.sandbox import Sandbox, World, paging
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Record

EVERYTHING = {"scope": "all", "state": "all"}


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let totals end at 300 rows and page numbers at 500: as long lists, but quick to make."""
    monkeypatch.setattr(paging, "MOST_COUNTED", 300)
    monkeypatch.setattr(paging, "MOST_OFFSET", 500)


@pytest.fixture
def world() -> World:
    """One project, and nothing in it but what the test puts there."""
    world = fresh_world(seed=1, users=2, merge_requests=0, issues=0, projects=1)
    world.tables.merge_requests.clear()
    world.tables.issues.clear()
    world.changed()
    return world


@pytest.fixture
def sandbox(small_limits: None, world: World) -> Iterator[Sandbox]:
    """Run a GitLab with small limits."""
    with Sandbox(world) as running:
        yield running


def fill(world: World, kind: str, number: int, *, seconds: int = 60) -> list[int]:
    """Put in cheap items of the first person, so many seconds apart in their updates."""
    person, project = world.users[-1].data, world.tables.projects[0]
    table: list[Record] = getattr(world.tables, kind)
    for n in range(number):
        minute = n * seconds // 60
        time = f"2024-{1 + minute // 40_000:02}-{1 + minute // 1440 % 28:02}"
        time += f"T{minute // 60 % 24:02}:{minute % 60:02}:{n * seconds % 60:02}.000Z"
        table.append(
            {
                "id": n + 1,
                "iid": n + 1,
                "project_id": project["id"],
                "title": f"number {n}",
                "state": "closed",
                "author": person,
                "assignees": [],
                "created_at": "2023-12-01T00:00:00.000Z",
                "updated_at": time,
            }
        )
    world.changed()
    return [n + 1 for n in range(number)]


def ids(rows: list[Record]) -> list[int]:
    """Return the ids, in order of size."""
    return sorted(row["id"] for row in rows)


def asked_twice(sandbox: Sandbox) -> list[str]:
    """Return the URLs that were asked for more than once."""
    return [url for url, n in Counter(e.url for e in sandbox.traffic.exchanges).items() if n > 1]


def test_a_list_that_says_how_long_it_is_costs_its_pages(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Three pages, and nothing besides."""
    wanted = fill(world, "merge_requests", 300)
    assert ids(read_all(client, RestList("merge_requests", EVERYTHING))) == wanted
    assert sandbox.traffic.total == 3


@pytest.mark.parametrize("kind", ["merge_requests", "issues"])
@pytest.mark.parametrize("number", [301, 700, 1250])
def test_a_list_that_does_not_is_read_in_windows_of_time(
    client: GitLabClient, world: World, sandbox: Sandbox, kind: str, number: int
) -> None:
    """Each row once, however many; about a request for a page."""
    wanted = fill(world, kind, number)
    rows = read_all(client, RestList(kind, EVERYTHING))
    assert ids(rows) == wanted
    assert (rows.complete, rows.total) == (True, number)
    assert sandbox.traffic.total <= number // 100 + 3
    assert asked_twice(sandbox) == []


def test_windows_reach_a_second_back(client: GitLabClient, world: World, sandbox: Sandbox) -> None:
    """In the order of the last changes, from where the page before ended."""
    fill(world, "merge_requests", 310)
    read_all(client, RestList("merge_requests", EVERYTHING))
    _, first, second, *_ = sandbox.traffic.exchanges
    query = dict(parse_qsl(first.query))
    assert (query["order_by"], query["sort"]) == ("updated_at", "asc")
    assert "updated_after" not in query
    assert dict(parse_qsl(second.query))["updated_after"] == "2024-01-01T01:38:59+00:00"


def test_many_changes_within_one_second_are_all_read(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """As a change of labels in bulk makes them: there a window goes on by page numbers."""
    wanted = fill(world, "issues", 400)
    for issue in world.tables.issues[50:400]:
        issue["updated_at"] = "2024-01-01T02:00:00.000Z"
    world.changed()
    assert ids(read_all(client, RestList("issues", EVERYTHING))) == wanted
    assert asked_twice(sandbox) == []


def test_all_changed_at_once_is_read_too(client: GitLabClient, world: World) -> None:
    """An import gives every item the same time; then no window gets on."""
    wanted = fill(world, "merge_requests", 450)
    for mr in world.tables.merge_requests:
        mr["updated_at"] = "2024-01-01T02:00:00.000Z"
    world.changed()
    assert ids(read_all(client, RestList("merge_requests", EVERYTHING))) == wanted


def test_what_changes_during_the_reading_is_not_left_out(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """It moves to a later window; its later version counts."""
    wanted = fill(world, "merge_requests", 600)
    changed: list[int] = []

    class Touching(RestList):
        """A list of which an item is changed whenever a page of it was read."""

        def rows(self, data: object) -> list[Record]:
            found = RestList.rows(self, data)
            for row in world.tables.merge_requests:
                if row["id"] == 101 + 100 * len(changed) and len(changed) < 4:
                    row["updated_at"] = f"2024-06-01T00:00:0{len(changed)}.000Z"
                    row["title"] = "changed"
                    changed.append(row["id"])
                    break
            world.changed()
            return found

    rows = read_all(client, Touching("merge_requests", EVERYTHING))
    assert ids(rows) == wanted
    assert len(changed) == 4
    assert {row["id"] for row in rows if row["title"] == "changed"} == set(changed)
    assert sandbox.traffic.total < 15


def test_a_bound_of_the_callers_own_holds(client: GitLabClient, world: World) -> None:
    """The first window begins there."""
    fill(world, "merge_requests", 900)
    start = world.tables.merge_requests[500]["updated_at"]
    listing = RestList("merge_requests", {**EVERYTHING, "updated_after": start})
    assert ids(read_all(client, listing)) == list(range(501, 901))


def test_times_that_cannot_be_read_are_no_reason_to_leave_rows_out(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Then it goes on by page numbers, as far as they go."""
    fill(world, "merge_requests", 310)
    body = '[{"id": 1, "updated_at": null}]'
    planted = sandbox.faults.add("status", status=200, body=body, query={"sort": "asc"}, times=None)
    assert ids(read_all(client, RestList("merge_requests", EVERYTHING))) == [1]
    assert planted.hits == 1


@pytest.mark.parametrize(
    ("endpoint", "params"),
    [("users", {}), ("projects/{}/issues", EVERYTHING), ("projects", {})],
)
def test_kinds_with_keyset_are_read_by_it_beyond_the_last_page_number(
    client: GitLabClient, world: World, sandbox: Sandbox, endpoint: str, params: dict[str, Any]
) -> None:
    """Page numbers end in 405 there."""
    project, person = world.tables.projects[0], world.tables.users[0]
    fill(world, "issues", 750)
    for n in range(740):
        path = f"crowd/of-{n}"
        world.tables.users.append({**person, "id": 10_000 + n, "username": f"crowd{n}"})
        world.tables.projects.append({**project, "id": 10_000 + n, "path_with_namespace": path})
    world.changed()
    tables = {"users": world.tables.users, "projects": world.tables.projects}
    wanted = ids(tables.get(endpoint, world.tables.issues))
    rows = read_all(client, RestList(endpoint.format(project["id"]), params))
    assert ids(rows) == wanted
    assert set(sandbox.traffic.by_status) == {200}
    assert asked_twice(sandbox) == []


def test_an_older_server_without_keyset_for_issues_is_read_in_windows(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """It refuses keyset with 405."""
    wanted = fill(world, "issues", 750)
    sandbox.faults.add("status", status=405, query={"pagination": "keyset"}, times=None)
    project = world.tables.projects[0]["id"]
    assert ids(read_all(client, RestList(f"projects/{project}/issues", EVERYTHING))) == wanted


def test_a_window_that_fails_raises_with_all_rows_read_before(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Those of earlier windows, too."""
    fill(world, "merge_requests", 700)
    sandbox.faults.add("status", status=403, nth=5, times=None)
    with pytest.raises(PermissionDenied) as caught:
        read_all(client, RestList("merge_requests", EVERYTHING))
    partial: Any = caught.value.partial
    assert (200 < len(partial) < 400, partial.complete) == (True, False)


def test_a_persons_long_lists_are_read_whole(
    client: GitLabClient, world: World, sandbox: Sandbox
) -> None:
    """Without a word from the caller."""
    person = world.users[-1].data
    fill(world, "merge_requests", 700)
    fill(world, "issues", 650)
    assert merge_requests.get_user_mrs(client, person["id"])[1]["total"] == 700
    assert issues.get_user_issues(client, person["id"])[1]["total"] == 650
    period = {"since": "2023-11-30", "until": "2023-12-05"}
    assert merge_requests.get_user_mrs(client, person["id"], **period)[1]["total"] == 700


@pytest.mark.slow
def test_more_than_ten_thousand_rows_are_read_with_the_servers_own_limits(bridge: Bridge) -> None:
    """The real ones."""
    world = fresh_world(seed=1, users=2, merge_requests=0, issues=0, projects=1)
    world.tables.merge_requests.clear()
    wanted = fill(world, "merge_requests", 10_050)
    with Sandbox(world) as sandbox:
        client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
        assert ids(read_all(client, RestList("merge_requests", EVERYTHING))) == wanted
        assert sandbox.traffic.total < 110
