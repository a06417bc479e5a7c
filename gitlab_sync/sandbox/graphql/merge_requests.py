"""Merge requests: their lists, and the fields of one.

The object behind a `MergeRequest` is the record that REST serves. Lists are chosen by REST's own
filters, from the arguments put into REST's words: so the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from graphql import GraphQLError

from gitlab_sync.sandbox.filters import MR_ORDERS, merge_request_tests, order_key, ordered
from gitlab_sync.sandbox.graphql.asking import Asking, Info
from gitlab_sync.sandbox.graphql.connections import Order, Page, Resolver, page
from gitlab_sync.sandbox.graphql.scalars import global_id
from gitlab_sync.sandbox.query import Query
from gitlab_sync.sandbox.records import Record, Row, id_in, instant
from gitlab_sync.sandbox.routes.merge_request import who_took_part
from gitlab_sync.sandbox.tables import Key

_PLAIN = {
    "state": "state",
    "draft": "draft",
    "milestoneTitle": "milestone",
    "authorUsername": "author_username",
    "assigneeUsername": "assignee_username",
    "reviewerUsername": "reviewer_username",
    "createdAfter": "created_after",
    "createdBefore": "created_before",
    "updatedAfter": "updated_after",
    "updatedBefore": "updated_before",
    "mergedAfter": "merged_after",
    "mergedBefore": "merged_before",
}
_MANY = {"iids": "iids[]", "labels": "labels[]"}
_STATUSES = {
    "jira_association_missing": "JIRA_ASSOCIATION",
    "merge_request_blocked": "BLOCKED_STATUS",
    "security_policy_violations": "SECURITY_POLICIES_VIOLATIONS",
    "status_checks_must_pass": "EXTERNAL_STATUS_CHECKS",
}
_ORDERS = (*MR_ORDERS, "closed_at")


def _listed(info: Info, key: tuple[object, ...], rows: Sequence[Row], arguments: Any) -> Page:
    """Return a page of those `rows` (newest first) that pass the arguments.

    `key` names the list: it is kept for its other pages.
    """
    asking: Asking = info.context
    words = _words(arguments)
    order = dict(words)["order_by"]

    def make() -> list[Record]:
        query = Query(urlencode(words))
        tests = merge_request_tests(query, None, "all")
        kept = [row for row in asking.visible(rows) if all(test(row.data) for test in tests)]
        return [row.data for row in ordered(query, kept, _ORDERS)]

    # GitLab takes an empty list for "one of none".
    empty = any(arguments.get(name) == [] for name in _MANY)
    chosen = [] if empty else asking.kept((*key, words), make)
    value = order_key(order)
    assert value is not None  # noqa: S101 - all that `_words` can say has a key
    return page(chosen, arguments, Order(value, _made, dict(words)["sort"] == "desc"))


def _made(record: Record) -> float:
    return instant(record["created_at"])


def _words(arguments: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return a list's arguments as REST's parameters."""
    order, _, direction = arguments.get("sort", "created_desc").lower().rpartition("_")
    words = [
        ("order_by", {"created": "created_at", "updated": "updated_at"}.get(order, order)),
        ("sort", direction),
    ]
    for name, word in _PLAIN.items():
        value = arguments.get(name)
        if value is not None:
            shown = value.isoformat() if isinstance(value, datetime) else str(value)
            words.append((word, shown))
    for name, word in _MANY.items():
        words += [(word, str(value)) for value in arguments.get(name) or ()]
    return tuple(words)


def of_person(index: str) -> Resolver:
    """Return a resolver of the merge requests that an index of the world has under a person."""

    def resolve(user: Record, info: Info, **arguments: Any) -> Page:
        items: dict[str | int, list[Row]] = getattr(info.context.world.merge_requests, index)
        rows = items.get(user["username"].lower(), ())
        return _of_person(user, info, (index, user["id"]), rows, arguments)

    return resolve


