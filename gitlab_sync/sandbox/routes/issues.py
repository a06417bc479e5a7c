"""Issues: lists of the instance, of a project and of a group; one issue and its notes."""

from __future__ import annotations

from collections.abc import Sequence

from gitlab_sync.sandbox.answer import Answer, json_answer, not_found
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.filters import ISSUE_ORDERS, candidates, issue_tests, ordered
from gitlab_sync.sandbox.records import Record, Row
from gitlab_sync.sandbox.router import Route
from gitlab_sync.sandbox.routes.notes import listed_notes, one_note
from gitlab_sync.sandbox.tables import Key


def issues(call: Call) -> Answer:
    """GET /issues: by default those that the caller wrote, and none of archived projects."""
    call.signed_in()
    projects = None
    if call.query.flag("non_archived") is not False:
        rows = call.world.projects
        projects = {row.data["id"] for row in rows if not row.data.get("archived")}
    return _listed(call, None, "created_by_me", projects)


def project_issues(call: Call) -> Answer:
    """GET /projects/:id/issues: all of the project's; by offset or keyset."""
    project = call.project()["id"]
    rows = call.world.issues.by_project.get(project, [])
    return _listed(call, rows, "all", {project}, capped="Issue")


def group_issues(call: Call) -> Answer:
    """GET /groups/:id/issues: of all projects below; `non_archived` is on by default."""
    archived = call.query.flag("non_archived") is False
    projects = call.world.project_ids(call.group()["id"], archived=archived)
    return _listed(call, None, "all", projects)


def _listed(
    call: Call,
    rows: Sequence[Row] | None,
    scope: str,
    projects: set[int] | None = None,
    capped: str | None = None,
) -> Answer:
    chosen = call.kept(lambda: _chosen(call, rows, scope, projects))
    if capped is not None and call.wants_keyset:
        return call.keyset(chosen)
    return call.rows(chosen, capped=capped)


def _chosen(
    call: Call, rows: Sequence[Row] | None, scope: str, projects: set[int] | None
) -> Sequence[Row]:
    tests = issue_tests(call.query, call.me, scope)
    if projects is not None:
        tests.append(lambda record: record["project_id"] in projects)
    found = call.visible(candidates(call.world.issues, call.query, rows))
    kept = [row for row in found if all(test(row.data) for test in tests)]
    return ordered(call.query, kept, ISSUE_ORDERS)


def _found(call: Call) -> tuple[Key, Record]:
    key = (call.project()["id"], call.number(1, "issue_iid"))
    row = call.world.issues.by_key.get(key)
    if row is None:
        raise not_found()
    return key, row.data


def issue(call: Call) -> Answer:
    """GET /projects/:id/issues/:iid."""
    return json_answer(_found(call)[1])


def notes(call: Call) -> Answer:
    """GET …/notes."""
    return listed_notes(call, call.world.tables.issue_notes.get(_found(call)[0]))


def note(call: Call) -> Answer:
    """GET …/notes/:note_id."""
    return one_note(call, call.world.tables.issue_notes.get(_found(call)[0]))


def time_stats(call: Call) -> Answer:
    """GET …/time_stats."""
    return json_answer(_found(call)[1]["time_stats"])


def closed_by(call: Call) -> Answer:
    """GET …/closed_by: the merge requests with a closing reference to the issue."""
    project, iid = _found(call)[0]
    world = call.world
    keys = [key for key, iids in world.tables.closes.items() if key[0] == project and iid in iids]
    return call.rows([world.merge_requests.by_key[key] for key in keys])


_ONE = "/projects/:id/issues/:iid"

ROUTES: dict[str, Route] = {
    "/issues": issues,
    "/projects/:id/issues": project_issues,
    "/groups/:id/issues": group_issues,
    _ONE: issue,
    f"{_ONE}/notes": notes,
    f"{_ONE}/notes/:note_id": note,
    f"{_ONE}/time_stats": time_stats,
    f"{_ONE}/closed_by": closed_by,
}
