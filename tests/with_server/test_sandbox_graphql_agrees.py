"""GraphQL and REST say the same of every merge request, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest
import urllib3
from real_data import REAL

from gitlab_sync.sandbox import Sandbox, World, demo_world, generate_world, load_world

FIELDS = """
  id iid title description state draft conflicts detailedMergeStatus createdAt
  updatedAt mergedAt closedAt upvotes downvotes
  userNotesCount timeEstimate totalTimeSpent humanTotalTimeSpent webUrl reference(full: true)
  sourceBranch targetBranch diffHeadSha mergeCommitSha projectId sourceProjectId targetProjectId
  author { username name } mergeUser { username } milestone { title } project { fullPath }
  assignees { nodes { username } } reviewers { nodes { username } } labels { nodes { title } }
"""
CHILDREN = {
    "notes": "id system body createdAt updatedAt author { username } resolvable resolved",
    "discussions": "id resolvable resolved createdAt notes { nodes { id resolved } }",
    "commits": "sha shortId title message authorName authorEmail authoredDate committedDate webUrl",
    "commitsWithoutMergeCommits": "sha title message",
    "pipelines": "id iid status ref sha source createdAt updatedAt",
    "participants": "username",
    "approvedBy": "username",
}


class Both:
    """Reads one sandbox over REST and over GraphQL, as the administrator."""

    def __init__(self, sandbox: Sandbox, http: urllib3.PoolManager) -> None:
        self.world = sandbox.world
        self._url = sandbox.url
        self._headers = {"PRIVATE-TOKEN": sandbox.token()}
        self._http = http

    def rest(self, path: str) -> Any:
        """Return one answer of REST."""
        url = f"{self._url}/api/v4{path}"
        answer = self._http.request("GET", url, headers=self._headers)
        assert answer.status == 200, (path, answer.data)
        return answer.json()

    def rows(self, path: str) -> list[Any]:
        """Return all rows of a list of REST."""
        found: list[Any] = []
        mark = "&" if "?" in path else "?"
        while True:
            page = len(found) // 100 + 1
            rows = self.rest(f"{path}{mark}per_page=100&page={page}")
            found += rows
            if len(rows) < 100:
                return found

    def graphql(self, query: str, **variables: Any) -> Any:
        """Return the data of a query's answer."""
        answer = self._http.request(
            "POST",
            f"{self._url}/api/graphql",
            headers=self._headers,
            json={"query": query, "variables": variables},
        )
        shown = answer.json()
        assert "errors" not in shown, shown
        return shown["data"]

    def nodes(self, query: str, *way: str, **variables: Any) -> list[Any]:
        """Return all nodes of the connection at the end of `way`, page after page."""
        found, after = [], None
        while True:
            data = self.graphql(query, after=after, **variables)
            for step in way:
                data = data[step]
            found += data["nodes"]
            after = data["pageInfo"]["endCursor"]
            if not data["pageInfo"]["hasNextPage"]:
                return found


@pytest.fixture(scope="module")
def http() -> Iterator[urllib3.PoolManager]:
    """Return a client without any cleverness."""
    with urllib3.PoolManager(retries=False, timeout=20) as pool:
        yield pool


def generated() -> World:
    """Return a world where two merge requests have more than a page of notes and commits."""
    return generate_world(seed=5, users=6, merge_requests=8, issues=2, projects=5, large_every=12)


@pytest.fixture(scope="module", params=[generated, demo_world], ids=["generated", "demo"])
def both(request: pytest.FixtureRequest, http: urllib3.PoolManager) -> Iterator[Both]:
    """Start a sandbox of each kind of world."""
    with Sandbox(request.param(), threads=4) as sandbox:
        yield Both(sandbox, http)


def moment(text: str | None) -> str | None:
    """Return a time of REST as GraphQL shows it."""
    if text is None:
        return None
    return datetime.fromisoformat(text).isoformat(timespec="seconds").replace("+00:00", "Z")


def names(people: list[dict[str, Any]]) -> dict[str, Any]:
    """Return people as a connection of usernames."""
    return {"nodes": [{"username": person["username"]} for person in people]}


