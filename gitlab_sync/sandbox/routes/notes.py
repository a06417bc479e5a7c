"""Notes, which merge requests and issues have alike."""

from __future__ import annotations

from collections.abc import Sequence

from gitlab_sync.sandbox.answer import Answer, json_answer, not_found
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.records import Record, instant


def listed_notes(call: Call, notes: Sequence[Record]) -> Answer:
    """Answer with a page of `notes`, ordered by creation with the newest first by default."""
    query = call.query
    order = query.choice("order_by", ("created_at", "updated_at"), "created_at")
    descending = query.choice("sort", ("asc", "desc"), "desc") == "desc"
    kind = query.choice(
        "activity_filter", ("all_notes", "only_comments", "only_activity"), "all_notes"
    )
    if kind != "all_notes":
        wanted = kind == "only_activity"
        notes = [note for note in notes if bool(note.get("system")) == wanted]
    notes = sorted(
        notes,
        key=lambda note: (instant(note.get(order) or note["created_at"]), note["id"]),
        reverse=descending,
    )
    return call.page(notes)


def one_note(call: Call, notes: Sequence[Record]) -> Answer:
    """Answer with the note whose id is the path's third variable; 404 if there is none."""
    wanted = call.number(2, "note_id")
    for note in notes:
        if note["id"] == wanted:
            return json_answer(note)
    raise not_found("Note")