def _to_review(user: Record, info: Info, **arguments: Any) -> Page:
    rows = info.context.world.merge_requests.rows
    arguments["reviewerUsername"] = user["username"]
    return _of_person(user, info, ("reviewer", user["id"]), rows, arguments)


def _of_person(
    user: Record, info: Info, key: tuple[object, ...], rows: Sequence[Row], arguments: Any
) -> Page:
    """Give a person's merge requests; none, without a word, to who may not see the profile."""
    asking: Asking = info.context
    viewer = asking.viewer
    hidden = user.get("private_profile") or user.get("state") == "blocked"
    if hidden and not viewer.admin and (viewer.user or {}).get("id") != user["id"]:
        return page([], arguments)
    if {"projectId", "projectPath"} & arguments.keys():
        project = _named_project(asking, arguments)
        if project is None:
            return page([], arguments)
        rows = [row for row in rows if row.data["project_id"] == project["id"]]
        key = (*key, project["id"])
    elif arguments.get("iids"):
        raise GraphQLError("iids requires projectPath or projectId")
    return _listed(info, key, rows, arguments)


def _named_project(asking: Asking, arguments: Mapping[str, Any]) -> Record | None:
    """Return the project that the merge requests must belong to, if the caller can see it."""
    number, path = arguments.get("projectId"), arguments.get("projectPath")
    if number and path:
        raise GraphQLError("Incompatible arguments: projectId, projectPath.")
    row = asking.world.projects_by_path.get(path.lower()) if path else None
    return asking.project(row.data["id"] if row is not None else number)


def _of_project(project: Record, info: Info, **arguments: Any) -> Page:
    items, number = info.context.world.merge_requests, project["id"]
    wanted = {id_in(iid) for iid in arguments.get("iids") or ()}
    # Clients name a few dozen of a project's thousands; what is no number, the filters refuse.
    looked_up = wanted and None not in wanted
    rows = items.numbered(number, wanted) if looked_up else items.by_project.get(number, ())
    return _listed(info, ("project", project["id"]), rows, arguments)


def _of_group(group: Record, info: Info, **arguments: Any) -> Page:
    asking: Asking = info.context
    below, archived = arguments["includeSubgroups"], arguments["includeArchived"]

    def make() -> list[Row]:
        projects = asking.world.project_ids(group["id"], subgroups=below, archived=archived)
        rows = asking.world.merge_requests.rows
        return [row for row in rows if row.data["project_id"] in projects]

    key = ("group", group["id"], below, archived)
    return _listed(info, key, asking.kept(key, make), arguments)


def _one(project: Record, info: Info, *, iid: str) -> Record | None:
    number = id_in(iid)
    row = info.context.world.merge_requests.by_key.get((project["id"], number or 0))
    return None if row is None else row.data


# --- fields ------------------------------------------------------------------------------------


def _key(record: Record) -> Key:
    return record["project_id"], record["iid"]


def _time(name: str) -> Resolver:
    return lambda record, _info: (record.get("time_stats") or {}).get(name)


def _number(name: str) -> Resolver:
    """Return a resolver of a number that older records lack."""
    return lambda record, _info: record.get(name) or 0


def _spent(name: str) -> Resolver:
    return lambda record, _info: (record.get("time_stats") or {}).get(name) or 0


def _project(name: str) -> Resolver:
    return lambda record, info: info.context.project(record.get(name))


def _person(name: str) -> Resolver:
    return lambda record, info: info.context.person(record.get(name))


def _people(choose: Callable[[Asking, Record], Sequence[Record]]) -> Resolver:
    """Return a resolver of a connection of people that other records show in part."""

    def resolve(record: Record, info: Info, **arguments: Any) -> Page:
        asking: Asking = info.context
        return page(asking.people(choose(asking, record)), arguments)

    return resolve


def _approvers(asking: Asking, record: Record) -> list[Record]:
    given = asking.world.tables.approvals.get(_key(record)) or {}
    return [one["user"] for one in given.get("approved_by") or ()]