def as_graphql(row: dict[str, Any], project: dict[str, Any]) -> dict[str, Any]:
    """Return what `FIELDS` must say of a merge request of REST."""
    spent = row["time_stats"]
    return {
        "id": f"gid://gitlab/MergeRequest/{row['id']}",
        "iid": str(row["iid"]),
        "title": row["title"],
        "description": row["description"],
        "state": row["state"],
        "draft": row["draft"],
        "conflicts": row["has_conflicts"],
        "detailedMergeStatus": row["detailed_merge_status"].upper(),
        "createdAt": moment(row["created_at"]),
        "updatedAt": moment(row["updated_at"]),
        "mergedAt": moment(row["merged_at"]),
        "closedAt": moment(row["closed_at"]),
        "upvotes": row["upvotes"],
        "downvotes": row["downvotes"],
        "userNotesCount": row["user_notes_count"],
        "timeEstimate": spent["time_estimate"],
        "totalTimeSpent": spent["total_time_spent"],
        "humanTotalTimeSpent": spent["human_total_time_spent"],
        "webUrl": row["web_url"],
        "reference": row["references"]["full"],
        "sourceBranch": row["source_branch"],
        "targetBranch": row["target_branch"],
        "diffHeadSha": row["sha"],
        "mergeCommitSha": row["merge_commit_sha"],
        "projectId": row["project_id"],
        "sourceProjectId": row["source_project_id"],
        "targetProjectId": row["target_project_id"],
        "author": {"username": row["author"]["username"], "name": row["author"]["name"]},
        "mergeUser": row["merge_user"] and {"username": row["merge_user"]["username"]},
        "milestone": row.get("milestone") and {"title": row["milestone"]["title"]},
        "project": {"fullPath": project["path_with_namespace"]},
        "assignees": names(row["assignees"]),
        "reviewers": names(row["reviewers"]),
        "labels": {"nodes": [{"title": title} for title in row["labels"]]},
    }


def of_project(fields: str, size: int = 20) -> str:
    """Return a query of a page of a project's merge requests."""
    return f"""query($p: ID!, $after: String) {{ project(fullPath: $p) {{
      mergeRequests(first: {size}, after: $after) {{
        nodes {{ {fields} }} pageInfo {{ endCursor hasNextPage }} }} }} }}"""


def test_every_field_of_every_merge_request_agrees(both: Both) -> None:
    """In the same order, too: the newest first."""
    for project in both.rows("/projects"):
        path = project["path_with_namespace"]
        rows = both.rows(f"/projects/{project['id']}/merge_requests")
        found = both.nodes(of_project(FIELDS), "project", "mergeRequests", p=path)
        assert found == [as_graphql(row, project) for row in rows]


@pytest.mark.parametrize("state", ["active", "closed"])
def test_milestones_of_projects_agree(both: Both, state: str) -> None:
    """By their state; there are some."""
    query = """query($p: ID!, $state: MilestoneStateEnum) { project(fullPath: $p) {
      milestones(state: $state) { nodes { id iid title state } } } }"""
    shown = 0
    for project in both.rows("/projects"):
        expected = [
            {
                "id": f"gid://gitlab/Milestone/{row['id']}",
                "iid": str(row["iid"]),
                "title": row["title"],
                "state": row["state"],
            }
            for row in both.rows(f"/projects/{project['id']}/milestones?state={state}")
        ]
        data = both.graphql(query, p=project["path_with_namespace"], state=state)
        assert data["project"]["milestones"]["nodes"] == expected
        shown += len(expected)
    assert bool(shown) == (state == "active")


def as_discussion(row: dict[str, Any]) -> dict[str, Any]:
    """Return what GraphQL must say of a discussion of REST: it is resolved if all of it is."""
    flags = [note.get("resolved", False) for note in row["notes"] if note["resolvable"]]
    notes = [
        {
            "id": f"gid://gitlab/{note['type'] or 'Note'}/{note['id']}",
            "resolved": note.get("resolved", False),
        }
        for note in row["notes"]
    ]
    return {
        "id": f"gid://gitlab/Discussion/{row['id']}",
        "resolvable": bool(flags),
        "resolved": bool(flags) and all(flags),
        "createdAt": moment(row["notes"][0]["created_at"]),
        "notes": {"nodes": notes},
    }


