"""Notes, which merge requests and issues have alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from gitlab_sync.sandbox.answer import Answer, error, json_answer, not_found
from gitlab_sync.sandbox.call import Call
from gitlab_sync.sandbox.records import Record, basic_user, instant
from gitlab_sync.sandbox.tables import Children, Key


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
    """Answer with the note with the id in the path; 404 if there is none."""
    wanted = call.number(2, "note_id")
    for note in notes:
        if note["id"] == wanted:
            return json_answer(note)
    raise not_found("Note")


def add_note(call: Call, notes: Children, key: Key, item: Record, kind: str) -> Answer:
    """Add the caller's note to an item of that `kind` and answer with it (201)."""
    author = call.signed_in()
    body = _body(call)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    note: Record = {
        "id": call.world.new_id(),
        "type": None,
        "body": body,
        "author": basic_user(author),
        "created_at": now,
        "updated_at": now,
        "system": False,
        "noteable_id": item["id"],
        "noteable_type": kind,
        "project_id": key[0],
        "noteable_iid": key[1],
    }
    notes.put(key, [*notes.get(key), note])
    return json_answer(note, 201)


def change_note(call: Call, notes: Children, key: Key) -> Answer:
    """Change the text of the note that the path names; 404 if there is none."""
    wanted, body = call.number(2, "note_id"), _body(call)
    changed = [{**note, "body": body} if note["id"] == wanted else note for note in notes.get(key)]
    notes.put(key, changed)
    return one_note(call, changed)


def delete_note(call: Call, notes: Children, key: Key) -> Answer:
    """Delete the note that the path names and answer with nothing (204); 404 if there is none."""
    wanted = call.number(2, "note_id")
    kept = [note for note in notes.get(key) if note["id"] != wanted]
    if len(kept) == len(notes.get(key)):
        raise not_found("Note")
    notes.put(key, kept)
    return Answer(204)


def _body(call: Call) -> str:
    """Return the text that was sent, as JSON; raises the 400 if there is none."""
    try:
        text = orjson.loads(call.body)["body"]
    except (ValueError, TypeError, KeyError):
        text = call.query.get("body")
    if not text:
        raise error(400, "body is missing")
    return str(text)
