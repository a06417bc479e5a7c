"""The GraphQL query for facts of merge requests in bulk, and its answers in REST's shapes.

A fact that an answer leaves in doubt is left out, so that REST is asked for it: if something is
null, redacted or longer than a page, or if it is empty and REST could have more. Commits are kept
even if they are incomplete, since they can be enough to decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from gitlab_sync.rules import record
from gitlab_sync.rules.shape import Kind
from gitlab_sync.types import PartialList, Record

_FIELDS = {
    "notes": "notes(first: %d) { nodes { id system body createdAt updatedAt author "
    "{ username } } pageInfo { endCursor hasNextPage } }",
    "commits": "commitCount commitsWithoutMergeCommits(first: %d) { nodes { message } "
    "pageInfo { endCursor hasNextPage } }",
    "diffs": "diffStats { path }",
    "discussions": "discussions(first: %d) { nodes { notes(first: 20) { nodes { id system body "
    "createdAt resolvable resolved author { username } } pageInfo { hasNextPage } } } "
    "pageInfo { hasNextPage } }",
    "pipelines": "pipelines(first: %d) { count nodes { id status createdAt updatedAt } }",
    "time_stats": "totalTimeSpent",
}
"""The fields of each fact; `%d` is the number of rows of a list."""

FACTS = frozenset(_FIELDS)
"""The facts that GraphQL can return, by REST's names."""

PAGED = {"notes": "notes", "commits": "commitsWithoutMergeCommits"}
"""The facts with further pages that are read, and the names of their lists."""

WITHOUT_MERGES = "merges are left out"
"""What is missing from a list of commits if GraphQL returned all but the merges."""

COMPLEXITY = "queryComplexity { score limit }"
_OWN_FIELDS = {
    "notes": "notes",
    "commitCount": "commits",
    "commitsWithoutMergeCommits": "commits",
    "diffStats": "diffs",
    "discussions": "discussions",
    "pipelines": "pipelines",
    "totalTimeSpent": "time_stats",
}
_TYPES = {
    "Note": {"notes", "discussions"},
    "Discussion": {"discussions"},
    "Commit": {"commits"},
    "DiffStats": {"diffs"},
    "Pipeline": {"pipelines"},
    "PipelineConnection": {"pipelines"},
}
_RESOLVING = ("resolvable", "resolved")
_NUMBER = re.compile(r"gid://gitlab/[\w:]+/(\d{1,18})", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,18}")


def needing(field: str, kind: str) -> frozenset[str]:
    """Return the facts that need this field of this type, or none if that is unknown."""
    if kind != "MergeRequest":
        return frozenset({"discussions"} if field in _RESOLVING else _TYPES.get(kind, ()))
    return frozenset({_OWN_FIELDS[field]} if field in _OWN_FIELDS else ())


def fields_of(fact: str, rows: int, after: str | None = None) -> str:
    """Return the fields of a fact: its list with up to so many rows, `after` a cursor."""
    text = _FIELDS[fact].replace("%d", str(rows), 1)
    if after is not None:
        text = text.replace("(first: ", f"(after: {after}, first: ", 1)
    return text


@lru_cache(maxsize=256)
def query(facts: frozenset[str], projects: int, rows: int, *, tells: bool) -> str:
    """Return the text of the query for facts of merge requests in so many projects.

    Its variables are `$p0`, the full path of the first project, `$i0`, the numbers in it, and so
    on. Lists have up to `rows` rows. With `tells`, the answer reports its complexity.
    """
    fields = " ".join(fields_of(fact, rows) for fact in sorted(facts))
    variables = ", ".join(f"$p{place}: ID!, $i{place}: [String!]" for place in range(projects))
    parts = " ".join(
        f"p{place}: project(fullPath: $p{place}) {{ mergeRequests(iids: $i{place}) "
        "{ nodes { ...facts } } }"
        for place in range(projects)
    )
    return (
        f"query mergeRequestFacts({variables}) {{ {COMPLEXITY if tells else ''} {parts} }} "
        f"fragment facts on MergeRequest {{ id iid {fields} }}"
    )


def nodes_of(project: object) -> dict[str, Record]:
    """Return the merge requests of one project in an answer, by their numbers in the project."""
    nodes = record.field(record.field(project, "mergeRequests"), "nodes")
    shown = nodes if isinstance(nodes, list) else []
    return {node["iid"]: node for node in shown if isinstance(record.field(node, "iid"), str)}


def is_same(mr: Record, node: Record) -> bool:
    """Return whether a node is this merge request: the path can have a new project by now."""
    return "id" not in mr or number_of(node.get("id")) == mr["id"]


