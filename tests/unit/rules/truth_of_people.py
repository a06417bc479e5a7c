"""The rows of whole people, computed a second time from a folder of data.

It shares no code with the package, so that a slip there cannot hide here; how single merge requests
and issues are evaluated is computed in `truth_from_files`, likewise.

What such a folder does not hold, a server of it has none of. There are no memberships: no one is in
a group, and no member of a project can have the name of another person. There are no events: people
contributed where they wrote a merge request, and nowhere else. There are no pipelines: none failed,
and a list does not say that there is none. An administrator sees the public address of a person as
the known one. All that is there can be read, so everybody's status is `Success`.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import truth_from_files as truth

MERGE_REQUEST_TITLES = {
    "MR No Desc": "No Desc",
    "MR No Issues": "No Issues",
    "MR No Time": "No Time Spent",
    "MR Failed Pipe": "Failed Pipeline",
    "MR No Semantic": "No Semantic Commits",
    "MR No Review": "No Internal Review",
    "MR No Unit Tests": "No Unit Tests",
    "MR > 2 Days": "Merge > 2 Days",
    "MR > 1 Week": "Merge > 1 Week",
}
ISSUE_TITLES = {
    "Issue No Desc": "No Desc",
    "Issue No Labels": "No Labels",
    "Issue No Milestone": "No Milestone",
    "Issue No Time": "No Time Spent",
    "Issue Long Open": "Long Open Time (>2 days)",
    "Issue No Semantic": "No Semantic Title",
}
TITLES = [
    *("Username", "College", "Status", "Commits Total", "Commits Morning", "Commits Afternoon"),
    *("Projects (Auth)", "Projects (Contr)", "Groups Count", "MR Total (Authored)"),
    *MERGE_REQUEST_TITLES,
    *("Issue Total (Auth)", "Issue Closed"),
    *ISSUE_TITLES,
    *("Error", "Unverified", "MR Ended"),
]
FACTS = ("merge_request_notes", "merge_request_commits", "merge_request_diffs")
HELD = ("events", "memberships", "merge_request_pipelines", "pipelines", "timelogs")


@dataclass(frozen=True)
class Scope:
    """What counts: projects by id (None: all of each person's), and from one moment to another.

    The first moment counts, the last does not.
    """

    projects: Collection[int] | None = None
    first: datetime | None = None
    last: datetime | None = None

    def holds(self, item: dict[str, Any], date: str) -> bool:
        """Say whether an item is meant that names its project, by the time in its field `date`."""
        if self.projects is not None and item["project_id"] not in self.projects:
            return False
        moment = datetime.fromisoformat(item[date])
        return (self.first is None or self.first <= moment) and (
            self.last is None or moment < self.last
        )


EVERYTHING = Scope()


def people_rows(
    folder: Path, names: Iterable[str], scope: Scope = EVERYTHING, *, quick: bool = False
) -> list[dict[str, Any]]:
    """Return a row for each of these people, in their order, with the columns in theirs.

    `quick` evaluates from lists alone. ValueError for a folder that holds what the ones this
    is written for do not.
    """
    there = [kind for kind in HELD if (folder / f"{kind}.jsonl.gz").exists()]
    if there:
        raise ValueError(f"this computation does not know about {', '.join(there)}")
    people = {user["username"]: user for user in records(folder, "users")}
    asked = [people[name] for name in names]
    projects = _projects(folder, asked)
    commits = _commits(folder, asked, projects, scope)
    items = _items(folder, scope, quick=quick)
    return [
        _row(user["username"], commits[user["username"]], projects, items, quick=quick)
        for user in asked
    ]


def _row(
    name: str,
    commits: Counter[str],
    projects: dict[str, dict[str, set[int]]],
    items: dict[str, dict[str, dict[str, Any]]],
    *,
    quick: bool,
) -> dict[str, Any]:
    mrs, issues = items["mrs"].get(name, {}), items["issues"].get(name, {})
    cells = {
        "Username": name,
        "College": "",
        "Status": "Success",
        "Commits Total": commits.total(),
        "Commits Morning": commits["morning"],
        "Commits Afternoon": commits["afternoon"],
        "Projects (Auth)": len(projects["personal"][name]),
        "Projects (Contr)": len(projects["contributed"][name]),
        "Groups Count": 0,
        "MR Total (Authored)": mrs.get("Total", 0),
        **{title: mrs.get(theirs, 0) for title, theirs in MERGE_REQUEST_TITLES.items()},
        "Issue Total (Auth)": issues.get("Total Assigned", 0),
        "Issue Closed": issues.get("Closed Issues", 0),
        **{title: issues.get(theirs, 0) for title, theirs in ISSUE_TITLES.items()},
        "Error": None,
        "Unverified": mrs.get("Unverified", 0) + issues.get("Unverified", 0),
        "MR Ended": mrs.get("Closed MRs", 0),
    }
    ended = mrs.get("Closed MRs", 0)
    if quick and ended:
        cells["MR Failed Pipe"] = None
        cells["Unverified"] += ended
    return {title: cells[title] for title in TITLES if not quick or title != "MR No Unit Tests"}


# -- projects --------------------------------------------------------------------------------------


def _projects(folder: Path, people: list[dict[str, Any]]) -> dict[str, dict[str, set[int]]]:
    """Return by person the ids of their own projects, and of others that they contributed to."""
    owners = {
        project["id"]: project["namespace"]["path"].lower()
        for project in records(folder, "projects")
        if project["namespace"]["kind"] == "user"
    }
    personal = {
        user["username"]: {key for key in owners if owners[key] == user["username"].lower()}
        for user in people
    }
    contributed: defaultdict[str, set[int]] = defaultdict(set)
    for mr in records(folder, "merge_requests"):
        name = mr["author"]["username"]
        if mr["project_id"] not in personal.get(name, ()):
            contributed[name].add(mr["project_id"])
    return {"personal": personal, "contributed": contributed}


# -- commits ---------------------------------------------------------------------------------------


def _commits(
    folder: Path,
    people: list[dict[str, Any]],
    projects: dict[str, dict[str, set[int]]],
    scope: Scope,
) -> dict[str, Counter[str]]:
    """Return by person the numbers of their commits by the part of the day."""
    marks = _marks(people)
    by_project: defaultdict[int, dict[str, dict[str, Any]]] = defaultdict(dict)
    for commit in records(folder, "commits"):
        by_project[commit["project_id"]].setdefault(commit["id"], commit)
    seen: defaultdict[str, set[str]] = defaultdict(set)
    counts: dict[str, Counter[str]] = {user["username"]: Counter() for user in people}
    for project, commits in by_project.items():
        for name, commit in _owned(commits.values(), marks):
            own = projects["personal"][name] | projects["contributed"][name]
            if scope.projects is None and project not in own:
                continue
            if scope.holds(commit, "authored_date") and commit["id"] not in seen[name]:
                seen[name].add(commit["id"])
                counts[name][_part_of_day(commit["authored_date"])] += 1
    return counts


def _marks(people: list[dict[str, Any]]) -> list[defaultdict[str, set[str]]]:
    """Return for each rule, in order, who has the marks that it looks for."""
    addresses, usernames, names = (defaultdict(set) for _ in range(3))
    for user in people:
        name = user["username"]
        for key in ("email", "public_email", "commit_email"):
            if user.get(key):
                addresses[user[key].lower()].add(name)
        addresses[f"{user['id']}-{name.lower()}@users.noreply."].add(name)
        usernames[name.lower()].add(name)
        for written in (name, user["name"]):
            names[_letters(written)].add(name)
    return [addresses, usernames, names]


def _owned(
    commits: Collection[dict[str, Any]], marks: list[defaultdict[str, set[str]]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the commits of one project that match a person, with that person."""
    domains: defaultdict[str, set[str]] = defaultdict(set)
    for commit in commits:
        local, _, domain = commit["author_email"].lower().rpartition("@")
        domains[local].add(domain)
    for commit in commits:
        if len(commit["parent_ids"]) > 1:
            continue
        address = commit["author_email"].lower()
        local, _, domain = address.rpartition("@")
        if domain.startswith("users.noreply."):
            address = f"{local}@users.noreply."
        alone = local if len(domains[local]) == 1 else ""
        found = [
            owners.get(mark, set())
            for owners, mark in zip(
                marks, (address, alone, _letters(commit["author_name"])), strict=True
            )
        ]
        first = next(filter(None, found), set())
        if len(first) == 1:
            yield next(iter(first)), commit


def _letters(name: str) -> str:
    return name.lower().translate(dict.fromkeys(map(ord, " _.-")))


def _part_of_day(date: str) -> str:
    """Return the part of the day by the offset in the date itself."""
    clock = date[11:16]
    if "09:00" <= clock < "12:30":
        return "morning"
    return "afternoon" if "12:30" <= clock < "17:00" else "other"


# -- merge requests and issues ---------------------------------------------------------------------


def _items(folder: Path, scope: Scope, *, quick: bool) -> dict[str, dict[str, dict[str, Any]]]:
    """Return by author the counts of merge requests and of issues.

    They are those of a folder that holds nothing but what is meant. What lists alone can say is
    what the folder says without the facts: there each comment counts as a review.
    """
    mrs, issues = (
        [item for item in records(folder, kind) if scope.holds(item, "created_at")]
        for kind in ("merge_requests", "issues")
    )
    if quick:
        mrs = [{**mr, "upvotes": mr["upvotes"] + mr["user_notes_count"]} for mr in mrs]
    with TemporaryDirectory() as made:
        narrow = Path(made)
        write(narrow, "merge_requests", mrs)
        write(narrow, "issues", issues)
        for kind in () if quick else FACTS:
            shutil.copy(folder / f"{kind}.jsonl.gz", narrow)
        rows = {"mrs": truth.merge_request_rows(narrow), "issues": truth.issue_rows(narrow)}
    for name, number in Counter(mr["author"]["username"] for mr in mrs).items():
        rows["mrs"][name]["Total"] = number
    return rows


def write(folder: Path, kind: str, items: Iterable[dict[str, Any]]) -> None:
    """Put records into a folder of data, as its file of that kind."""
    lines = "".join(json.dumps(each) + "\n" for each in items)
    (folder / f"{kind}.jsonl.gz").write_bytes(gzip.compress(lines.encode(), compresslevel=1))


def records(folder: Path, kind: str) -> list[dict[str, Any]]:
    """Return what a folder of data has of that kind; nothing if there is no such file."""
    path = folder / f"{kind}.jsonl.gz"
    if not path.exists():
        return []
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
