"""The table of cases of open work: what a merge request has, and what it then waits for.

Ann is the author. The reviewers, if there are any, are Bob and Cid; Dan is anyone else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.open_work import WaitingFor
from gitlab_sync.types import PartialList, Record

CREATED, NOW = "2026-06-08T09:00:00.000Z", datetime(2026, 6, 15, 12, tzinfo=UTC)
URL = "https://gitlab.example/group/app/-/merge_requests/7"
READY, DRAFT = (f"marked this merge request as **{state}**" for state in ("ready", "draft"))


@dataclass(frozen=True)
class Note:
    """A note at a time of 2026-06-09, in a thread if it names one."""

    by: str
    at: str
    body: str = "A word."
    thread: str = ""
    resolved: bool = False
    system: bool = False

    @property
    def time(self) -> str:
        """When it was written."""
        return f"2026-06-09T{self.at}:00.250Z"

    def as_record(self, number: int) -> Record:
        """Return it as REST shows it."""
        record: Record = {
            "id": number,
            "type": "DiscussionNote" if self.thread else None,
            "system": self.system,
            "body": self.body,
            "author": {"username": self.by},
            "created_at": self.time,
            "resolvable": bool(self.thread),
        }
        return {**record, "resolved": self.resolved} if self.thread else record


def push(at: str, commits: int = 2) -> Note:
    """Return what GitLab writes about new commits of Ann's."""
    return Note("ann", at, f"added {commits} commits\n\n<ul><li>c0ffee</li></ul>", system=True)


def approval(by: str, at: str) -> Note:
    """Return what GitLab writes about an approval."""
    return Note(by, at, "approved this merge request", system=True)


@dataclass(frozen=True)
class Case:
    """A merge request, and what it waits for. `since` is a time of 2026-06-09, or whole."""

    name: str
    waiting_for: WaitingFor
    who: str
    since: str | None
    why: str
    changes: dict[str, Any] = field(default_factory=dict)
    notes: Sequence[Note] = ()
    pipelines: Sequence[tuple[int, str]] = ((1, "success"),)
    reviewers: Sequence[str] = ("bob", "cid")

    @property
    def began(self) -> str | None:
        """`since` as the rows show it."""
        if self.since is None or "T" in self.since:
            return self.since
        return f"2026-06-09T{self.since}:00+00:00"

    def mr(self) -> Record:
        """Return the merge request as a list of REST shows it."""
        people = [{"username": name} for name in self.reviewers]
        return open_mr(reviewers=people, **self.changes)

    def discussions(self) -> list[Record]:
        """Return the notes by thread."""
        found: dict[str, list[Record]] = {}
        for number, note in enumerate(self.notes, start=100):
            found.setdefault(note.thread or str(number), []).append(note.as_record(number))
        return [{"id": name, "notes": notes} for name, notes in found.items()]

    def facts(self) -> Facts:
        """Return all that was read of it."""
        return Facts(
            discussions=PartialList(self.discussions()),
            pipelines=PartialList(pipelines(*self.pipelines)),
        )


def open_mr(**changes: Any) -> Record:
    """Return an open merge request that GitLab could merge."""
    clean = {
        "id": 70,
        "iid": 7,
        "project_id": 1,
        "title": "feat: sign in with a key",
        "description": "Closes #12",
        "state": "opened",
        "author": {"username": "ann"},
        "created_at": CREATED,
        "merged_at": None,
        "squash": False,
        "squash_on_merge": False,
        "draft": False,
        "has_conflicts": False,
        "detailed_merge_status": "mergeable",
        "reviewers": [],
        "assignees": [],
        "web_url": URL,
        "references": {"full": "group/app!7"},
    }
    return {**clean, **changes}


def pipelines(*given: tuple[int, str]) -> list[Record]:
    """Return pipelines by id and status; each was created at 08:00 and changed at 08:30."""
    return [
        {
            "id": number,
            "status": status,
            "created_at": "2026-06-09T08:00:00.500Z",
            "updated_at": "2026-06-09T08:30:00.500Z",
        }
        for number, status in given
    ]


BOB_ASKS = Note("bob", "10:00", thread="a")
BOB_SPOKE = Note("bob", "10:00")
OPENED = "2026-06-08T09:00:00+00:00"

