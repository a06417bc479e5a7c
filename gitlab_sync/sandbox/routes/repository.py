"""Repositories: commits, branches, the tree and files."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from gitlab_sync.sandbox.answer import Answer, error, json_answer, not_found
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.paging import by_keyset
from gitlab_sync.sandbox.records import Record, Row, instant
from gitlab_sync.sandbox.router import Route
from gitlab_sync.sandbox.tables import Key


def commits(call: Call) -> Answer:
    """GET …/repository/commits: newest first; never with totals."""
    rows = call.kept(lambda: _chosen(call))
    if call.query.flag("with_stats"):
        return call.page(rows, _with_stats, totals=False)
    return call.rows(rows, totals=False)


def _chosen(call: Call) -> Sequence[Row]:
    query = call.query
    project = call.project()
    rows: Sequence[Row] = call.world.commits.get(project["id"], [])
    branch = query.get("ref_name") or project.get("default_branch")
    if not query.flag("all"):
        rows = _of_branch(call, project, rows, branch)
    since, until = query.time("since"), query.time("until")
    if since is not None:
        rows = [row for row in rows if instant(row.data["committed_date"]) >= since]
    if until is not None:
        rows = [row for row in rows if instant(row.data["committed_date"]) <= until]
    author = query.get("author")
    if author is not None:
        rows = [row for row in rows if author.lower() in _signature(row.data)]
    return rows


def _of_branch(
    call: Call, project: Record, rows: Sequence[Row], branch: str | None
) -> Sequence[Row]:
    """Return the commits that a branch (or a commit's id) holds; 404 if there is none."""
    ahead = call.world.tables.ahead.get(project["id"], {})
    if branch == project.get("default_branch") or branch in ahead or _branch(call, project, branch):
        elsewhere = set().union(*(ids for name, ids in ahead.items() if name != branch))
        return [row for row in rows if row.data["id"] not in elsewhere] if elsewhere else rows
    start = next((n for n, row in enumerate(rows) if row.data["id"] == branch), None)
    if start is None:
        raise not_found("Commit" if branch is None else "Reference")
    return rows[start:]


def _signature(commit: Record) -> str:
    return f"{commit.get('author_name')} <{commit.get('author_email')}>".lower()


def _with_stats(row: Row) -> Record:
    return {**row.data, "stats": _stats(row.data)}


def _stats(commit: Record) -> Record:
    # A folder holds no sizes: they follow from the commit's id, so that they never change.
    seed = int(commit["id"][:4], 16)
    added, removed = seed % 120, seed % 37
    return {"additions": added, "deletions": removed, "total": added + removed}


def commit(call: Call) -> Answer:
    """GET …/repository/commits/:sha: by full or short id, or by branch."""
    project = call.project()
    rows = call.world.commits.get(project["id"], [])
    wanted = call.arguments[1]
    if _branch(call, project, wanted) is not None and rows:
        found: Row | None = rows[0]
    else:
        found = next((row for row in rows if row.data["id"].startswith(wanted)), None)
    if found is None:
        raise not_found("Commit")
    return json_answer(
        {
            **found.data,
            "stats": _stats(found.data),
            "status": None,
            "project_id": project["id"],
            "last_pipeline": None,
        }
    )


def commit_diff(call: Call) -> Answer:
    """GET …/repository/commits/:sha/diff: unpaged; only heads and merges have a text here."""
    key = _merge_request_of(call)
    return json_answer([] if key is None else call.world.tables.mr_diffs.get(key))


def commit_merge_requests(call: Call) -> Answer:
    """GET …/repository/commits/:sha/merge_requests: the one that it heads or merges."""
    key = _merge_request_of(call)
    return call.rows([] if key is None else [call.world.merge_requests.by_key[key]])


def _merge_request_of(call: Call) -> Key | None:
    project = call.project()["id"]
    sha = call.arguments[1]
    if not any(row.data["id"] == sha for row in call.world.commits.get(project, ())):
        raise not_found("Commit")
    for row in call.world.merge_requests.by_project.get(project, ()):
        if sha in {row.data.get("sha"), row.data.get("merge_commit_sha")}:
            return project, row.data["iid"]
    return None


# --- branches ----------------------------------------------------------------------------------


def branches(call: Call) -> Answer:
    """GET …/repository/branches; filter `search`."""
    found = _branches(call, call.project())
    search = (call.query.get("search") or "").lower()
    if search:
        found = [branch for branch in found if search in branch["name"].lower()]
    return call.page(found)


def branch(call: Call) -> Answer:
    """GET …/repository/branches/:branch."""
    found = _branch(call, call.project(), call.arguments[1])
    if found is None:
        raise not_found("Branch")
    return json_answer(found)


def _branches(call: Call, project: Record) -> list[Record]:
    """Return a project's branches; a world that names none has the default branch."""
    known = call.world.tables.branches.get(project["id"])
    if known is not None:
        return sorted(known, key=lambda record: str(record["name"]))
    name = project.get("default_branch")
    if name is None:
        return []
    rows = call.world.commits.get(project["id"], [])
    return [
        {
            "name": name,
            "merged": False,
            "protected": True,
            "default": True,
            "developers_can_push": False,
            "developers_can_merge": False,
            "can_push": False,
            "web_url": f"{project['web_url']}/-/tree/{name}",
            "commit": rows[0].data if rows else None,
        }
    ]


def _branch(call: Call, project: Record, name: str | None) -> Record | None:
    return next((row for row in _branches(call, project) if row["name"] == name), None)


# --- tree and files ----------------------------------------------------------------------------


def tree(call: Call) -> Answer:
    """GET …/repository/tree: one folder, or with `recursive` all below it.

    By offset, by keyset, or a recursive one with `pagination=none` as a whole.
    """
    project = call.project()
    check_ref(call, project, call.query.get("ref"), "Tree")
    entries = call.world.tables.tree.get(project["id"], [])
    folder = (call.query.get("path") or "").strip("/")
    inside = f"{folder}/" if folder else ""
    deep = bool(call.query.flag("recursive"))
    found = [
        entry
        for entry in entries
        if entry["path"].startswith(inside) and (deep or "/" not in entry["path"][len(inside) :])
    ]
    if folder and not found:
        raise not_found("invalid revision or path")
    found.sort(key=lambda entry: (entry["type"] != "tree", entry["path"]))
    paging = call.query.choice("pagination", ("legacy", "keyset", "none"), "legacy")
    if paging == "none":
        if not deep:
            raise error(400, 'pagination cannot be "none" unless "recursive" is true')
        return json_answer(found)
    if call.wants_keyset:
        page, headers = by_keyset(call.place, found, _page_token, parameter="page_token")
        answer = json_answer(list(page))
        answer.headers = headers
        return answer
    return call.page(found, capped="Tree")


def _page_token(entry: Record) -> str:
    return base64.urlsafe_b64encode(entry["path"].encode()).decode().rstrip("=")


def check_ref(call: Call, project: Record, ref: str | None, what: str) -> str:
    """Return the ref that is meant; raises the 404 of `what` if there is none such."""
    name = ref or project.get("default_branch") or "HEAD"
    if name in {"HEAD", project.get("default_branch")} or _branch(call, project, name):
        return name
    rows = call.world.commits.get(project["id"], [])
    if len(name) >= 7 and any(row.data["id"].startswith(name) for row in rows):
        return name
    raise not_found(what)


def file(call: Call) -> Answer:
    """GET …/repository/files/:path: its text in base64, with what is known about it."""
    project, path, text, ref = _file(call)
    content = text.encode()
    rows = call.world.commits.get(project["id"], [])
    last = rows[0].data["id"] if rows else None
    return json_answer(
        {
            "file_name": path.rpartition("/")[2],
            "file_path": path,
            "size": len(content),
            "encoding": "base64",
            "content_sha256": hashlib.sha256(content).hexdigest(),
            "ref": ref,
            "blob_id": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),  # noqa: S324 - git's own
            "commit_id": last,
            "last_commit_id": last,
            "execute_filemode": False,
            "content": base64.b64encode(content).decode(),
        }
    )


