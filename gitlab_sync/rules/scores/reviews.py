"""How merged merge requests were reviewed: responses, rounds, merges, and reviewers and authors.

The measures are those of CHAOSS (*Time to First Response*, *Change Requests Duration*, *Review
Cycle Duration within a Change Request*), over what was there until the merge. Times are working
time. Nothing that came after the merge changes a number.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gitlab_sync.rules import record
from gitlab_sync.rules.identity.bots import is_bot
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items import item, reviews
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.reviews import Said
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.items.until_merge import UntilMerge
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.unique import unique
from gitlab_sync.types import PartialList, Record

QUICK: Final = 300
"""The most seconds of working time that a quick approval takes."""


@dataclass(frozen=True, slots=True)
class Review:
    """What one person said about another's merge request. Immutable.

    `seconds` is the working time until the first of it; 0 if it came before the author was ready.
    """

    reviewer: str
    author: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one merged merge request. Immutable.

    `values` has a number for each name in `VALUES`: None does not apply, and one that is missing is
    unknown; then `unread` says why. `merged` is the time of the merge. `waived` says that it has no
    review, and that a waiver covers that.
    """

    author: str
    project: str
    merged: datetime | None
    values: Mapping[str, int | None]
    reviews: tuple[Review, ...] = ()
    unread: str | None = None
    waived: bool = False


VALUES = (
    *("first_response", "time_to_merge", "rounds"),
    *("merged_by_author", "without_review", "quick_approval", "comments"),
)
"""The names of what is measured of each merge request; times are in seconds, yes is 1."""


def measured(mr: Record, facts: Facts, review: Verdict, terms: Terms) -> Measured:
    """Measure one merged merge request; never raises.

    `review` is what the fair policy says of *No Internal Review*: where it is waived, only that
    does not apply. What depends on notes is unknown unless all of them could be read.
    """
    author, project = record.author(mr) or "", _project(mr)
    known = UntilMerge.of(mr, facts.notes)
    if review.result == "n/a":
        return Measured(author, project, known.end, dict.fromkeys(VALUES))
    waived = review.result == "waived"
    values: dict[str, int | None] = {}
    unread: list[str] = []
    if review.result == "unknown":
        unread.append(review.reason)
    else:
        values["without_review"] = None if waived else int(review.result == "fail")
    by_author = _merged_by_author(mr)
    if isinstance(by_author, str):
        unread.append(by_author)
    else:
        values["merged_by_author"] = by_author
    doubts = [] if known.notes.whole else [item.not_read("notes", known.notes)]
    said = _said(mr, known.notes, terms.bots, doubts)
    taken = known.taken(terms.working_time)
    given: tuple[Review, ...] = ()
    if isinstance(taken, str):
        doubts.append(taken)
    elif known.start is not None and not doubts:
        values["time_to_merge"] = taken
        given = _reviews(author, said, known.start, terms)
        values |= _values_of_notes(said, given, known.notes, terms)
    reasons = "; ".join(dict.fromkeys([*unread, *doubts]))
    return Measured(author, project, known.end, values, given, reasons or None, waived)


def unreadable(mr: Record, reason: str) -> Measured:
    """Return a merge request of which nothing is known, for this reason."""
    return Measured(record.author(mr) or "", _project(mr), None, {}, (), reason)


def _project(mr: Record) -> str:
    """Return the path of the project; without one, its number or an empty text."""
    path = (record.text(mr.get("references"), "full") or "").rpartition("!")[0]
    return path or str(mr.get("project_id") or "")


def _merged_by_author(mr: Record) -> int | str | None:
    """Return 1 or 0, None if GitLab does not know who merged it, or why it could not be read."""
    # Older servers have only the second one.
    key = "merge_user" if "merge_user" in mr else "merged_by"
    if key not in mr:
        return "merge_user not in the list"
    if mr[key] is None:
        return None
    merger, author = record.text(mr[key], "username"), record.author(mr)
    if not merger or author is None:
        return "merge_user is not a person" if author else "author of the merge request not known"
    return int(username_key(merger) == username_key(author))


def _said(mr: Record, notes: PartialList, bots: Collection[str], doubts: list[str]) -> list[Said]:
    """Return what others said, the first one first; add to `doubts` what else it could be."""
    found: list[Said] = []
    for said in reviews.said_by_others(mr, notes, bots):
        if isinstance(said, str):
            doubts.append(said)
        else:
            found.append(said)
    if any(reviews.is_approval(note) is None for note in notes.rows):
        doubts.append("a note not readable")
    return sorted(found, key=lambda said: (_made(said.note), said.by))


def _made(note: Record) -> datetime:
    """Return when a note was made, in whole seconds; `UntilMerge` has none without a time."""
    return datetime.fromisoformat(note["created_at"]).replace(microsecond=0)


def _reviews(
    author: str, said: Sequence[Said], start: datetime, terms: Terms
) -> tuple[Review, ...]:
    """Return a review for each person who said something, the first one first."""

    def waited(note: Record) -> int:
        return terms.working_time.seconds(start, _made(note)) or 0

    firsts = unique(said, lambda each: username_key(each.by))
    return tuple(Review(each.by, author, waited(each.note)) for each in firsts)


def _values_of_notes(
    said: Sequence[Said], given: Sequence[Review], notes: PartialList, terms: Terms
) -> dict[str, int | None]:
    first = _made(said[0].note) if said else None
    only_approved = all(each.approval for each in said)
    return {
        "first_response": given[0].seconds if given else None,
        "rounds": None
        if first is None
        else sum(_is_push(note) and _made(note) > first for note in notes.rows),
        "quick_approval": int(bool(given) and only_approved and given[0].seconds <= QUICK),
        "comments": sum(
            reviews.is_system(note) is False and not is_bot(record.author(note) or "", terms.bots)
            for note in notes.rows
        ),
    }


def _is_push(note: Record) -> bool:
    return bool(reviews.is_system(note) and reviews.says_push(record.text(note, "body") or ""))