def readings_of(node: Record, facts: frozenset[str]) -> dict[str, PartialList]:
    """Return those of these facts that a node reports reliably, in REST's shape."""
    found = {fact: _READERS[fact](node) for fact in facts}
    return {fact: reading for fact, reading in found.items() if reading is not None}


def _notes(node: Record) -> PartialList | None:
    """Return the notes, newest first, as in REST."""
    connection = node.get("notes")
    rows = _rows(connection, _note)
    return None if rows is None or _has_more(connection) else PartialList(rows[::-1])


def _note(node: Record) -> Record | None:
    number, system, body = number_of(node.get("id")), node.get("system"), node.get("body")
    author = record.author(node)
    if number is None or not isinstance(system, bool) or not isinstance(body, str) or not author:
        return None
    return {
        "id": number,
        "system": system,
        "body": body,
        "author": {"username": author},
        "created_at": node.get("createdAt"),
        "updated_at": node.get("updatedAt"),
    }


def _discussions(node: Record) -> PartialList | None:
    """Return the discussions, the oldest first, each with all of its notes."""
    connection = node.get("discussions")
    rows = _rows(connection, _discussion)
    return None if rows is None or _has_more(connection) else PartialList(rows)


def _discussion(node: Record) -> Record | None:
    connection = node.get("notes")
    notes = _rows(connection, _resolvable_note)
    return None if notes is None or _has_more(connection) else {"notes": notes}


def _resolvable_note(node: Record) -> Record | None:
    note = _note(node)
    flags = {key: node.get(key) for key in _RESOLVING}
    if note is None or not all(isinstance(flag, bool) for flag in flags.values()):
        return None
    return {**note, **flags}


def _commits(node: Record) -> PartialList | None:
    """Return the commits that are not merges; the list is complete if there are no merges."""
    connection = node.get("commitsWithoutMergeCommits")
    rows = _rows(connection, _commit)
    if rows is None:
        return None
    if _has_more(connection):
        return PartialList(rows, "further pages were not read")
    total = record.count(node, "commitCount")
    return PartialList(rows, None if len(rows) == total else WITHOUT_MERGES)


def _commit(node: Record) -> Record | None:
    message = record.text(node, "message")
    # That it is no merge, the connection says.
    return {"message": message, "parent_ids": []} if message else None


def _diffs(node: Record) -> PartialList | None:
    """Return the changed files; no file at all can also mean that the repository lost them."""
    rows = _rows({"nodes": node.get("diffStats")}, _diff)
    return PartialList(rows) if rows else None


def _diff(node: Record) -> Record | None:
    path = record.text(node, "path")
    return {"new_path": path} if path else None


def _pipelines(node: Record) -> PartialList | None:
    """Return the pipelines; those that the caller cannot see are counted, but not shown."""
    connection = node.get("pipelines")
    rows = _rows(connection, _pipeline)
    whole = rows is not None and len(rows) == record.count(connection, "count")
    return PartialList(rows or ()) if whole else None


def _pipeline(node: Record) -> Record | None:
    number, status = number_of(node.get("id")), record.text(node, "status")
    if number is None or not status:
        return None
    times = {"created_at": node.get("createdAt"), "updated_at": node.get("updatedAt")}
    return {"id": number, "status": status.lower(), **times}


def _time_stats(node: Record) -> PartialList | None:
    seconds = record.count(node, "totalTimeSpent")
    return None if seconds is None else PartialList([{"total_time_spent": seconds}])


def _has_more(connection: object) -> bool:
    return record.field(record.field(connection, "pageInfo"), "hasNextPage") is not False


def _rows(connection: object, read: Callable[[Record], Record | None]) -> list[Record] | None:
    """Return the records of a connection, or None if one of them is not reliable."""
    nodes = record.field(connection, "nodes")
    if not isinstance(nodes, list):
        return None
    found = []
    for node in nodes:
        row = read(node) if isinstance(node, dict) else None
        if row is None:
            return None
        found.append(row)
    return found


def number_of(global_id: object) -> int | None:
    """Return 7 for `gid://gitlab/DiffNote/7`; None for anything else, and for a very long id."""
    match = _NUMBER.fullmatch(global_id) if isinstance(global_id, str) else None
    return None if match is None else int(match[1])


def digits(text: object) -> int | None:
    """Return 7 for `7`, as GraphQL writes numbers in a project; None for anything else."""
    found = _DIGITS.fullmatch(text) if isinstance(text, str) else None
    return None if found is None else int(found[0])


GLOBAL_ID = Kind("an id", lambda value: number_of(value) is not None)


_READERS: Mapping[str, Callable[[Record], PartialList | None]] = {
    "notes": _notes,
    "commits": _commits,
    "diffs": _diffs,
    "discussions": _discussions,
    "pipelines": _pipelines,
    "time_stats": _time_stats,
}
