"""One merge request and the lists that hang on it."""

from __future__ import annotations

from gitlab_sync.sandbox.answer import Answer, json_answer, not_found
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.records import Record, Row
from gitlab_sync.sandbox.router import Route
from gitlab_sync.sandbox.routes.notes import (
    add_note,
    change_note,
    delete_note,
    listed_notes,
    one_note,
)
from gitlab_sync.sandbox.routes.projects import has_pipelines
from gitlab_sync.sandbox.tables import Key
from gitlab_sync.sandbox.world import World


def _found(call: Call) -> tuple[Key, Record]:
    """Return the key and the record of the merge request that the path names; 404 if none."""
    key = (call.project()["id"], call.number(1, "merge_request_iid"))
    row = call.world.merge_requests.by_key.get(key)
    if row is None:
        raise not_found()
    return key, row.data


def merge_request(call: Call) -> Answer:
    """GET /projects/:id/merge_requests/:iid, with what lists do not show."""
    key, record = _found(call)
    tables = call.world.tables
    pipelines = call.world.merge_request_pipelines(record)
    newest = max(pipelines, key=lambda pipeline: pipeline["id"], default=None)
    changes = len(tables.mr_diffs.get(key))
    base = record.get("merge_base_sha") or "0" * 40
    refs = {"base_sha": base, "head_sha": record.get("sha"), "start_sha": base}
    return json_answer(
        {
            **record,
            "subscribed": False,
            "changes_count": "1000+" if changes > 1000 else str(changes) if changes else None,
            "latest_build_started_at": None,
            "latest_build_finished_at": None,
            "first_deployed_to_production_at": None,
            "pipeline": newest,
            "head_pipeline": newest,
            "diff_refs": refs if record.get("sha") else None,
            "merge_error": None,
            "first_contribution": False,
            "user": {"can_merge": call.viewer.admin},
        }
    )


def notes(call: Call) -> Answer:
    """GET …/notes: newest first; `sort`, `order_by`, `activity_filter`."""
    key, _ = _found(call)
    return listed_notes(call, call.world.tables.mr_notes.get(key))


def note(call: Call) -> Answer:
    """GET …/notes/:note_id."""
    key, _ = _found(call)
    return one_note(call, call.world.tables.mr_notes.get(key))


def discussions(call: Call) -> Answer:
    """GET …/discussions: all notes by thread, the oldest first."""
    key, _ = _found(call)
    return call.page(call.world.merge_request_discussions(key))


def discussion(call: Call) -> Answer:
    """GET …/discussions/:discussion_id."""
    key, _ = _found(call)
    for each in call.world.merge_request_discussions(key):
        if each["id"] == call.arguments[2]:
            return json_answer(each)
    raise not_found("Discussion")


def new_note(call: Call) -> Answer:
    """POST …/notes: `body` is its text."""
    key, record = _found(call)
    return add_note(call, call.world.tables.mr_notes, key, record, "MergeRequest")


def changed_note(call: Call) -> Answer:
    """PUT …/notes/:note_id."""
    return change_note(call, call.world.tables.mr_notes, _found(call)[0])


def deleted_note(call: Call) -> Answer:
    """DELETE …/notes/:note_id."""
    return delete_note(call, call.world.tables.mr_notes, _found(call)[0])


def commits(call: Call) -> Answer:
    """GET …/commits: newest first, never with totals."""
    key, _ = _found(call)
    return call.page(call.world.tables.mr_commits.get(key), totals=False)


def diffs(call: Call) -> Answer:
    """GET …/diffs: the changed files, page by page."""
    key, _ = _found(call)
    return call.page(call.world.tables.mr_diffs.get(key))


def changes(call: Call) -> Answer:
    """GET …/changes: the merge request with all changed files, unpaged."""
    key, record = _found(call)
    files = call.world.tables.mr_diffs.get(key)
    return json_answer({**record, "changes": files, "overflow": False})


def versions(call: Call) -> Answer:
    """GET …/versions: the versions of the diff, the newest first."""
    key, record = _found(call)
    return call.page(_versions(call.world, key, record))


def version(call: Call) -> Answer:
    """GET …/versions/:version_id, with its commits and files; only the newest has all of them."""
    key, record = _found(call)
    wanted, tables = call.number(2, "version_id"), call.world.tables
    for place, shown in enumerate(_versions(call.world, key, record)):
        if shown["id"] == wanted:
            lists = (
                (tables.mr_commits.get(key), tables.mr_diffs.get(key)) if not place else ([], [])
            )
            return json_answer({**shown, "commits": lists[0], "diffs": lists[1]})
    raise not_found()


