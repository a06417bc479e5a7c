"""Merge requests or issues that people wrote or that are assigned to them, with no limit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import TypeAlias

from gitlab_sync.api import windows
from gitlab_sync.api.graphql.lists import Lists
from gitlab_sync.api.period import Moment, listed_within
from gitlab_sync.api.projects import endpoint, extract_path_from_url
from gitlab_sync.api.scope import EVERYWHERE, ROLES, Kind, Role, Scope
from gitlab_sync.api.timeline import TODAY, Timeline
from gitlab_sync.api.users import by_id, by_username, user_number
from gitlab_sync.errors import ConfigurationError, GitLabSyncError, NotFound
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.identity.usernames import bare_username, username_key
from gitlab_sync.rules.items.roles import UserItem
from gitlab_sync.rules.shape import ID, STATE, TIME, WITH_ID, Shape
from gitlab_sync.rules.text import instant
from gitlab_sync.session.fetch import ListResult
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Client
from gitlab_sync.session.workflow import Workflow, gather, run_workflow
from gitlab_sync.types import Params, Record, RecordList

Projects: TypeAlias = Iterable[int | str] | int | str | None
"""Ids, paths or URLs of projects, or one of them; None and an empty list are no filter."""

_ALWAYS = Period()


@dataclass(frozen=True, slots=True)
class Owner:
    """The person who has the items: lists are filtered by `user_id`, else by `username`. Immutable.

    `known` says that the person is known to exist, so that empty lists need no look-up.
    """

    user_id: int | None = None
    username: str = ""
    known: bool = False

    @classmethod
    def of(cls, user_id: object, username: str | None) -> Owner:
        """Return the person with this id, this name, or both; ConfigurationError for neither."""
        name = bare_username(username)
        if user_id is None or user_id == "":
            if not name:
                raise ConfigurationError("A user must have an id or a name, got neither")
            return cls(None, name)
        return cls(user_number(user_id), name)

    def filter(self, role: Role) -> Params:
        """Return the filter of a list for the person in a role; GitLab accepts id or name."""
        if self.user_id is None:
            return {f"{role}_username": self.username}
        return {f"{role}_id": self.user_id}

    def look_up(self) -> RestList:
        """Return the list with the person's record."""
        if self.user_id is None:
            return by_username(self.username)
        return by_id(self.user_id)

    def is_named(self, person: object) -> bool:
        """Return whether a user's record is that of the person."""
        if self.user_id is not None:
            return record.number_id(person) == self.user_id
        return username_key(record.text(person, "username")) == username_key(self.username)


@dataclass(frozen=True, slots=True)
class UserItems:
    """A person's items, each once, newest first. Immutable.

    `username` is as GitLab spells it. If there are `errors`, items can be missing. `exists` says
    whether the person exists (None: that could not be read either). `doubts` say what of the items
    themselves is not readable, although every count needs it.
    """

    username: str
    items: tuple[UserItem, ...]
    errors: tuple[GitLabSyncError, ...] = ()
    exists: bool | None = True
    doubts: tuple[GitLabSyncError, ...] = ()

    @property
    def problems(self) -> tuple[GitLabSyncError, ...]:
        """Why counts of the items can be wrong."""
        return (*self.errors, *self.doubts)

    @property
    def records(self) -> list[Record]:
        """The records of all items, as GitLab sent them."""
        return [item.record for item in self.items]

    @property
    def authored(self) -> list[Record]:
        """The records of the items that the person wrote, as GitLab sent them."""
        return [item.record for item in self.items if item.authored]

    def rows(self, row: Callable[[UserItem, str], Record]) -> RecordList:
        """Return a row for each item, from it and the username.

        They are not complete if counts of them can be wrong.
        """
        rows = RecordList(row(item, self.username) for item in self.items)
        rows.complete = not self.problems
        rows.total = len(rows) if rows.complete else None
        return rows

    def numbers(self, states: Mapping[str, str]) -> dict[str, int]:
        """Return counts of the items, by title.

        `total` counts what the person wrote, each title of `states` those in its state, and
        `assigned` what is assigned to the person.
        """
        written = [record.state(each) for each in self.authored]
        return {
            "total": len(written),
            **{title: written.count(state) for title, state in states.items()},
            "assigned": sum(item.assigned for item in self.items),
        }

    def whole_or_raise(self, rows: Iterable[Record]) -> None:
        """Raise the first error, if there is one, with these rows as `.partial`."""
        if self.errors:
            error = self.errors[0]
            error.partial = RecordList(rows)
            error.partial.complete = False
            raise error