def expected_children(both: Both, path: str) -> dict[str, list[dict[str, Any]]]:
    """Return what `CHILDREN` must say of the merge request at a path of REST."""
    commits = [
        {
            "sha": row["id"],
            "shortId": row["short_id"],
            "title": row["title"],
            "message": row["message"],
            "authorName": row["author_name"],
            "authorEmail": row["author_email"],
            "authoredDate": moment(row["authored_date"]),
            "committedDate": moment(row["committed_date"]),
            "webUrl": row["web_url"],
            "merges": len(row["parent_ids"]) > 1,
        }
        for row in both.rows(f"{path}/commits")
    ]
    return {
        "notes": [
            {
                "id": f"gid://gitlab/{row['type'] or 'Note'}/{row['id']}",
                "system": row["system"],
                "body": row["body"],
                "createdAt": moment(row["created_at"]),
                "updatedAt": moment(row["updated_at"]),
                "author": {"username": row["author"]["username"]},
                "resolvable": row["resolvable"],
                "resolved": row.get("resolved", False),
            }
            for row in both.rows(f"{path}/notes?sort=asc")
        ],
        "discussions": [as_discussion(row) for row in both.rows(f"{path}/discussions")],
        "commits": [{k: v for k, v in row.items() if k != "merges"} for row in commits],
        "commitsWithoutMergeCommits": [
            {key: row[key] for key in ("sha", "title", "message")}
            for row in commits
            if not row["merges"]
        ],
        "pipelines": [
            {
                "id": f"gid://gitlab/Ci::Pipeline/{row['id']}",
                "iid": str(row["iid"]),
                "status": row["status"].upper(),
                "ref": row["ref"],
                "sha": row["sha"],
                "source": row["source"],
                "createdAt": moment(row["created_at"]),
                "updatedAt": moment(row["updated_at"]),
            }
            for row in both.rows(f"{path}/pipelines")
        ],
        "participants": [
            {"username": row["username"]} for row in both.rows(f"{path}/participants")
        ],
        "approvedBy": [
            {"username": one["user"]["username"]}
            for one in both.rest(f"{path}/approvals")["approved_by"]
        ],
    }


@pytest.mark.slow
def test_everything_that_hangs_on_a_merge_request_agrees(both: Both) -> None:
    """Notes, commits, pipelines, people: all pages of each; then files and the approval."""
    long_ones = threads = 0
    for row in both.rows("/merge_requests?scope=all"):
        path = f"/projects/{row['project_id']}/merge_requests/{row['iid']}"
        where = {"p": row["references"]["full"].partition("!")[0], "i": str(row["iid"])}
        expected = expected_children(both, path)
        long_ones += len(expected["notes"]) > 100
        threads += sum(each["resolvable"] for each in expected["discussions"])
        for field, fields in CHILDREN.items():
            query = f"""query($p: ID!, $i: String!, $after: String) {{ project(fullPath: $p) {{
              mergeRequest(iid: $i) {{ {field}(after: $after) {{
                nodes {{ {fields} }} pageInfo {{ endCursor hasNextPage }} }} }} }} }}"""
            assert both.nodes(query, "project", "mergeRequest", field, **where) == expected[field]
        query = """query($p: ID!, $i: String!) { project(fullPath: $p) { mergeRequest(iid: $i) {
          approved commitCount diffStats { path additions deletions } timelogs { totalSpentTime }
        } } }"""
        found = both.graphql(query, **where)["project"]["mergeRequest"]
        files = both.rows(f"{path}/diffs")
        assert [file["path"] for file in found["diffStats"]] == [file["new_path"] for file in files]
        assert {(file["additions"], file["deletions"]) for file in found["diffStats"]} <= {(1, 1)}
        assert found["approved"] is both.rest(f"{path}/approvals")["approved"]
        assert found["commitCount"] == len(expected["commits"])
        spent = row["time_stats"]["total_time_spent"]
        assert found["timelogs"]["totalSpentTime"] == str(spent)
    assert long_ones > 0, "no merge request was long enough to have a second page"
    assert threads > 0, "no thread can be resolved"


