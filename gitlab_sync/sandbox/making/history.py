"""What happens to items of a generated world: notes, events and time logs."""

from __future__ import annotations

from datetime import datetime, timedelta

from gitlab_sync.sandbox.making.builder import Builder, utc
from gitlab_sync.sandbox.making.people import Person
from gitlab_sync.sandbox.records import Record


def note_record(
    builder: Builder,
    item: Record,
    kind: str,
    author: Person,
    body: str,
    moment: datetime,
    *,
    system: bool = False,
    later: bool = False,
    number: int | None = None,
) -> Record:
    """Return a note on an item of that `kind` ("MergeRequest" or "Issue").

    With `later` its id is one of those that are above all others; `number` gives it another one.
    """
    if number is None:
        number = builder.later_id() if later else builder.next_id()
    return {
        "id": number,
        "type": None,
        "body": body,
        "author": author.basic,
        "created_at": utc(moment),
        "updated_at": utc(moment),
        "system": system,
        "noteable_id": item["id"],
        "noteable_type": kind,
        "project_id": item["project_id"],
        "resolvable": False,
        "confidential": False,
        "internal": False,
        "imported": False,
        "imported_from": "none",
        "noteable_iid": item["iid"],
        "commands_changes": {},
    }


def add_event(
    builder: Builder,
    author: Person,
    project_id: int,
    action: str,
    moment: datetime,
    item: Record | None = None,
    kind: str | None = None,
) -> None:
    """Note in a person's events that something was opened, closed or accepted."""
    builder.tables.events.setdefault(author.id, []).append(
        {
            "id": builder.next_id(),
            "project_id": project_id,
            "action_name": action,
            "target_id": None if item is None else item["id"],
            "target_iid": None if item is None else item["iid"],
            "target_type": kind,
            "author_id": author.id,
            "target_title": None if item is None else item["title"],
            "created_at": utc(moment),
            "author": author.basic,
            "imported": False,
            "imported_from": "none",
            "author_username": author.username,
        }
    )


def add_push(
    builder: Builder,
    author: Person,
    project_id: int,
    branch: str,
    commits: list[Record],
    moment: datetime,
) -> None:
    """Note a push of `commits` (newest first) in a person's events."""
    add_event(builder, author, project_id, "pushed to", moment)
    builder.tables.events[author.id][-1]["push_data"] = {
        "commit_count": len(commits),
        "action": "pushed",
        "ref_type": "branch",
        "commit_from": None,
        "commit_to": commits[0]["id"] if commits else None,
        "ref": branch,
        "commit_title": commits[0]["title"] if commits else None,
        "ref_count": None,
    }


def add_timelogs(
    builder: Builder,
    person: Person,
    project: Record,
    item: Record,
    seconds: int,
    since: datetime,
) -> None:
    """Divide the time spent on an item into one or two logs of a person, in GraphQL's shape."""
    if not seconds:
        return
    first = seconds // 2 if seconds > 3600 else seconds
    is_issue = "issue_type" in item
    shown = {"iid": str(item["iid"]), "title": item["title"], "webUrl": item["web_url"]}
    for position, part in enumerate(part for part in (first, seconds - first) if part):
        builder.tables.timelogs.setdefault(person.id, []).append(
            {
                "id": f"gid://gitlab/Timelog/{builder.next_id()}",
                "timeSpent": part,
                "spentAt": utc(since + timedelta(hours=3 + 20 * position)),
                "summary": None,
                "user": {"username": person.username},
                "issue": shown if is_issue else None,
                "mergeRequest": None if is_issue else shown,
                "project": {
                    "id": f"gid://gitlab/Project/{project['id']}",
                    "fullPath": project["path_with_namespace"],
                },
            }
        )


def add_resource_events(builder: Builder) -> None:
    """Write down, as GitLab does, when items were merged or closed, and their milestones set.

    A few of those that are closed were closed and opened again a while before.
    """
    tables = builder.tables
    for kind, items in (("MergeRequest", tables.merge_requests), ("Issue", tables.issues)):
        for item in items:
            told = [*_milestone_set(item), *_endings(item)]
            tables.resource_events[kind, item["project_id"], item["iid"]] = [
                {
                    "id": builder.later_id(),
                    "user": item["author"],
                    "resource_type": kind,
                    "resource_id": item["id"],
                    **each,
                }
                for each in told
            ]


def _milestone_set(item: Record) -> list[Record]:
    if item["milestone"] is None:
        return []
    return [{"created_at": item["created_at"], "action": "add", "milestone": item["milestone"]}]


def _endings(item: Record) -> list[Record]:
    state = item["state"]
    if state not in {"merged", "closed"}:
        return []
    end = item[f"{state}_at"]
    found = [{"created_at": end, "state": state}]
    if state == "closed" and item["iid"] % 5 == 0:
        start, last = map(datetime.fromisoformat, (item["created_at"], end))
        for part, told in ((2, "reopened"), (1, "closed")):
            at = (start + part * (last - start) / 3).replace(tzinfo=None)
            found.insert(0, {"created_at": utc(at), "state": told})
    return found
