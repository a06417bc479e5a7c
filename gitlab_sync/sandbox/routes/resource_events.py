"""What happened to the state, the labels and the milestone of an item, the oldest first."""

from __future__ import annotations

from collections.abc import Callable

from gitlab_sync.sandbox.answer import Answer, json_answer, not_found
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.records import Record
from gitlab_sync.sandbox.router import Route

_KINDS = {"merge_requests": "MergeRequest", "issues": "Issue"}
_TELLS = {
    "resource_state_events": "state",
    "resource_label_events": "label",
    "resource_milestone_events": "milestone",
}
"""The endpoints, and the key that only their events have."""


def _events(call: Call, kind: str, tells: str) -> list[Record]:
    items = call.world.issues if kind == "Issue" else call.world.merge_requests
    key = (call.project()["id"], call.number(1, "iid"))
    if key not in items.by_key:
        raise not_found()
    events = call.world.tables.resource_events.get((kind, *key), ())
    found = [event for event in events if tells in event]
    return sorted(found, key=lambda event: (event["created_at"], event["id"]))


def _list(kind: str, tells: str) -> Callable[[Call], Answer]:
    return lambda call: call.page(_events(call, kind, tells))


def _one(kind: str, tells: str) -> Callable[[Call], Answer]:
    def event(call: Call) -> Answer:
        wanted = call.number(2, "event_id")
        for each in _events(call, kind, tells):
            if each["id"] == wanted:
                return json_answer(each)
        raise not_found()

    return event


def _routes() -> dict[str, Route]:
    found: dict[str, Route] = {}
    for path, kind in _KINDS.items():
        for name, tells in _TELLS.items():
            endpoint = f"/projects/:id/{path}/:iid/{name}"
            found[endpoint] = _list(kind, tells)
            found[f"{endpoint}/:event_id"] = _one(kind, tells)
    return found


ROUTES = _routes()
