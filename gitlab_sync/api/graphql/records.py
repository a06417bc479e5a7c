"""The GraphQL query for people's merge requests, and its answers as records of REST.

A record has the keys that the rules read, with REST's values. A list that an answer leaves in doubt
is left out: if the person or a field is missing, or if REST could say more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias
from urllib.parse import unquote

from gitlab_sync.api.graphql.query import COMPLEXITY, GLOBAL_ID, digits, number_of
from gitlab_sync.rules import record
from gitlab_sync.rules.items.item import ONE_WEEK, TWO_DAYS
from gitlab_sync.rules.shape import COUNT, FLAG, ID, LIST, NAME, STATE, TEXT, TIME, Kind, Shape
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
    "squash": "squash",
    "squashOnMerge": "squashOnMerge",
    "mergeUser": "mergeUser { username }",
}
"""The fields of a merge request, and their text in the query."""

_PEOPLE = "(first: 20) { nodes { username } pageInfo { hasNextPage } }"
_OF_OPEN: Mapping[str, str] = {
    "draft": "draft",
    "conflicts": "conflicts",
    "detailedMergeStatus": "detailedMergeStatus",
    "reviewers": f"reviewers{_PEOPLE}",
    "assignees": f"assignees{_PEOPLE}",
}
"""The further fields of an open merge request."""

_OF_ENDED = frozenset({"mergedAt", "closedAt", "diffHeadSha"})
"""The fields that an open one is not asked for: they are costly, and say nothing about it."""

_OF_OTHERS = {
    "Query": {"user"},
    "UserCore": {"username", *CONNECTIONS},
    "User": {"username", *CONNECTIONS},
    "MergeRequestConnection": {"count"},
}
_OPTIONAL = {"closedAt"}

FIELDS = frozenset({*_OF_MERGE_REQUEST, *_OF_OPEN}).union(*_OF_OTHERS.values())
"""All fields in the query, by GraphQL's names."""

NEEDED = FIELDS - _OPTIONAL - frozenset(_OF_OPEN)
"""The fields that every list needs; others are needed for lists with closed or open items alone."""

_PERSON = Kind("a person", lambda value: bool(record.text(value, "username")))
_SHAPE = Shape(
    "merge request",
    {
        "id": GLOBAL_ID,
        "iid": Kind("a number", lambda value: digits(value) is not None),
        "projectId": ID,
        "title": TEXT,
        "description": TEXT.or_null(),
        "state": STATE,
        "createdAt": TIME,
        "updatedAt": TIME,
        "mergedAt": TIME.if_any(),
        "closedAt": TIME.if_any(),
        "upvotes": COUNT,
        "userNotesCount": COUNT,
        "totalTimeSpent": COUNT,
        "diffHeadSha": TEXT.if_any(),
        "webUrl": NAME,
        "reference": NAME,
        "squash": FLAG,
        "squashOnMerge": FLAG,
        "mergeUser": _PERSON.or_null(),
    },
    inner={"author": Shape("author", {"username": NAME})},
)
_CONNECTION = Shape(
    "list",
    {"nodes": LIST},
    inner={"pageInfo": Shape("page", {"hasNextPage": Kind("false", lambda value: value is False)})},
)
_OPEN_SHAPE = Shape(
    "merge request",
    {"draft": FLAG, "conflicts": FLAG, "detailedMergeStatus": NAME},
    inner=dict.fromkeys(("reviewers", "assignees"), _CONNECTION),
)
_STATUSES = {
    "BLOCKED_STATUS": "merge_request_blocked",
    "EXTERNAL_STATUS_CHECKS": "status_checks_must_pass",
    "JIRA_ASSOCIATION": "jira_association_missing",
    "SECURITY_POLICIES_VIOLATIONS": "security_policy_violations",
}
"""The statuses that have another name in REST, and not only lower case."""

_ENDS = {"merged": "merged_at", "closed": "closed_at"}
_LIMITS = (TWO_DAYS, ONE_WEEK)
_WITHOUT_FRACTION = re.compile(r"(?<=:\d\d)(Z|[+-]\d\d:\d\d)$")


@dataclass(frozen=True, slots=True)
class Ask:
    """The list to ask for: a person, and at most how many of their merge requests."""

    username: str
    first: int


@dataclass(frozen=True, slots=True)
class Listed:
    """All merge requests of a person, as records of REST; the username as GitLab spells it."""

    username: str
    items: list[Record]


def needing(field: str, kind: str) -> frozenset[str]:
    """Return which of `FIELDS` a server lacks if this type has no such field."""
    own = {**_OF_MERGE_REQUEST, **_OF_OPEN}
    known = own if kind == "MergeRequest" else _OF_OTHERS.get(kind, ())
    return frozenset({field}) if field in known else frozenset()


