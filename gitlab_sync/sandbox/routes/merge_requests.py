"""Lists of merge requests: of the instance, of a project, of a group."""

from __future__ import annotations

from collections.abc import Sequence

from gitlab_sync.sandbox.answer import Answer
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.filters import MR_ORDERS, candidates, merge_request_tests, ordered
from gitlab_sync.sandbox.records import Row
from gitlab_sync.sandbox.router import Route

_SIMPLE = (
    "id",
    "iid",
    "project_id",
    "title",
    "description",
    "state",
    "created_at",
    "updated_at",
    "web_url",
)


def merge_requests(call: Call) -> Answer:
    """GET /merge_requests: by default only those that the caller wrote."""
    call.signed_in()
    return _listed(call, None, "created_by_me")


def project_merge_requests(call: Call) -> Answer:
    """GET /projects/:id/merge_requests: all of the project's."""
    project = call.project()["id"]
    rows = call.world.merge_requests.by_project.get(project, [])
    return _listed(call, rows, "all", {project})


def group_merge_requests(call: Call) -> Answer:
    """GET /groups/:id/merge_requests: of all projects below; `non_archived` is on by default."""
    archived = call.query.flag("non_archived") is False
    projects = call.world.project_ids(call.group()["id"], archived=archived)
    return _listed(call, None, "all", projects)


def _listed(
    call: Call, rows: Sequence[Row] | None, scope: str, projects: set[int] | None = None
) -> Answer:
    chosen = call.kept(lambda: _chosen(call, rows, scope, projects))
    if call.query.get("view") == "simple":
        return call.page(chosen, _simple)
    return call.rows(chosen)


def _chosen(
    call: Call, rows: Sequence[Row] | None, scope: str, projects: set[int] | None
) -> Sequence[Row]:
    tests = merge_request_tests(call.query, call.me, scope)
    found = call.visible(candidates(call.world.merge_requests, call.query, rows))
    if projects is not None:
        tests.append(lambda record: record["project_id"] in projects)
    kept = [row for row in found if all(test(row.data) for test in tests)]
    return ordered(call.query, kept, MR_ORDERS)


def _simple(row: Row) -> dict[str, object]:
    return {key: row.data.get(key) for key in _SIMPLE}


ROUTES: dict[str, Route] = {
    "/merge_requests": merge_requests,
    "/projects/:id/merge_requests": project_merge_requests,
    "/groups/:id/merge_requests": group_merge_requests,
}
