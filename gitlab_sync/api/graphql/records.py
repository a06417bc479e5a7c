"""What GraphQL is asked for people's merge requests, and the records of REST made of its answers.

A record has the keys that judging reads, with REST's values. A list that an answer leaves in doubt
is none: where the answer lacks somebody or something, or where REST could say more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias
from urllib.parse import unquote

from gitlab_sync.api.graphql.query import COMPLEXITY, number_of
from gitlab_sync.rules import record
from gitlab_sync.rules.items.item import ONE_WEEK, TWO_DAYS
from gitlab_sync.rules.text import hours_between, instant
from gitlab_sync.types import Record

Connection: TypeAlias = Literal["authoredMergeRequests", "assignedMergeRequests"]

CONNECTIONS: frozenset[str] = frozenset({"authoredMergeRequests", "assignedMergeRequests"})

_OF_MERGE_REQUEST: Mapping[str, str] = {
    "id": "id",
    "iid": "iid",
    "projectId": "projectId",
    "title": "title",
    "description": "description",
    "state": "state",
    "createdAt": "createdAt",
    "updatedAt": "updatedAt",
    "mergedAt": "mergedAt",
    "closedAt": "closedAt",
    "upvotes": "upvotes",
    "userNotesCount": "userNotesCount",
    "totalTimeSpent": "totalTimeSpent",
    "diffHeadSha": "diffHeadSha",
    "webUrl": "webUrl",
    "reference": "reference(full: true)",
    "author": "author { username }",
}
"""The fields of a merge request, and how each is asked for."""

_OF_OTHERS = {
    "Query": {"user"},
    "UserCore": {"username", *CONNECTIONS},
    "User": {"username", *CONNECTIONS},
    "MergeRequestConnection": {"count"},
}
_OPTIONAL = {"closedAt"}

FIELDS = frozenset(_OF_MERGE_REQUEST).union(*_OF_OTHERS.values())
"""All fields that are asked for, by GraphQL's names."""

NEEDED = FIELDS - _OPTIONAL
"""Those without which no list can be read; without the others, none that holds something closed."""

_ENDS = {"merged": "merged_at", "closed": "closed_at"}
_LIMITS = (TWO_DAYS, ONE_WEEK)
_WITHOUT_FRACTION = re.compile(r"(?<=:\d\d)(Z|[+-]\d\d:\d\d)$")


@dataclass(frozen=True, slots=True)
class Ask:
    """How many merge requests are asked for at most, and whose."""

    username: str
    first: int


@dataclass(frozen=True, slots=True)
class Listed:
    """All merge requests of somebody whose name GitLab spells so, as REST has them."""

    username: str
    items: list[Record]


def needing(field: str, kind: str) -> frozenset[str]:
    """Return what of `FIELDS` a server lacks that has no such field on that type."""
    known = _OF_MERGE_REQUEST if kind == "MergeRequest" else _OF_OTHERS.get(kind, ())
    return frozenset({field}) if field in known else frozenset()


@dataclass(frozen=True, slots=True)
class Which:
    """Which merge requests are listed: in which role they are people's, and of which project.

    Without one they may lie anywhere.
    """

    connection: Connection = "authoredMergeRequests"
    project: int | str | None = None

    @property
    def variables(self) -> dict[str, object]:
        """The variable that names the project, if there is one."""
        if self.project is None:
            return {}
        name = self._name
        return {"project": f"gid://gitlab/Project/{name}" if name.isdecimal() else name}

    @property
    def filter(self) -> tuple[str, str]:
        """How a query declares that variable, and how a list uses it."""
        if self.project is None:
            return "", ""
        if self._name.isdecimal():
            return "$project: ProjectID!, ", "projectId: $project, "
        return "$project: String!, ", "projectPath: $project, "

    @property
    def _name(self) -> str:
        return unquote(str(self.project).strip().strip("/"))


@lru_cache(maxsize=256)
def query(which: Which, listed: frozenset[str], people: int, *, tells: bool) -> str:
    """Return the text that asks for the merge requests of so many people.

    Its variables are `$u0`, the first one's username, `$n0`, how many of theirs at most, and so on,
    besides those of `which`. `listed` are the fields that the server has. With `tells` the answer
    says how complex it was.
    """
    declared, used = which.filter
    fields = " ".join(text for name, text in _OF_MERGE_REQUEST.items() if name in listed)
    variables = ", ".join(f"$u{place}: String!, $n{place}: Int!" for place in range(people))
    parts = " ".join(
        f"p{place}: user(username: $u{place}) "
        f"{{ username {which.connection}({used}first: $n{place}) "
        "{ count nodes { ...listed } } }"
        for place in range(people)
    )
    score = COMPLEXITY if tells else ""
    return (
        f"query mergeRequestsOfPeople({declared}{variables}) {{ {score} {parts} }} "
        f"fragment listed on MergeRequest {{ {fields} }}"
    )


def number_in(person: object, which: Which) -> int:
    """Return how many merge requests there are; 0 where the answer does not say.

    GitLab says so, too, of those whose profiles the caller may not see: it proves nothing.
    """
    count = record.number(record.field(person, which.connection), "count")
    return int(count or 0)


def listed_in(person: object, which: Which) -> Listed | None:
    """Return the merge requests of one person in an answer, or None if it is not beyond doubt.

    It is in doubt if there are none, or not as many as there should be.
    """
    username = record.text(person, "username")
    nodes = record.field(record.field(person, which.connection), "nodes")
    if not username or not isinstance(nodes, list) or not nodes:
        return None
    found: dict[object, Record] = {}
    for node in nodes:
        made = _record(node) if isinstance(node, dict) else None
        if made is None:
            return None
        found[made["id"]] = made
    whole = len(found) == number_in(person, which)
    return Listed(username, list(found.values())) if whole else None


def _record(node: Record) -> Record | None:
    """Return REST's record of a merge request, or None where something of it is in doubt."""
    told = {
        "id": number_of(node.get("id")),
        "iid": _digits(node.get("iid")),
        "project_id": node.get("projectId"),
        "title": node.get("title"),
        "state": node.get("state"),
        "created_at": _time(node.get("createdAt")),
        "updated_at": _time(node.get("updatedAt")),
        "upvotes": node.get("upvotes"),
        "user_notes_count": node.get("userNotesCount"),
        "web_url": node.get("webUrl"),
    }
    inner = {
        "time_stats": {"total_time_spent": node.get("totalTimeSpent")},
        "references": {"full": node.get("reference")},
        "author": {"username": record.author(node)},
    }
    if any(None in part.values() for part in (told, *inner.values())):
        return None
    may_be_null = {
        "description": node.get("description"),
        "sha": node.get("diffHeadSha"),
        "merged_at": _time(node.get("mergedAt")),
        "closed_at": _time(node.get("closedAt")),
    }
    made = {**told, **inner, **may_be_null}
    return None if _end_in_doubt(made) else made


def _end_in_doubt(mr: Record) -> bool:
    """Say whether the time of the end is missing, or a part of a second of it would decide.

    By that part reasons may differ by a minute, too: for rows, which show none, that is no doubt.
    """
    if mr["state"] not in _ENDS:
        return False
    start, end = instant(mr["created_at"]), instant(mr[_ENDS[mr["state"]]])
    return start is None or end is None or hours_between(start, end) in _LIMITS


def _time(text: object) -> str | None:
    """Return a time in REST's form, which has thousandths of seconds; GraphQL cuts them off."""
    return _WITHOUT_FRACTION.sub(r".000\1", text) if isinstance(text, str) else None


def _digits(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else None
