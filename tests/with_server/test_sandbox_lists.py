"""Lists over HTTP: what they hold, how they are filtered, ordered and paged."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import urllib3
from real_data import REAL

from gitlab_sync.sandbox import Sandbox, generate_world, load_world

Rows = Callable[[str], list[Any]]


def reader(sandbox: Sandbox, http: urllib3.PoolManager) -> Rows:
    """Return a function that reads one answer below the API as the administrator."""

    def read(path: str) -> list[Any]:
        headers = {"PRIVATE-TOKEN": sandbox.token()}
        answer = http.request("GET", f"{sandbox.url}/api/v4{path}", headers=headers)
        assert answer.status == 200, (path, answer.data)
        found: list[Any] = answer.json()
        return found

    return read


@pytest.fixture(scope="module")
def http() -> Iterator[urllib3.PoolManager]:
    """Return a client without any cleverness."""
    with urllib3.PoolManager(retries=False, timeout=20) as pool:
        yield pool


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """Start a sandbox with a project that is archived and one that is private."""
    world = generate_world(seed=6, users=12, merge_requests=12, issues=6, projects=6)
    with Sandbox(world, threads=4) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def get(running: Sandbox, http: urllib3.PoolManager) -> Rows:
    """Read from the generated world."""
    return reader(running, http)


def everything(get: Rows, path: str) -> list[Any]:
    """Read all pages of a list, by their numbers."""
    found: list[Any] = []
    mark = "&" if "?" in path else "?"
    for page in range(1, 1000):
        rows = get(f"{path}{mark}per_page=7&page={page}")
        found += rows
        if len(rows) < 7:
            return found
    raise AssertionError("the list does not end")


# --- people ------------------------------------------------------------------------------------


def test_a_username_is_found_exactly_but_in_any_case(running: Sandbox, get: Rows) -> None:
    """A part of it finds nothing."""
    name = running.world.truth.usernames[3]
    assert [user["username"] for user in get(f"/users?username={name.upper()}")] == [name]
    assert get(f"/users?username={name[:-1]}") == []


def test_a_search_finds_parts_of_names(running: Sandbox, get: Rows) -> None:
    """In usernames and in names."""
    first = running.world.users_by_name[running.world.truth.usernames[0].lower()].data
    assert first["id"] in {user["id"] for user in get(f"/users?search={first['name'][:5]}")}


def test_bots_can_be_left_out(get: Rows) -> None:
    """Or be the only ones."""
    assert not any(user["bot"] for user in get("/users?without_project_bots=true&per_page=100"))
    assert all(user["bot"] for user in get("/users?exclude_humans=true&per_page=100"))


def test_events_are_within_days_that_are_exclusive(running: Sandbox, get: Rows) -> None:
    """Neither the day of `after` nor that of `before` is in."""
    events = everything(get, "/users/1/events")
    days = sorted({event["created_at"][:10] for event in events})
    first, last = days[2], days[-3]
    found = everything(get, f"/users/1/events?after={first}&before={last}")
    assert {event["created_at"][:10] for event in found} == set(days[3:-3])
    assert found == sorted(found, key=lambda event: event["created_at"], reverse=True)


def test_pushes_are_events_of_an_action(get: Rows) -> None:
    """With what was pushed."""
    pushes = everything(get, "/users/1/events?action=pushed")
    assert pushes
    assert all("push_data" in event for event in pushes)


def test_a_persons_projects_are_their_own_and_what_they_worked_on(get: Rows) -> None:
    """The fork is the first person's; contributed ones are those of events."""
    own = get("/users/1/projects")
    assert [project["namespace"]["kind"] for project in own] == ["user"]
    contributed = {project["id"] for project in get("/users/1/contributed_projects?per_page=100")}
    events = everything(get, "/users/1/events")
    assert contributed >= {event["project_id"] for event in events}


def test_memberships_name_projects_and_namespaces(get: Rows) -> None:
    """In GitLab's words."""
    assert {row["source_type"] for row in get("/users/1/memberships")} == {"Namespace"}
    assert {row["source_type"] for row in get("/users/4/memberships")} == {"Project"}
    assert get("/users/4/memberships?type=Namespace") == []


# --- projects and groups -----------------------------------------------------------------------


def test_a_project_is_found_by_id_and_by_path(running: Sandbox, get: Rows) -> None:
    """In any case."""
    project = running.world.projects_by_id[101].data
    path = quote(project["path_with_namespace"].upper(), safe="")
    assert get(f"/projects/{path}") == get("/projects/101")


