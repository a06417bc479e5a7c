"""python-gitlab, which knows nothing of this project, finds all of GitLab that it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gitlab
import pytest

from gitlab_sync.sandbox import Sandbox, generate_world


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """Start a sandbox with lists of more than one page."""
    world = generate_world(seed=4, users=25, merge_requests=10, issues=8, projects=6)
    with Sandbox(world, threads=4) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def gl(running: Sandbox) -> Iterator[gitlab.Gitlab]:
    """Return python-gitlab as it comes, for the administrator."""
    with gitlab.Gitlab(running.url, private_token=running.token()) as client:
        yield client


@pytest.fixture(scope="module")
def large(running: Sandbox) -> tuple[int, int]:
    """Return the key of a merge request with more than a page of notes and commits."""
    tables = running.world.tables
    return max(
        running.world.merge_requests.by_key,
        key=lambda key: (len(tables.mr_notes.get(key)), len(tables.mr_commits.get(key))),
    )


@pytest.fixture(scope="module")
def merge_request(gl: gitlab.Gitlab, large: tuple[int, int]) -> Any:
    """Return that merge request as python-gitlab's object."""
    return gl.projects.get(large[0]).mergerequests.get(large[1])


def ids(objects: Any) -> list[Any]:
    """Return the ids of some objects."""
    return [one.id for one in objects]


# --- the instance and people -------------------------------------------------------------------


def test_the_caller_and_the_version(gl: gitlab.Gitlab, running: Sandbox) -> None:
    """What `auth` and `version` ask for, and the token's own record."""
    own = gitlab.Gitlab(running.url, private_token=running.token(), keep_base_url=True)
    own.auth()
    assert own.user is not None
    assert own.user.username == running.world.truth.usernames[0]
    assert gl.version()[0].startswith("18.")
    assert gl.personal_access_tokens.get("self").scopes == ["api"]


def test_oauth_and_private_tokens(running: Sandbox) -> None:
    """Either, in its own header; a wrong one is an authentication error."""
    name = running.world.truth.usernames[1]
    value = running.token_for(name, kind="oauth")
    oauth = gitlab.Gitlab(running.url, oauth_token=value, keep_base_url=True)
    oauth.auth()
    assert oauth.user is not None
    assert oauth.user.username == name
    wrong = gitlab.Gitlab(running.url, private_token="wrong")
    with pytest.raises(gitlab.GitlabAuthenticationError):
        wrong.auth()


def test_users(gl: gitlab.Gitlab, running: Sandbox) -> None:
    """All pages, by offset and by keyset; by name; one with its lists."""
    everybody = {row.data["id"] for row in running.world.users}
    assert set(ids(gl.users.list(get_all=True))) == everybody
    keyset = gl.users.list(
        iterator=True, pagination="keyset", order_by="id", per_page=5, get_all=True
    )
    assert set(ids(keyset)) == everybody
    name = running.world.truth.usernames[2]
    [found] = gl.users.list(username=name.upper(), get_all=True)
    user = gl.users.get(found.id)
    assert user.username == name
    assert user.memberships.list(get_all=True)
    assert user.events.list(get_all=True)
    gl.users.get(1).projects.list(get_all=True)
    assert gl.users.get(1).contributed_projects.list(get_all=True)


def test_a_list_knows_its_size(gl: gitlab.Gitlab) -> None:
    """From the headers; a lazy list goes on to the next page by itself."""
    lazy = gl.users.list(iterator=True, per_page=6)
    assert lazy.total == len(list(lazy))
    assert lazy.per_page == 6


