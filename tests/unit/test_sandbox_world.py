"""Worlds: indexes, joins, changes, and folders of real data."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest
from real_data import REAL

from gitlab_sync.sandbox import World, generate_world, load_world
from gitlab_sync.sandbox.tables import Tables


def write(folder: Path, kind: str, lines: list[Any]) -> None:
    """Write one file of a folder."""
    text = b"\n".join(orjson.dumps(line) for line in lines) + b"\n"
    (folder / f"{kind}.jsonl.gz").write_bytes(gzip.compress(text))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a folder with a little of everything."""
    write(tmp_path, "users", [{"id": 1, "username": "Alice", "name": "Alice"}])
    project = {"id": 7, "path_with_namespace": "top/app", "namespace": {"id": 3, "kind": "group"}}
    write(tmp_path, "projects", [project])
    write(tmp_path, "groups", [{"id": 3, "full_path": "top", "name": "top", "parent_id": None}])
    item = {"id": 70, "iid": 1, "project_id": 7, "created_at": "2024-01-01T00:00:00Z"}
    write(tmp_path, "merge_requests", [item])
    write(tmp_path, "merge_request_notes", [{"project_id": 7, "iid": 1, "items": [{"id": 5}]}])
    write(tmp_path, "merge_request_commits", [{"items": [{"id": "a"}], "iid": 1, "project_id": 7}])
    approvals = {"project_id": 7, "iid": 1, "approved": True, "approved_by": []}
    write(tmp_path, "merge_request_approvals", [approvals])
    write(tmp_path, "merge_request_closes_issues", [{"project_id": 7, "iid": 1, "issue_iids": [4]}])
    write(tmp_path, "commits", [{"project_id": 7, "id": "b", "title": "x"}])
    write(tmp_path, "files", [{"project_id": 7, "path": "README.md", "content": "hello"}])
    write(tmp_path, "events", [{"id": 1, "author_username": "alice"}, {"id": 2, "author_id": 1}])
    return tmp_path


def test_a_folder_is_joined_by_project_and_iid(folder: Path) -> None:
    """Lists are found under their merge request, whatever the order of the keys in the file."""
    tables = load_world(folder).tables
    assert tables.mr_notes.get((7, 1)) == [{"id": 5}]
    assert tables.mr_commits.get((7, 1)) == [{"id": "a"}]
    assert tables.approvals[7, 1] == {"approved": True, "approved_by": []}
    assert tables.closes[7, 1] == [4]
    assert tables.mr_diffs.get((7, 1)) == []


def test_lines_of_a_folder_lose_what_only_joins_them(folder: Path) -> None:
    """A commit has no `project_id` in GitLab's lists."""
    world = load_world(folder)
    assert [row.data for row in world.commits[7]] == [{"id": "b", "title": "x"}]
    assert world.tables.files == {7: {"README.md": "hello"}}


def test_events_are_found_by_id_or_by_name(folder: Path) -> None:
    """Either tells who they belong to."""
    assert [event["id"] for event in load_world(folder).tables.events[1]] == [1, 2]


def test_a_folder_without_users_is_refused(tmp_path: Path) -> None:
    """The error says what is missing."""
    with pytest.raises(FileNotFoundError, match="users"):
        load_world(tmp_path)


def test_a_folder_knows_no_truth(folder: Path) -> None:
    """Only generated worlds know what is wrong with them."""
    with pytest.raises(ValueError, match="not generated"):
        _ = load_world(folder).truth


def test_projects_and_groups_are_found_by_id_and_path(folder: Path) -> None:
    """Paths go by lower case."""
    world = load_world(folder)
    assert world.project("7") is world.project("Top/App") is not None
    assert world.group("3") is world.group("TOP") is not None
    assert world.project("8") is None
    assert world.group("nothing") is None


def group(number: int, parent: int | None) -> dict[str, Any]:
    """Return a group below another."""
    return {"id": number, "full_path": f"g{number}", "name": "g", "parent_id": parent}


def test_descendants_and_ancestors_follow_the_parents() -> None:
    """Of a chain of three groups and one apart."""
    world = World(Tables(groups=[group(1, None), group(2, 1), group(3, 2), group(9, None)]))
    assert world.ancestors(3) == [3, 2, 1]
    assert {row.data["id"] for row in world.descendants(1)} == {2, 3}
    assert world.descendants(9) == []


def test_a_circle_of_groups_ends() -> None:
    """Nonsense in a folder must not hang the server."""
    world = World(Tables(groups=[group(1, 2), group(2, 1)]))
    assert world.ancestors(1) == [1, 2]


def test_a_record_that_is_put_takes_the_place_of_the_old_one() -> None:
    """By its id; indexes and version follow."""
    world = generate_world(seed=1, users=2, merge_requests=1, issues=1)
    record = {**world.merge_requests.rows[0].data, "title": "Another title"}
    count, version = len(world.merge_requests.rows), world.version
    world.put("merge_requests", record)
    key = (record["project_id"], record["iid"])
    assert world.merge_requests.by_key[key].data["title"] == "Another title"
    assert len(world.merge_requests.rows) == count
    assert world.version > version


def test_items_are_newest_first() -> None:
    """As GitLab orders them unless asked otherwise."""
    world = generate_world(seed=1, users=3)
    dates = [row.data["created_at"] for row in world.merge_requests.rows]
    assert dates == sorted(dates, reverse=True)


@pytest.mark.large
def test_the_real_data_loads() -> None:
    """All of it, with what hangs on its merge requests."""
    world = load_world(REAL)
    assert len(world.merge_requests.rows) == 5004
    assert len(world.users) == 1008
    assert len(world.issues.rows) == 1213
    assert sum(len(rows) for rows in world.commits.values()) == 15223
    keys = world.merge_requests.by_key
    assert sum(len(world.tables.mr_commits.get(key)) for key in keys) == 8291
    # The file keeps the first 500 paths of a merge request; the history itself has 80,912.
    assert sum(len(world.tables.mr_diffs.get(key)) for key in keys) == 35018
    assert world.all_public
