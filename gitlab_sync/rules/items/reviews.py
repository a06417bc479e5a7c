"""Checks that someone other than the author reviewed a merge request."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from gitlab_sync.rules import record
from gitlab_sync.rules.identity.bots import is_bot
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items import item
from gitlab_sync.rules.items.own_note import is_own
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.text import plural
from gitlab_sync.types import PartialList, Record

APPROVAL = "approved this merge request"
"""The note that GitLab writes for an approval, in lower case."""

VERBS = ("commented", "approved")
"""What reasons say behind the username of who reviewed."""

_PUSH = re.compile(r"added \d+ commits?\b", re.IGNORECASE)


def review(mr: Record, notes: PartialList, bots: Collection[str]) -> Verdict:
    """Check for an upvote, or a comment or approval by another person.

    `bots` lists usernames of bots that do not look like one. Any note counts, whatever its text; an
    approval is a system note that GitLab writes. Upvotes come first, since they are in the record:
    with an upvote, notes change nothing.
    """
    upvotes = record.count(mr, "upvotes")
    if upvotes:
        return Verdict("pass", plural(upvotes, "upvote"), record.link(mr))
    unread = () if upvotes is not None else (record.unreadable(mr, "upvotes", "a number"),)
    return review_by_people(mr, notes, bots, unread)


def review_by_people(
    mr: Record, notes: PartialList, bots: Collection[str], unread: Iterable[str] = ()
) -> Verdict:
    """Check for a comment or approval by another person; `unread` is what else could be one."""
    doubts = []
    for said in said_by_others(mr, notes, bots):
        if isinstance(said, str):
            doubts.append(said)
        else:
            verb = VERBS[said.approval]
            return Verdict("pass", f"{said.by} {verb}", note_link(mr, said.note))
    if not notes.whole:
        doubts.append(item.not_read("notes", notes))
    looked_at = sum(not (is_system(note) and is_approval(note) is False) for note in notes.rows)
    people = "by the author or a bot" if looked_at == 1 else "all by the author or bots"
    fault = f"{plural(looked_at, 'note')}, {people}" if looked_at else "no notes and no approval"
    return item.decide(mr, [*doubts, *unread], fault)


@dataclass(frozen=True, slots=True)
class Said:
    """A comment or an approval (`note`) by a person who is not the author. Immutable."""

    by: str
    approval: bool
    note: Record


def said_by_others(mr: Record, notes: PartialList, bots: Collection[str]) -> Iterator[Said | str]:
    """Yield what other people said, in the order of the notes; bots say nothing.

    A text says of a note that could be one of them why that is not known.
    """
    owner = record.author(mr)
    for note in notes.rows:
        approval = is_approval(note)
        if approval is False and is_system(note):
            continue
        by = record.author(note)
        if by is None:
            yield "author of a note not known"
        elif is_bot(by, bots):
            continue
        elif owner is None:
            yield "author of the merge request not known"
        elif username_key(by) == username_key(owner):
            continue
        elif approval is None:
            yield "a note not readable"
        else:
            yield Said(by, approval, note)


def review_in_list(mr: Record) -> Verdict:
    """Check the counts in the merge request's record, which do not say who wrote the notes."""
    unread = []
    for key in ("upvotes", "user_notes_count"):
        count = record.count(mr, key)
        if count is None:
            unread.append(record.unreadable(mr, key, "a number"))
        elif count > 0:
            noun = "upvote" if key == "upvotes" else "note"
            return Verdict("pass", plural(count, noun), record.link(mr))
    return item.decide(mr, unread, "no notes and no upvotes")


def is_system(note: Record) -> bool | None:
    """Return whether GitLab or this program wrote this note, or None if that is not readable."""
    system = record.field(note, "system")
    return system or is_own(note) if isinstance(system, bool) else None


def is_approval(note: Record) -> bool | None:
    """Return whether GitLab wrote this note for an approval, even one revoked later.

    None if that is not readable.
    """
    system = is_system(note)
    if not system:
        return system
    body = record.read_text(note, "body")
    return None if body is None else body.strip().lower() == APPROVAL


def says_push(body: str) -> bool:
    """Return whether this is how GitLab's note about pushed commits begins."""
    return _PUSH.match(body) is not None


def note_link(mr: Record, note: Record) -> str | None:
    """Return the link to a note, or to the merge request if the note has no id."""
    number = record.identity(note)
    return record.link(mr) if number is None else record.link(mr, f"#note_{number}")