def raw_file(call: Call) -> Answer:
    """GET …/repository/files/:path/raw: its text."""
    _, _, text, _ = _file(call)
    return Answer(body=text.encode(), content_type="text/plain; charset=utf-8")


def _file(call: Call) -> tuple[Record, str, str, str]:
    project = call.project()
    ref = call.query.get("ref")
    if ref is None and call.segments[-1] != "raw":
        raise error(400, "ref is missing")
    ref = check_ref(call, project, ref, "Commit")
    path = call.arguments[1]
    text = call.world.tables.files.get(project["id"], {}).get(path)
    if text is None:
        raise not_found("File")
    return project, path, text, ref


_REPOSITORY = "/projects/:id/repository"

ROUTES: dict[str, Route] = {
    f"{_REPOSITORY}/commits": commits,
    f"{_REPOSITORY}/commits/:sha": commit,
    f"{_REPOSITORY}/commits/:sha/diff": commit_diff,
    f"{_REPOSITORY}/commits/:sha/merge_requests": commit_merge_requests,
    f"{_REPOSITORY}/branches": branches,
    f"{_REPOSITORY}/branches/:branch": branch,
    f"{_REPOSITORY}/tree": tree,
    f"{_REPOSITORY}/files/:path": file,
    f"{_REPOSITORY}/files/:path/raw": raw_file,
}