def _approved(record: Record, info: Info) -> bool:
    given = info.context.world.tables.approvals.get(_key(record)) or {}
    return bool(given.get("approved", True))


def _labels(record: Record, _info: Info, **arguments: Any) -> Page:
    titles = [
        label["name"] if isinstance(label, dict) else label for label in record.get("labels") or ()
    ]
    return page([{"title": title} for title in titles], arguments)


def _reference(record: Record, _info: Info, *, full: bool) -> str:
    references = record.get("references") or {}
    return str(references.get("full" if full else "short") or f"!{record['iid']}")


def _commits(record: Record, info: Info, **arguments: Any) -> Page:
    return page(info.context.world.tables.mr_commits.get(_key(record)), arguments)


def _own_commits(record: Record, info: Info, **arguments: Any) -> Page:
    commits = info.context.world.tables.mr_commits.get(_key(record))
    return page([one for one in commits if len(one.get("parent_ids") or ()) < 2], arguments)


def _commit_count(record: Record, info: Info) -> int:
    return len(info.context.world.tables.mr_commits.get(_key(record)))


def _diff_stats(record: Record, info: Info, *, path: str | None = None) -> list[Record]:
    files = info.context.world.tables.mr_diffs.get(_key(record))
    return files if path is None else [file for file in files if file["new_path"] == path]


@lru_cache(maxsize=4096)
def _lines(diff: str) -> tuple[int, int]:
    """Return how many lines a diff adds and deletes."""
    lines = diff.splitlines()
    return sum(line[:1] == "+" for line in lines), sum(line[:1] == "-" for line in lines)


def _notes(
    record: Record,
    info: Info,
    *,
    filter: str = "ALL_NOTES",  # noqa: A002 - GitLab's name
    **arguments: Any,
) -> Page:
    """Give the notes, the oldest first: the other way round than REST."""
    notes = info.context.world.tables.mr_notes.get(_key(record))
    if filter != "ALL_NOTES":
        wanted = filter == "ONLY_ACTIVITY"
        notes = [note for note in notes if bool(note.get("system")) == wanted]
    notes = sorted(notes, key=lambda note: (instant(note["created_at"]), note["id"]))
    return page(notes, arguments)


def _pipelines(record: Record, info: Info, **arguments: Any) -> Page:
    return page(info.context.world.merge_request_pipelines(record), arguments)


def _merge_status(record: Record, _info: Info) -> str | None:
    """Give the status under GraphQL's name; most have that of REST, in capitals."""
    status = record.get("detailed_merge_status")
    return None if status is None else _STATUSES.get(status, status.upper())


def _discussions(record: Record, info: Info, **arguments: Any) -> Page:
    return page(info.context.world.merge_request_discussions(_key(record)), arguments)


def _discussion_of(note: Record, info: Info) -> Record | None:
    key = (note["project_id"], note["noteable_iid"])
    every = info.context.world.merge_request_discussions(key)
    return next((each for each in every if note in each["notes"]), None)


def _notes_of(discussion: Record, _info: Info, **arguments: Any) -> Page:
    return page(discussion["notes"], arguments)


def _is_resolvable(discussion: Record, _info: Info) -> bool:
    return any(note.get("resolvable") for note in discussion["notes"])


def _is_resolved(discussion: Record, info: Info) -> bool:
    notes = [note for note in discussion["notes"] if note.get("resolvable")]
    return _is_resolvable(discussion, info) and all(note.get("resolved") for note in notes)


def _discussion_id(discussion: Record, _info: Info) -> str:
    return global_id("Discussion", discussion["id"])