def read_rows(
    client: Client,
    workflow: Workflow[UserItems],
    user_rows: Callable[[UserItems], tuple[RecordList, dict[str, int]]],
) -> tuple[RecordList, dict[str, int]]:
    """Run a workflow of `of_user`, and return the rows and counts of its result.

    Raises its first error, with the rows as `.partial`.
    """
    found = run_workflow(client, workflow)
    rows, numbers = user_rows(found)
    found.whole_or_raise(rows)
    return rows, numbers


def divide(
    authored: Iterable[Record],
    assigned: Iterable[Record],
    period: Period = _ALWAYS,
    project_ids: Collection[int] | None = None,
) -> tuple[UserItem, ...]:
    """Return the items of both lists, each once by its id, with its roles; newest first.

    Only items that were created in the period and belong to these projects (None: any) count. Where
    an id is not readable, the number in the project tells items apart.
    """
    found: dict[object, UserItem] = {}
    for is_authored, items in ((True, authored), (False, assigned)):
        for each in items:
            if project_ids is not None and record.number_id(each, "project_id") not in project_ids:
                continue
            if not period.contains(record.field(each, "created_at")):
                continue
            key = _key(each)
            before = found.get(key)
            found[key] = UserItem(
                each if before is None else before.record,
                is_authored or (before is not None and before.authored),
                not is_authored or (before is not None and before.assigned),
            )
    return tuple(sorted(found.values(), key=_age, reverse=True))


def _key(item: Record) -> object:
    number = record.number_id(item)
    if number is not None:
        return number
    place = tuple(record.number_id(item, key) for key in ("project_id", "iid"))
    return object() if None in place else place


def _age(item: UserItem) -> datetime:
    return instant(record.field(item.record, "created_at")) or datetime.min.replace(tzinfo=UTC)


def of_user(
    kind: Kind,
    owner: Owner,
    period: Period = _ALWAYS,
    projects: Projects = None,
    roles: Sequence[Role] = ROLES,
    moment: Moment = "created",
    scope: Scope = EVERYWHERE,
) -> Workflow[UserItems]:
    """Return the workflow that reads a person's items; errors are in its result.

    With `created`, the items are exactly those of the period. With `active`, they are all that
    anything happened to in it, and some more: the caller decides which time counts. The lists are
    those of `scope`; `projects` keeps only the items in these projects. Projects given as paths are
    looked up, in parallel with the lists; ids are used as they are. An item proves that its author
    or assignee exists, and shows the spelling of the name. If the lists are empty, or no name is
    given, the person is looked up: NotFound is among the errors if there is no such person.
    """
    wanted = _projects(projects)
    within = listed_within(period, moment)
    workflows: dict[str, Workflow[ListResult[str]]] = {
        role: windows.reading(scope.rest_list(kind, {**owner.filter(role), **within}))
        for role in roles
    }
    if owner.user_id is not None and not owner.username:
        workflows["user"] = _one(owner.look_up())
    for each in wanted or ():
        if isinstance(each, str):
            workflows[f"project {each}"] = _one(
                RestList(endpoint(each), single=True, shape=WITH_ID)
            )
    found = yield from gather(workflows)
    rows = {role: found[role].reading.rows if role in found else () for role in ROLES}
    exists = True if owner.known or any(rows.values()) else None
    if exists is None and "user" not in found and not any(found[role].error for role in roles):
        found["user"] = yield from _one(owner.look_up())
    errors = [each.error for each in found.values() if each.error is not None]
    people: list[Record] = []
    if "user" in found and found["user"].error is None:
        people = [each for each in found["user"].reading.rows if owner.is_named(each)]
        exists = bool(people)
        if not people:
            errors.append(NotFound(f"404 There is no user {owner.username!r}", status=404))
    inside = None if wanted is None else _ids(wanted, found)
    username = _spelled(owner, people, [*rows["author"], *rows["assignee"]])
    return of_lists(
        kind, username, rows["author"], rows["assignee"], errors, exists, period, moment, inside
    )


