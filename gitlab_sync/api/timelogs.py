"""Time that a person logged: GraphQL's time logs, and `time_stats` of items on days without one.

REST has no time logs. A log counts for the person who made it, and is visible only if the token can
see its item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo

from gitlab_sync.api import users
from gitlab_sync.api.graphql.query import GLOBAL_ID, digits, number_of
from gitlab_sync.api.period import given_period, local_zone
from gitlab_sync.api.projects import endpoint, extract_path_from_url
from gitlab_sync.api.user_items import Owner
from gitlab_sync.errors import GitLabSyncError, NotFound, QueryTooComplex
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period, When, day_of
from gitlab_sync.rules.scores.time_logs import (
    aggregate_daily_time,
    daily_time_from_stats,
    format_time_spent,
    without_stats,
)
from gitlab_sync.rules.shape import COUNT, ID, TIME, Kind, Shape
from gitlab_sync.rules.unique import unique_records
from gitlab_sync.session.fetch import ListResult
from gitlab_sync.session.pagination import GraphQLConnection, PageSource, RestList
from gitlab_sync.session.session import Client
from gitlab_sync.session.workflow import Workflow, run_workflow, whole
from gitlab_sync.types import Record, RecordList

__all__ = [
    "aggregate_daily_time",
    "build_daily_time_from_time_stats",
    "fetch_user_timelogs",
    "fetch_user_timelogs_from_projects",
    "format_time_spent",
    "of_user",
]

# Asked through the person: the list at the root is for administrators and for the caller's logs.
QUERY = """
query timeLogs(
  $id: UserID, $username: String, $start: Time, $end: Time, $first: Int, $after: String
) {
  user(id: $id, username: $username) {
    timelogs(startTime: $start, endTime: $end, first: $first, after: $after) {
      nodes {
        id timeSpent spentAt summary
        issue { iid title webUrl }
        mergeRequest { iid title webUrl }
        project { id fullPath }
      }
      pageInfo { endCursor hasNextPage }
    }
  }
}
"""
"""The query for the time logs of a person."""

_LOG = Shape(
    "time log",
    {
        "id": GLOBAL_ID,
        "timeSpent": Kind("seconds", lambda value: _seconds(value) is not None),
        "spentAt": TIME,
    },
)
_PLACED = Shape("time log", {"project_id": ID})
_STATS = Shape("record of time", {"total_time_spent": COUNT})
_SECONDS = re.compile(r"-?[0-9]{1,18}")
_PAGES = (100, 50, 20, 5)
"""Logs on a page: fewer if the server finds the query too complex."""


def fetch_user_timelogs(
    client: Client, username: str, start: When, end: When, *, zone: tzinfo | None = None
) -> RecordList:
    """Return all time logs of a person in a period, each once, in the order of the days.

    Rows are `{"id", "date", "time_spent", "spent_at", "summary", "project_id", "project_path"}`,
    with `issue` or `merge_request` (`{"iid", "title", "web_url"}`). `date` is the day in `zone`
    (None: the machine's), `time_spent` is in seconds, negative if time was subtracted.

    Raises NotFound if GraphQL is off or there is no such user, GraphQLError for a refused query.
    """
    period = given_period(start, end, zone)
    return run_workflow(client, of_user(Owner.of(None, username), period, zone))


def fetch_user_timelogs_from_projects(
    client: Client,
    user_id: int | str,
    projects: Iterable[Record | int | str],
    start_date: When,
    end_date: When,
    *,
    zone: tzinfo | None = None,
) -> RecordList:
    """Return the time logs of a person in these projects, as `fetch_user_timelogs` does.

    `projects` are records, ids or paths. All logs of the period are read and the others left out:
    that takes fewer requests than asking for each project.
    """
    period = given_period(start_date, end_date, zone)
    wanted = names_of(projects)
    if not wanted:
        return RecordList()
    try:
        found = run_workflow(client, of_user(Owner.of(user_id, None), period, zone))
    except GitLabSyncError as error:
        if isinstance(error.partial, RecordList):
            error.partial = in_projects(error.partial, wanted)
        raise
    return in_projects(found, wanted)


def of_user(owner: Owner, period: Period, zone: tzinfo | None = None) -> Workflow[RecordList]:
    """Return the workflow of `fetch_user_timelogs`, which raises the same errors.

    A page that the server finds too complex is requested again with fewer rows.
    """
    found = yield from _read(owner, period)
    if isinstance(found.error, NotFound) and owner.user_id is None:
        # GraphQL finds a person by the exact spelling only; the list of users accepts any case.
        person = yield from users.find(owner.username)
        if person is not None:
            known = Owner(users.user_number(person["id"]), owner.username)
            found = yield from _read(known, period)
    zone = zone or local_zone()
    logs = unique_records(_log(node, zone) for node in found.reading.rows)
    rows = RecordList(log for log in logs if period.contains(log["spent_at"]))
    rows.complete = found.error is None
    if found.error is not None:
        found.error.partial = rows
        raise found.error
    rows.total = len(rows)
    return rows


def _read(owner: Owner, period: Period) -> Workflow[ListResult[str]]:
    for size in _PAGES:
        found = (yield {"logs": _connection(owner, period, size)})["logs"]
        if not isinstance(found.error, QueryTooComplex):
            break
    return found


def _connection(owner: Owner, period: Period, size: int) -> PageSource:
    # GitLab accepts either an id or a name.
    named = owner.username if owner.user_id is None else None
    number = None if owner.user_id is None else f"gid://gitlab/User/{owner.user_id}"
    variables = {
        "id": number,
        "username": named,
        "start": None if period.start is None else period.start.isoformat(),
        "end": None if period.end is None else period.end.isoformat(),
        "first": size,
    }
    given = {name: value for name, value in variables.items() if value is not None}
    what = f"time logs of user {owner.username or owner.user_id}"
    return GraphQLConnection(what, QUERY, given, ("user", "timelogs"), _LOG)


def _log(node: Record, zone: tzinfo) -> Record:
    day = day_of(node.get("spentAt"), zone)
    project = node.get("project")
    log = {
        "id": node.get("id"),
        "date": None if day is None else day.isoformat(),
        "time_spent": _seconds(node["timeSpent"]),
        "spent_at": node.get("spentAt"),
        "summary": node.get("summary"),
        "project_id": number_of(record.field(project, "id")),
        "project_path": record.text(project, "fullPath"),
    }
    for key, name in (("issue", "issue"), ("mergeRequest", "merge_request")):
        item = node.get(key)
        if isinstance(item, dict):
            log[name] = {
                "iid": digits(item.get("iid")),
                "title": item.get("title"),
                "web_url": item.get("webUrl"),
            }
    return log


def _seconds(value: object) -> int | None:
    """Return an integer that GraphQL gives as a number or as text; None for anything else."""
    if isinstance(value, str) and _SECONDS.fullmatch(value):
        return int(value)
    return value if type(value) is int else None


def _names(project: Record | int | str) -> Iterator[int | str]:
    """Yield the id of a project and its path in lower case, as far as they are given."""
    if isinstance(project, Mapping):
        given: Iterable[object] = (project.get("id"), project.get("path_with_namespace"))
    else:
        given = (project,)
    for each in given:
        text = extract_path_from_url(each).strip().lower()
        if text:
            yield int(text) if text.isascii() and text.isdigit() else text


def names_of(projects: Iterable[Record | int | str]) -> frozenset[int | str]:
    """Return the ids and the paths in lower case by which `in_projects` knows these projects."""
    return frozenset(name for each in projects for name in _names(each))


def in_projects(logs: RecordList, wanted: frozenset[int | str]) -> RecordList:
    """Return the time logs of the projects with these ids or paths.

    Raises BadResponse if the project of one of the logs is not readable.
    """
    unplaced = _PLACED.malformed(logs)
    if unplaced is not None:
        raise unplaced
    chosen = RecordList(
        log
        for log in logs
        if log["project_id"] in wanted or str(log["project_path"]).lower() in wanted
    )
    chosen.complete = logs.complete
    chosen.total = len(chosen) if chosen.complete else None
    return chosen


def build_daily_time_from_time_stats(
    issues: Iterable[Record],
    mrs: Iterable[Record],
    client: Client,
    start_str: When,
    end_str: When,
    existing_daily_times: Mapping[str, int | float] | None = None,
    *,
    zone: tzinfo | None = None,
) -> dict[str, int | float]:
    """Return seconds by day: those of `existing_daily_times`, and for other days from items.

    An issue's time counts on the day it was created, a merge request's on the day it was merged,
    else last updated. `time_stats` that are missing from records of the period are read, all
    together.
    """
    period = given_period(start_str, end_str, zone)
    workflow = with_time_stats(list(issues), list(mrs), period)
    both = run_workflow(client, workflow)
    return daily_time_from_stats(*both, period, zone or local_zone(), existing_daily_times)


def with_time_stats(
    issues: list[Record], mrs: list[Record], period: Period
) -> Workflow[tuple[list[Record], list[Record]]]:
    """Return the workflow that completes records of the period that lack `time_stats`."""
    kinds = ("issues", "merge_requests")
    lacking = {
        f"{kind} {place}": (item, kind)
        for kind, items in zip(kinds, without_stats(issues, mrs, period), strict=True)
        for place, item in enumerate(items)
    }
    found = yield {
        name: RestList(
            endpoint(item.get("project_id") or "", f"{kind}/{item.get('iid')}/time_stats"),
            single=True,
            shape=_STATS,
        )
        for name, (item, kind) in lacking.items()
    }
    stats = {id(item): whole(found[name])[0] for name, (item, _) in lacking.items()}
    completed = [
        [{**item, "time_stats": stats[id(item)]} if id(item) in stats else item for item in items]
        for items in (issues, mrs)
    ]
    return completed[0], completed[1]
