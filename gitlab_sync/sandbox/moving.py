"""What people do to the items of a world after it was made, and what GitLab writes about it.

Each change writes the note or the event that GitLab writes, and moves `updated_at` where GitLab
does. Times are in UTC. Call `World.changed` afterwards: it builds the indexes once.
"""

from __future__ import annotations

from datetime import datetime

from gitlab_sync.sandbox.records import Record
from gitlab_sync.sandbox.tables import Children, Key
from gitlab_sync.sandbox.world import World

APPROVED = "approved this merge request"
DESCRIBED = "changed the description"


class Mover:
    """Changes items of a world. `by` is the record of the person who does it. For one thread."""

    def __init__(self, world: World, by: Record) -> None:
        self._world = world
        self._tables = world.tables
        self._by = {key: by.get(key) for key in ("id", "username", "name", "state", "web_url")}

    def comment(self, item: Record, at: datetime, body: str, *, system: bool = False) -> Record:
        """Add a note; with `system` one that GitLab writes."""
        note: Record = {
            "id": self._world.new_id(),
            "type": None,
            "body": body,
            "author": self._by,
            "created_at": _utc(at),
            "updated_at": _utc(at),
            "system": system,
            "noteable_id": item["id"],
            "noteable_type": _kind(item),
            "project_id": item["project_id"],
            "noteable_iid": item["iid"],
            "resolvable": False,
        }
        notes = self._notes(item)
        notes.put(_key(item), [*notes.get(_key(item)), note])
        if not system:
            item["user_notes_count"] = (item.get("user_notes_count") or 0) + 1
        self._touch(item, at)
        return note

    def edit_comment(self, item: Record, note: Record, at: datetime, body: str) -> None:
        """Change the text of a note, of which GitLab keeps nothing but the time."""
        changed = {**note, "body": body, "updated_at": _utc(at)}
        notes = self._notes(item)
        kept = [changed if each["id"] == note["id"] else each for each in notes.get(_key(item))]
        notes.put(_key(item), kept)
        self._touch(item, at)

    def approve(self, mr: Record, at: datetime) -> None:
        """Approve a merge request."""
        self.comment(mr, at, APPROVED, system=True)

    def describe(self, item: Record, at: datetime, text: str | None) -> None:
        """Change the description."""
        item["description"] = text
        self.comment(item, at, DESCRIBED, system=True)

    def retitle(self, item: Record, at: datetime, title: str) -> None:
        """Change the title."""
        body = f"changed title from **{item['title']}** to **{title}**"
        item["title"] = title
        self.comment(item, at, body, system=True)

    def book(self, item: Record, at: datetime, seconds: int) -> None:
        """Book time; a negative number takes some back."""
        stats = item["time_stats"]
        spent = max(0, stats["total_time_spent"] + seconds)
        item["time_stats"] = {**stats, "total_time_spent": spent}
        verb = "added" if seconds > 0 else "subtracted"
        self.comment(item, at, f"{verb} {abs(seconds) // 60}m of time spent", system=True)

    def close(self, item: Record, at: datetime) -> None:
        """Close an open item."""
        item.update(state="closed", closed_at=_utc(at), closed_by=self._by)
        self._event(item, at, state="closed")

    def reopen(self, item: Record, at: datetime) -> None:
        """Open a closed item again, which takes the time of the closing away."""
        item.update(state="opened", closed_at=None, closed_by=None)
        self._event(item, at, state="reopened")

    def merge(self, mr: Record, at: datetime) -> None:
        """Merge an open merge request."""
        mr.update(state="merged", merged_at=_utc(at), merged_by=self._by, merge_user=self._by)
        mr["detailed_merge_status"] = "not_open"
        self._event(mr, at, state="merged")

    def label(self, item: Record, at: datetime, name: str) -> None:
        """Add a label, or remove it if it is there."""
        labels = set(item["labels"])
        action = "remove" if name in labels else "add"
        item["labels"] = sorted(labels ^ {name})
        self._event(item, at, action=action, label={"id": sum(name.encode()), "name": name})

    def plan(self, item: Record, at: datetime, milestone: Record | None) -> None:
        """Set the milestone, or take it away (None)."""
        before = item["milestone"]
        action = "remove" if milestone is None else "add"
        item["milestone"] = milestone
        self._event(item, at, action=action, milestone=milestone or before)

    def run_pipeline(self, mr: Record, at: datetime, status: str) -> None:
        """Run a pipeline; it does not move `updated_at`."""
        rows = self._tables.mr_pipelines.get(_key(mr))
        made = {
            "id": self._world.new_id(),
            "iid": len(rows) + 1,
            "project_id": mr["project_id"],
            "sha": mr.get("sha"),
            "ref": f"refs/merge-requests/{mr['iid']}/head",
            "status": status,
            "source": "merge_request_event",
            "created_at": _utc(at),
            "updated_at": _utc(at),
        }
        self._tables.mr_pipelines.put(_key(mr), [*rows, made])

    def retry_pipeline(self, mr: Record, at: datetime, status: str) -> None:
        """Let the newest pipeline end with another status; it does not move `updated_at`."""
        rows = self._tables.mr_pipelines.get(_key(mr))
        newest = max(rows, key=lambda row: row["id"], default=None)
        changed = [
            {**row, "status": status, "updated_at": _utc(at)} if row is newest else row
            for row in rows
        ]
        self._tables.mr_pipelines.put(_key(mr), changed)

    def push(self, mr: Record, at: datetime, commits: list[Record]) -> None:
        """Push commits, the newest first, to an open merge request."""
        key = _key(mr)
        before = self._tables.mr_versions.get(key) or [
            {
                "id": mr["id"],
                "head_commit_sha": mr.get("sha"),
                "created_at": mr["created_at"],
                "merge_request_id": mr["id"],
                "state": "collected",
            }
        ]
        mr["sha"] = commits[0]["id"]
        made = {**before[-1], "id": self._world.new_id(), "created_at": _utc(at)}
        made["head_commit_sha"] = mr["sha"]
        self._tables.mr_versions.put(key, [*before, made])
        self._tables.mr_commits.put(key, [*commits, *self._tables.mr_commits.get(key)])
        self.comment(mr, at, f"added {len(commits)} commits", system=True)

    def _notes(self, item: Record) -> Children:
        is_issue = _kind(item) == "Issue"
        return self._tables.issue_notes if is_issue else self._tables.mr_notes

    def _event(self, item: Record, at: datetime, **told: object) -> None:
        add_resource_event(self._world.tables.resource_events, item, {
            "id": self._world.new_id(), "user": self._by, "created_at": _utc(at), **told,
        })  # fmt: skip
        self._touch(item, at)

    def _touch(self, item: Record, at: datetime) -> None:
        item["updated_at"] = max(item["updated_at"], _utc(at))


def add_resource_event(
    events: dict[tuple[str, int, int], list[Record]], item: Record, event: Record
) -> None:
    """Add an event of the state, the labels or the milestone of an item."""
    kind = _kind(item)
    events.setdefault((kind, *_key(item)), []).append(
        {**event, "resource_type": kind, "resource_id": item["id"]}
    )


def _kind(item: Record) -> str:
    return "MergeRequest" if "source_branch" in item else "Issue"


def _key(item: Record) -> Key:
    return item["project_id"], item["iid"]


def _utc(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
