"""Milestones of projects: the list, and one of them."""

from __future__ import annotations

from gitlab_sync.sandbox.answer import Answer, json_answer, not_found
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.router import Route


def milestones(call: Call) -> Answer:
    """GET /projects/:id/milestones: the one that is due first comes first."""
    query = call.query
    found = call.world.milestones.get(call.project()["id"], [])
    state = query.choice("state", ("active", "closed", "all"), "all")
    if state != "all":
        found = [each for each in found if each["state"] == state]
    if iids := set(query.numbers("iids")):
        found = [each for each in found if each["iid"] in iids]
    if title := query.get("title"):
        found = [each for each in found if each["title"] == title]
    if search := (query.get("search") or "").lower():
        found = [each for each in found if search in each["title"].lower()]
    return call.page(found)


def milestone(call: Call) -> Answer:
    """GET /projects/:id/milestones/:milestone_id."""
    wanted = call.number(1, "milestone_id")
    for each in call.world.milestones.get(call.project()["id"], ()):
        if each["id"] == wanted:
            return json_answer(each)
    raise not_found()


ROUTES: dict[str, Route] = {
    "/projects/:id/milestones": milestones,
    "/projects/:id/milestones/:milestone_id": milestone,
}
