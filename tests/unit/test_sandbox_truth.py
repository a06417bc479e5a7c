"""The generator keeps its word: a plain second check finds just the faults that were decided."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import pytest

from gitlab_sync.sandbox import World, demo_world, generate_world
from gitlab_sync.sandbox.truth import ISSUE_CHECKS, MERGE_REQUEST_CHECKS

COMMENT = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)
SEMANTIC = re.compile(
    r"^(feat|fix|chore|docs|style|refactor|perf|test|build|ci|revert)(\([^)]*\))?!?:", re.IGNORECASE
)
SEMANTIC_ISSUE = re.compile(
    r"^(feat|fix|docs|style|refactor|perf|test|chore|bug)(\([^)]*\))?!?:", re.IGNORECASE
)
REFERENCE = re.compile(
    r"(?<!&)#\d+(?!\w)|\bGL-\d+\b|\bissues?\s*#?\d+(?!\w)|/-/(issues|work_items)/\d+", re.IGNORECASE
)
FOLDERS = {"test", "tests", "spec", "specs", "__tests__", "e2e", "testdata"}
STEM = re.compile(r"^(tests?|spec|test[_-].*|.*[_-]tests?|.*[_-]spec|.*\.test|.*\.spec)$")
CASED_STEM = re.compile(r"^(.*[A-Za-z0-9_])?(Test|Tests|Spec)$")
BOT = re.compile(r"^(project|group)_\d+_bot|(-bot|_bot|\[bot\])$|^renovate$")


def bare(text: str | None) -> str:
    """Return the text without comments and white space around it."""
    return COMMENT.sub("", text or "").strip()


def hours_open(record: dict[str, Any]) -> float:
    """How long the item was open."""
    end = datetime.fromisoformat(record.get("merged_at") or record["closed_at"])
    return (end - datetime.fromisoformat(record["created_at"])).total_seconds() / 3600


def is_test(path: str) -> bool:
    """Whether the path is that of a test."""
    pure = PurePosixPath(path)
    return (
        any(part.lower() in FOLDERS for part in pure.parts[:-1])
        or bool(STEM.match(pure.stem.lower()) or CASED_STEM.match(pure.stem))
        or pure.name == "conftest.py"
    )


def faults_of(world: World, record: dict[str, Any]) -> set[str]:
    """Return what a merge request fails, seen from its records alone."""
    tables, key = world.tables, (record["project_id"], record["iid"])
    commits = [c for c in tables.mr_commits.get(key) if len(c["parent_ids"]) < 2]
    people = [
        note
        for note in tables.mr_notes.get(key)
        if note["author"]["username"] != record["author"]["username"]
        and not BOT.search(note["author"]["username"])
    ]
    reviewed = record["upvotes"] > 0 or any(
        not note["system"] or note["body"] == "approved this merge request" for note in people
    )
    talk = [bare(note["body"]) for note in tables.mr_notes.get(key) if not note["system"]]
    texts = [record["title"], bare(record["description"]), *talk, *[c["message"] for c in commits]]
    lines = [commit["title"] for commit in commits] or [record["title"]]
    newest = max(tables.mr_pipelines.get(key), key=lambda row: row["id"], default={"status": ""})
    verdicts = {
        "No Desc": not bare(record["description"]),
        "No Issues": not any(REFERENCE.search(text) for text in texts),
        "No Time Spent": record["time_stats"]["total_time_spent"] == 0,
        "No Unit Tests": not any(is_test(row["new_path"]) for row in tables.mr_diffs.get(key)),
        "Failed Pipeline": newest["status"] == "failed",
        "No Semantic Commits": not any(SEMANTIC.match(line) for line in lines),
        "No Internal Review": not reviewed,
        "Merge > 1 Week": hours_open(record) > 168,
        "Merge > 2 Days": hours_open(record) > 48,
    }
    return {check for check, failed in verdicts.items() if failed}


def issue_faults(record: dict[str, Any]) -> set[str]:
    """Return what an issue fails, seen from its record alone."""
    verdicts = {
        "No Desc": not bare(record["description"]),
        "No Labels": not record["labels"],
        "No Milestone": record["milestone"] is None,
        "No Time Spent": record["time_stats"]["total_time_spent"] == 0,
        "Long Open Time (>2 days)": hours_open(record) > 48,
        "No Semantic Title": not SEMANTIC_ISSUE.match(record["title"]),
    }
    return {check for check, failed in verdicts.items() if failed}


WORLDS = {
    "generated": lambda: generate_world(seed=7, users=25, merge_requests=16, issues=10, projects=6),
    "another seed": lambda: generate_world(seed=8, users=25, merge_requests=16, issues=10),
    "alone": lambda: generate_world(seed=9, users=1, merge_requests=60, issues=30, projects=1),
    "demo": demo_world,
}


@pytest.fixture(scope="module", params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> World:
    """Each kind of world that knows its truth."""
    return WORLDS[request.param]()


def test_every_ended_merge_request_fails_just_what_was_decided(world: World) -> None:
    """The records show each decided fault, and no other."""
    by_key = world.merge_requests.by_key
    wrong = []
    for decision in world.truth.merge_request_decisions:
        record = by_key[decision.project_id, decision.iid].data
        assert record["state"] == decision.state
        if decision.state != "opened" and faults_of(world, record) != decision.fails:
            wrong.append((decision, faults_of(world, record) ^ decision.fails))
    assert wrong == []


def test_every_closed_issue_fails_just_what_was_decided(world: World) -> None:
    """The records show each decided fault, and no other."""
    wrong = []
    for decision in world.truth.issue_decisions:
        record = world.issues.by_key[decision.project_id, decision.iid].data
        if decision.state == "closed" and issue_faults(record) != decision.fails:
            wrong.append((decision, issue_faults(record) ^ decision.fails))
    assert wrong == []


def test_people_and_assignees_are_those_of_the_records(world: World) -> None:
    """An item's author and assignees are the same in the record and the truth."""
    for decision in world.truth.merge_request_decisions:
        record = world.merge_requests.by_key[decision.project_id, decision.iid].data
        assert record["author"]["username"] == decision.author
        assert tuple(p["username"] for p in record["assignees"]) == decision.assignees


