"""A world: tables of records in GitLab's shapes, and the indexes that join them."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha1
from itertools import count
from typing import TYPE_CHECKING

from gitlab_sync.sandbox.records import Record, Row, id_in, instant
from gitlab_sync.sandbox.tables import Key, Tables

if TYPE_CHECKING:
    from gitlab_sync.sandbox.truth import Truth

PUBLIC = ("public", None)
"""Visibilities that anybody sees; records that do not say are taken as public."""

_DANGLING = frozenset(
    {
        "parent_pipeline",
        "webide",
        "ondemand_dast_scan",
        "ondemand_dast_validation",
        "security_orchestration_policy",
    }
)
"""Sources of pipelines that count for no branch."""


class World:
    """All that a sandbox serves. Reading is thread-safe; `put` builds new indexes under a lock.

    `tables` holds the records, `truth` what a generated world knows about itself (None for a
    folder), `external_url` the address that records and `web_url`s name, `today` the last day of a
    generated world, `teams` the usernames of the demo's teams.
    """

    def __init__(
        self,
        tables: Tables,
        *,
        external_url: str = "https://gitlab.example",
        truth: Truth | None = None,
        today: date | None = None,
        teams: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.tables = tables
        self.external_url = external_url.rstrip("/")
        self.known_truth = truth
        self.today = today
        self.teams = {name: list(members) for name, members in (teams or {}).items()}
        self.version = 0
        self._lock = threading.Lock()
        self._new_ids = count(10**12)
        self._index()

    @property
    def truth(self) -> Truth:
        """What a generated world knows about itself; raises ValueError for a folder's."""
        if self.known_truth is None:
            raise ValueError("this world was not generated, so nothing is known about it")
        return self.known_truth

    def put(self, kind: str, record: Record) -> None:
        """Add `record` to the table `kind`, or put it in place of the one with its `id`.

        `kind` is one of users, groups, projects, merge_requests and issues. Requests that come
        later see it; indexes are rebuilt, so this is for tests and not for bulk.
        """
        table: list[Record] = getattr(self.tables, kind)
        with self._lock:
            kept = [old for old in table if old["id"] != record["id"]]
            table[:] = [*kept, record]
            self._index()
            self.version += 1

    def new_id(self) -> int:
        """Return an id that no record has: for what is written over the API."""
        return next(self._new_ids)

    def changed(self) -> None:
        """Rebuild the indexes after records in `tables` were changed by hand."""
        with self._lock:
            self._index()
            self.version += 1

    # --- indexes -------------------------------------------------------------------------------

    def _index(self) -> None:
        tables = self.tables
        self.users = sorted_rows(tables.users)
        self.users_by_id = {row.data["id"]: row for row in self.users}
        self.users_by_name = {row.data["username"].lower(): row for row in self.users}
        self.groups = sorted_rows(tables.groups)
        self.groups_by_id = {row.data["id"]: row for row in self.groups}
        self.groups_by_path = {row.data["full_path"].lower(): row for row in self.groups}
        self.projects = sorted_rows(tables.projects)
        self.projects_by_id = {row.data["id"]: row for row in self.projects}
        self.projects_by_path = {
            row.data["path_with_namespace"].lower(): row for row in self.projects
        }
        self.moved = {path.lower(): target for path, target in tables.moved.items()}
        self.merge_requests = Items(tables.merge_requests)
        self.issues = Items(tables.issues)
        self.members: dict[tuple[str, int], list[Record]] = {}
        self.memberships_of: dict[int, list[Record]] = {}
        for membership in tables.memberships:
            source = (source_kind(membership), membership["source_id"])
            self.members.setdefault(source, []).append(membership)
            self.memberships_of.setdefault(membership["user_id"], []).append(membership)
        self.all_public = all(
            row.data.get("visibility") in PUBLIC for row in (*self.projects, *self.groups)
        )
        self.commits = {
            project: [Row(record) for record in records]
            for project, records in tables.commits.items()
        }
        self.pipelines = _project_pipelines(tables)
        self.milestones = _project_milestones(tables)

    # --- joins ---------------------------------------------------------------------------------

    def project(self, id_or_path: str) -> Row | None:
        """Return the project with that id or full path."""
        number = id_in(id_or_path)
        if number is not None:
            return self.projects_by_id.get(number)
        return self.projects_by_path.get(id_or_path.lower())

    def group(self, id_or_path: str) -> Row | None:
        """Return the group with that id or full path."""
        number = id_in(id_or_path)
        if number is not None:
            return self.groups_by_id.get(number)
        return self.groups_by_path.get(id_or_path.lower())

    def merge_request_pipelines(self, record: Record) -> list[Record]:
        """Return the pipelines of a merge request, those of merge request events first.

        They are those that the tables hold for it, and those of its source project that ran for its
        refs, or for its source branch on one of its commits.
        """
        key = (record["project_id"], record["iid"])
        own = self.tables.mr_pipelines.get(key)
        others = self.tables.pipelines.get(record.get("source_project_id") or 0)
        if not others:
            return own
        commits = {record.get("sha"), *(each["id"] for each in self.tables.mr_commits.get(key))}
        more = [each for each in others if _belongs(each, record, commits)]
        return sorted(
            {each["id"]: each for each in (*more, *own)}.values(),
            key=lambda each: (each.get("source") != "merge_request_event", -each["id"]),
        )

    def merge_request_discussions(self, key: Key) -> list[Record]:
        """Return the discussions of a merge request and their notes, the oldest first.

        A note that is part of no thread is a discussion by itself.
        """
        notes = self.tables.mr_notes.get(key)
        found: dict[str, Record] = {}
        for note in sorted(notes, key=lambda note: (instant(note["created_at"]), note["id"])):
            thread = self.tables.threads.get(note["id"])
            name = thread or sha1(str(note["id"]).encode(), usedforsecurity=False).hexdigest()
            discussion = {"id": name, "individual_note": thread is None, "notes": []}
            found.setdefault(name, discussion)["notes"].append(note)
        return list(found.values())

    def ancestors(self, group_id: int | None) -> list[int]:
        """Return the ids of a group and of all above it, nearest first."""
        found: list[int] = []
        while group_id is not None and group_id in self.groups_by_id and group_id not in found:
            found.append(group_id)
            group_id = self.groups_by_id[group_id].data.get("parent_id")
        return found

    def descendants(self, group_id: int) -> list[Row]:
        """Return all groups below a group, in order of id."""
        return [
            row
            for row in self.groups
            if row.data["id"] != group_id and group_id in self.ancestors(row.data["id"])
        ]

    def group_projects(self, group_id: int, *, subgroups: bool = True) -> list[Row]:
        """Return the projects of a group and, unless told otherwise, of the groups below it."""
        groups = {group_id}
        if subgroups:
            groups |= {row.data["id"] for row in self.descendants(group_id)}
        return [row for row in self.projects if namespace_group(row.data) in groups]

    def project_ids(
        self, group_id: int, *, subgroups: bool = True, archived: bool = True
    ) -> set[int]:
        """Return the ids of these projects, with archived ones unless told otherwise."""
        rows = self.group_projects(group_id, subgroups=subgroups)
        return {row.data["id"] for row in rows if archived or not row.data.get("archived")}

    def source_chain(self, project: Record) -> list[tuple[str, int]]:
        """Return the sources of a project's members, nearest first."""
        chain = [("project", int(project["id"]))]
        chain += [("group", group) for group in self.ancestors(namespace_group(project))]
        return chain

    def group_chain(self, group_id: int) -> list[tuple[str, int]]:
        """Return the sources of a group's members, nearest first."""
        return [("group", group) for group in self.ancestors(group_id)]


