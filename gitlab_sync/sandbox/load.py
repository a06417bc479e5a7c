"""Folders of gzipped JSON lines in GitLab's shapes, read into tables."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from gitlab_sync.sandbox.records import Record, without_collection
from gitlab_sync.sandbox.tables import Children, Key, Tables
from gitlab_sync.sandbox.world import World

_KEY = re.compile(rb'\{\s*"project_id"\s*:\s*(\d+)\s*,\s*"iid"\s*:\s*(\d+)\s*,')


@without_collection()
def load_world(folder: str | Path) -> World:
    """Read a folder of gzipped JSON lines, one file for each kind; see `load_tables`."""
    return World(load_tables(Path(folder)))


def load_tables(folder: Path) -> Tables:
    """Return what the files of `folder` hold; a kind without a file is empty.

    Lists that hang on merge requests are kept as text until they are asked for. Raises
    FileNotFoundError if there are no users or no projects, ValueError for a line that is no JSON.
    """
    for kind in ("users", "projects"):
        if not _file(folder, kind).exists():
            raise FileNotFoundError(f"{folder} holds no {kind}.jsonl.gz")
    tables = Tables(
        users=_records(folder, "users"),
        groups=_records(folder, "groups"),
        projects=_records(folder, "projects"),
        merge_requests=_records(folder, "merge_requests"),
        issues=_records(folder, "issues"),
        memberships=_records(folder, "memberships"),
        commits=_grouped(folder, "commits", "project_id"),
        tree=_grouped(folder, "tree", "project_id"),
        branches=_grouped(folder, "branches", "project_id"),
        pipelines=_grouped(folder, "pipelines", "project_id"),
        mr_notes=_children(folder, "merge_request_notes"),
        mr_commits=_children(folder, "merge_request_commits"),
        mr_diffs=_children(folder, "merge_request_diffs"),
        mr_pipelines=_children(folder, "merge_request_pipelines"),
        issue_notes=_children(folder, "issue_notes"),
    )
    for record in _records(folder, "merge_request_approvals"):
        tables.approvals[_pop_key(record)] = record
    for record in _records(folder, "merge_request_closes_issues"):
        tables.closes[_pop_key(record)] = record.get("issue_iids") or []
    for record in _records(folder, "files"):
        tables.files.setdefault(record["project_id"], {})[record["path"]] = record["content"]
    ids = {user["username"].lower(): user["id"] for user in tables.users}
    tables.events = _by_user(folder, "events", ids, lambda row: row.get("author_id"))
    tables.timelogs = _by_user(folder, "timelogs", ids, lambda row: row.get("user_id"))
    return tables


def _file(folder: Path, kind: str) -> Path:
    return folder / f"{kind}.jsonl.gz"


def _lines(folder: Path, kind: str) -> Iterator[bytes]:
    path = _file(folder, kind)
    if path.exists():
        # The whole text at once: gzip's own line reading takes several times as long.
        yield from gzip.decompress(path.read_bytes()).splitlines()


def _records(folder: Path, kind: str) -> list[Record]:
    return [orjson.loads(line) for line in _lines(folder, kind) if line.strip()]


def _grouped(folder: Path, kind: str, field: str) -> dict[int, list[Record]]:
    groups: dict[int, list[Record]] = {}
    for record in _records(folder, kind):
        groups.setdefault(record.pop(field), []).append(record)
    return groups


def _children(folder: Path, kind: str) -> Children:
    items: dict[Key, list[Record] | bytes] = {}
    for line in _lines(folder, kind):
        if match := _KEY.match(line):
            items[int(match[1]), int(match[2])] = line
        elif line.strip():
            record = orjson.loads(line)
            items[_pop_key(record)] = record.get("items") or []
    return Children(items)


def _pop_key(record: Record) -> Key:
    return record.pop("project_id"), record.pop("iid")


def _by_user(
    folder: Path, kind: str, ids: dict[str, int], user_of: Callable[[Record], Any]
) -> dict[int, list[Record]]:
    """Group records by a user's id, or by the id of the username in them."""
    groups: dict[int, list[Record]] = {}
    for record in _records(folder, kind):
        user = user_of(record)
        if user is None:
            named = record.get("author_username") or (record.get("user") or {}).get("username", "")
            user = ids.get(str(named).lower())
        if user is not None:
            groups.setdefault(user, []).append(record)
    return groups
