"""What is asked of GraphQL about merge requests in bulk, and what its answers say in REST's shapes.

A fact that an answer leaves in doubt is left out, so that REST is asked for it: where something is
null, redacted or longer than a page, and where nothing stands that REST may have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from gitlab_sync.rules import record
from gitlab_sync.types import Reading, Record

_FIELDS = {
    "notes": "notes(first: %d) { nodes { id system body author { username } } "
    "pageInfo { hasNextPage } }",
    "commits": "commitCount commitsWithoutMergeCommits(first: %d) { nodes { message } }",
    "diffs": "diffStats { path }",
    "pipelines": "pipelines(first: %d) { count nodes { id status } }",
    "time_stats": "totalTimeSpent",
}
"""The fields of each fact; `%d` is how many rows of a list."""

FACTS = frozenset(_FIELDS)
"""The facts that GraphQL may give, by REST's names."""

COMPLEXITY = "queryComplexity { score limit }"
_OWN_FIELDS = {
    "notes": "notes",
    "commitCount": "commits",
    "commitsWithoutMergeCommits": "commits",
    "diffStats": "diffs",
    "pipelines": "pipelines",
    "totalTimeSpent": "time_stats",
}
_TYPES = {
    "Note": "notes",
    "Commit": "commits",
    "DiffStats": "diffs",
    "Pipeline": "pipelines",
    "PipelineConnection": "pipelines",
}
_NO_FIELD = re.compile(r"Field '(\w+)' doesn't exist on type '(\w+)'")
_NO_ARGUMENT = "doesn't accept argument"
_NUMBER = re.compile(r"gid://gitlab/[\w:]+/(\d+)")


@dataclass(frozen=True, slots=True)
class Schema:
    """What a server's GraphQL has of what is asked. Immutable.

    `facts` are those it can give; `tells` says whether it tells the complexity of a query.
    """

    facts: frozenset[str] = FACTS
    tells: bool = True

    def without(self, refusal: str) -> Schema | None:
        """Return the schema less what a refusal names; None if it is about something else.

        Without the list of a project's merge requests by number nothing is left.
        """
        if _NO_ARGUMENT in refusal:
            return replace(self, facts=frozenset())
        lost: set[str] = set()
        tells = self.tells
        named = _NO_FIELD.findall(refusal)
        for field, kind in named:
            fact = _OWN_FIELDS.get(field) if kind == "MergeRequest" else _TYPES.get(kind)
            if field == "queryComplexity":
                tells = False
            else:
                lost |= FACTS if fact is None else {fact}
        return Schema(self.facts - lost, tells) if named else None


@lru_cache(maxsize=256)
def query(facts: frozenset[str], projects: int, rows: int, *, tells: bool) -> str:
    """Return the text that asks for facts of merge requests in so many projects.

    Its variables are `$p0`, the full path of the first project, `$i0`, the numbers in it, and so
    on. Lists have up to `rows` rows. With `tells` the answer says how complex it was.
    """
    fields = " ".join(_FIELDS[fact].replace("%d", str(rows)) for fact in sorted(facts))
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
    """Return the merge requests that an answer shows of one project, by their numbers in it."""
    nodes = record.field(record.field(project, "mergeRequests"), "nodes")
    shown = nodes if isinstance(nodes, list) else []
    return {str(node["iid"]): node for node in shown if isinstance(node, dict) and "iid" in node}


def is_same(mr: Record, node: Record) -> bool:
    """Say whether a node is that merge request: another project may have come to its path."""
    return "id" not in mr or _number(node.get("id")) == mr["id"]


def readings_of(node: Record, facts: frozenset[str]) -> dict[str, Reading]:
    """Return those of the facts that a node tells beyond doubt, each whole and as REST has it."""
    found = {fact: _READERS[fact](node) for fact in facts}
    return {fact: Reading(rows) for fact, rows in found.items() if rows is not None}


def _notes(node: Record) -> list[Record] | None:
    """Return the notes, the newest first, as REST has them."""
    connection = node.get("notes")
    if record.field(record.field(connection, "pageInfo"), "hasNextPage") is not False:
        return None
    rows = _rows(connection, _note)
    return None if rows is None else rows[::-1]


def _note(node: Record) -> Record | None:
    number, system, body = _number(node.get("id")), node.get("system"), node.get("body")
    author = record.author(node)
    if number is None or not isinstance(system, bool) or not isinstance(body, str) or not author:
        return None
    return {"id": number, "system": system, "body": body, "author": {"username": author}}


def _commits(node: Record) -> list[Record] | None:
    """Return the commits if these are all: not every REST tells merges from the others."""
    rows = _rows(node.get("commitsWithoutMergeCommits"), _commit)
    return rows if rows is not None and len(rows) == node.get("commitCount") else None


def _commit(node: Record) -> Record | None:
    message = record.text(node, "message")
    return {"message": message} if message else None


def _diffs(node: Record) -> list[Record] | None:
    """Return the changed files; none at all may also mean that the repository lost them."""
    return _rows({"nodes": node.get("diffStats")}, _diff) or None


def _diff(node: Record) -> Record | None:
    path = record.text(node, "path")
    return {"new_path": path} if path else None


def _pipelines(node: Record) -> list[Record] | None:
    """Return the pipelines; those that the caller may not see are counted, but not shown."""
    connection = node.get("pipelines")
    rows = _rows(connection, _pipeline)
    return rows if rows is not None and len(rows) == record.field(connection, "count") else None


def _pipeline(node: Record) -> Record | None:
    number, status = _number(node.get("id")), record.text(node, "status")
    return {"id": number, "status": status.lower()} if number is not None and status else None


def _time_stats(node: Record) -> list[Record] | None:
    seconds = record.number(node, "totalTimeSpent")
    return None if seconds is None else [{"total_time_spent": seconds}]


def _rows(connection: object, read: Callable[[Record], Record | None]) -> list[Record] | None:
    """Return the records of a connection, or None if one of them is in doubt."""
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


def _number(global_id: object) -> int | None:
    """Return 7 for `gid://gitlab/DiffNote/7`."""
    match = _NUMBER.fullmatch(global_id) if isinstance(global_id, str) else None
    return None if match is None else int(match[1])


_READERS: Mapping[str, Callable[[Record], list[Record] | None]] = {
    "notes": _notes,
    "commits": _commits,
    "diffs": _diffs,
    "pipelines": _pipelines,
    "time_stats": _time_stats,
}
