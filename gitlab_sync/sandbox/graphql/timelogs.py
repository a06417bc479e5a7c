"""Time logs, which GitLab shows in GraphQL alone: of the instance, a person, a project, a group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from graphql import GraphQLError

from gitlab_sync.sandbox.graphql.asking import Asking, Info
from gitlab_sync.sandbox.graphql.connections import Order, Page, Resolver, page
from gitlab_sync.sandbox.records import Record, instant
from gitlab_sync.sandbox.tables import Key

_NEEDS_A_PARENT = "Non-admin users must provide a group_id, project_id, or current username"


def _everything(asking: Asking) -> list[Record]:
    """Return all logs that the caller may see, with the ids that join them to other records."""
    found = []
    for user_id, logs in asking.world.tables.timelogs.items():
        for log in logs:
            project = (log.get("project") or {}).get("fullPath") or ""
            row = asking.world.projects_by_path.get(project.lower())
            if row is not None and asking.viewer.sees_project(row.data):
                number = int(log["id"].rpartition("/")[2])
                found.append({**log, "id": number, "user_id": user_id, "project": row.data})
    return found


def _listed(
    info: Info,
    test: Callable[[Record], bool],
    arguments: Mapping[str, Any],
) -> Page:
    """Return a page of the logs that pass `test` and the arguments, in the order they ask for."""
    asking: Asking = info.context
    logs = [log for log in asking.kept("timelogs", lambda: _everything(asking)) if test(log)]
    logs = _filtered(asking, logs, arguments)
    field, _, direction = arguments.get("sort", "SPENT_AT_ASC").rpartition("_")
    value = _spent_at if field == "SPENT_AT" else _time_spent
    order = Order(value, lambda _log: 0, direction == "DESC")
    logs.sort(key=lambda log: (value(log), log["id"]), reverse=order.descending)
    return page(logs, arguments, order)


def _spent_at(log: Record) -> float:
    return instant(log["spentAt"])


def _time_spent(log: Record) -> int:
    return int(log["timeSpent"])


def _filtered(asking: Asking, logs: list[Record], arguments: Mapping[str, Any]) -> list[Record]:
    username, project = arguments.get("username"), arguments.get("projectId")
    if username is not None:
        row = asking.world.users_by_name.get(username.lower())
        wanted = None if row is None else row.data["id"]
        logs = [log for log in logs if log["user_id"] == wanted]
    if project is not None:
        logs = [log for log in logs if log["project"]["id"] == project]
    if arguments.get("groupId") is not None:
        projects = asking.world.project_ids(arguments["groupId"])
        logs = [log for log in logs if log["project"]["id"] in projects]
    start, end = _times(arguments)
    if start is not None:
        logs = [log for log in logs if _spent_at(log) >= start.timestamp()]
    if end is not None:
        logs = [log for log in logs if _spent_at(log) <= end.timestamp()]
    return logs


def _times(arguments: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    """Return from when to when, both included; a date means the whole of that day."""
    start, end = arguments.get("startTime"), arguments.get("endTime")
    first, last = arguments.get("startDate"), arguments.get("endDate")
    if start is not None and first is not None:
        raise GraphQLError("Provide either a start date or time, but not both")
    if end is not None and last is not None:
        raise GraphQLError("Provide either an end date or time, but not both")
    if first is not None:
        start = first.replace(hour=0, minute=0, second=0, microsecond=0)
    if last is not None:
        whole_day = timedelta(days=1, microseconds=-1)
        end = last.replace(hour=0, minute=0, second=0, microsecond=0) + whole_day
    if start is not None and end is not None and end < start:
        raise GraphQLError("Start argument must be before End argument")
    return start, end


def _of_instance(_root: None, info: Info, **arguments: Any) -> Page:
    viewer = info.context.viewer
    own = viewer.user is not None and arguments.get("username") == viewer.user["username"]
    if not (viewer.admin or own or {"projectId", "groupId"} & arguments.keys()):
        raise GraphQLError(_NEEDS_A_PARENT)
    return _listed(info, lambda _log: True, arguments)


def _of_user(user: Record, info: Info, **arguments: Any) -> Page:
    return _listed(info, lambda log: log["user_id"] == user["id"], arguments)


def _of_project(project: Record, info: Info, **arguments: Any) -> Page:
    return _listed(info, lambda log: log["project"]["id"] == project["id"], arguments)


def _of_group(group: Record, info: Info, **arguments: Any) -> Page:
    projects = info.context.world.project_ids(group["id"])
    return _listed(info, lambda log: log["project"]["id"] in projects, arguments)


def _of_merge_request(record: Record, info: Info, **arguments: Any) -> Page:
    key = (record["project_id"], record["iid"])
    return _listed(info, lambda log: _item(log, "mergeRequest") == key, arguments)


def _item(log: Record, kind: str) -> Key | None:
    """Return the project and iid of a log's item; None if that is of another kind."""
    shown = log.get(kind)
    return None if shown is None else (log["project"]["id"], int(shown["iid"]))


def _issue(log: Record, info: Info) -> Record | None:
    key = _item(log, "issue")
    row = None if key is None else info.context.world.issues.by_key.get(key)
    return None if row is None else row.data


def _merge_request(log: Record, info: Info) -> Record | None:
    key = _item(log, "mergeRequest")
    row = None if key is None else info.context.world.merge_requests.by_key.get(key)
    return None if row is None else row.data


def _same(name: str) -> Resolver:
    return lambda log, _info: log.get(name)


RESOLVERS: dict[str, Resolver] = {
    "Query.timelogs": _of_instance,
    "User.timelogs": _of_user,
    "Project.timelogs": _of_project,
    "Group.timelogs": _of_group,
    "MergeRequest.timelogs": _of_merge_request,
    "TimelogConnection.totalSpentTime": lambda found, _info: sum(map(_time_spent, found.rows)),
    "Timelog.id": lambda log, _info: f"gid://gitlab/Timelog/{log['id']}",
    "Timelog.timeSpent": _same("timeSpent"),
    "Timelog.spentAt": _same("spentAt"),
    "Timelog.user": lambda log, info: info.context.world.users_by_id[log["user_id"]].data,
    "Timelog.issue": _issue,
    "Timelog.mergeRequest": _merge_request,
}
"""Resolvers by type and field; `User` stands for all kinds of people."""