def _versions(world: World, key: Key, record: Record) -> list[Record]:
    known = world.tables.mr_versions.get(key)
    if known:
        return sorted(known, key=lambda each: -each["id"])
    return [_version(record)] if record.get("sha") else []


def _version(record: Record) -> Record:
    return {
        "id": record["id"],
        "head_commit_sha": record.get("sha"),
        "base_commit_sha": record.get("merge_base_sha") or "0" * 40,
        "start_commit_sha": record.get("merge_base_sha") or "0" * 40,
        "created_at": record["created_at"],
        "merge_request_id": record["id"],
        "state": "collected",
        "real_size": "1",
    }


def pipelines(call: Call) -> Answer:
    """GET …/pipelines: they are not in order of id. None where the project has no pipelines."""
    key, record = _found(call)
    project = call.world.projects_by_id[key[0]].data
    return call.page(call.world.merge_request_pipelines(record) if has_pipelines(project) else [])


def approvals(call: Call) -> Answer:
    """GET …/approvals: who approves now. It holds no times."""
    key, record = _found(call)
    given = call.world.tables.approvals.get(key) or {}
    by = given.get("approved_by") or []
    return json_answer(
        {
            "id": record["id"],
            "iid": record["iid"],
            "project_id": record["project_id"],
            "title": record["title"],
            "state": record["state"],
            "created_at": record["created_at"],
            "updated_at": record["updated_at"],
            "merge_status": record.get("merge_status"),
            "approvals_required": 0,
            "approvals_left": 0,
            "user_has_approved": False,
            "user_can_approve": False,
            "approved": True,
            **given,
            "approved_by": by,
        }
    )


def approval_state(call: Call) -> Answer:
    """GET …/approval_state: no rules."""
    _found(call)
    return json_answer({"approval_rules_overwritten": False, "rules": []})


def time_stats(call: Call) -> Answer:
    """GET …/time_stats."""
    _, record = _found(call)
    return json_answer(record["time_stats"])


def participants(call: Call) -> Answer:
    """GET …/participants: the author, assignees, reviewers and who wrote notes."""
    key, record = _found(call)
    return call.page(who_took_part(call.world, key, record))


def who_took_part(world: World, key: Key, record: Record) -> list[Record]:
    """Return the people around a merge request, each once, as other records show them."""
    people = [record.get("author"), *record.get("assignees", ()), *record.get("reviewers", ())]
    people += [note.get("author") for note in world.tables.mr_notes.get(key)]
    return list({person["id"]: person for person in people if person}.values())


def closes_issues(call: Call) -> Answer:
    """GET …/closes_issues: those that a closing reference names."""
    key, _ = _found(call)
    closed = [(key[0], iid) for iid in call.world.tables.closes.get(key, ())]
    return call.rows(_issues(call, closed))


def related_issues(call: Call) -> Answer:
    """GET …/related_issues: those that are closed or mentioned."""
    key, _ = _found(call)
    tables = call.world.tables
    iids = [*tables.closes.get(key, ()), *tables.mentions.get(key, ())]
    return call.rows(_issues(call, [(key[0], iid) for iid in dict.fromkeys(iids)]))


def _issues(call: Call, keys: list[Key]) -> list[Row]:
    by_key = call.world.issues.by_key
    found = [by_key[key] for key in keys if key in by_key]
    return list(call.visible(found))


_ONE = "/projects/:id/merge_requests/:iid"

ROUTES: dict[str, Route] = {
    _ONE: merge_request,
    f"{_ONE}/notes": notes,
    f"{_ONE}/notes/:note_id": note,
    f"{_ONE}/discussions": discussions,
    f"{_ONE}/discussions/:discussion_id": discussion,
    f"POST {_ONE}/notes": new_note,
    f"PUT {_ONE}/notes/:note_id": changed_note,
    f"DELETE {_ONE}/notes/:note_id": deleted_note,
    f"{_ONE}/commits": commits,
    f"{_ONE}/diffs": diffs,
    f"{_ONE}/changes": changes,
    f"{_ONE}/versions": versions,
    f"{_ONE}/versions/:version_id": version,
    f"{_ONE}/pipelines": pipelines,
    f"{_ONE}/approvals": approvals,
    f"{_ONE}/approval_state": approval_state,
    f"{_ONE}/time_stats": time_stats,
    f"{_ONE}/participants": participants,
    f"{_ONE}/closes_issues": closes_issues,
    f"{_ONE}/related_issues": related_issues,
}