@pytest.mark.parametrize(
    ("query", "test"),
    [
        ("archived=true", lambda project: project["archived"]),
        ("archived=false", lambda project: not project["archived"]),
        ("visibility=private", lambda project: project["visibility"] == "private"),
        ("topic=python", lambda project: "python" in project["topics"]),
        ("search=figures", lambda project: "figures" in project["path"]),
    ],
)
def test_projects_are_filtered(
    running: Sandbox, get: Rows, query: str, test: Callable[[dict[str, Any]], bool]
) -> None:
    """By each of these."""
    expected = {row.data["id"] for row in running.world.projects if test(row.data)}
    assert {project["id"] for project in get(f"/projects?{query}&per_page=100")} >= expected > set()


def test_a_simple_project_has_fewer_fields(get: Rows) -> None:
    """`simple=true`."""
    assert "visibility" not in get("/projects?simple=true")[0]


def test_a_licence_is_shown_when_asked_for(get: Rows) -> None:
    """As GitLab recognised it."""
    shown: Any = get("/projects/101?license=true")
    assert shown["license"]["key"] == "agpl-3.0"
    assert "license" not in get("/projects/101")


def test_languages_are_shares(get: Rows) -> None:
    """They add up to a hundred."""
    shares: Any = get("/projects/101/languages")
    assert sum(shares.values()) == pytest.approx(100, abs=0.1)


def test_groups_are_a_tree(get: Rows) -> None:
    """Subgroups are the next level, descendants all of them."""
    assert [group["full_path"] for group in get("/groups/acme/subgroups")] == ["acme/platform"]
    below = [group["full_path"] for group in get("/groups/acme/descendant_groups")]
    assert below == ["acme/platform", "acme/platform/tools"]
    assert len(get("/groups?top_level_only=true")) == 1


def test_a_groups_projects_are_its_own_unless_subgroups_are_asked_for(get: Rows) -> None:
    """`include_subgroups`."""
    own = {project["id"] for project in get("/groups/acme/projects")}
    below = {project["id"] for project in get("/groups/acme/projects?include_subgroups=true")}
    assert own < below


def test_inherited_members_are_in_the_longer_list(running: Sandbox, get: Rows) -> None:
    """`members` has direct ones only, `members/all` those of the groups above."""
    direct = {member["id"] for member in get("/projects/101/members?per_page=100")}
    inherited = {member["id"] for member in get("/projects/101/members/all?per_page=100")}
    group = {member["id"] for member in get("/groups/501/members?per_page=100")}
    assert inherited == direct | group
    assert get("/groups/acme%2Fplatform/members") == []
    one: Any = get("/projects/101/members/all/1")
    assert one["access_level"] == 50


# --- merge requests ----------------------------------------------------------------------------


def test_all_pages_hold_each_merge_request_once(running: Sandbox, get: Rows) -> None:
    """In the order of their creation."""
    rows = everything(get, "/merge_requests?scope=all")
    assert [row["id"] for row in rows] == [r.data["id"] for r in running.world.merge_requests.rows]


def test_windows_of_updated_at_reach_everything(running: Sandbox, get: Rows) -> None:
    """Ascending, from the last one seen, as a long list is read."""
    seen: dict[int, Any] = {}
    after = "2000-01-01T00:00:00Z"
    while True:
        rows = get(
            "/merge_requests?scope=all&order_by=updated_at&sort=asc&per_page=20"
            f"&updated_after={after}"
        )
        fresh = [row for row in rows if row["id"] not in seen]
        if not fresh:
            break
        seen |= {row["id"]: row for row in fresh}
        after = rows[-1]["updated_at"]
    assert len(seen) == len(running.world.merge_requests.rows)


def test_a_groups_merge_requests_leave_archived_projects_out(running: Sandbox, get: Rows) -> None:
    """Unless they are asked for."""
    archived = next(row.data["id"] for row in running.world.projects if row.data["archived"])
    usual = everything(get, "/groups/acme/merge_requests?scope=all")
    whole = everything(get, "/groups/acme/merge_requests?scope=all&non_archived=false")
    assert archived not in {row["project_id"] for row in usual}
    assert archived in {row["project_id"] for row in whole}


def test_an_author_without_merge_requests_gives_an_empty_list(get: Rows) -> None:
    """As does one who does not exist."""
    assert get("/merge_requests?scope=all&author_username=ghost") == []
    assert get("/merge_requests?scope=all&author_username=no.such.person") == []


