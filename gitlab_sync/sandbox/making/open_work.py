"""What open merge requests wait for: threads, pushes, conflicts, pipelines, and who was asked.

Each is one of the cases in turn, so that even a small world has all of them. Random numbers are
drawn apart from everything else, so the rest of a world stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from gitlab_sync.sandbox.making import words
from gitlab_sync.sandbox.making.builder import Builder
from gitlab_sync.sandbox.making.history import note_record
from gitlab_sync.sandbox.making.merge_request_plan import MergeRequestPlan
from gitlab_sync.sandbox.making.people import Person
from gitlab_sync.sandbox.records import Record

_FIRST_NOTE = 1_000_000_000  # above all ids that builders give


class _Open:
    """One open merge request while its case is made: what is said comes after all that was."""

    def __init__(self, builder: Builder, plan: MergeRequestPlan, record: Record) -> None:
        self.builder = builder
        self.plan = plan
        self.record = record
        self.key = record["project_id"], record["iid"]
        self.random = Random(f"open {builder.url} {self.key}")  # noqa: S311 - no secret
        self.notes = builder.tables.mr_notes.get(self.key)
        self.pipelines = builder.tables.mr_pipelines.get(self.key)
        self._added = 0
        self._moment = plan.created + timedelta(minutes=2 * len(self.notes))
        # At most eight things are said.
        self._step = max((builder.today - self._moment) / 10, timedelta(seconds=1))

    @property
    def reviewer(self) -> Person:
        """Who looks at it."""
        return self.plan.reviewers[0]

    def say(self, author: Person, body: str, *, system: bool = False, thread: str = "") -> None:
        """Add a note; those of one `thread` can be resolved together."""
        self._moment += self._step * self.random.uniform(0.5, 1)
        number = _FIRST_NOTE + 100 * self.record["id"] + self._added
        self._added += 1
        note = note_record(
            self.builder, self.record, "MergeRequest", author, body,
            self._moment.replace(microsecond=0), system=system, number=number,
        )  # fmt: skip
        if thread:
            note.update(type="DiscussionNote", resolvable=True, resolved=False, resolved_by=None)
            self.builder.tables.threads[number] = thread
        self.notes.append(note)

    def thread(self) -> str:
        """Return the id of a new thread."""
        return f"{self.random.getrandbits(160):040x}"

    def pass_pipelines(self, newest: str = "success") -> None:
        """Let no pipeline have failed, and the newest one have this status."""
        for row in self.pipelines:
            row["status"] = "success"
        if self.pipelines:
            max(self.pipelines, key=lambda row: int(row["id"]))["status"] = newest

    def status(self, status: str) -> None:
        """Set what GitLab says of its merge."""
        self.record["detailed_merge_status"] = status

    def put(self) -> None:
        """Put notes and pipelines into the tables."""
        self.notes.sort(key=lambda note: (note["created_at"], note["id"]))
        self.builder.tables.mr_notes.put(self.key, self.notes)
        self.builder.tables.mr_pipelines.put(self.key, self.pipelines)
        self.record["user_notes_count"] = sum(not note["system"] for note in self.notes)


def settle_open(builder: Builder, plan: MergeRequestPlan, record: Record) -> None:
    """Let an open merge request wait for the next thing in turn; others stay as they are."""
    if plan.state != "opened" or plan.large:
        return
    opened = _Open(builder, plan, record)
    if record["draft"]:
        opened.status("draft_status")
        return
    opened.pass_pipelines()
    case = _CASES[next(builder.open_merge_requests) % len(_CASES)] if plan.reviewers else _alone
    case(opened)
    opened.put()


def _failed(opened: _Open) -> None:
    opened.pass_pipelines("failed")
    opened.status("ci_must_pass" if opened.pipelines else "mergeable")


def _alone(opened: _Open) -> None:
    """Ask no one: what others said goes, too."""
    opened.record["reviewers"] = []
    own = opened.plan.author.id
    opened.notes = [note for note in opened.notes if note["author"]["id"] == own]
    opened.builder.tables.approvals[opened.key]["approved_by"] = []


def _in_conflict(opened: _Open) -> None:
    opened.record.update(has_conflicts=True, merge_status="cannot_be_merged")
    opened.status("conflict")


def _asked(opened: _Open) -> None:
    """Let a reviewer open a thread, and another one that is resolved."""
    done, thread = opened.thread(), opened.thread()
    opened.say(opened.reviewer, words.remark(opened.random), thread=done)
    for note in opened.notes[-1:]:
        resolver = opened.plan.author.basic
        note.update(resolved=True, resolved_by=resolver, resolved_at=note["created_at"])
    opened.say(opened.reviewer, words.remark(opened.random), thread=thread)
    opened.status("discussions_not_resolved")


def _answered(opened: _Open) -> None:
    """Let the author answer in a thread of a reviewer."""
    thread = opened.thread()
    opened.say(opened.reviewer, words.remark(opened.random), thread=thread)
    opened.say(opened.plan.author, words.answer(opened.random), thread=thread)


def _pushed_again(opened: _Open) -> None:
    opened.say(opened.reviewer, words.remark(opened.random))
    commits = opened.random.randint(1, 3)
    body = f"added {commits} commit{'s' if commits > 1 else ''}\n\n<ul><li>abc1234</li></ul>"
    opened.say(opened.plan.author, body, system=True)


def _changes_requested(opened: _Open) -> None:
    opened.say(opened.reviewer, "requested changes", system=True)
    opened.status("requested_changes")


def _not_approved(opened: _Open) -> None:
    opened.say(opened.reviewer, words.remark(opened.random))
    opened.status("not_approved")


def _running(opened: _Open) -> None:
    opened.say(opened.reviewer, words.remark(opened.random))
    opened.pass_pipelines("running")
    opened.status("ci_still_running" if opened.pipelines else "unchecked")


def _approved(opened: _Open) -> None:
    opened.say(opened.reviewer, words.APPROVED, system=True)
    approvals = opened.builder.tables.approvals[opened.key]
    by = {one["user"]["id"]: one for one in approvals["approved_by"]}
    by[opened.reviewer.id] = {"user": opened.reviewer.basic}
    approvals["approved_by"] = list(by.values())


_CASES: tuple[Callable[[_Open], None], ...] = (
    *(_failed, _alone, _in_conflict, _asked, _answered, _pushed_again),
    *(_changes_requested, _not_approved, _running, _approved),
)
