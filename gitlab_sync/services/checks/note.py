"""The note on a merge request that says what a check found: one, which is kept up to date."""

from __future__ import annotations

from typing import Literal, TypeAlias

from gitlab_sync.api.projects import endpoint
from gitlab_sync.errors import BadResponse, GitLabSyncError
from gitlab_sync.rules import record
from gitlab_sync.rules.items.own_note import is_own
from gitlab_sync.services.checks.query import CheckReport
from gitlab_sync.session.session import Client, session_of
from gitlab_sync.types import Record

Done: TypeAlias = Literal["posted", "updated", "unchanged"]


def keep_note(client: Client, report: CheckReport, text: str) -> Done:
    """Post the text as a note on the merge request, or update the note that is there.

    The note is the oldest one of the token's owner that begins with the marker; one that says the
    same already is left alone. The report is that of a query with `note`. Raises the errors of
    `gitlab_sync.errors`: PermissionDenied for a token without the scope `api`.
    """
    if report.read is None:
        raise BadResponse("there is no merge request to write a note on")
    mr, notes, user = report.read.mr, report.read.facts.notes, report.user
    if isinstance(user, GitLabSyncError):
        raise user
    if not notes.whole:
        # A note that is there already could be among those that were not read.
        raise BadResponse(f"its notes were not read: {notes.missing}")
    session = session_of(client)
    where = endpoint(mr["project_id"], f"merge_requests/{mr['iid']}/notes")
    mine = [note for note in notes.rows if is_own(note) and _is_by(note, user)]
    if not mine:
        session.request("POST", where, {"body": text})
        return "posted"
    note = min(mine, key=lambda each: record.number_id(each) or 0)
    if (record.text(note, "body") or "").split() == text.split():
        return "unchanged"
    session.request("PUT", f"{where}/{note['id']}", {"body": text})
    return "updated"


def _is_by(note: Record, user: Record | None) -> bool:
    number = record.number_id(record.field(note, "author"))
    return number is not None and number == record.number_id(user)