def test_only_the_single_one_has_its_pipeline_and_changes(running: Sandbox, get: Rows) -> None:
    """Lists lack these fields."""
    row = running.world.merge_requests.rows[0].data
    one: Any = get(f"/projects/{row['project_id']}/merge_requests/{row['iid']}")
    extra = {"head_pipeline", "pipeline", "changes_count", "diff_refs", "first_contribution"}
    assert extra <= set(one)
    listed = get("/merge_requests?scope=all&per_page=1")[0]
    assert not extra & set(listed)
    assert {"time_stats", "user_notes_count", "detailed_merge_status", "references"} <= set(listed)


@pytest.mark.parametrize("name", ["notes", "commits", "diffs", "pipelines"])
def test_what_hangs_on_a_merge_request_is_read_whole(
    running: Sandbox, get: Rows, name: str
) -> None:
    """For every tenth of them, and for those with more than a page."""
    tables = running.world.tables
    children = getattr(tables, f"mr_{name}")
    for position, (project, iid) in enumerate(running.world.merge_requests.by_key):
        expected = children.get((project, iid))
        if position % 10 == 0 or len(expected) > 100:
            rows = everything(get, f"/projects/{project}/merge_requests/{iid}/{name}")
            if name == "notes":
                rows = sorted(rows, key=lambda row: (row["created_at"], row["id"]))
            assert rows == expected


def test_notes_are_newest_first_unless_told_otherwise(running: Sandbox, get: Rows) -> None:
    """By creation; and they can be told apart by who wrote them."""
    path = max(
        running.world.merge_requests.by_key,
        key=lambda key: len(running.world.tables.mr_notes.get(key)),
    )
    base = f"/projects/{path[0]}/merge_requests/{path[1]}/notes"
    newest = everything(get, base)
    assert newest == everything(get, f"{base}?sort=asc")[::-1]
    assert not any(
        note["system"] for note in everything(get, f"{base}?activity_filter=only_comments")
    )


def test_approvals_say_who_but_not_when(running: Sandbox, get: Rows) -> None:
    """They are approved although none was required."""
    tables = running.world.tables
    key = next(key for key, value in tables.approvals.items() if value["approved_by"])
    shown: Any = get(f"/projects/{key[0]}/merge_requests/{key[1]}/approvals")
    assert shown["approved"] is True
    assert shown["approved_by"] == tables.approvals[key]["approved_by"]


def test_closing_references_and_others(running: Sandbox, get: Rows) -> None:
    """`closes_issues` has the former, `related_issues` both."""
    tables = running.world.tables
    closing = next(iter(tables.closes))
    base = f"/projects/{closing[0]}/merge_requests/{closing[1]}"
    assert [issue["iid"] for issue in get(f"{base}/closes_issues")] == tables.closes[closing]
    mentioning = next(key for key in tables.mentions if key not in tables.closes)
    base = f"/projects/{mentioning[0]}/merge_requests/{mentioning[1]}"
    assert get(f"{base}/closes_issues") == []
    assert [row["iid"] for row in get(f"{base}/related_issues")] == tables.mentions[mentioning]


# --- issues ------------------------------------------------------------------------------------


def test_issues_are_read_whole_by_offset_and_by_keyset(
    running: Sandbox, get: Rows, http: urllib3.PoolManager
) -> None:
    """Following the `Link` of each page."""
    by_offset = everything(get, "/projects/101/issues")
    url: str | None = f"{running.url}/api/v4/projects/101/issues?pagination=keyset&per_page=4"
    by_keyset: list[Any] = []
    while url:
        answer = http.request("GET", url, headers={"PRIVATE-TOKEN": running.token()})
        assert "x-page" not in answer.headers
        by_keyset += answer.json()
        link = answer.headers.get("link", "")
        url = link[1 : link.index(">")] if link else None
    assert by_keyset == by_offset


def test_issues_are_filtered_as_merge_requests_are(running: Sandbox, get: Rows) -> None:
    """By author and state here; those of archived projects only if they are asked for."""
    name = running.world.truth.usernames[2]
    question = f"/issues?scope=all&author_username={name}&state=closed"
    rows = everything(get, f"{question}&non_archived=false")
    expected = running.world.truth.issues()[name]["Closed Issues"]
    assert len(rows) == expected
    archived = {row.data["id"] for row in running.world.projects if row.data["archived"]}
    kept = [row["id"] for row in rows if row["project_id"] not in archived]
    assert [row["id"] for row in everything(get, question)] == kept
    assert get("/groups/acme/issues?scope=all&milestone=None&labels=None") is not None


# --- repository --------------------------------------------------------------------------------