def of_lists(
    kind: Kind,
    username: str,
    authored: Sequence[Record],
    assigned: Sequence[Record],
    errors: Sequence[GitLabSyncError] = (),
    exists: bool | None = True,
    period: Period = _ALWAYS,
    moment: Moment = "created",
    inside: Collection[int] | None = None,
) -> UserItems:
    """Return the items of both lists of a person, as `of_user` does for what it has read.

    `inside` are the ids of the projects that count (None: any), `errors` those of the lists.
    """
    counted = period if moment == "created" else _ALWAYS
    items = divide(authored, assigned, counted, inside)
    deciding = {"created_at": TIME} if counted != _ALWAYS else {}
    deciding |= {"project_id": ID} if inside is not None else {}
    lost = Shape(_NOUNS[kind], deciding).malformed([*authored, *assigned])
    errors = errors if lost is None else [*errors, lost]
    return UserItems(username, items, tuple(errors), exists, _doubts(kind, items))


_NOUNS: dict[Kind, str] = {"merge_requests": "merge request", "issues": "issue"}
_COUNTED = {"id": ID, "state": STATE, "created_at": TIME}


def _doubts(kind: Kind, items: Iterable[UserItem]) -> tuple[GitLabSyncError, ...]:
    found = Shape(_NOUNS[kind], _COUNTED).malformed(item.record for item in items)
    return () if found is None else (found,)


def of_users(
    kind: Kind,
    usernames: Sequence[str],
    scope: Scope = EVERYWHERE,
    lists: Lists | None = None,
    timeline: Timeline = TODAY,
) -> Workflow[dict[str, UserItems]]:
    """Return the workflow that reads the items of several people, by the given names.

    It reads each person's items in the role and the period of `scope`, as `of_user` does, and as
    the `timeline` shows them. `lists` reads the merge requests of that scope over GraphQL for many
    people at once; the rest is read over REST.
    """
    role = scope.role
    listed = {} if lists is None else (yield from lists.read(usernames))
    unread = {
        name: of_user(kind, Owner(None, name), scope.period, None, (role,), scope.moment, scope)
        for name in usernames
        if name not in listed
    }
    found = yield from gather(unread)
    for name, each in listed.items():
        authored, assigned = (each.items, ()) if role == "author" else ((), each.items)
        found[name] = UserItems(each.username, divide(authored, assigned))
    seen = {name: timeline.of_person(kind, name, person) for name, person in found.items()}
    shown = yield from gather(seen)
    return {name: within(kind, scope, person) for name, person in shown.items()}


def within(kind: Kind, scope: Scope, person: UserItems) -> UserItems:
    """Keep a person's items in the period; an end that cannot be read makes their number unsure."""
    if scope.period == _ALWAYS:
        return person
    items = tuple(item for item in person.items if scope.contains(item.record))
    ended = [each for each in person.records if record.state(each) == scope.dated]
    lost = Shape(_NOUNS[kind], {f"{scope.dated}_at": TIME}).malformed(ended)
    doubts = (*_doubts(kind, items), *([] if lost is None else [lost]))
    return replace(person, items=items, doubts=doubts)


def _one(rest_list: RestList) -> Workflow[ListResult[str]]:
    return (yield {"one": rest_list})["one"]


def _projects(given: Projects) -> list[int | str] | None:
    """Return ids as numbers and everything else as paths; None for no filter."""
    if given is None:
        return None
    each = [given] if isinstance(given, int | str) else list(given)
    texts = [extract_path_from_url(one).strip() for one in each]
    return [int(text) if text.isascii() and text.isdigit() else text for text in texts] or None


def _ids(wanted: Iterable[int | str], found: Mapping[str, ListResult[str]]) -> set[int]:
    ids = {each for each in wanted if isinstance(each, int)}
    for each in wanted:
        rows = found[f"project {each}"].reading.rows if isinstance(each, str) else ()
        ids |= {row["id"] for row in rows}
    return ids


def _spelled(owner: Owner, people: Iterable[Record], items: Iterable[Record]) -> str:
    for person in chain(people, chain.from_iterable(map(_people_of, items))):
        if owner.is_named(person):
            return record.text(person, "username") or owner.username
    return owner.username


def _people_of(item: Record) -> Iterator[object]:
    yield record.field(item, "author")
    yield record.field(item, "assignee")
    assignees = record.field(item, "assignees")
    yield from assignees if isinstance(assignees, list) else ()
