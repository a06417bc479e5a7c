"""Issues of a generated world: what each fails is decided first, then its record is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from gitlab_sync.sandbox.making import words
from gitlab_sync.sandbox.making.builder import Builder, time_stats, utc
from gitlab_sync.sandbox.making.history import add_event, add_timelogs, note_record
from gitlab_sync.sandbox.making.people import Person
from gitlab_sync.sandbox.making.twists import twist_issue
from gitlab_sync.sandbox.records import Record
from gitlab_sync.sandbox.truth import (
    ISSUE_CHECKS,
    LONG_OPEN,
    NO_DESC,
    NO_LABELS,
    NO_MILESTONE,
    NO_SEMANTIC_TITLE,
    NO_TIME,
    Decision,
)

_LABELS = ("backend", "frontend", "documentation", "good first step", "priority::high")
_TWO_DAYS = 48


def add_issue(
    builder: Builder,
    project: Record,
    author: Person,
    *,
    assignees: Sequence[Person] = (),
    state: str | None = None,
) -> Record:
    """Add an issue by `author` with faults after that person's habits; return its record."""
    random = builder.random
    fails = {check for check in ISSUE_CHECKS if author.forgets(check, random)}
    state = state or ("closed" if builder.chance(0.7) else "opened")
    iid = builder.next_iid("issue", project["id"])
    ended = builder.ago(builder.span, 0.5)
    created = ended - _open_time(builder, long=LONG_OPEN in fails)
    closed = ended if state == "closed" else None
    spent = 0 if NO_TIME in fails else 900 * random.randint(1, 24)
    record: Record = {
        "id": builder.next_id(),
        "iid": iid,
        "project_id": project["id"],
        "title": _title(builder, semantic=NO_SEMANTIC_TITLE not in fails),
        "description": (
            words.no_description(random) if NO_DESC in fails else words.description(random)
        ),
        "state": state,
        "created_at": utc(created),
        "updated_at": utc(ended),
        "closed_at": None if closed is None else utc(closed),
        "closed_by": None if closed is None else author.basic,
        "labels": [] if NO_LABELS in fails else sorted(random.sample(_LABELS, 2)),
        "milestone": None if NO_MILESTONE in fails else milestone(builder, project, created),
        "assignees": [person.basic for person in assignees],
        "assignee": assignees[0].basic if assignees else None,
        "author": author.basic,
        "type": "ISSUE",
        "user_notes_count": 0,
        "merge_requests_count": 0,
        "upvotes": random.choice((0, 0, 0, 1, 3)),
        "downvotes": 0,
        "due_date": None,
        "confidential": False,
        "discussion_locked": None,
        "issue_type": "issue",
        "severity": "UNKNOWN",
        "web_url": f"{project['web_url']}/-/issues/{iid}",
        "time_stats": time_stats(spent),
        "task_completion_status": {"count": 0, "completed_count": 0},
        "has_tasks": False,
        "references": {
            "short": f"#{iid}",
            "relative": f"#{iid}",
            "full": f"{project['path_with_namespace']}#{iid}",
        },
        "moved_to_id": None,
        "service_desk_reply_to": None,
        "_links": {
            "self": f"{builder.url}/api/v4/projects/{project['id']}/issues/{iid}",
            "closed_as_duplicate_of": None,
        },
    }
    twist_issue(builder, record)
    _add_notes(builder, record, created)
    builder.tables.issues.append(record)
    if state == "opened":
        project["open_issues_count"] += 1
    names = tuple(person.username for person in assignees)
    builder.truth.issue_decisions.append(
        Decision(project["id"], iid, author.username, names, state, frozenset(fails))
    )
    add_event(builder, author, project["id"], "opened", created, record, "Issue")
    if closed is not None:
        add_event(builder, author, project["id"], "closed", closed, record, "Issue")
    add_timelogs(builder, assignees[0] if assignees else author, project, record, spent, created)
    return record


def milestone(builder: Builder, project: Record, moment: datetime) -> Record:
    """Return the milestone of a project that `moment` falls into: one for each quarter."""
    quarter = (moment.month - 1) // 3 + 1
    iid = moment.year % 100 * 4 + quarter
    return {
        "id": project["id"] * 1000 + iid,
        "iid": iid,
        "project_id": project["id"],
        "title": f"{moment.year} Q{quarter}",
        "description": "",
        "state": "active",
        "created_at": utc(builder.today - timedelta(days=600)),
        "updated_at": utc(builder.today - timedelta(days=600)),
        "due_date": None,
        "start_date": None,
        "expired": False,
        "web_url": f"{project['web_url']}/-/milestones/{iid}",
    }


def _title(builder: Builder, *, semantic: bool) -> str:
    if semantic:
        return words.semantic(builder.random, kind="issue")
    return words.unsemantic(builder.random)


def _open_time(builder: Builder, *, long: bool) -> timedelta:
    """Return how long an issue was open. Exactly two days is not yet long."""
    if long:
        return timedelta(hours=_TWO_DAYS, seconds=builder.random.randint(1, 40 * 86_400))
    if builder.chance(0.1):
        return timedelta(hours=_TWO_DAYS)
    return timedelta(seconds=builder.random.randint(60, _TWO_DAYS * 3600 - 1))


def _add_notes(builder: Builder, record: Record, created: datetime) -> None:
    notes = []
    for position in range(builder.random.randint(0, 3)):
        writer = builder.random.choice(builder.people)
        when = created + timedelta(minutes=7 * (position + 1))
        notes.append(
            note_record(builder, record, "Issue", writer, words.remark(builder.random), when)
        )
    record["user_notes_count"] = len(notes)
    builder.tables.issue_notes.put((record["project_id"], record["iid"]), notes)
