"""Groups: those of a person, and the members of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitlab_sync.api import projects
from gitlab_sync.api.users import user_number
from gitlab_sync.errors import ConfigurationError, NotFound, PermissionDenied
from gitlab_sync.http.urls import encode_id
from gitlab_sync.rules import record
from gitlab_sync.rules.shape import ID, NAME, PATH, TEXT, Shape
from gitlab_sync.rules.unique import unique_records
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import PER_PAGE, Client, session_of
from gitlab_sync.session.workflow import Workflow, read_all, run_workflow, whole, whole_unless
from gitlab_sync.types import Record, RecordList

_GUEST = 10
_SHOWN = ("name", "full_path", "visibility")
_MEMBER = ("id", "username", "name", "email", "avatar_url", "web_url")

SHAPE = Shape("group", {"full_path": PATH})
_MEMBERSHIP = Shape("membership", {"source_id": ID})
_PERSON = Shape("member", {"id": ID, "username": NAME})
_NAMED = Shape("member", {**_PERSON.fields, "name": TEXT})


def path_at(client: Client, group: int | str) -> str:
    """Return the id or path that a group's id, path or URL names at the client's instance.

    Raises ConfigurationError for a blank one.
    """
    path = projects.path_at(client, group).removeprefix("groups/")
    if not path:
        raise ConfigurationError("The group is empty", hint="Give its id or path.")
    return path


def projects_of(group: str) -> RestList:
    """Return the list of a group's projects (id or path) and those of its subgroups, by id.

    It has archived ones, and none that are shared with the group.
    """
    return RestList(
        f"groups/{encode_id(group)}/projects",
        {"include_subgroups": True, "with_shared": False, "order_by": "id", "sort": "asc"},
        shape=projects.SHAPE,
    )


def of_caller() -> RestList:
    """Return the list of the groups that the token's owner is a member of.

    Without `min_access_level` the list has every group that the owner can see.
    """
    return RestList("groups", {"min_access_level": _GUEST}, once=True, shape=SHAPE)


def members_at(where: str, *, named: bool = False) -> RestList:
    """Return the list of all members, inherited ones too, of an endpoint's project or group.

    With `named`, each of them must have a name.
    """
    return RestList(f"{where}/members/all", shape=_NAMED if named else _PERSON)


def get_user_groups(client: Client, user_id: int | str) -> RecordList:
    """Return the groups of this user as `{"name", "full_path", "visibility"}`.

    `of_user` says which groups the list has, and when it is not `complete`. Raises NotFound if
    there is no such user.
    """
    found = run_workflow(client, of_user(user_id))
    groups = RecordList(map(shown, found))
    groups.complete, groups.total = found.complete, found.total
    return groups


def shown(group: Record) -> Record:
    """Return the fields of a group for callers: `{"name", "full_path", "visibility"}`."""
    return {key: group.get(key) for key in _SHOWN}


def of_user(
    user_id: int | str, own_projects: Sequence[Record] | None = None
) -> Workflow[RecordList]:
    """Return the workflow that finds the groups of a user, as GitLab sends them, sorted by path.

    An administrator's token reads the person's memberships. With any other token, each candidate is
    asked whether the person is a member: the groups of the person's projects, and those of the
    token's owner. The person can be in further groups, so that list is not `complete`.
    `own_projects` are the person's, if they have been read (None: they are read, too).
    """
    user = user_number(user_id)
    memberships = RestList(f"users/{user}/memberships", {"type": "Namespace"}, shape=_MEMBERSHIP)
    found = yield {"all": memberships}
    # An older server has no such route and answers 404, as for a user that does not exist; what is
    # asked next distinguishes them.
    if isinstance(found["all"].error, PermissionDenied | NotFound):
        theirs = yield from _among_candidates(user, own_projects)
    else:
        theirs = yield from _records(str(row["source_id"]) for row in whole(found["all"]))
    groups = RecordList(sorted(theirs, key=lambda group: group["full_path"].lower()))
    groups.complete = found["all"].error is None
    groups.total = len(groups) if groups.complete else None
    return groups


def _among_candidates(user: int, known: Sequence[Record] | None) -> Workflow[list[Record]]:
    rest_lists = projects.rest_lists(user) if known is None else {}
    found = yield {**rest_lists, "groups": of_caller()}
    callers = {group["full_path"].lower(): group for group in whole(found["groups"])}
    candidates = dict.fromkeys(callers)
    for project in (*(known or ()), *(row for kind in rest_lists for row in whole(found[kind]))):
        candidates |= dict.fromkeys(_groups_above(project))
    answers = yield {
        path: RestList(f"groups/{encode_id(path)}/members/all/{user}", single=True)
        for path in candidates
    }
    # 404: not a member. 403: unknown, and the list already says that it is not complete.
    theirs = [
        path
        for path, answer in answers.items()
        if whole_unless(answer, (NotFound, PermissionDenied))
    ]
    others = yield from _records(path for path in theirs if path not in callers)
    return [*others, *(callers[path] for path in theirs if path in callers)]


def _records(groups: Iterable[str]) -> Workflow[list[Record]]:
    """Return the workflow that reads groups by id or path; groups that are gone are left out."""
    params = {"with_projects": False}
    found = yield {
        group: RestList(f"groups/{encode_id(group)}", params, single=True, shape=SHAPE)
        for group in groups
    }
    return [group for each in found.values() for group in whole_unless(each, NotFound)]


def _groups_above(project: Record) -> list[str]:
    """Return the paths of the groups above a project, in lower case; none for a person's own."""
    namespace = record.field(project, "namespace")
    if record.text(namespace, "kind") != "group":
        return []
    parts = (record.text(namespace, "full_path") or "").lower().split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1) if parts[depth - 1]]


def get_group_members(
    client: Client, group_path: int | str, limit: int | None = None
) -> RecordList:
    """Return the members of a group, including inherited ones, each once.

    Rows are `{"id", "username", "name", "email", "avatar_url", "web_url"}`; `email` is None if the
    token cannot see it. With a `limit`, at most so many are read, and the list is `complete` only
    if there are no more. Raises NotFound if there is no such group, and ConfigurationError for an
    empty group or a limit below 1.
    """
    group = encode_id(group_path)
    if not group or (limit is not None and limit < 1):
        raise ConfigurationError(
            f"The group must not be empty and the limit at least 1, got {group_path!r} and {limit}"
        )
    rest_list = members_at(f"groups/{group}")
    if limit is None:
        rows = read_all(client, rest_list)
    else:
        per_page = min(limit, PER_PAGE)
        rows = session_of(client).get_all(rest_list.endpoint, None, per_page, -(-limit // per_page))
        rest_list.rows(rows)
    people = unique_records(rows)  # older servers list some people twice
    members = RecordList(map(member, people[:limit]))
    members.complete = rows.complete and len(members) == len(people)
    members.total, members.pages = rows.total, rows.pages
    return members


def member(person: Record) -> Record:
    """Return the fields of a member for callers; see `get_group_members`."""
    shown = {key: person.get(key) for key in _MEMBER}
    shown["email"] = person.get("email") or person.get("public_email")
    return shown