Filter = tuple[str, str]


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        ("state: merged", "state=merged"),
        ("state: opened", "state=opened"),
        ("state: all", "state=all"),
        ("draft: true", "wip=yes"),
        ('labels: ["backend"]', "labels=backend"),
        ('iids: ["1", "3"]', "iids[]=1&iids[]=3"),
        ("sort: updated_asc", "order_by=updated_at&sort=asc"),
        ("sort: UPDATED_DESC", "order_by=updated_at&sort=desc"),
        ("sort: CREATED_ASC", "order_by=created_at&sort=asc"),
        ("sort: MERGED_AT_DESC", "order_by=merged_at&sort=desc"),
        ("sort: TITLE_ASC", "order_by=title&sort=asc"),
        ('createdAfter: "DAY"', "created_after=DAY"),
        ('createdBefore: "DAY"', "created_before=DAY"),
        ('updatedAfter: "DAY"', "updated_after=DAY"),
        ('updatedBefore: "DAY", state: closed', "updated_before=DAY&state=closed"),
        ('mergedAfter: "DAY"', "merged_after=DAY"),
        ('mergedBefore: "DAY"', "merged_before=DAY"),
        ('authorUsername: "NAME"', "author_username=NAME"),
        ('assigneeUsername: "NAME"', "assignee_username=NAME"),
        ('reviewerUsername: "NAME"', "reviewer_username=NAME"),
    ],
)
def test_every_filter_of_a_list_agrees(both: Both, arguments: str, parameters: str) -> None:
    """Of a project and of a group, in the same order."""
    rows = both.world.merge_requests.rows
    exact = rows[len(rows) // 2].data["updated_at"]
    name = rows[0].data["author"]["username"]
    project = rows[0].data["project_id"]
    path = both.world.projects_by_id[project].data["path_with_namespace"]
    group = both.world.groups[-1].data["full_path"]

    def filled(text: str) -> str:
        return text.replace("DAY", exact).replace("NAME", name)

    query = f"""query($p: ID!, $g: ID!) {{
      project(fullPath: $p) {{ mergeRequests({filled(arguments)}) {{ nodes {{ webUrl }} }} }}
      group(fullPath: $g) {{
        mergeRequests(includeSubgroups: true, {filled(arguments)}) {{ nodes {{ webUrl }} }} }} }}"""
    data = both.graphql(query, p=path, g=group)
    for kind, way in (("project", project), ("group", quote(group, safe=""))):
        found = both.rest(f"/{kind}s/{way}/merge_requests?per_page=100&{filled(parameters)}")
        assert [node["webUrl"] for node in data[kind]["mergeRequests"]["nodes"]] == [
            row["web_url"] for row in found
        ]


def test_people_have_the_same_merge_requests(both: Both) -> None:
    """Written and assigned, of everybody."""
    for row in both.world.users:
        name = row.data["username"]
        for field, parameter in (
            ("authoredMergeRequests", "author_username"),
            ("assignedMergeRequests", "assignee_username"),
        ):
            query = f"""query($u: String!, $after: String) {{ user(username: $u) {{
              {field}(first: 7, after: $after) {{
                nodes {{ webUrl }} pageInfo {{ endCursor hasNextPage }} }} }} }}"""
            found = both.nodes(query, "user", field, u=name)
            rows = both.rows(f"/merge_requests?scope=all&{parameter}={name}")
            assert [node["webUrl"] for node in found] == [row["web_url"] for row in rows]


def test_a_person_agrees(both: Both) -> None:
    """As REST shows that person to an administrator."""
    query = """query($u: String!) { user(username: $u) {
      username name state bot avatarUrl webUrl publicEmail createdAt } }"""
    for row in both.world.users:
        person = both.rest(f"/users/{row.data['id']}")
        assert both.graphql(query, u=person["username"])["user"] == {
            "username": person["username"],
            "name": person["name"],
            "state": person["state"],
            "bot": person["bot"],
            "avatarUrl": person["avatar_url"],
            "webUrl": person["web_url"],
            "publicEmail": person["public_email"],
            "createdAt": moment(person["created_at"]),
        }


@pytest.mark.large
def test_the_real_world_is_read_to_the_end(http: urllib3.PoolManager) -> None:
    """All 5,004 merge requests, each once, in the order of REST's list."""
    with Sandbox(load_world(REAL), threads=2) as sandbox:
        both = Both(sandbox, http)
        found = both.nodes(
            of_project("iid createdAt diffStats { path }", 100),
            "project",
            "mergeRequests",
            p="gitlab-org/gitlab-runner",
        )
        held = both.world.merge_requests.rows
        assert [node["iid"] for node in found] == [str(row.data["iid"]) for row in held]
        files = sum(len(node["diffStats"]) for node in found)
        diffs = both.world.tables.mr_diffs
        assert files == sum(len(diffs.get(key)) for key in diffs.keys())  # noqa: SIM118 - it is no dict
