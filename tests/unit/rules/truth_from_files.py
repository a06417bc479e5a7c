"""The rows of merge requests and issues, computed a second time from a folder of data.

It shares no code with the package, so that a slip there cannot hide here. The folder holds gzipped
JSON lines, one file for each kind of object; a file that is missing means that there are none.
Nothing in such a folder is unread, so lists are whole; only a field that is null can be unknown.
"""

from __future__ import annotations

import calendar
import gzip
import json
import re
from pathlib import Path
from typing import Any

MERGE_REQUEST_TITLES = [
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
ISSUE_TITLES = [
    "No Desc",
    "No Labels",
    "No Milestone",
    "No Time Spent",
    "Long Open Time (>2 days)",
    "No Semantic Title",
]
COMMIT_KINDS = [
    "feat",
    "fix",
    "chore",
    "docs",
    "style",
    "refactor",
    "perf",
    "test",
    "build",
    "ci",
    "revert",
]
ISSUE_KINDS = ["feat", "fix", "docs", "style", "refactor", "perf", "test", "chore", "bug"]
TEST_FOLDERS = ["test", "tests", "spec", "specs", "__tests__", "e2e", "testdata"]
TEST_NAMES = ["test", "tests", "spec"]
TEST_ENDS = ["_test", "-test", "_tests", "-tests", "_spec", "-spec", ".test", ".spec"]
KNOWN_BOTS = ["dependabot", "renovate", "copilot-swe-agent"]
MOMENT = re.compile(r"(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(\.\d+)?(Z|([+-])(\d\d):?(\d\d))$")
REFERENCES = [
    r"(?:^|[^&])#[0-9]+(?![0-9]|\w)",
    r"(?:^|\W)gl-[0-9]+(?!\w)",
    r"(?:^|\W)issues?\s*#?[0-9]+(?![0-9]|\w)",
    r"/-/issues/[0-9]",
    r"/-/work_items/[0-9]",
]


def merge_request_rows(folder: Path) -> dict[str, dict[str, Any]]:
    """Return by author the counts of their ended merge requests, with `Unverified`."""
    commits = _joined(folder, "merge_request_commits")
    diffs = _joined(folder, "merge_request_diffs")
    notes = _joined(folder, "merge_request_notes")
    pipelines = _joined(folder, "merge_request_pipelines")
    rows: dict[str, dict[str, Any]] = {}
    for name, mrs in _by_author(_lines(folder, "merge_requests")).items():
        answers = []
        for mr in mrs:
            if mr["state"] not in ("merged", "closed"):
                continue
            key = (mr["project_id"], mr["iid"])
            own = [c for c in commits.get(key, []) if len(c.get("parent_ids") or []) < 2]
            said = notes.get(key, [])
            hours = _hours(mr.get("created_at"), mr.get("merged_at") or mr.get("closed_at"))
            answers.append(
                [
                    _empty(mr.get("description")),
                    not _names_issue(mr, own, said),
                    _no_time(mr),
                    not any(_is_test(d["new_path"]) for d in diffs.get(key, [])),
                    _newest_failed(pipelines.get(key, [])),
                    not _any_semantic(mr, own),
                    _unreviewed(mr, said),
                    None if hours is None else hours > 7 * 24,
                    None if hours is None else hours > 2 * 24,
                ]
            )
        rows[name] = {
            "Username": name,
            "Closed MRs": len(answers),
            **_counted(MERGE_REQUEST_TITLES, answers),
        }
    return rows


def issue_rows(folder: Path) -> dict[str, dict[str, Any]]:
    """Return by author the counts of their issues, with `Unverified`."""
    rows: dict[str, dict[str, Any]] = {}
    for name, issues in _by_author(_lines(folder, "issues")).items():
        answers = []
        for issue in issues:
            if issue["state"] != "closed":
                continue
            hours = _hours(issue.get("created_at"), issue.get("closed_at"))
            answers.append(
                [
                    _empty(issue.get("description")),
                    not issue.get("labels"),
                    not issue.get("milestone"),
                    _no_time(issue),
                    None if hours is None else hours > 2 * 24,
                    not _semantic(issue.get("title") or "", ISSUE_KINDS),
                ]
            )
        rows[name] = {
            "Username": name,
            "Total Assigned": len(issues),
            "Opened Issues": sum(issue["state"] == "opened" for issue in issues),
            "Closed Issues": len(answers),
            **_counted(ISSUE_TITLES, answers),
        }
    return rows


def _lines(folder: Path, kind: str) -> list[dict[str, Any]]:
    path = Path(folder) / f"{kind}.jsonl.gz"
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _joined(folder: Path, kind: str) -> dict[tuple[int, int], list[dict[str, Any]]]:
    return {(line["project_id"], line["iid"]): line["items"] for line in _lines(folder, kind)}


def _by_author(items: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    spelled: dict[str, str] = {}
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for item in items:
        name = item["author"]["username"]
        spelled.setdefault(name.lower(), name)
        found.setdefault(name.lower(), {}).setdefault(item["id"], item)
    return {spelled[lower]: list(found[lower].values()) for lower in found}


def _counted(titles: list[str], answers: list[list[bool | None]]) -> dict[str, int | None]:
    row: dict[str, int | None] = {}
    unverified = 0
    for place, title in enumerate(titles):
        column = [answer[place] for answer in answers]
        unverified += column.count(None)
        row[title] = None if column and set(column) == {None} else column.count(True)
    row["Unverified"] = unverified
    return row


def _bare(text: str | None) -> str:
    text = text or ""
    while "<!--" in text:
        start = text.index("<!--")
        end = text.find("-->", start + 4)
        text = text[:start] + ("" if end < 0 else "\0" + text[end + 3 :])
    # The mark keeps two halves around a comment from growing together to a new one.
    return text.replace("\0", "")


def _empty(text: str | None) -> bool:
    return not _bare(text).strip()


def _no_time(item: dict[str, Any]) -> bool | None:
    spent = (item.get("time_stats") or {}).get("total_time_spent")
    return None if spent is None else spent == 0


def _names_issue(mr: dict[str, Any], own: list[Any], said: list[Any]) -> bool:
    texts = [mr.get("title") or "", _bare(mr.get("description"))]
    texts += [commit.get("message") or commit.get("title") or "" for commit in own]
    texts += [_bare(note.get("body")) for note in said if not note.get("system")]
    return any(re.search(pattern, text.lower()) for text in texts for pattern in REFERENCES)


def _semantic(line: str, kinds: list[str]) -> bool:
    kind = re.match(r"[a-z]*", line.lower()).group()
    rest = line[len(kind) :]
    if rest.startswith("("):
        _, closed, rest = rest.partition(")")
        if not closed:
            return False
    return kind in kinds and rest.startswith((":", "!:"))


def _any_semantic(mr: dict[str, Any], own: list[Any]) -> bool:
    lines = [(c.get("message") or c.get("title") or "").split("\n")[0] for c in own]
    return any(_semantic(line, COMMIT_KINDS) for line in lines or [mr.get("title") or ""])


def _is_test(path: str) -> bool:
    *folders, name = path.split("/")
    if any(folder.lower() in TEST_FOLDERS for folder in folders):
        return True
    dot = name.rfind(".")
    stem = name[:dot] if 0 < dot < len(name) - 1 else name
    lower = stem.lower()
    if lower in TEST_NAMES or lower.startswith(("test_", "test-")):
        return True
    if lower.endswith(tuple(TEST_ENDS)) or name.lower() == "conftest.py":
        return True
    for ending in ("Test", "Tests", "Spec"):
        before = stem.removesuffix(ending)
        if before != stem and (not before or re.match(r"[A-Za-z0-9_]", before[-1])):
            return True
    return False


def _bot(name: str) -> bool:
    name = name.lower()
    of_token = re.match(r"(?:project|group)_[0-9]+_bot", name)
    return bool(of_token) or name.endswith(("-bot", "_bot", "[bot]")) or name in KNOWN_BOTS


def _unreviewed(mr: dict[str, Any], said: list[Any]) -> bool | None:
    for note in said:
        if note.get("system") and note["body"].strip() != "approved this merge request":
            continue
        name = note["author"]["username"]
        if name.lower() != mr["author"]["username"].lower() and not _bot(name):
            return False
    upvotes = mr.get("upvotes")
    return None if upvotes is None else upvotes == 0


def _newest_failed(pipelines: list[dict[str, Any]]) -> bool:
    newest = None
    for pipeline in pipelines:
        if newest is None or pipeline["id"] > newest["id"]:
            newest = pipeline
    return newest is not None and newest["status"] == "failed"


def _hours(start: str | None, end: str | None) -> float | None:
    if start is None or end is None:
        return None
    return (_seconds(end) - _seconds(start)) / 3600


def _seconds(text: str) -> float:
    *numbers, fraction, _, sign, hours, minutes = MOMENT.match(text).groups()
    seconds = calendar.timegm(tuple(int(number) for number in numbers)) + float(fraction or 0)
    if sign is None:
        return seconds
    offset = int(hours) * 3600 + int(minutes) * 60
    return seconds - offset if sign == "+" else seconds + offset