def test_the_callers_events(gl: gitlab.Gitlab) -> None:
    """Between two days."""
    events = gl.events.list(get_all=True)
    assert events
    later = gl.events.list(after=events[len(events) // 2].created_at[:10], get_all=True)
    assert 0 < len(later) < len(events)


# --- projects and groups -----------------------------------------------------------------------


def test_projects(gl: gitlab.Gitlab, running: Sandbox) -> None:
    """By offset, by keyset, by path, by a search."""
    expected = {row.data["id"] for row in running.world.projects}
    assert set(ids(gl.projects.list(get_all=True))) == expected
    keyset = gl.projects.list(
        iterator=True, pagination="keyset", order_by="id", per_page=2, get_all=True
    )
    assert set(ids(keyset)) == expected
    path = running.world.projects_by_id[102].data["path_with_namespace"]
    assert gl.projects.get(path).id == 102
    assert ids(gl.projects.list(search="figures", archived=False, get_all=True))
    assert gl.projects.get(101).languages()


def test_a_missing_project_is_a_404(gl: gitlab.Gitlab) -> None:
    """As python-gitlab's own error."""
    with pytest.raises(gitlab.GitlabGetError) as error:
        gl.projects.get("no/such")
    assert error.value.response_code == 404
    assert error.value.error_message == "404 Project Not Found"


def test_groups(gl: gitlab.Gitlab) -> None:
    """With what is below them."""
    assert set(ids(gl.groups.list(get_all=True))) == {501, 502, 503}
    assert set(
        ids(gl.groups.list(pagination="keyset", per_page=1, get_all=True, iterator=True))
    ) == {
        501,
        502,
        503,
    }
    top = gl.groups.get("acme")
    assert ids(top.subgroups.list(get_all=True)) == [502]
    assert ids(top.descendant_groups.list(get_all=True)) == [502, 503]
    assert len(top.projects.list(include_subgroups=True, get_all=True)) == 6
    assert top.mergerequests.list(state="merged", get_all=True)
    assert top.issues.list(state="closed", get_all=True)


def test_members(gl: gitlab.Gitlab) -> None:
    """Direct and inherited ones, of projects and groups."""
    project, group = gl.projects.get(101), gl.groups.get(501)
    everybody = ids(project.members_all.list(get_all=True))
    assert set(ids(project.members.list(get_all=True))) <= set(everybody)
    assert set(ids(group.members.list(get_all=True))) <= set(everybody)
    assert project.members_all.get(1).access_level == 50
    assert group.members.get(1).username
    assert group.members_all.get(1).id == 1
    with pytest.raises(gitlab.GitlabGetError):
        project.members_all.get(424242)


# --- merge requests ----------------------------------------------------------------------------


def test_merge_requests(gl: gitlab.Gitlab, running: Sandbox) -> None:
    """Of the instance, of a project, of one person."""
    world = running.world
    rows = gl.mergerequests.list(scope="all", per_page=30, get_all=True)
    assert ids(rows) == [row.data["id"] for row in world.merge_requests.rows]
    name = world.truth.usernames[5]
    assert len(gl.mergerequests.list(scope="all", author_username=name, get_all=True)) == 10
    project = gl.projects.get(101)
    opened = project.mergerequests.list(state="opened", get_all=True)
    assert {one.state for one in opened} == {"opened"}
    chosen = project.mergerequests.list(iids=[1, 2], get_all=True)
    assert sorted(one.iid for one in chosen) == [1, 2]


def test_all_that_hangs_on_a_merge_request(
    merge_request: Any, running: Sandbox, large: tuple[int, int]
) -> None:
    """Notes, commits, pipelines, diffs, changes, approvals, times, issues, people."""
    tables = running.world.tables
    notes = merge_request.notes.list(get_all=True, per_page=50)
    assert sorted(ids(notes)) == [note["id"] for note in tables.mr_notes.get(large)]
    assert merge_request.notes.get(notes[0].id).body == notes[0].body
    commits = [commit.id for commit in merge_request.commits(all=True)]
    assert commits == [commit["id"] for commit in tables.mr_commits.get(large)]
    assert ids(merge_request.pipelines.list(get_all=True)) == [
        pipeline["id"] for pipeline in tables.mr_pipelines.get(large)
    ]
    files = [row["new_path"] for row in tables.mr_diffs.get(large)]
    assert [row["new_path"] for row in merge_request.changes()["changes"]] == files
    [version] = merge_request.diffs.list(get_all=True)
    assert [row["new_path"] for row in merge_request.diffs.get(version.id).diffs] == files
    assert merge_request.approvals.get().approved
    assert merge_request.approval_state.get().rules == []
    assert (
        merge_request.time_stats()["total_time_spent"]
        == (merge_request.attributes["time_stats"]["total_time_spent"])
    )
    assert merge_request.changes_count == str(len(files))
    assert merge_request.participants()


def test_issues_of_a_merge_request(gl: gitlab.Gitlab, running: Sandbox) -> None:
    """Those it closes, and those it is related to."""
    (project, iid), iids = next(iter(running.world.tables.closes.items()))
    one = gl.projects.get(project).mergerequests.get(iid)
    assert [issue.iid for issue in one.closes_issues()] == iids
    assert [issue.iid for issue in one.related_issues()] == iids


# --- issues ------------------------------------------------------------------------------------


def test_issues(gl: gitlab.Gitlab, running: Sandbox) -> None:
    """Of the instance, of a project by offset and keyset, one with its notes."""
    world = running.world
    every = gl.issues.list(scope="all", non_archived=False, get_all=True)
    assert len(every) == len(world.issues.rows)
    project = gl.projects.get(101)
    by_offset = ids(project.issues.list(get_all=True))
    keyset = project.issues.list(iterator=True, pagination="keyset", per_page=6, get_all=True)
    assert ids(keyset) == by_offset
    issue = project.issues.get(1)
    assert [note.body for note in issue.notes.list(sort="asc", get_all=True)] == [
        note["body"] for note in world.tables.issue_notes.get((101, 1))
    ]
    assert issue.time_stats() == issue.attributes["time_stats"]
    assert [row["iid"] for row in issue.closed_by()] == [
        key[1] for key, iids in world.tables.closes.items() if key[0] == 101 and 1 in iids
    ]


# --- repositories ------------------------------------------------------------------------------


def test_commits(gl: gitlab.Gitlab, running: Sandbox) -> None:
    """All branches, all pages, without totals; one with its diff."""
    project = gl.projects.get(101)
    lazy = project.commits.list(iterator=True, query_parameters={"all": "true"})
    assert lazy.total is None
    rows = list(lazy)
    assert ids(rows) == [row.data["id"] for row in running.world.commits[101]]
    one = project.commits.get(rows[0].id)
    assert one.stats["total"] == one.stats["additions"] + one.stats["deletions"]
    assert isinstance(one.diff(get_all=True), list)
    merge = next(row for row in rows if len(row.parent_ids) == 2)
    assert project.commits.get(merge.id).merge_requests() is not None


def test_tree_and_files(gl: gitlab.Gitlab, running: Sandbox) -> None:
    """The tree by offset and by keyset; each file decoded and raw."""
    project = gl.projects.get(101)
    files = running.world.tables.files[101]
    tree = project.repository_tree(recursive=True, get_all=True)
    assert {entry["path"] for entry in tree if entry["type"] == "blob"} == set(files)
    keyset = project.repository_tree(
        recursive=True, pagination="keyset", per_page=4, iterator=True, get_all=True
    )
    assert [entry["path"] for entry in keyset] == [entry["path"] for entry in tree]
    for path, text in files.items():
        assert project.files.get(path, ref="main").decode().decode() == text
        assert project.files.raw(path, ref="main").decode() == text
    with pytest.raises(gitlab.GitlabGetError, match="404 File Not Found"):
        project.files.get("nothing", ref="main")


def test_branches_and_pipelines(gl: gitlab.Gitlab) -> None:
    """The default branch is among them; pipelines are newest first."""
    project = gl.projects.get(101)
    branches = project.branches.list(get_all=True)
    assert [branch.name for branch in branches if branch.default] == ["main"]
    assert project.branches.get("main").commit["id"]
    pipelines = ids(project.pipelines.list(get_all=True))
    assert pipelines == sorted(pipelines, reverse=True)
    assert project.pipelines.get(pipelines[0]).id == pipelines[0]


def test_project_events(gl: gitlab.Gitlab) -> None:
    """Everybody's in one project."""
    events = gl.projects.get(101).events.list(get_all=True)
    assert len({event.author_id for event in events}) > 1


def test_a_renamed_project_is_followed(gl: gitlab.Gitlab) -> None:
    """python-gitlab follows the 301 of a GET."""
    assert gl.projects.get("acme/old-figures").id == 101


def test_limits_are_waited_for(running: Sandbox) -> None:
    """python-gitlab's own patience works with the headers that it gets."""
    client = gitlab.Gitlab(running.url, private_token=running.token())
    planted = running.faults.add("limit", retry_after=0)
    assert client.version()[0]
    assert planted.hits == 1
