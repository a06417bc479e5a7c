"""Records and readings for the tests of the rules: clean, to be spoiled one field at a time."""

from __future__ import annotations

from typing import Any

from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.merge_request import evaluate
from gitlab_sync.types import PartialList, Record

URL = "https://gitlab.example/group/app/-/merge_requests/7"
NOTHING = PartialList()


def merge_request(**changes: Any) -> Record:
    """Return a merged merge request without a fault that its own record could show."""
    clean = {
        "id": 70,
        "iid": 7,
        "title": "feat: sign in with a key",
        "description": "Closes #12",
        "state": "merged",
        "author": {"username": "ann"},
        "created_at": "2024-03-01T10:00:00.000Z",
        "merged_at": "2024-03-02T10:00:00.000Z",
        "closed_at": None,
        "upvotes": 0,
        "user_notes_count": 1,
        "time_stats": {"total_time_spent": 3600},
        "web_url": URL,
    }
    return {**clean, **changes}


def issue(**changes: Any) -> Record:
    """Return a closed issue without a fault."""
    clean = {
        "id": 120,
        "iid": 12,
        "title": "bug: cannot sign in",
        "description": "The key is refused.",
        "state": "closed",
        "labels": ["bug"],
        "milestone": {"title": "1.0"},
        "author": {"username": "ann"},
        "created_at": "2024-03-01T10:00:00.000Z",
        "closed_at": "2024-03-02T10:00:00.000Z",
        "time_stats": {"total_time_spent": 3600},
        "web_url": "https://gitlab.example/group/app/-/issues/12",
    }
    return {**clean, **changes}


def note(username: str | None, body: str | None = "Nice.", **changes: Any) -> Record:
    """Return a note that a person or a bot wrote."""
    return {"id": 5, "body": body, "system": False, "author": {"username": username}, **changes}


def approval(username: str) -> Record:
    """Return the system note that GitLab writes for an approval."""
    return note(username, "approved this merge request", system=True)


def commit(message: str | None = "fix: a typo\n\nIt was wrong.", parents: int = 1) -> Record:
    """Return a commit with that many parents."""
    title = None if message is None else message.split("\n")[0]
    return {"id": "c0", "title": title, "message": message, "parent_ids": ["p"] * parents}


def diff(path: str | None) -> Record:
    """Return a changed file."""
    return {"old_path": path, "new_path": path, "deleted_file": False}


def facts(
    notes: Any = (),
    commits: Any = (),
    diffs: Any = (),
    pipelines: Any = (),
    time_stats: PartialList | None = None,
) -> Facts:
    """Return facts from readings, or from plain rows that are a whole reading."""
    given = (notes, commits, diffs, pipelines)
    readings = (part if isinstance(part, PartialList) else PartialList(part) for part in given)
    return Facts(*readings, time_stats)


def clean_facts() -> Facts:
    """Return facts without a fault."""
    return facts(
        notes=[note("bob")],
        commits=[commit()],
        diffs=[diff("tests/test_key.py")],
        pipelines=[{"id": 1, "status": "success"}],
    )


def result(check: str, mr: Record | None = None, **given: Any) -> str:
    """Return what `check` says of a merge request (default: a clean one) and these facts."""
    return evaluate(merge_request() if mr is None else mr, facts(**given))[check].result


def reason(check: str, mr: Record | None = None, **given: Any) -> str:
    """Return the reason that goes with `result`."""
    return evaluate(merge_request() if mr is None else mr, facts(**given))[check].reason
