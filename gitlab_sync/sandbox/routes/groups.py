"""Groups: lists, one group, its subgroups, projects and members."""

from __future__ import annotations

from collections.abc import Sequence

from gitlab_sync.sandbox.answer import Answer, json_answer
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.records import Row
from gitlab_sync.sandbox.router import Route
from gitlab_sync.sandbox.routes.projects import listed_members, listed_projects, one_member


def groups(call: Call) -> Answer:
    """GET /groups: what the caller sees; filters search, owned, top_level_only, min access."""
    return _listed(call, call.world.groups)


def group(call: Call) -> Answer:
    """GET /groups/:id, with its projects unless `with_projects` is false."""
    record = call.group()
    if call.query.flag("with_projects") is False:
        return json_answer(record)
    rows = call.visible(call.world.group_projects(record["id"], subgroups=False), "id")
    shown = [row.data for row in rows][:100]
    return json_answer({**record, "projects": shown, "shared_projects": []})


def subgroups(call: Call) -> Answer:
    """GET /groups/:id/subgroups: the next level only."""
    parent = call.group()["id"]
    return _listed(call, [row for row in call.world.groups if row.data.get("parent_id") == parent])


def descendant_groups(call: Call) -> Answer:
    """GET /groups/:id/descendant_groups: all levels."""
    return _listed(call, call.world.descendants(call.group()["id"]))


def _listed(call: Call, rows: Sequence[Row]) -> Answer:
    query = call.query
    found = [row for row in rows if call.viewer.sees_group(row.data)]
    search = (query.get("search") or "").lower()
    if search:
        found = [
            row
            for row in found
            if search in row.data["name"].lower() or search in row.data["full_path"].lower()
        ]
    if query.flag("top_level_only"):
        found = [row for row in found if row.data.get("parent_id") is None]
    least = query.number("min_access_level")
    if query.flag("owned"):
        least = 50
    if least is not None:
        found = [row for row in found if _access(call, row) >= least]
    order = query.choice("order_by", ("name", "path", "id", "similarity"), "name")
    descending = query.choice("sort", ("asc", "desc"), "asc") == "desc"
    if order != "similarity":
        found.sort(key=lambda row: (row.data[order], row.data["id"]), reverse=descending)
    return call.keyset(found) if call.wants_keyset else call.rows(found, capped="Group")


def _access(call: Call, row: Row) -> int:
    """Return the caller's level of access to a group; 0 for none."""
    levels = [
        member["access_level"]
        for source in call.world.group_chain(row.data["id"])
        for member in call.world.members.get(source, ())
        if member["user_id"] == call.me
    ]
    return max(levels, default=0)


def group_projects(call: Call) -> Answer:
    """GET /groups/:id/projects: the group's own, or with `include_subgroups` all below it."""
    below = bool(call.query.flag("include_subgroups"))
    rows = call.world.group_projects(call.group()["id"], subgroups=below)
    ids = {row.data["id"] for row in rows}
    return listed_projects(call, lambda project: project["id"] in ids)


def members(call: Call) -> Answer:
    """GET /groups/:id/members: direct ones only."""
    return listed_members(call, [("group", call.group()["id"])])


def all_members(call: Call) -> Answer:
    """GET /groups/:id/members/all: inherited ones, too."""
    return listed_members(call, call.world.group_chain(call.group()["id"]))


def member(call: Call) -> Answer:
    """GET /groups/:id/members/:user_id."""
    return one_member(call, [("group", call.group()["id"])])


def any_member(call: Call) -> Answer:
    """GET /groups/:id/members/all/:user_id."""
    return one_member(call, call.world.group_chain(call.group()["id"]))


ROUTES: dict[str, Route] = {
    "/groups": groups,
    "/groups/:id": group,
    "/groups/:id/subgroups": subgroups,
    "/groups/:id/descendant_groups": descendant_groups,
    "/groups/:id/projects": group_projects,
    "/groups/:id/members": members,
    "/groups/:id/members/all": all_members,
    "/groups/:id/members/:user_id": member,
    "/groups/:id/members/all/:user_id": any_member,
}
