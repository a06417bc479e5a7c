"""The rows under the fair policy, computed a second time from a folder of data.

It shares no code with the package. What is the same under both policies is taken from
`truth_from_files`, which shares none either. Lists are whole; only fields can be missing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import truth_from_files as classic

DAY = 86_400
SOURCE = (
    "c cc cpp cxx h hh hpp hxx cs go java kt kts scala groovy py pyx rb rs js jsx mjs cjs ts tsx "
    "vue svelte php pl pm swift m mm dart ex exs erl hs ml clj cljs lua r jl f f90 vala zig nim sh "
    "bash ps1 sql"
)
NOT_OURS = ["vendor", "node_modules", "third_party", "docs", "doc", "examples", "migrations"]
STILL_RUNS = [
    *("created", "waiting_for_resource", "preparing", "waiting_for_callback", "pending"),
    *("running", "canceling", "scheduled"),
]
NA = "n/a"
UNREAD = "unread"
PENDING = "pending"


def merge_request_rows(folder: Path) -> dict[str, dict[str, Any]]:
    """Return by author the counts of their merge requests under the fair policy."""
    parts = {
        part: classic._joined(folder, f"merge_request_{part}")
        for part in ("commits", "diffs", "notes", "pipelines")
    }
    rows = {}
    for name, mrs in classic._by_author(classic._lines(folder, "merge_requests")).items():
        states = [mr["state"] for mr in mrs]
        answers = []
        for mr in mrs:
            if mr["state"] == "merged":
                place = (mr["project_id"], mr["iid"])
                answers.append(
                    answers_of(mr, {each: of.get(place, []) for each, of in parts.items()})
                )
        rows[name] = {
            "Username": name,
            "Closed MRs": states.count("merged") + states.count("closed"),
            **_counted(classic.MERGE_REQUEST_TITLES, answers),
            "MR Merged": states.count("merged"),
            "Closed Unmerged": states.count("closed"),
            "Open": states.count("opened") + states.count("locked"),
        }
    return rows


def issue_rows(folder: Path) -> dict[str, dict[str, Any]]:
    """Return by author the counts of their issues under the fair policy."""
    rows = {}
    for name, issues in classic._by_author(classic._lines(folder, "issues")).items():
        answers = []
        for issue in issues:
            if issue["state"] != "closed":
                continue
            links = issue.get("_links") or {}
            if issue.get("moved_to_id") or links.get("closed_as_duplicate_of"):
                answers.append([NA] * len(classic.ISSUE_TITLES))
                continue
            took = _working(issue.get("created_at"), issue.get("closed_at"))
            answers.append(
                [
                    classic._empty(issue.get("description")),
                    not issue.get("labels"),
                    NA,
                    NA,
                    took if isinstance(took, str) else took > 2 * DAY,
                    not classic._semantic(issue.get("title") or "", classic.ISSUE_KINDS),
                ]
            )
        states = [issue["state"] for issue in issues]
        rows[name] = {
            "Username": name,
            "Total Assigned": len(states),
            "Opened Issues": states.count("opened"),
            "Closed Issues": states.count("closed"),
            **_counted(classic.ISSUE_TITLES, answers),
        }
    return rows


def answers_of(mr: dict[str, Any], parts: dict[str, list[Any]]) -> list[bool | str]:
    """Return what is said of one merged merge request, in the order of the columns."""
    end = int(classic._seconds(mr["merged_at"]))
    notes = [n for n in parts["notes"] if int(classic._seconds(n["created_at"])) <= end]
    own = [c for c in parts["commits"] if len(c.get("parent_ids") or []) < 2]
    start = mr["created_at"]
    for note in sorted(notes, key=lambda n: classic._seconds(n["created_at"])):
        if (
            note.get("system")
            and note["body"].strip().lower() == "marked this merge request as **ready**"
        ):
            start = note["created_at"]  # fmt: skip
    took = _working(start, mr["merged_at"])
    return [
        classic._empty(mr.get("description")),
        not classic._names_issue(mr, own, notes),
        NA,
        _untested([d["new_path"] for d in parts["diffs"]]),
        _failed(parts["pipelines"], end),
        _unsemantic(mr, own),
        classic._unreviewed({**mr, "upvotes": 0}, notes),
        took if isinstance(took, str) else took > 5 * DAY,
        took if isinstance(took, str) else took > 2 * DAY,
    ]


def _untested(paths: list[str]) -> bool | str:
    if any(classic._is_test(path) for path in paths):
        return False
    return True if any(_is_source(path) for path in paths) else NA


def _is_source(path: str) -> bool:
    *folders, name = path.lower().split("/")
    if any(folder in NOT_OURS for folder in folders) or name.startswith("zz_generated"):
        return False
    if name.endswith((".min.js", ".pb.go", "_pb2.py", "_pb2_grpc.py", ".g.dart", ".d.ts")):
        return False
    if ".generated." in name:
        return False
    stem, dot, ending = name.rpartition(".")
    return bool(dot) and bool(stem) and ending in SOURCE.split()


def _failed(pipelines: list[dict[str, Any]], end: int) -> bool | str:
    before = [p for p in pipelines if int(classic._seconds(p["created_at"])) <= end]
    finished = sorted(
        (p["id"], p["status"]) for p in before if p["status"] in ("success", "failed")
    )
    if finished:
        return finished[-1][1] == "failed"
    return PENDING if any(p["status"] in STILL_RUNS for p in before) else NA


def _unsemantic(mr: dict[str, Any], own: list[Any]) -> bool | str:
    title = mr.get("title") or ""
    if title.startswith('Revert "'):
        return NA
    if mr.get("squash") or mr.get("squash_on_merge") or mr.get("squash_commit_sha"):
        while match := re.match(
            r"\s*(draft:|wip:|\[draft\]|\[wip\]|\(draft\)|\(wip\))\s*", title.lower()
        ):
            title = title[match.end() :]  # fmt: skip
        return not classic._semantic(title.split("\n")[0], classic.COMMIT_KINDS)
    return not classic._any_semantic(mr, own)


def _working(start: str | None, end: str | None) -> int | str:
    """Count the seconds from Monday to Friday in UTC, day by day."""
    if start is None or end is None:
        return UNREAD
    first, last = int(classic._seconds(start)), int(classic._seconds(end))
    if last < first:
        return UNREAD
    total, at = 0, first
    while at < last:
        midnight = (at // DAY + 1) * DAY
        until = min(midnight, last)
        # The first of January 1970 was a Thursday.
        if (at // DAY + 3) % 7 < 5:
            total += until - at
        at = until
    return total


def _counted(titles: list[str], answers: list[list[bool | str]]) -> dict[str, int | None]:
    row: dict[str, int | None] = {}
    shares: dict[str, int | None] = {}
    unverified = 0
    for place, title in enumerate(titles):
        column = [answer[place] for answer in answers]
        doubtful = sum(each in (UNREAD, PENDING) for each in column)
        known = column.count(True) + column.count(False)
        row[title] = column.count(True) if known else None
        shares[f"{title} (of)"] = known if known or not doubtful else None
        unverified += doubtful
    return {**row, "Unverified": unverified, **shares}
