"""What was said about a merge request: its notes in order of time, and the threads still open."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from gitlab_sync.rules import record
from gitlab_sync.rules.identity.bots import is_bot
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items import item, reviews
from gitlab_sync.rules.text import instant
from gitlab_sync.types import PartialList, Record


@dataclass(frozen=True, slots=True)
class Said:
    """A note: who wrote it and when, in whole seconds, since not every source has fractions.

    `system` says that GitLab wrote it. `by_person` says that a person acted: they wrote it, or
    approved the merge request.
    """

    by: str
    at: datetime
    body: str
    system: bool
    by_person: bool

    @property
    def is_comment(self) -> bool:
        """Whether a person wrote it."""
        return self.by_person and not self.system

    @property
    def is_push(self) -> bool:
        """Whether GitLab wrote it about new commits."""
        return self.system and reviews.says_push(self.body)


@dataclass(frozen=True, slots=True)
class Conversation:
    """All notes, the oldest first, and those of each thread that waits for an answer."""

    notes: list[Said]
    unresolved: list[list[Said]]

    @classmethod
    def of(cls, discussions: PartialList, bots: Collection[str]) -> Conversation | str:
        """Return what GitLab's discussions hold, or why that is not known.

        One unreadable note can be the one that decides, so it makes the whole of them unknown.
        """
        if not discussions.whole:
            return item.not_read("discussions", discussions)
        every: list[tuple[datetime, int, Said]] = []
        unresolved = []
        for discussion in discussions.rows:
            notes = _notes_in(discussion)
            if notes is None:
                return "a discussion is not readable"
            thread = []
            for note in notes:
                found = _said(note, bots)
                if isinstance(found, str):
                    return found
                thread.append(found)
                every.append((found.at, record.number_id(note) or 0, found))
            if any(map(_is_unresolved, notes)):
                unresolved.append(thread)
        every.sort(key=lambda entry: entry[:2])
        return cls([said for *_, said in every], unresolved)

    def last(self, choose: Callable[[Said], bool]) -> Said | None:
        """Return the newest note that `choose` accepts."""
        return next(filter(choose, reversed(self.notes)), None)


def notes_of(discussions: PartialList) -> PartialList:
    """Return the notes of discussions as one list; a discussion without them leaves it partial."""
    rows: list[Record] = []
    missing = discussions.missing
    for discussion in discussions.rows:
        notes = _notes_in(discussion)
        if notes is None:
            missing = missing or "a discussion is not readable"
        else:
            rows += notes
    return PartialList(rows, missing)


def _notes_in(discussion: Record) -> list[Record] | None:
    notes = record.field(discussion, "notes")
    return notes if isinstance(notes, list) else None


def _said(note: Record, bots: Collection[str]) -> Said | str:
    system, body = reviews.is_system(note), record.read_text(note, "body")
    by, at = record.author(note), instant(record.field(note, "created_at"))
    if system is None or body is None:
        return "a note is not readable"
    if by is None:
        return "author of a note not known"
    if at is None:
        return "time of a note not known"
    acted = not system or body.strip().lower() == reviews.APPROVAL
    return Said(by, at.replace(microsecond=0), body, system, acted and not is_bot(by, bots))


def _is_unresolved(note: Record) -> bool:
    """Return whether a note can be resolved and is not; GitLab resolves those of a thread at once.

    Servers leave `resolved` out of notes that cannot be.
    """
    return bool(record.field(note, "resolvable")) and record.field(note, "resolved") is not True


def is_same_person(one: str | None, other: str | None) -> bool:
    """Return whether two usernames are those of one person."""
    return one is not None and other is not None and username_key(one) == username_key(other)
