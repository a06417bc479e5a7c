"""What makes a difference to the measures of reviews: time, commits after a review, self-merges.

They are drawn apart from everything else, and once all of it is there, so the rest of a world stays
as it is.
"""

from __future__ import annotations

from datetime import datetime
from random import Random

from gitlab_sync.sandbox.making.builder import Builder, utc
from gitlab_sync.sandbox.making.changes import LARGE
from gitlab_sync.sandbox.making.history import note_record
from gitlab_sync.sandbox.making.people import Person
from gitlab_sync.sandbox.making.twists import DRAFT, READY, key_of, put_notes
from gitlab_sync.sandbox.records import Record


def twist_reviews(builder: Builder) -> None:
    """Change merged merge requests at random; others, and large ones, stay as they are."""
    authors = {person.id: person for person in (*builder.people, *builder.bots)}
    for record in builder.tables.merge_requests:
        if record["state"] == "merged":
            _twist_review(builder, record, authors[record["author"]["id"]])


def _twist_review(builder: Builder, record: Record, author: Person) -> None:
    random = Random(f"reviews {builder.url} {record['project_id']} {record['iid']}")  # noqa: S311 - no secret
    if random.random() < 0.2:
        record["merged_by"] = record["merge_user"] = author.basic
    notes = builder.tables.mr_notes.get(key_of(record))
    merged = _time(record["merged_at"])
    if not notes or len(notes) >= LARGE or _time(notes[-1]["created_at"]) > merged:
        return
    if random.random() < 0.7:
        _take_time(record, notes, random.uniform(0.02, 0.7))
    if random.random() < 0.4:
        _push_after_a_review(builder, record, author, notes, random)
    put_notes(builder, record, notes)


def _take_time(record: Record, notes: list[Record], share: float) -> None:
    """Move notes so that the last one comes after this share of the time to the merge."""
    created, merged = _time(record["created_at"]), _time(record["merged_at"])
    said = [note for note in notes if note["body"] not in {DRAFT, READY}]
    last = max((_time(note["created_at"]) for note in said), default=created)
    if last <= created or (merged - created) * share <= last - created:
        return
    slower = (merged - created) * share / (last - created)
    for note in said:
        moment = created + (_time(note["created_at"]) - created) * slower
        note["created_at"] = note["updated_at"] = utc(moment.replace(microsecond=0))


def _push_after_a_review(
    builder: Builder, record: Record, author: Person, notes: list[Record], random: Random
) -> None:
    """Let the author add commits one to three times, between a review and the merge."""
    reviewed = [
        _time(note["created_at"])
        for note in notes
        if note["author"]["id"] != author.id and not note["system"]
    ]
    if not reviewed:
        return
    rest = _time(record["merged_at"]) - min(reviewed)
    for _ in range(random.randint(1, 3)):
        moment = (min(reviewed) + rest * random.uniform(0.1, 0.9)).replace(microsecond=0)
        number = random.randint(1, 4)
        body = f"added {number} commit{'s' if number > 1 else ''}"
        notes.append(
            note_record(
                builder, record, "MergeRequest", author, body, moment, system=True, later=True
            )
        )


def _time(text: str) -> datetime:
    """Return a time of GitLab as a naive one in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=None)
