"""A world of one project in which each fault is put by hand."""

from __future__ import annotations

from typing import Any

from worlds import fresh_world

from gitlab_sync.sandbox import World
from gitlab_sync.sandbox.tables import Key
from gitlab_sync.types import Record

PROJECT, PATH = 101, "acme/figures"
AUTHOR, REVIEWER = "alice.moreau", "bruno.rossi"
CREATED, ENDED = "2026-06-08T09:00:00.000Z", "2026-06-08T10:00:00.000Z"
OPEN: Record = {"state": "opened", "merged_at": None}


def empty_world() -> World:
    """Return a world with a project and people, and without any item."""
    world = fresh_world(seed=1, users=3, merge_requests=1, issues=1, projects=1)
    world.tables.merge_requests[1:], world.tables.issues[1:] = [], []
    put_merge_request(world, 1)
    put_issue(world, 1)
    world.tables.merge_requests[:] = world.tables.merge_requests[-1:]
    world.tables.issues[:] = world.tables.issues[-1:]
    world.changed()
    return world


def person(world: World, name: str) -> Record:
    """Return a person as other records show them."""
    user = world.users_by_name[name].data
    return {"id": user["id"], "username": name, "name": user["name"], "state": "active"}


def put_merge_request(
    world: World, iid: int, *, tested: bool = True, reviewed: bool = True, **changes: Any
) -> Key:
    """Put a merge request without faults into the world, but for what the arguments change.

    Its source file is `src/app.py`.
    """
    key = PROJECT, iid
    example, author = world.tables.merge_requests[0], person(world, AUTHOR)
    link = f"https://gitlab.example/{PATH}/-/merge_requests/{iid}"
    own = {
        **example,
        "id": 500_000 + iid,
        "iid": iid,
        "project_id": PROJECT,
        "title": f"fix: change {iid}",
        "description": "Closes #1",
        "state": "merged",
        "created_at": CREATED,
        "updated_at": ENDED,
        "merged_at": ENDED,
        "closed_at": None,
        "author": author,
        "labels": [],
        "upvotes": 0,
        "squash": False,
        "references": {"short": f"!{iid}", "relative": f"!{iid}", "full": f"{PATH}!{iid}"},
        "web_url": link,
    }
    paths = ["src/app.py", *(["tests/test_app.py"] if tested else [])]
    note = {
        "id": 600_000 + iid,
        "body": "Fine.",
        "system": False,
        "author": person(world, REVIEWER),
        "created_at": "2026-06-08T09:30:00.000Z",
    }
    commit = {"id": f"{iid:040x}", "title": "fix: it", "message": "fix: it", "parent_ids": ["1"]}
    world.tables.mr_diffs.put(key, [{"new_path": path, "old_path": path} for path in paths])
    world.tables.mr_commits.put(key, [commit])
    world.tables.mr_notes.put(key, [note] if reviewed else [])
    world.tables.mr_pipelines.put(key, [])
    world.put("merge_requests", {**own, **changes})
    return key


def put_issue(world: World, iid: int, **changes: Any) -> None:
    """Put a closed issue without faults into the world, but for what is changed."""
    link = f"https://gitlab.example/{PATH}/-/issues/{iid}"
    own = {
        **world.tables.issues[0],
        "id": 700_000 + iid,
        "iid": iid,
        "project_id": PROJECT,
        "title": f"bug: fault {iid}",
        "description": "It fails.",
        "state": "closed",
        "created_at": CREATED,
        "closed_at": ENDED,
        "author": person(world, AUTHOR),
        "labels": ["backend"],
        "references": {"short": f"#{iid}", "relative": f"#{iid}", "full": f"{PATH}#{iid}"},
        "web_url": link,
    }
    world.put("issues", {**own, **changes})
