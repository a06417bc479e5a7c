"""People: lists, one person, their projects, memberships and events."""

from __future__ import annotations

from datetime import date

from gitlab_sync.sandbox.answer import Answer, invalid, json_answer, message
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.records import Record, Row, basic_user
from gitlab_sync.sandbox.router import Route
from gitlab_sync.sandbox.routes.projects import listed_projects
from gitlab_sync.sandbox.world import source_kind

_ACTIONS = {
    "created": ("created", "opened"),
    "merged": ("accepted", "merged"),
    "pushed": ("pushed to", "pushed new", "deleted"),
}
_PRIVATE = ("email", "commit_email", "is_admin", "note", "two_factor_enabled")


def users(call: Call) -> Answer:
    """GET /users: all, by exact `username` or by `search`, by state."""
    call.signed_in()
    rows = call.kept(lambda: _chosen_users(call))
    show = _full_row if call.viewer.admin else _short_row
    if call.wants_keyset:
        shown = [Row(show(row)) for row in rows]
        return call.keyset(shown)
    return call.page(rows, show, capped="User")


def _chosen_users(call: Call) -> list[Row]:
    world, query = call.world, call.query
    username = query.get("username")
    if username is not None:
        row = world.users_by_name.get(username.lower())
        rows = [] if row is None else [row]
    else:
        rows = world.users
    search = (query.get("search") or "").lower()
    if search:
        rows = [row for row in rows if _found(row.data, search, emails=call.viewer.admin)]
    if query.flag("active"):
        rows = [row for row in rows if row.data.get("state") == "active"]
    if query.flag("blocked"):
        rows = [row for row in rows if row.data.get("state") == "blocked"]
    for name in ("exclude_humans", "without_project_bots"):
        if query.flag(name) is not None:
            wants_bots = name == "exclude_humans"
            rows = [row for row in rows if bool(row.data.get("bot")) == wants_bots]
    if query.choice("sort", ("asc", "desc"), "desc") == "asc":
        rows = rows[::-1]
    return rows


def _found(user: Record, search: str, *, emails: bool) -> bool:
    if search in user["username"].lower() or search in user["name"].lower():
        return True
    addresses = [user.get("public_email")]
    if emails:
        addresses.append(user.get("email"))
    return any(address and address.lower() == search for address in addresses)


def user(call: Call) -> Answer:
    """GET /users/:id, by number only."""
    call.number(0, "id")
    record = call.user()
    if call.viewer.admin:
        return json_answer(_full(record))
    return json_answer({key: value for key, value in record.items() if key not in _PRIVATE})


def own_user(record: Record, *, admin: bool) -> Record:
    """Return a user's record as that user sees it, private addresses included."""
    shown = _full(record)
    if admin:
        shown["is_admin"] = True
    return shown


def _short_row(row: Row) -> Record:
    return basic_user(row.data)


def _full_row(row: Row) -> Record:
    return _full(row.data)


def _full(record: Record) -> Record:
    address = record.get("email") or record.get("public_email")
    return {**record, "email": address, "commit_email": record.get("commit_email") or address}


def user_projects(call: Call) -> Answer:
    """GET /users/:id/projects: those in the person's own namespace."""
    name = call.user()["username"].lower()
    return listed_projects(
        call,
        lambda project: (
            (project.get("namespace") or {}).get("kind") == "user"
            and (project["namespace"].get("path") or "").lower() == name
        ),
    )


def contributed_projects(call: Call) -> Answer:
    """GET /users/:id/contributed_projects: those of the person's events and merge requests."""
    user = call.user()
    world = call.world
    ids = {event.get("project_id") for event in world.tables.events.get(user["id"], ())}
    authored = world.merge_requests.by_author.get(user["username"].lower(), ())
    ids |= {row.data["project_id"] for row in authored}
    return listed_projects(call, lambda project: project["id"] in ids)


def memberships(call: Call) -> Answer:
    """GET /users/:id/memberships: for administrators only."""
    user = call.user()
    if not call.viewer.admin:
        raise message(403, "403 Forbidden")
    world = call.world
    kind = call.query.get("type")
    shown = []
    for membership in world.memberships_of.get(user["id"], ()):
        is_project = source_kind(membership) == "project"
        name = "Project" if is_project else "Namespace"
        table = world.projects_by_id if is_project else world.groups_by_id
        source = table.get(membership["source_id"])
        if source is not None and kind in {None, name}:
            shown.append(
                {
                    "source_id": membership["source_id"],
                    "source_name": source.data["name"],
                    "source_type": name,
                    "access_level": membership["access_level"],
                }
            )
    return call.page(shown)


def events(call: Call) -> Answer:
    """GET /users/:id/events: newest first; `after` and `before` are days, both exclusive."""
    return _events(call, call.user())


def own_events(call: Call) -> Answer:
    """GET /events: the caller's."""
    return _events(call, call.signed_in())


def _events(call: Call, user: Record) -> Answer:
    after, before = _day(call, "after"), _day(call, "before")
    action, target = call.query.get("action"), call.query.get("target_type")
    allowed = call.viewer.projects
    chosen = []
    for event in call.world.tables.events.get(user["id"], ()):
        day = event["created_at"][:10]
        if (after and day <= after) or (before and day >= before):
            continue
        if action and event["action_name"] not in _ACTIONS.get(action, (action,)):
            continue
        if target and (event.get("target_type") or "").lower() != target.replace("_", "").lower():
            continue
        if allowed is None or event.get("project_id") in allowed:
            chosen.append(event)
    newest_first = call.query.choice("sort", ("asc", "desc"), "desc") == "desc"
    chosen.sort(key=lambda event: (event["created_at"], event["id"]), reverse=newest_first)
    return call.page(chosen)


def _day(call: Call, name: str) -> str | None:
    value = call.query.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError:
        raise invalid(name) from None


ROUTES: dict[str, Route] = {
    "/users": users,
    "/users/:id": user,
    "/users/:id/projects": user_projects,
    "/users/:id/contributed_projects": contributed_projects,
    "/users/:id/memberships": memberships,
    "/users/:id/events": events,
    "/events": own_events,
}