def test_commits_of_all_branches_are_more_than_those_of_main(get: Rows) -> None:
    """`all=true` has those of open merge requests, too."""
    main = {row["id"] for row in everything(get, "/projects/101/repository/commits")}
    whole = {row["id"] for row in everything(get, "/projects/101/repository/commits?all=true")}
    assert main < whole
    branches = everything(get, "/projects/101/repository/branches")
    name = next(branch["name"] for branch in branches if not branch["default"])
    one = {r["id"] for r in everything(get, f"/projects/101/repository/commits?ref_name={name}")}
    assert main < one <= whole


def test_commits_are_within_times_and_of_an_author(get: Rows) -> None:
    """`since`, `until`, `author`; with stats on demand."""
    rows = everything(get, "/projects/101/repository/commits")
    middle = rows[len(rows) // 2]
    since = quote(middle["committed_date"])
    later = everything(get, f"/projects/101/repository/commits?since={since}")
    earlier = everything(get, f"/projects/101/repository/commits?until={since}")
    assert {row["id"] for row in later} & {row["id"] for row in earlier} >= {middle["id"]}
    assert len(later) + len(earlier) >= len(rows)
    name = middle["author_name"]
    found = everything(get, f"/projects/101/repository/commits?author={quote(name)}")
    assert {row["author_name"] for row in found} == {name}
    assert "stats" in get("/projects/101/repository/commits?with_stats=true")[0]


def test_pipelines_come_in_bulk(running: Sandbox, get: Rows) -> None:
    """Newest first; filtered by status, by ref, by time."""
    rows = everything(get, "/projects/101/pipelines")
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    assert all(row["project_id"] == 101 for row in rows)
    failed = everything(get, "/projects/101/pipelines?status=failed")
    assert failed == [row for row in rows if row["status"] == "failed"]
    moment = rows[len(rows) // 2]["updated_at"]
    after = everything(get, f"/projects/101/pipelines?updated_after={moment}")
    assert {row["id"] for row in after} == {
        row["id"] for row in rows if row["updated_at"] >= moment
    }


def test_a_tree_is_read_level_by_level_or_at_once(running: Sandbox, get: Rows) -> None:
    """Folders first; a path narrows it down."""
    top = get("/projects/101/repository/tree?per_page=100")
    assert [entry["type"] for entry in top] == sorted(
        (entry["type"] for entry in top), reverse=True
    )
    deep = get("/projects/101/repository/tree?recursive=true&per_page=100")
    files = {entry["path"] for entry in deep if entry["type"] == "blob"}
    assert files == set(running.world.tables.files[101])
    inside = get("/projects/101/repository/tree?path=src&recursive=true")
    assert all(entry["path"].startswith("src/") for entry in inside)


def test_files_come_as_base64_and_raw(
    running: Sandbox, get: Rows, http: urllib3.PoolManager
) -> None:
    """With slashes and dots in their paths."""
    path = "tests/unit/test_main.py"
    text = running.world.tables.files[101][path]
    url = f"/projects/101/repository/files/{quote(path, safe='')}"
    shown: Any = get(f"{url}?ref=main")
    assert base64.b64decode(shown["content"]).decode() == text
    assert (shown["file_path"], shown["encoding"]) == (path, "base64")
    raw = http.request(
        "GET",
        f"{running.url}/api/v4{url}/raw?ref=HEAD",
        headers={"PRIVATE-TOKEN": running.token()},
    )
    assert raw.data.decode() == text
    assert raw.headers["content-type"].startswith("text/plain")


# --- real data ---------------------------------------------------------------------------------


@pytest.mark.large
def test_the_real_data_is_served(http: urllib3.PoolManager) -> None:
    """One person's merge requests, one with its commits and diffs, the tree."""
    world = load_world(REAL)
    with Sandbox(world, threads=4) as sandbox:
        get = reader(sandbox, http)
        rows = get("/merge_requests?scope=all&author_username=dev0002&per_page=100")
        assert {row["author"]["username"] for row in rows} == {"dev0002"}
        one = f"/projects/gitlab-org%2Fgitlab-runner/merge_requests/{rows[0]['iid']}"
        assert get(f"{one}/commits") == world.tables.mr_commits.get((250833, rows[0]["iid"]))[:20]
        assert len(get("/projects/250833/repository/tree?recursive=true&per_page=100")) == 100
        token = sandbox.token("dev0100")
        answer = http.request(
            "GET", f"{sandbox.url}/api/v4/user?private=1", headers={"PRIVATE-TOKEN": token}
        )
        assert answer.json()["username"] == "dev0100"