CASES = (
    Case("a draft", "author", "ann", OPENED, "draft", {"draft": True}),
    Case("a draft since a note", "author", "ann", "09:00", "draft", {"draft": True},
         [Note("ann", "09:00", DRAFT, system=True)]),
    Case("a draft with a failed pipeline", "author", "ann", OPENED, "draft", {"draft": True},
         pipelines=[(1, "failed")]),
    Case("a failed pipeline", "author", "ann", "08:30", "pipeline failed",
         pipelines=[(1, "success"), (2, "failed")]),
    Case("a failed pipeline, and a newer one that was canceled", "author", "ann", "08:30",
         "pipeline failed", pipelines=[(3, "canceled"), (2, "failed"), (1, "success")]),
    Case("a failed pipeline, and a newer one that passed", "reviewer", "bob, cid", OPENED,
         "no reviewer has spoken", pipelines=[(2, "failed"), (3, "success")]),
    Case("conflicts", "author", "ann", None, "conflicts", {"has_conflicts": True}, [BOB_SPOKE]),
    Case("conflicts by the status alone", "author", "ann", None, "conflicts",
         {"detailed_merge_status": "conflict"}),
    Case("requested changes", "author", "ann", "10:05", "requested changes",
         {"detailed_merge_status": "requested_changes"},
         [BOB_SPOKE, Note("bob", "10:05", "requested changes", system=True)]),
    Case("an unresolved thread, the reviewer wrote last", "author", "ann", "10:00",
         "1 unresolved thread", notes=[BOB_ASKS]),
    Case("two unresolved threads, someone else wrote last", "author", "ann", "12:00",
         "2 unresolved threads",
         notes=[BOB_ASKS, Note("ann", "11:00", thread="a"), Note("dan", "12:00", thread="b")]),
    Case("an unresolved thread of a bot", "author", "ann", "10:00", "1 unresolved thread",
         notes=[Note("lint-bot", "10:00", thread="a")]),
    Case("an unresolved thread, the author wrote last", "reviewer", "bob", "11:00",
         "the author wrote last", notes=[BOB_ASKS, Note("ANN", "11:00", thread="a")]),
    Case("an unresolved thread, then a bot and a push", "reviewer", "bob", "11:00",
         "the author wrote last",
         notes=[BOB_ASKS, Note("ann", "11:00", thread="a"), Note("lint-bot", "12:00"),
                push("13:00")]),
    Case("a thread of the author's own", "reviewer", "bob, cid", "11:00", "the author wrote last",
         notes=[Note("ann", "11:00", thread="a")]),
    Case("a resolved thread", "merge", "ann", "10:00", "reviewed and mergeable",
         notes=[Note("bob", "10:00", thread="a", resolved=True)]),
    Case("reviewers who have said nothing", "reviewer", "bob, cid", OPENED,
         "no reviewer has spoken"),
    Case("reviewers, and only others spoke", "reviewer", "bob, cid", OPENED,
         "no reviewer has spoken", notes=[Note("dan", "10:00"), Note("lint-bot", "11:00")]),
    Case("reviewers asked later", "reviewer", "bob, cid", "09:30", "no reviewer has spoken",
         notes=[Note("ann", "09:30", "requested review from @bob and @cid", system=True)]),
    Case("reviewers silent since the last push", "reviewer", "bob, cid", "12:00",
         "since the last push", notes=[BOB_SPOKE, push("12:00")]),
    Case("one of two reviewers spoke since the last push", "merge", "ann", "12:30",
         "reviewed and mergeable", notes=[push("12:00"), Note("BOB", "12:30")]),
    Case("no one asked", "needs reviewer", "ann", OPENED, "no one was asked", reviewers=()),
    Case("no one asked, and a bot spoke", "needs reviewer", "ann", OPENED, "no one was asked",
         notes=[Note("lint-bot", "10:00"), Note("ann", "11:00")], reviewers=()),
    Case("no one asked since it was ready", "needs reviewer", "ann", "09:00", "no one was asked",
         notes=[Note("ann", "09:00", READY, system=True)], reviewers=()),
    Case("asked are the author and a bot", "needs reviewer", "ann", OPENED, "no one was asked",
         reviewers=("Ann", "lint-bot")),
    Case("not approved, and no one asked", "needs reviewer", "ann", OPENED, "no one was asked",
         {"detailed_merge_status": "not_approved"}, reviewers=()),
    Case("not approved, and one spoke", "reviewer", "cid", "10:00", "another approval",
         {"detailed_merge_status": "not_approved"}, [BOB_SPOKE]),
    Case("not approved by who was not asked", "reviewer", "dan", "10:00", "another approval",
         {"detailed_merge_status": "not_approved"}, [Note("dan", "10:00")], reviewers=()),
    Case("a running pipeline", "checks", "ann", "10:00", "pipeline is running",
         notes=[BOB_SPOKE], pipelines=[(1, "success"), (2, "running")]),
    Case("a pipeline that waits", "checks", "ann", "10:00", "waiting for resource",
         {"detailed_merge_status": "ci_still_running"}, [BOB_SPOKE],
         [(2, "waiting_for_resource")]),
    Case("GitLab says it is not mergeable", "checks", "ann", "10:00", "need rebase",
         {"detailed_merge_status": "need_rebase"}, [BOB_SPOKE]),
    Case("GitLab has not checked", "checks", "ann", "10:00", "not checked yet",
         {"detailed_merge_status": "unchecked"}, [BOB_SPOKE]),
    Case("approved and mergeable", "merge", "ann", "10:00", "reviewed and mergeable",
         notes=[approval("bob", "10:00")]),
    Case("approved by who was not asked", "merge", "ann", "10:00", "reviewed and mergeable",
         notes=[approval("dan", "10:00")], reviewers=()),
    Case("approved and assigned", "merge", "eve, dan", "10:00", "reviewed and mergeable",
         {"assignees": [{"username": "eve"}, {"username": "dan"}]}, [approval("bob", "10:00")]),
    Case("approved without a pipeline", "merge", "ann", "10:00", "reviewed and mergeable",
         notes=[approval("bob", "10:00")], pipelines=()),
)  # fmt: skip
