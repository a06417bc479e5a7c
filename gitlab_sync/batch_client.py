"""`BatchClient` and `GitLabUsersAPI`: the older batch client's names and shapes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cached_property

from gitlab_sync.api import groups, projects, users
from gitlab_sync.api.commits import DividedCommits, attribute_all, read_project_commits
from gitlab_sync.api.scope import EVERYWHERE, Kind
from gitlab_sync.api.user_items import Owner
from gitlab_sync.client import GitLabClient
from gitlab_sync.errors import GitLabSyncError, NotFound, PermissionDenied
from gitlab_sync.http.credentials import Credential
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.identity import Identity, identity_of
from gitlab_sync.rules.unique import unique_records
from gitlab_sync.session.context import DEFAULT_TIMEOUT
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.session.session import Client, page_params, session_of
from gitlab_sync.session.workflow import Workflow, read_all, read_one, run_workflow, whole
from gitlab_sync.types import Params, Record, RecordList

log = logging.getLogger("gitlab_sync")

_NORMAL = ("id", "username", "name", "web_url", "avatar_url", "public_email", "email", "created_at")
_ADDRESSES = ("email", "public_email", "commit_email")
_NOT_OURS = (NotFound, PermissionDenied)


class BatchClient(GitLabClient):
    """A `GitLabClient` that always sends its token as `PRIVATE-TOKEN`, with people at `.users`.

    Thread-safe; no I/O and no thread before the first call. Raises ConfigurationError for an
    invalid URL or token.
    """

    def __init__(
        self,
        base_url: str,
        private_token: str | Credential | None,
        *,
        bridge: Bridge | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        tenant: str | None = None,
    ) -> None:
        super().__init__(base_url, private_token, bridge=bridge, timeout=timeout, tenant=tenant)

    @property
    def private_token(self) -> str:
        """The token as given."""
        return self.session.credential.token

    @cached_property
    def users(self) -> GitLabUsersAPI:
        """The people of the instance, through this client."""
        return GitLabUsersAPI(self)

    def _get_paginated(
        self,
        endpoint: str,
        params: Params | None = None,
        per_page: int = 100,
        max_pages: int | None = 20,
        all: bool = False,  # noqa: A002 - the contract's name
    ) -> RecordList:
        """Return what `get_all` does, but [] for a 404, and at most 20 pages by default."""
        return super()._get_paginated(endpoint, params, per_page, max_pages, all)


class GitLabUsersAPI:
    """Reads everything about a person through one client. Thread-safe.

    Ids are numbers or strings of digits; anything else is a ConfigurationError. What could not be
    read raises an error of `gitlab_sync.errors`, unless a method says otherwise. Lists are read to
    their end.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def get_by_username(self, username: str) -> Record:
        """Return the normalised user with this name in any case; ValueError if there is none."""
        user = users.get_user_by_username(self._client, username)
        if user is None:
            raise ValueError(f"404 there is no user {username!r}")
        return _normalised(user)

    def get_by_userid(self, user_id: int | str) -> Record | None:
        """Return the normalised user with this id, or None if there is none."""
        try:
            return _normalised(self._record(user_id))
        except NotFound:
            return None

    def _record(self, user_id: int | str) -> Record:
        return read_one(self._client, f"users/{users.user_number(user_id)}")

    def get_user_projects(self, user_id: int | str) -> list[Record]:
        """Return a person's own projects and those contributed to in the last year, each once."""
        return run_workflow(self._client, _projects(users.user_number(user_id)))

    def get_user_groups(self, user_id: int | str) -> RecordList:
        """Return the groups of this user, as GitLab sends them.

        The list is `complete` only with an administrator's token: no other token can read all of a
        person's memberships (see `api.groups.of_user`).
        """
        return run_workflow(self._client, groups.of_user(user_id))

    def get_user_issues(self, user_id: int | str) -> RecordList:
        """Return all issues that the person wrote."""
        return self._items(user_id, "issues")

    def get_user_merge_requests(self, user_id: int | str) -> RecordList:
        """Return all merge requests that the person wrote."""
        return self._items(user_id, "merge_requests")

    def _items(self, user_id: int | str, kind: Kind) -> RecordList:
        rows = read_all(self._client, _authored(user_id, kind))
        if not rows:
            self._record(user_id)  # GitLab returns an empty list for an unknown person too
        return rows

    def get_user_project_count(self, user_id: int | str) -> int | str:
        """Return how many projects `get_user_projects` finds, or "Error: …"."""
        return _number(lambda: len(self.get_user_projects(user_id)))

    def get_user_group_count(self, user_id: int | str) -> int | str:
        """Return the number of groups of the person, or "Error: …" if not all can be read."""

        def count() -> int | str:
            found = self.get_user_groups(user_id)
            if found.complete:
                return len(found)
            return f"Error: at least {len(found)}; only an administrator's token can read all"

        return _number(count)

    def get_user_issue_count(self, user_id: int | str) -> int | str:
        """Return how many issues the person wrote, or "Error: …"."""
        return _number(lambda: self._count(user_id, "issues"))

    def get_user_mr_count(self, user_id: int | str) -> int | str:
        """Return how many merge requests the person wrote, or "Error: …"."""
        return _number(lambda: self._count(user_id, "merge_requests"))

    def _count(self, user_id: int | str, kind: Kind) -> int:
        """Return the server's own total; above 10,000, where it gives none, count the rows."""
        client, rest_list = self._client, _authored(user_id, kind)
        with session_of(client).call() as session:
            params = page_params(rest_list.params, per_page=1)
            reply = session.send(session.page_request(rest_list.endpoint, params, None))
        rest_list.rows(reply.data)  # an error's body is no list
        return reply.total or len(self._items(user_id, kind))

    def get_user_commits(self, user_info: Record | int | str | None) -> RecordList:
        """Return a person's commits in all their projects: own, contributed to, pushed to.

        `user_info` is a user's record or id; {} and None give []. The record can also hold
        `override_email`, `override_username`, `global_email` and `global_username`. Rows are
        GitLab's commits of all branches with `project_name`, `project_id` and `project_scope`
        (`Personal` or `Contributed`), each once; `rules.identity.attribution` decides who wrote a
        commit. The list is not `complete`, and a warning is logged, if the token cannot read a
        project's commits, or its members when a name has to decide.
        """
        if not user_info:
            return RecordList()
        client = self._client
        with session_of(client).call() as session:
            person, theirs = run_workflow(session, _who_and_where(user_info))
            divided = attribute_all(read_project_commits(session, theirs, [person]), [person])
        rows = _credited(divided, person)
        errors = [error for each in divided.projects for error in each.errors]
        failures = [error for error in errors if not isinstance(error, _NOT_OURS)]
        if failures:
            failures[0].partial = rows
            raise failures[0]
        return rows


