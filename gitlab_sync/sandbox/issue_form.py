"""The page with the form for a new issue, which its address fills in, and what it sends."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from urllib.parse import unquote

from gitlab_sync.sandbox.answer import Answer, Refusal
from gitlab_sync.sandbox.query import Query
from gitlab_sync.sandbox.records import Record, basic_user
from gitlab_sync.sandbox.viewer import Viewer
from gitlab_sync.sandbox.world import World

_PATH = re.compile(r"/(?P<project>[^?]+)/-/issues(?P<new>/new)?")
_TITLE, _DESCRIPTION = "issue[title]", "issue[description]"
_MOST_TITLE = 255
_CLOSE = re.compile(r"^/close[ \t]*\n?", re.MULTILINE)


def is_form(path: str) -> bool:
    """Return whether the path is that of a form, or what its form is sent to."""
    return not path.startswith("/api/") and _PATH.fullmatch(path) is not None


def answer(
    world: World, viewer: Viewer, method: str, path: str, query: Query, body: bytes
) -> Answer:
    """Return the page with the form (GET …/new), or open an issue by what it sends (POST).

    Without a caller it leads to the sign-in, as GitLab does. Raises the 404 for a project that the
    caller cannot see.
    """
    found = _PATH.fullmatch(path)
    if viewer.user is None:
        return _leads_to("/users/sign_in")
    row = None if found is None else world.project(unquote(found["project"]))
    if found is None or row is None or not viewer.sees_project(row.data):
        raise Refusal(_page("<h1>404: Page not found</h1>", 404))
    project = row.data
    if method == "POST" and not found["new"]:
        sent = Query(body.decode(errors="replace"))
        return _opened(world, viewer.user, project, sent)
    return _page(_form(project, query))


def _opened(world: World, author: Record, project: Record, sent: Query) -> Answer:
    title, text = sent.get(_TITLE) or "", sent.get(_DESCRIPTION) or ""
    if not title.strip() or len(title) > _MOST_TITLE:
        return _page(_form(project, sent), 422)
    record = _issue(world, author, project, title, text.replace("\r\n", "\n"))
    world.put("issues", record)
    return _leads_to(f"/{project['path_with_namespace']}/-/issues/{record['iid']}")


def _issue(world: World, author: Record, project: Record, title: str, text: str) -> Record:
    """Return a new issue; the quick action `/close` on a line of its own closes it at once."""
    iid = 1 + max(_iids(world, project), default=0)
    number, now = world.new_id(), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    closed = _CLOSE.search(text) is not None
    short = f"#{iid}"
    return {
        "id": number,
        "iid": iid,
        "project_id": project["id"],
        "title": title,
        "description": _CLOSE.sub("", text),
        "state": "closed" if closed else "opened",
        "created_at": now,
        "updated_at": now,
        "closed_at": now if closed else None,
        "closed_by": basic_user(author) if closed else None,
        "labels": [],
        "milestone": None,
        "assignees": [],
        "assignee": None,
        "author": basic_user(author),
        "type": "ISSUE",
        "user_notes_count": 0,
        "upvotes": 0,
        "downvotes": 0,
        "confidential": False,
        "issue_type": "issue",
        "web_url": f"{project['web_url']}/-/issues/{iid}",
        "time_stats": {"time_estimate": 0, "total_time_spent": 0},
        "references": {
            "short": short,
            "relative": short,
            "full": f"{project['path_with_namespace']}{short}",
        },
        "moved_to_id": None,
    }


def _iids(world: World, project: Record) -> Iterable[int]:
    return (row.data["iid"] for row in world.issues.by_project.get(project["id"], ()))


def _form(project: Record, filled: Query) -> str:
    title, text = (escape(filled.get(name) or "") for name in (_TITLE, _DESCRIPTION))
    path = escape(str(project["path_with_namespace"]))
    return (
        f'<h1>New issue</h1><form action="/{path}/-/issues" method="post">'
        f'<label>Title <input name="{_TITLE}" value="{title}"></label>'
        f'<label>Description <textarea name="{_DESCRIPTION}">\n{text}</textarea></label>'
        "<button>Create issue</button></form>"
    )


def _page(content: str, status: int = 200) -> Answer:
    page = f'<!DOCTYPE html><html lang="en"><title>GitLab</title>{content}</html>'
    return Answer(status, page.encode(), content_type="text/html; charset=utf-8", plain=True)


def _leads_to(path: str) -> Answer:
    return Answer(302, headers=[("location", path)], plain=True)
