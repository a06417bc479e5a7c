"""The rules against a second computation, over real data and over a folder of hard cases."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import truth_from_files as truth
from real_data import REAL
from rules_examples import approval, commit, diff, issue, merge_request, note

from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.issue import efficient_row
from gitlab_sync.rules.items.merge_request import RULES, evaluate
from gitlab_sync.rules.items.tally import Tally
from gitlab_sync.types import PartialList, Record

PARTS = ("notes", "commits", "diffs", "pipelines")


def records(folder: Path, kind: str) -> list[Record]:
    """Return the lines of one file of the folder; none if it is missing."""
    path = folder / f"{kind}.jsonl.gz"
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def row(username: str, tally: Tally) -> dict[str, Any]:
    """Return the tally as the second computation has its rows."""
    return {"Username": username, **tally.cells, "Unverified": tally.unverified}


def by_author(items: list[Record]) -> dict[str, list[Record]]:
    """Return the items by the lower case of their author's name."""
    found: dict[str, list[Record]] = {}
    for item in items:
        found.setdefault(item["author"]["username"].lower(), []).append(item)
    return found


def merge_request_rows(folder: Path) -> dict[str, dict[str, Any]]:
    """Return by author what the rules say of the folder's merge requests."""
    read: dict[tuple[int, int], dict[str, PartialList]] = {}
    for part in PARTS:
        for line in records(folder, f"merge_request_{part}"):
            read.setdefault((line["project_id"], line["iid"]), {})[part] = PartialList(
                line["items"]
            )
    rows = {}
    for mrs in by_author(records(folder, "merge_requests")).values():
        evaluated = []
        for mr in mrs:
            parts = read.get((mr["project_id"], mr["iid"]), {})
            evaluated.append(
                (mr, evaluate(mr, Facts(*(parts.get(part, PartialList()) for part in PARTS))))
            )
        username = mrs[0]["author"]["username"]
        rows[username] = row(username, RULES.count(evaluated))
    return rows


def issue_rows(folder: Path) -> dict[str, dict[str, Any]]:
    """Return by author what the rules say of the folder's issues."""
    rows = {}
    for found in by_author(records(folder, "issues")).values():
        username = found[0]["author"]["username"]
        rows[username] = row(username, efficient_row(found))
    return rows


@pytest.mark.large
def test_the_rules_agree_with_a_second_computation_over_real_data() -> None:
    """Thousands of merge requests and issues, row by row and in the order of the columns."""
    expected = truth.merge_request_rows(REAL)
    assert merge_request_rows(REAL) == expected
    assert sum(made["Closed MRs"] for made in expected.values()) > 5000
    expected = truth.issue_rows(REAL)
    assert issue_rows(REAL) == expected
    assert sum(made["Total Assigned"] for made in expected.values()) > 1000


TEXTS = [
    None,
    "",
    " \n",
    "<!-- a -->",
    "<!-- #1",
    "<!-- a -->#1",
    "<!<!-- a -->-- b -->",
    "#1",
    "it&#39;s",
    "#12a",
    "x#1_",
    "GL-7",
    "ANGL-7",
    "gl-7a",
    "issue 5",
    "Issues\n#5",
    "tissue 5",
    "issue 5a",
    "/-/work_items/3",
    "/-/ISSUES/3",
    "fix: a",
    "FIX(b c)!: a",
    "fix(b: a",
    "fix (b): a",
    "feature: a",
    "bug: a",
    "build!: a",
    "Draft: fix: a",
    "wip\nfix: a",
    "approved this merge request",
]
PATHS = [
    "latest.txt",
    "contest.py",
    "Attest.java",
    "foo.test.d.ts",
    "tests.py",
    "foo-test.js",
    "web/app.spec.ts",
    "HTTPTest.java",
    "a/TestData/x",
    "e2e/x",
    "e2e",
    "conftest.py",
    "my_conftest.py",
    "Foo-Test.java",
    "foo-TestX.java",
    "fooTests.kt",
    ".test",
    "a.tests.py",
    "specs",
    "Spec.hs",
]
NAMES = ["ann", "ANN", "bob", "ghost", "x-bot", "x_BOT", "y[bot]", "abbot", "Renovate"]
NAMES += ["project_7_bot_ab", "project_bot", "group_1_bot"]
ENDS = [
    "2024-03-01T10:00:00.000Z",
    "2024-03-03T10:00:00.000Z",
    "2024-03-03T10:00:00.001Z",
    "2024-03-03T15:30:00+05:30",
    "2024-03-03T15:30:01+05:30",
    "2024-03-08T02:00:00-08:00",
    "2024-03-08T02:00:01-08:00",
    None,
]


