"""Projects: lists, one project, its members, languages, pipelines and events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from gitlab_sync.sandbox.answer import Answer, error, json_answer, message, not_found
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.records import Record, Row, basic_user, instant
from gitlab_sync.sandbox.router import Route

_ORDERS = (
    "id",
    "name",
    "path",
    "created_at",
    "updated_at",
    "last_activity_at",
    "similarity",
    "star_count",
)
_SIMPLE = (
    "id",
    "description",
    "name",
    "name_with_namespace",
    "path",
    "path_with_namespace",
    "created_at",
    "default_branch",
    "tag_list",
    "topics",
    "ssh_url_to_repo",
    "http_url_to_repo",
    "web_url",
    "readme_url",
    "forks_count",
    "avatar_url",
    "star_count",
    "last_activity_at",
    "namespace",
)
_LANGUAGES = {
    ".py": "Python",
    ".go": "Go",
    ".js": "JavaScript",
    ".ts": "TypeScript",
    ".rb": "Ruby",
    ".rs": "Rust",
    ".java": "Java",
    ".sh": "Shell",
    ".html": "HTML",
    ".css": "CSS",
}


def projects(call: Call) -> Answer:
    """GET /projects: what the caller sees."""
    return listed_projects(call)


def listed_projects(call: Call, test: Callable[[Record], bool] | None = None) -> Answer:
    """Answer with the projects that pass `test` and the query, in its order and paging."""
    rows = call.kept(lambda: _chosen(call, test))
    if call.wants_keyset:
        if call.query.get("order_by") != "id":
            raise error(405, "Keyset pagination is not yet available for this type of request")
        return call.keyset(rows, "id_after")
    if call.query.flag("simple"):
        return call.page(rows, _simple, capped="Project")
    return call.rows(rows, capped="Project")


def _chosen(call: Call, test: Callable[[Record], bool] | None) -> Sequence[Row]:
    query = call.query
    rows = list(call.visible(call.world.projects, "id"))
    if test is not None:
        rows = [row for row in rows if test(row.data)]
    search = (query.get("search") or "").lower()
    if search:
        full = query.flag("search_namespaces")
        rows = [row for row in rows if _found(row.data, search, full=bool(full))]
    archived = query.flag("archived")
    if archived is not None:
        rows = [row for row in rows if bool(row.data.get("archived")) == archived]
    visibility = query.get("visibility")
    if visibility is not None:
        rows = [row for row in rows if row.data.get("visibility", "public") == visibility]
    topics = set(query.names("topic"))
    if topics:
        rows = [row for row in rows if topics <= set(row.data.get("topics") or ())]
    if query.flag("membership"):
        rows = [row for row in rows if _is_member(call, row.data)]
    if query.flag("owned"):
        rows = [row for row in rows if row.data.get("creator_id") == call.me]
    after, before = query.time("last_activity_after"), query.time("last_activity_before")
    if after is not None:
        rows = [row for row in rows if instant(row.data["last_activity_at"]) >= after]
    if before is not None:
        rows = [row for row in rows if instant(row.data["last_activity_at"]) <= before]
    order = query.choice("order_by", _ORDERS, "created_at")
    descending = query.choice("sort", ("asc", "desc"), "desc") == "desc"
    if order != "similarity":
        rows.sort(key=lambda row: (row.data.get(order) or 0, row.data["id"]), reverse=descending)
    return rows


def _found(project: Record, search: str, *, full: bool) -> bool:
    fields = ["name", "path", "description"]
    if full or "/" in search:
        fields.append("path_with_namespace")
    return any(search in (project.get(field) or "").lower() for field in fields)


def _is_member(call: Call, project: Record) -> bool:
    return call.me is not None and any(
        member["user_id"] == call.me
        for source in call.world.source_chain(project)
        for member in call.world.members.get(source, ())
    )


def _simple(row: Row) -> Record:
    return {key: row.data[key] for key in _SIMPLE if key in row.data}


def project(call: Call) -> Answer:
    """GET /projects/:id, by id or encoded path; `license=true` adds the recognised licence."""
    record = call.project()
    if call.query.flag("license"):
        licence = call.world.tables.licenses.get(record["id"]) or None
        record = {**record, "license": licence, "license_url": None}
    if call.query.flag("statistics"):
        count = len(call.world.commits.get(record["id"], ()))
        record = {**record, "statistics": {"commit_count": count}}
    return json_answer(record)


def languages(call: Call) -> Answer:
    """GET /projects/:id/languages: shares in percent, by the number of files if none are given."""
    record = call.project()
    if (given := call.world.tables.languages.get(record["id"])) is not None:
        return json_answer(given)
    counts: dict[str, int] = {}
    for entry in call.world.tables.tree.get(record["id"], ()):
        language = _LANGUAGES.get(PurePosixPath(entry["path"]).suffix)
        if language is not None and entry["type"] == "blob":
            counts[language] = counts.get(language, 0) + 1
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    return json_answer({name: round(100 * count / total, 2) for name, count in ordered})


# --- members -----------------------------------------------------------------------------------


def members(call: Call) -> Answer:
    """GET /projects/:id/members: direct ones only."""
    return listed_members(call, [("project", call.project()["id"])])


def all_members(call: Call) -> Answer:
    """GET /projects/:id/members/all: inherited ones, too."""
    return listed_members(call, call.world.source_chain(call.project()))


def member(call: Call) -> Answer:
    """GET /projects/:id/members/:user_id."""
    return one_member(call, [("project", call.project()["id"])])


def any_member(call: Call) -> Answer:
    """GET /projects/:id/members/all/:user_id."""
    return one_member(call, call.world.source_chain(call.project()))


def listed_members(call: Call, sources: Sequence[tuple[str, int]]) -> Answer:
    """Answer with the members of `sources`, each person once with the highest access."""
    found = _members(call, sources)
    query = (call.query.get("query") or "").lower()
    if query:
        found = [
            person
            for person in found
            if query in person["username"].lower() or query in person["name"].lower()
        ]
    wanted = set(call.query.numbers("user_ids"))
    if wanted:
        found = [person for person in found if person["id"] in wanted]
    return call.page(found)


def one_member(call: Call, sources: Sequence[tuple[str, int]]) -> Answer:
    """Answer with the member with the id in the path; 404 if there is none."""
    wanted = call.number(1, "user_id")
    for person in _members(call, sources):
        if person["id"] == wanted:
            return json_answer(person)
    raise not_found()


def _members(call: Call, sources: Sequence[tuple[str, int]]) -> list[Record]:
    best: dict[int, Record] = {}
    for source in sources:
        for membership in call.world.members.get(source, ()):
            known = best.get(membership["user_id"])
            if known is None or known["access_level"] < membership["access_level"]:
                best[membership["user_id"]] = membership
    return [
        {
            **basic_user(call.world.users_by_id[user].data),
            "access_level": membership["access_level"],
            "created_at": membership.get("created_at", "2024-01-01T00:00:00.000Z"),
            "expires_at": None,
            "membership_state": "active",
        }
        for user, membership in sorted(best.items())
        if user in call.world.users_by_id
    ]


# --- pipelines and events ----------------------------------------------------------------------


def pipelines(call: Call) -> Answer:
    """GET /projects/:id/pipelines: newest first, in bulk; filters status, ref, sha, source.

    403 where the project has no pipelines; children are shown only to who asks for them.
    """
    if not has_pipelines(call.project()):
        raise message(403, "403 Forbidden")
    return call.rows(call.kept(lambda: _chosen_pipelines(call)))


def has_pipelines(project: Record) -> bool:
    """Say whether pipelines are switched on in a project."""
    return project.get("builds_access_level") != "disabled"


def _chosen_pipelines(call: Call) -> Sequence[Row]:
    query = call.query
    chosen = call.world.pipelines.get(call.project()["id"], [])
    if query.get("source") != "parent_pipeline":
        chosen = [row for row in chosen if row.data.get("source") != "parent_pipeline"]
    for name in ("status", "ref", "sha", "source", "username"):
        wanted = query.get(name)
        if wanted is not None:
            chosen = [row for row in chosen if _pipeline_field(row.data, name) == wanted]
    for name, field in (("updated", "updated_at"), ("created", "created_at")):
        after, before = query.time(f"{name}_after"), query.time(f"{name}_before")
        if after is not None:
            chosen = [row for row in chosen if instant(row.data[field]) >= after]
        if before is not None:
            chosen = [row for row in chosen if instant(row.data[field]) <= before]
    order = query.choice("order_by", ("id", "status", "ref", "updated_at", "user_id"), "id")
    descending = query.choice("sort", ("asc", "desc"), "desc") == "desc"
    if order == "updated_at":
        chosen = sorted(chosen, key=lambda row: (instant(row.data[order]), row.data["id"]))
        chosen = chosen[::-1] if descending else chosen
    elif not descending:
        chosen = chosen[::-1]
    return chosen


def _pipeline_field(pipeline: Record, name: str) -> str | None:
    if name == "username":
        return (pipeline.get("user") or {}).get("username")
    return pipeline.get(name)


def pipeline(call: Call) -> Answer:
    """GET /projects/:id/pipelines/:pipeline_id."""
    wanted = call.number(1, "pipeline_id")
    for row in call.world.pipelines.get(call.project()["id"], ()):
        if row.data["id"] == wanted:
            return json_answer(row.data)
    raise not_found()


def events(call: Call) -> Answer:
    """GET /projects/:id/events: everybody's, newest first."""
    wanted = call.project()["id"]
    found = [
        event
        for rows in call.world.tables.events.values()
        for event in rows
        if event.get("project_id") == wanted
    ]
    found.sort(key=lambda event: (event["created_at"], event["id"]), reverse=True)
    return call.page(found)


ROUTES: dict[str, Route] = {
    "/projects": projects,
    "/projects/:id": project,
    "/projects/:id/languages": languages,
    "/projects/:id/members": members,
    "/projects/:id/members/all": all_members,
    "/projects/:id/members/:user_id": member,
    "/projects/:id/members/all/:user_id": any_member,
    "/projects/:id/pipelines": pipelines,
    "/projects/:id/pipelines/:pipeline_id": pipeline,
    "/projects/:id/events": events,
}