def _normalised(user: Record) -> Record:
    found = {key: user.get(key) for key in _NORMAL}
    found["email"] = user.get("email") or user.get("public_email")
    return found


def _number(count: Callable[[], int | str]) -> int | str:
    try:
        return count()
    except GitLabSyncError as error:
        return f"Error: {error}"


def _authored(user_id: int | str, kind: Kind) -> RestList:
    """Return the list of what a person wrote, including in archived projects."""
    return EVERYWHERE.rest_list(kind, Owner(users.user_number(user_id)).filter("author"))


def _projects(user: int) -> Workflow[list[Record]]:
    wanted = projects.rest_lists(user)
    found = yield wanted
    return unique_records(row for kind in wanted for row in whole(found[kind]))


def _who_and_where(user_info: Record | int | str) -> Workflow[tuple[Identity, list[Record]]]:
    given = user_info if isinstance(user_info, Mapping) else {"id": user_info}
    if given.get("id") is None:
        user = yield from users.find(str(given.get("username") or ""))
        if user is None:
            raise NotFound(f"404 there is no user {given.get('username')!r}", status=404)
    else:
        user = yield from users.with_id(given["id"])
    # The record can hold addresses that this token cannot see.
    addresses = (record.text(given, key) or "" for key in _ADDRESSES)
    person = identity_of({**given, **user}, extra_emails=addresses)
    theirs = yield from projects.of_user(user["id"], person.username)
    for error in theirs.errors:
        raise error
    return person, theirs.all


def _credited(divided: DividedCommits, person: Identity) -> RecordList:
    rows = RecordList(
        {
            **commit,
            "project_name": each.project.get("name"),
            "project_id": each.project["id"],
            "project_scope": "Personal"
            if projects.is_personal(each.project, person.username)
            else "Contributed",
        }
        for each, commit in divided.credited(person.username)
    )
    reasons = [
        f"{each.project.get('path_with_namespace')}: {each.errors[0].reason}"
        for each in divided.projects
        if each.errors
    ]
    rows.complete = not reasons
    rows.total = None if reasons else len(rows)
    if reasons:
        log.warning("some commits of %s could be missing: %s", person.username, "; ".join(reasons))
    return rows