def namespace_group(project: Record) -> int | None:
    """Return the id of a project's group; None for a person's own project."""
    namespace = project.get("namespace") or {}
    return namespace.get("id") if namespace.get("kind") == "group" else None


def source_kind(membership: Record) -> str:
    """Return "project" or "group"; GitLab calls the latter a namespace in places."""
    return "project" if str(membership["source_type"]).lower() == "project" else "group"


def _add(index: dict[str | int, list[Row]], person: Record, row: Row) -> None:
    """Put a row under a person's id and under the lower case of the username."""
    index.setdefault(person["id"], []).append(row)
    index.setdefault(person["username"].lower(), []).append(row)


class Items:
    """Merge requests or issues with their indexes, each list with the newest first.

    People are found by id and by the lower case of their username.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        rows = sorted(map(Row, records), key=_age, reverse=True)
        self.rows = rows
        self.by_id: dict[int, Row] = {}
        self.by_key: dict[Key, Row] = {}
        self.by_project: dict[int, list[Row]] = {}
        self.by_author: dict[str | int, list[Row]] = {}
        self.by_assignee: dict[str | int, list[Row]] = {}
        for row in rows:
            record = row.data
            self.by_id[record["id"]] = row
            self.by_key[record["project_id"], record["iid"]] = row
            self.by_project.setdefault(record["project_id"], []).append(row)
            author = record.get("author")
            if author:
                _add(self.by_author, author, row)
            for assignee in record.get("assignees") or ():
                _add(self.by_assignee, assignee, row)

    def numbered(self, project: int, numbers: Collection[int | None]) -> list[Row]:
        """Return those that have these different numbers in a project, the newest first."""
        keys = [(project, number) for number in numbers if number is not None]
        found = (self.by_key[key] for key in keys if key in self.by_key)
        return sorted(found, key=_age, reverse=True)


def _age(row: Row) -> tuple[float, int]:
    return instant(row.data["created_at"]), row.data["id"]


def sorted_rows(records: Iterable[Record]) -> list[Row]:
    """Return rows with the highest id first, as GitLab lists users and projects."""
    return [Row(record) for record in sorted(records, key=lambda record: -record["id"])]


def _belongs(pipeline: Record, mr: Record, commits: set[str | None]) -> bool:
    """Whether a pipeline of the source project is one of the merge request's."""
    ref, source = pipeline.get("ref") or "", pipeline.get("source", "push")
    if source == "merge_request_event":
        within = mr["project_id"] == mr.get("source_project_id")
        return within and ref.startswith(f"refs/merge-requests/{mr['iid']}/")
    of_branch = ref == mr.get("source_branch") and not pipeline.get("tag")
    return of_branch and source not in _DANGLING and pipeline.get("sha") in commits


def _project_milestones(tables: Tables) -> dict[int, list[Record]]:
    """Return the milestones of each project, the one that is due first at the top."""
    found: dict[int, dict[int, Record]] = {}
    for item in (*tables.issues, *tables.merge_requests):
        milestone = item.get("milestone")
        if isinstance(milestone, dict) and milestone.get("project_id") == item["project_id"]:
            found.setdefault(item["project_id"], {})[milestone["id"]] = milestone
    named = {project: list(records.values()) for project, records in found.items()}
    return {
        project: sorted(records, key=lambda each: (each.get("due_date") or "9", each["id"]))
        for project, records in (named | tables.milestones).items()
    }


def _project_pipelines(tables: Tables) -> dict[int, list[Row]]:
    """Return all pipelines of each project, newest first: its own and its merge requests'."""
    found: dict[int, dict[int, Record]] = {
        project: {record["id"]: record for record in records}
        for project, records in tables.pipelines.items()
    }
    for key in tables.mr_pipelines.keys():  # noqa: SIM118 - it is no dict
        for record in tables.mr_pipelines.get(key):
            project = record.get("project_id", key[0])
            found.setdefault(project, {})[record["id"]] = record
    return {project: sorted_rows(records.values()) for project, records in found.items()}
