"""The ways in: the caller, people, projects and groups; and the fields of those three."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

from gitlab_sync.sandbox.graphql.asking import Asking, Info
from gitlab_sync.sandbox.graphql.connections import Page, Resolver, page
from gitlab_sync.sandbox.graphql.scalars import global_id
from gitlab_sync.sandbox.records import Record
from gitlab_sync.sandbox.world import namespace_group

UNAVAILABLE = (
    "The resource that you are attempting to access does not exist or you don't have permission "
    "to perform this action"
)


def _current_user(_root: None, info: Info) -> Record | None:
    user: Record | None = info.context.viewer.user
    return user


def _user(
    _root: None,
    info: Info,
    *,
    id: int | None = None,  # noqa: A002 - GitLab's name
    username: str | None = None,
) -> Record | None:
    asking: Asking = info.context
    if (id is None) == (username is None):
        raise GraphQLError("Provide either a single username or id")
    if asking.viewer.user is None:
        raise GraphQLError(UNAVAILABLE)
    world = asking.world
    row = world.users_by_name.get(username.lower()) if username else world.users_by_id.get(id)
    # GitLab finds a name in any case, and then hands its user out under their own spelling alone.
    if row is None or (username and row.data["username"] != username):
        return None
    return row.data


def _users(
    _root: None,
    info: Info,
    *,
    ids: list[int] | None = None,
    usernames: list[str] | None = None,
    search: str | None = None,
    **arguments: Any,
) -> Page:
    """Return people, newest first; names can be in any case, and unknown ones are left out."""
    asking: Asking = info.context
    if asking.viewer.user is None:
        raise GraphQLError(UNAVAILABLE)
    records = [row.data for row in asking.world.users]
    if usernames is not None:
        names = {name.lower() for name in usernames}
        records = [record for record in records if record["username"].lower() in names]
    if ids is not None:
        records = [record for record in records if record["id"] in ids]
    if search:
        part = search.lower()
        records = [
            record
            for record in records
            if part in record["username"].lower() or part in record["name"].lower()
        ]
    return page(records, arguments)


def _project(_root: None, info: Info, *, fullPath: str) -> Record | None:  # noqa: N803 - GitLab's name
    asking: Asking = info.context
    row = asking.world.projects_by_path.get(fullPath.lower())
    return row.data if row is not None and asking.viewer.sees_project(row.data) else None


def _group(_root: None, info: Info, *, fullPath: str) -> Record | None:  # noqa: N803 - GitLab's name
    row = info.context.world.groups_by_path.get(fullPath.lower())
    return None if row is None else _seen_group(info.context, row.data["id"])


def _seen_group(asking: Asking, group_id: int | None) -> Record | None:
    row = None if group_id is None else asking.world.groups_by_id.get(group_id)
    return row.data if row is not None and asking.viewer.sees_group(row.data) else None


RESOLVERS: dict[str, Resolver] = {
    "Query.currentUser": _current_user,
    "Query.user": _user,
    "Query.users": _users,
    "Query.project": _project,
    "Query.group": _group,
    "Query.queryComplexity": lambda _root, info: info.context,
    "QueryComplexity.score": lambda asking, _info: asking.score,
    "QueryComplexity.limit": lambda asking, _info: asking.limit,
    "User.id": lambda user, _info: global_id("User", user["id"]),
    "User.active": lambda user, _info: user.get("state") == "active",
    "User.bot": lambda user, _info: bool(user.get("bot")),
    "Project.id": lambda project, _info: global_id("Project", project["id"]),
    "Project.fullPath": lambda project, _info: project["path_with_namespace"],
    "Project.group": lambda project, info: _seen_group(info.context, namespace_group(project)),
    "Group.id": lambda group, _info: global_id("Group", group["id"]),
    "Group.parent": lambda group, info: _seen_group(info.context, group.get("parent_id")),
    "Issue.id": lambda issue, _info: global_id("Issue", issue["id"]),
    "Issue.iid": lambda issue, _info: str(issue["iid"]),
}
"""Resolvers by type and field; `User` stands for all kinds of people."""
