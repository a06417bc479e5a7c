"""Who looked at a merge request: notes, approvals and what only looks like a review."""

from __future__ import annotations

from datetime import timedelta

from gitlab_sync.sandbox.making import words
from gitlab_sync.sandbox.making.builder import Builder
from gitlab_sync.sandbox.making.changes import LARGE
from gitlab_sync.sandbox.making.history import note_record
from gitlab_sync.sandbox.making.merge_request_plan import MergeRequestPlan
from gitlab_sync.sandbox.making.people import Person
from gitlab_sync.sandbox.records import Record
from gitlab_sync.sandbox.truth import NO_REVIEW


class _Thread:
    """The notes of one merge request as they come in, oldest first."""

    def __init__(self, builder: Builder, plan: MergeRequestPlan, record: Record) -> None:
        self._builder = builder
        self._record = record
        self._moment = plan.created
        self.notes: list[Record] = []

    def say(self, author: Person, body: str, *, system: bool = False) -> None:
        self._moment += timedelta(minutes=2)
        self.notes.append(
            note_record(
                self._builder,
                self._record,
                "MergeRequest",
                author,
                body,
                self._moment,
                system=system,
            )
        )


def notes(
    builder: Builder, plan: MergeRequestPlan, record: Record
) -> tuple[list[Record], list[Person]]:
    """Return the notes, oldest first, and the people who approve it now.

    A merge request that passes the review has a note or an approval by another person, or votes.
    In a large one that note is the oldest, so it is on the last page. One that fails has at
    most notes by its author, by bots and by GitLab itself.
    """
    random = builder.random
    thread = _Thread(builder, plan, record)
    approved: list[Person] = []
    if plan.passes(NO_REVIEW) and not plan.upvotes:
        approved = _review(builder, plan, thread)
    if builder.chance(0.3) and builder.bots:
        thread.say(random.choice(builder.bots), words.bot_remark(random))
    if builder.chance(0.4):
        thread.say(plan.author, words.answer(random))
    if plan.place == "note":
        writer = plan.author
        if plan.passes(NO_REVIEW) and plan.reviewers and builder.chance(0.5):
            writer = plan.reviewers[0]
        thread.say(writer, f"{words.answer(random)} {plan.reference}")
    for _ in range(random.randint(0, 2)):
        _system_note(builder, plan, thread)
    if not plan.passes(NO_REVIEW) and builder.chance(0.15):
        thread.say(plan.author, words.APPROVED, system=True)
    if not plan.passes(NO_REVIEW) and builder.bots and builder.chance(0.1):
        thread.say(random.choice(builder.bots), words.APPROVED, system=True)
    if plan.large:
        for _ in range(LARGE - len(thread.notes)):
            thread.say(plan.author, words.answer(random))
    return thread.notes, approved


def _review(builder: Builder, plan: MergeRequestPlan, thread: _Thread) -> list[Person]:
    """Let another person review; return who approves in the end."""
    reviewers = plan.reviewers or builder.others
    if not reviewers:
        return []
    kind = builder.random.choice(("note", "note", "approval", "both", "withdrawn", "ghost"))
    first = builder.others[0] if kind == "ghost" and builder.others else reviewers[0]
    if kind in {"note", "both", "ghost"}:
        thread.say(first, words.remark(builder.random))
    if kind in {"approval", "both", "withdrawn"}:
        thread.say(first, words.APPROVED, system=True)
    if kind == "withdrawn":
        thread.say(first, words.UNAPPROVED, system=True)
    return [first] if kind in {"approval", "both"} else []


def _system_note(builder: Builder, plan: MergeRequestPlan, thread: _Thread) -> None:
    writer = plan.author
    if plan.reviewers and builder.chance(0.5):
        writer = plan.reviewers[-1]
    thread.say(writer, builder.random.choice(words.SYSTEM_NOTES), system=True)