RESOLVERS: dict[str, Resolver] = {
    "User.authoredMergeRequests": of_person("by_author"),
    "User.assignedMergeRequests": of_person("by_assignee"),
    "User.reviewRequestedMergeRequests": _to_review,
    "Project.mergeRequest": _one,
    "Project.mergeRequests": _of_project,
    "Group.mergeRequests": _of_group,
    "MergeRequest.id": lambda record, _info: global_id("MergeRequest", record["id"]),
    "MergeRequest.iid": lambda record, _info: str(record["iid"]),
    "MergeRequest.draft": lambda record, _info: bool(record.get("draft")),
    "MergeRequest.conflicts": lambda record, _info: bool(record.get("has_conflicts")),
    "MergeRequest.detailedMergeStatus": _merge_status,
    "MergeRequest.squash": lambda record, _info: bool(record.get("squash")),
    "MergeRequest.squashOnMerge": lambda record, _info: bool(record.get("squash_on_merge")),
    "MergeRequest.upvotes": _number("upvotes"),
    "MergeRequest.downvotes": _number("downvotes"),
    "MergeRequest.timeEstimate": _spent("time_estimate"),
    "MergeRequest.totalTimeSpent": _spent("total_time_spent"),
    "MergeRequest.humanTotalTimeSpent": _time("human_total_time_spent"),
    "MergeRequest.reference": _reference,
    "MergeRequest.diffHeadSha": lambda record, _info: record.get("sha"),
    "MergeRequest.targetProjectId": lambda record, _info: record["project_id"],
    "MergeRequest.project": _project("project_id"),
    "MergeRequest.targetProject": _project("project_id"),
    "MergeRequest.sourceProject": _project("source_project_id"),
    "MergeRequest.author": _person("author"),
    "MergeRequest.mergeUser": _person("merge_user"),
    "MergeRequest.assignees": _people(lambda _asking, record: record.get("assignees") or ()),
    "MergeRequest.reviewers": _people(lambda _asking, record: record.get("reviewers") or ()),
    "MergeRequest.participants": _people(
        lambda asking, record: who_took_part(asking.world, _key(record), record)
    ),
    "MergeRequest.approved": _approved,
    "MergeRequest.approvedBy": _people(_approvers),
    "MergeRequest.labels": _labels,
    "MergeRequest.commitCount": _commit_count,
    "MergeRequest.commits": _commits,
    "MergeRequest.commitsWithoutMergeCommits": _own_commits,
    "MergeRequest.diffStats": _diff_stats,
    "MergeRequest.notes": _notes,
    "MergeRequest.discussions": _discussions,
    "MergeRequest.pipelines": _pipelines,
    "DiffStats.path": lambda file, _info: file["new_path"],
    "DiffStats.additions": lambda file, _info: _lines(file.get("diff") or "")[0],
    "DiffStats.deletions": lambda file, _info: _lines(file.get("diff") or "")[1],
    "Commit.id": lambda commit, _info: global_id("Commit", commit["id"]),
    "Commit.sha": lambda commit, _info: commit["id"],
    "Commit.fullTitle": lambda commit, _info: commit["title"],
    "Note.id": lambda note, _info: global_id(note.get("type") or "Note", note["id"]),
    "Note.system": lambda note, _info: bool(note.get("system")),
    "Note.resolvable": lambda note, _info: bool(note.get("resolvable")),
    "Note.resolved": lambda note, _info: bool(note.get("resolved")),
    "Note.discussion": _discussion_of,
    "Note.author": _person("author"),
    "Discussion.id": _discussion_id,
    "Discussion.replyId": _discussion_id,
    "Discussion.createdAt": lambda discussion, _info: discussion["notes"][0]["created_at"],
    "Discussion.resolvable": _is_resolvable,
    "Discussion.resolved": _is_resolved,
    "Discussion.notes": _notes_of,
    "Pipeline.id": lambda pipeline, _info: global_id("Ci::Pipeline", pipeline["id"]),
    "Pipeline.iid": lambda pipeline, _info: str(pipeline.get("iid") or pipeline["id"]),
    "Pipeline.status": lambda pipeline, _info: pipeline["status"].upper(),
}
"""Resolvers by type and field; `User` stands for all kinds of people."""