@dataclass(frozen=True, slots=True)
class Which:
    """Which merge requests to list: the role of the person, and the project (None: any).

    `times` are filters of GraphQL with their times, such as `createdAfter`. With `opened`, they are
    the open ones, and their records have further fields.
    """

    connection: Connection = "authoredMergeRequests"
    project: int | str | None = None
    times: tuple[tuple[str, str], ...] = ()
    opened: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        """The fields of a merge request, and their text in the query."""
        if not self.opened:
            return _OF_MERGE_REQUEST
        own = {name: text for name, text in _OF_MERGE_REQUEST.items() if name not in _OF_ENDED}
        return {**own, **_OF_OPEN}

    @property
    def needed(self) -> frozenset[str]:
        """The fields that the list needs."""
        return NEEDED.union(_OF_OPEN) if self.opened else NEEDED

    @property
    def variables(self) -> dict[str, object]:
        """The variables for the project and the times, if there are any."""
        name, times = self._name, dict[str, object](self.times)
        if self.project is None:
            return times
        return {"project": f"gid://gitlab/Project/{name}" if name.isdecimal() else name, **times}

    @property
    def filter(self) -> tuple[str, str]:
        """How a query declares these variables, and how a list uses them."""
        declared = "".join(f"${name}: Time!, " for name, _ in self.times)
        used = "state: opened, " if self.opened else ""
        used += "".join(f"{name}: ${name}, " for name, _ in self.times)
        if self.project is None:
            return declared, used
        if self._name.isdecimal():
            return f"$project: ProjectID!, {declared}", f"{used}projectId: $project, "
        return f"$project: String!, {declared}", f"{used}projectPath: $project, "

    @property
    def _name(self) -> str:
        return unquote(str(self.project).strip().strip("/"))


@lru_cache(maxsize=256)
def query(which: Which, listed: frozenset[str], people: int, *, tells: bool) -> str:
    """Return the text of the query for the merge requests of so many people.

    Its variables are `$u0`, the first username, `$n0`, the most of their merge requests, and so on,
    and those of `which`. `listed` are the fields that the server has. With `tells`, the answer
    reports its complexity.
    """
    declared, used = which.filter
    fields = " ".join(text for name, text in which.fields.items() if name in listed)
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
    """Return the number of merge requests; 0 if the answer does not say.

    GitLab also answers 0 for a person with a profile that the caller cannot see, so 0 proves
    nothing.
    """
    return record.count(record.field(person, which.connection), "count") or 0


def listed_in(person: object, which: Which) -> Listed | None:
    """Return the merge requests of one person in an answer, or None if they are not reliable.

    They are not if there are none, or fewer than their number says.
    """
    username = record.text(person, "username")
    nodes = record.field(record.field(person, which.connection), "nodes")
    if not username or not isinstance(nodes, list) or not nodes:
        return None
    found: dict[object, Record] = {}
    for node in nodes:
        odd = _SHAPE.fault(node) or (which.opened and _OPEN_SHAPE.fault(node))
        made = None if odd else _record(node)
        if made is None:
            return None
        found[made["id"]] = made
    whole = len(found) == number_in(person, which)
    return Listed(username, list(found.values())) if whole else None


def _record(node: Record) -> Record | None:
    """Return a sound merge request as a record of REST, or None if it is not reliable."""
    made = {
        "id": number_of(node["id"]),
        "iid": digits(node["iid"]),
        "project_id": node["projectId"],
        "title": node["title"],
        "state": node["state"],
        "created_at": _time(node["createdAt"]),
        "updated_at": _time(node["updatedAt"]),
        "upvotes": node["upvotes"],
        "user_notes_count": node["userNotesCount"],
        "web_url": node["webUrl"],
        "time_stats": {"total_time_spent": node["totalTimeSpent"]},
        "references": {"full": node["reference"]},
        "author": {"username": node["author"]["username"]},
        "description": node["description"],
        "sha": node.get("diffHeadSha"),
        "squash": node["squash"],
        "squash_on_merge": node["squashOnMerge"],
        "merge_user": node.get("mergeUser"),
        "merged_at": _time(node.get("mergedAt")),
        "closed_at": _time(node.get("closedAt")),
        **(_of_open(node) if "draft" in node else {}),
    }
    return None if _end_in_doubt(made) else made


def _of_open(node: Record) -> Record:
    status = node["detailedMergeStatus"]
    people = {
        key: [{"username": record.text(each, "username")} for each in node[key]["nodes"]]
        for key in ("reviewers", "assignees")
    }
    return {
        "draft": node["draft"],
        "has_conflicts": node["conflicts"],
        "detailed_merge_status": _STATUSES.get(status, status.lower()),
        **people,
    }


def _end_in_doubt(mr: Record) -> bool:
    """Return whether the time of the end is missing, or a fraction of its second would decide.

    The fraction can also change reasons by a minute, but rows do not show reasons.
    """
    if mr["state"] not in _ENDS:
        return False
    start, end = instant(mr["created_at"]), instant(mr[_ENDS[mr["state"]]])
    return start is None or end is None or hours_between(start, end) in _LIMITS


def _time(text: object) -> str | None:
    """Return a time in REST's form, which has milliseconds; GraphQL cuts them off."""
    return _WITHOUT_FRACTION.sub(r".000\1", text) if isinstance(text, str) else None