def hard_cases() -> list[tuple[Record, dict[str, list[Record]]]]:
    """Return merge requests that differ in one thing each, with what is read for them."""
    cases: list[tuple[dict[str, Any], dict[str, list[Record]]]] = []
    bare = {"title": "x", "description": "x"}
    for text in TEXTS:
        cases.append(({**bare, "title": text or ""}, {}))
        cases.append(({**bare, "description": text}, {}))
        cases.append((bare, {"commits": [commit(text)]}))
        cases.append((bare, {"commits": [commit(text, parents=2)]}))
        cases.append((bare, {"notes": [note("ann", text)]}))
        cases.append((bare, {"notes": [note("bob", text or "", system=True)]}))
    cases += [(bare, {"diffs": [diff(path)]}) for path in PATHS]
    cases += [(bare, {"notes": [note(name)]}) for name in NAMES]
    cases += [(bare, {"notes": [approval(name)]}) for name in NAMES]
    cases += [({"merged_at": end}, {}) for end in ENDS]
    cases += [({"merged_at": None, "closed_at": end, "state": "closed"}, {}) for end in ENDS]
    cases += [({"state": "opened"}, {}), ({"upvotes": 1}, {}), ({"upvotes": None}, {})]
    cases += [({"time_stats": None}, {}), ({"time_stats": {"total_time_spent": 0}}, {})]
    pipelines = [{"id": 2, "status": "success"}, {"id": 3, "status": "failed"}]
    cases += [(bare, {"pipelines": pipelines}), (bare, {"pipelines": pipelines[:1]})]
    return [
        (merge_request(**{"id": n, "iid": n, "project_id": 1, **changes}), parts)
        for n, (changes, parts) in enumerate(cases)
    ]


def write(folder: Path, kind: str, lines: list[Record]) -> None:
    """Write one file of a folder of data."""
    with gzip.open(folder / f"{kind}.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


@pytest.mark.parametrize("together", [True, False])
def test_the_rules_agree_with_a_second_computation_over_hard_cases(
    tmp_path: Path, *, together: bool
) -> None:
    """As one person's, and each as another person's, so that no two slips cancel out."""
    cases = hard_cases()
    if not together:
        for n, (mr, parts) in enumerate(cases):
            mr["author"] = {"username": f"user{n}"}
            for said in parts.get("notes", []):
                if said["author"]["username"].lower() == "ann":
                    said["author"] = {"username": f"USER{n}"}
    write(tmp_path, "merge_requests", [mr for mr, _ in cases] + [cases[0][0]])
    for part in PARTS:
        lines = [
            {"project_id": 1, "iid": mr["iid"], "items": parts[part]}
            for mr, parts in cases
            if part in parts
        ]
        write(tmp_path, f"merge_request_{part}", lines)
    found = merge_request_rows(tmp_path)
    assert found == truth.merge_request_rows(tmp_path)
    assert len(found) == (1 if together else len(cases))


def test_the_rules_agree_with_a_second_computation_over_issues(tmp_path: Path) -> None:
    """Each issue as another person's; a folder without the other files is no trouble."""
    changes: list[dict[str, Any]] = [{"description": text} for text in TEXTS]
    changes += [{"title": text or ""} for text in TEXTS]
    changes += [{"closed_at": end} for end in ENDS]
    changes += [{"labels": []}, {"labels": None}, {"milestone": None}, {"state": "opened"}]
    changes += [{"time_stats": None}, {"time_stats": {"total_time_spent": 0}}]
    lines = [issue(id=n, **change) for n, change in enumerate(changes)]
    for n, line in enumerate(lines):
        line["author"] = {"username": f"user{n}"}
    write(tmp_path, "issues", lines)
    found = issue_rows(tmp_path)
    assert found == truth.issue_rows(tmp_path)
    assert len(found) == len(changes)
    assert truth.merge_request_rows(tmp_path) == merge_request_rows(tmp_path) == {}
