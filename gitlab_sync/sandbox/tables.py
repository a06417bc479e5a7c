"""The tables of a world before they are joined: what a folder holds and a generator makes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import orjson

from gitlab_sync.sandbox.records import Record

Key: TypeAlias = tuple[int, int]
"""A merge request's or an issue's `project_id` and `iid`."""

ItemKey: TypeAlias = tuple[str, int, int]
"""The kind of an item ("MergeRequest" or "Issue"), its `project_id` and `iid`."""


class Children:
    """The lists that hang on merge requests or issues (notes, commits, …), by project and iid.

    A list can be given as a line of JSON with the list under `items`: it is parsed when a caller
    asks, since most lines of a large folder are never asked for. Reading is thread-safe.
    """

    __slots__ = ("_items",)

    def __init__(self, items: dict[Key, list[Record] | bytes] | None = None) -> None:
        self._items = {} if items is None else items

    def get(self, key: Key) -> list[Record]:
        """Return the list of `key`; empty if it has none."""
        items = self._items.get(key)
        if items is None:
            return []
        if isinstance(items, bytes):
            items = self._items[key] = list(orjson.loads(items).get("items") or ())
        return items

    def put(self, key: Key, items: Iterable[Record]) -> None:
        """Set the list of `key`."""
        self._items[key] = list(items)

    def keys(self) -> list[Key]:
        """Return all keys that have a list."""
        return list(self._items)


@dataclass(slots=True)
class Tables:
    """All records of a world, each in GitLab's shape, and what joins them.

    `commits`, `tree`, `branches`, `files` and `pipelines` are by project id, `events` and
    `timelogs` by user id. `memberships` are `{"source_type": "project" or "group", "source_id",
    "user_id", "access_level"}`. `files` maps paths of the default branch to text. `moved` maps
    former paths of projects to their ids. `closes` and `mentions` hold the iids of the issues that
    a merge request closes or only names. `ahead` holds, by project and branch, the ids of commits
    that are not on the default branch; `licenses` what `license=true` shows of a project, and
    `languages` the shares of its languages (default: by the files of its tree). `threads` holds, by
    the ids of notes, the id of the thread that each is part of. `milestones` holds those of a
    project; without any there, it has those that its items name. `resource_events` holds what
    happened to the states, labels and milestones of items, by their kind, project and number, and
    `mr_versions` the versions of the diffs; without any there, a merge request has one.
    """

    users: list[Record] = field(default_factory=list)
    groups: list[Record] = field(default_factory=list)
    projects: list[Record] = field(default_factory=list)
    merge_requests: list[Record] = field(default_factory=list)
    issues: list[Record] = field(default_factory=list)
    memberships: list[Record] = field(default_factory=list)
    commits: dict[int, list[Record]] = field(default_factory=dict)
    tree: dict[int, list[Record]] = field(default_factory=dict)
    branches: dict[int, list[Record]] = field(default_factory=dict)
    files: dict[int, dict[str, str]] = field(default_factory=dict)
    pipelines: dict[int, list[Record]] = field(default_factory=dict)
    events: dict[int, list[Record]] = field(default_factory=dict)
    timelogs: dict[int, list[Record]] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)
    mr_notes: Children = field(default_factory=Children)
    mr_commits: Children = field(default_factory=Children)
    mr_diffs: Children = field(default_factory=Children)
    mr_pipelines: Children = field(default_factory=Children)
    approvals: dict[Key, Record] = field(default_factory=dict)
    closes: dict[Key, list[int]] = field(default_factory=dict)
    mentions: dict[Key, list[int]] = field(default_factory=dict)
    ahead: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    licenses: dict[int, Record] = field(default_factory=dict)
    languages: dict[int, dict[str, float]] = field(default_factory=dict)
    issue_notes: Children = field(default_factory=Children)
    threads: dict[int, str] = field(default_factory=dict)
    milestones: dict[int, list[Record]] = field(default_factory=dict)
    resource_events: dict[ItemKey, list[Record]] = field(default_factory=dict)
    mr_versions: Children = field(default_factory=Children)