def test_columns_are_those_of_the_reports_in_their_order() -> None:
    """A row can be compared with a report's as it is."""
    truth = generate_world(seed=1, users=1).truth
    row = next(iter(truth.merge_requests().values()))
    assert list(row) == [
        "Closed MRs",
        "No Desc",
        "No Issues",
        "No Time Spent",
        "No Unit Tests",
        "Failed Pipeline",
        "No Semantic Commits",
        "No Internal Review",
        "Merge > 1 Week",
        "Merge > 2 Days",
    ]
    assert list(next(iter(truth.issues().values()))) == [
        "Total Assigned",
        "Opened Issues",
        "Closed Issues",
        "No Desc",
        "No Labels",
        "No Milestone",
        "No Time Spent",
        "Long Open Time (>2 days)",
        "No Semantic Title",
    ]


def test_counts_add_up_over_projects_and_groups() -> None:
    """A group's counts are those of its projects but for archived ones, and all is their sum."""
    world = generate_world(seed=3, users=8, projects=6)
    truth = world.truth
    archived = {row.data["id"] for row in world.projects if row.data["archived"]}
    for username, row in truth.merge_requests().items():
        parts = [
            truth.merge_requests(project_id=project.data["id"])[username]
            for project in world.projects
        ]
        assert row == {key: sum(part[key] for part in parts) for key in row}
        group = truth.merge_requests(group_id=501)[username]
        old = truth.merge_requests(project_ids=archived)[username]
        assert group == {key: row[key] - old[key] for key in row}


def test_assigned_work_is_counted_apart() -> None:
    """In the assignee's scope the assignees count, not the author."""
    truth = generate_world(seed=3, users=8).truth
    expected = sum(
        len(set(one.assignees))
        for one in truth.merge_request_decisions
        if one.state in {"merged", "closed"}
    )
    assert sum(row["Closed MRs"] for row in truth.merge_requests("assignee").values()) == expected
    assert truth.merge_requests("assignee") != truth.merge_requests("author")


def test_a_project_wins_over_a_group() -> None:
    """If both are given, the group is not asked."""
    truth = generate_world(seed=3, users=4).truth
    assert truth.issues(project_id=101, group_id=501) == truth.issues(project_id=101)


def test_all_checks_are_failed_and_passed_by_somebody() -> None:
    """A world of some size leaves no check untried."""
    truth = generate_world(seed=7, users=25, merge_requests=16, issues=10).truth
    ended = [one for one in truth.merge_request_decisions if one.state != "opened"]
    for check in MERGE_REQUEST_CHECKS:
        assert {check in one.fails for one in ended} == {True, False}, check
    closed = [one for one in truth.issue_decisions if one.state == "closed"]
    for check in ISSUE_CHECKS:
        assert {check in one.fails for one in closed} == {True, False}, check
