"""What a person wrote and what is assigned to them: merge requests or issues, whole histories."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from gitlab_sync.api import windows
from gitlab_sync.api.period import Moment, active_within, created_within
from gitlab_sync.api.projects import endpoint, extract_path_from_url
from gitlab_sync.api.scope import Kind
from gitlab_sync.api.users import by_username, user_number
from gitlab_sync.errors import ConfigurationError, GitLabSyncError, NotFound
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.text import instant
from gitlab_sync.session.fetch import ListResult
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Client
from gitlab_sync.session.workflow import Workflow, gather, run_workflow
from gitlab_sync.types import Params, Record, RecordList

Projects: TypeAlias = Iterable[int | str] | int | str | None
"""Ids, paths or URLs of projects, or one of them; None and an empty list are no filter."""

ROLES = ("author", "assignee")
"""In which roles a person has items: what was authored, and what was assigned."""

_ALWAYS = Period()


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose items: `user_id`, or else `username`, is what lists are filtered by. Immutable.

    `known` says that somebody has found the person already, so that empty lists prove nothing new.
    ConfigurationError if neither is given.
    """

    user_id: int | None = None
    username: str = ""
    known: bool = False

    @classmethod
    def of(cls, user_id: object, username: str | None) -> Owner:
        """Return whose items callers mean who give an id, a name, or both."""
        name = (username or "").strip().removeprefix("@")
        if user_id is None or user_id == "":
            if not name:
                raise ConfigurationError("Neither an id nor a name of a user is given")
            return cls(None, name)
        return cls(user_number(user_id), name)

    def rest_list(self, kind: Kind, role: str, within: Params) -> RestList:
        """Return the list of the person's items in a role, by the filters of `within`.

        GitLab refuses an id and a name together. Without `scope=all` the list shows the items of
        the token's owner only, and without `non_archived=false` it may lack archived projects.
        """
        by = (
            {f"{role}_username": self.username}
            if self.user_id is None
            else {f"{role}_id": self.user_id}
        )
        everything = {"scope": "all", "state": "all", "non_archived": "false"}
        return RestList(kind, {**by, **everything, **within})

    def look_up(self) -> RestList:
        """Return the list that holds the person's record."""
        if self.user_id is None:
            return by_username(self.username)
        return RestList(f"users/{self.user_id}", single=True)

    def is_named(self, person: object) -> bool:
        """Say whether a record of a user is the person's."""
        if self.user_id is not None:
            return record.identity(person) == self.user_id
        return (record.text(person, "username") or "").lower() == self.username.lower()


@dataclass(frozen=True, slots=True)
class Item:
    """One item, and in which roles it is the person's."""

    record: Record
    authored: bool
    assigned: bool


@dataclass(frozen=True, slots=True)
class UserItems:
    """A person's items, each once, the newest first. Not to be changed.

    `username` is as GitLab spells it. With any `errors`, items may be missing.
    """

    username: str
    items: tuple[Item, ...]
    errors: tuple[GitLabSyncError, ...] = ()

    @property
    def authored(self) -> list[Record]:
        """The records of what the person wrote, as GitLab sent them."""
        return [item.record for item in self.items if item.authored]

    def rows(self, row: Callable[[Item, str], Record]) -> RecordList:
        """Return a row for each item, made of it and the username; incomplete with any `errors`."""
        rows = RecordList(row(item, self.username) for item in self.items)
        rows.complete = not self.errors
        rows.total = len(rows) if rows.complete else None
        return rows

    def numbers(self, states: Mapping[str, str]) -> dict[str, int]:
        """Return how many items there are, by title.

        `total` counts what the person wrote, the titles of `states` what of that is in their state,
        and `assigned` what is assigned to the person.
        """
        written = [record.state(each) for each in self.authored]
        return {
            "total": len(written),
            **{title: written.count(state) for title, state in states.items()},
            "assigned": sum(item.assigned for item in self.items),
        }

    def whole_or_raise(self, rows: Iterable[Record]) -> None:
        """Raise the first error, if there is one, with the rows of what was read."""
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
    """Carry out the plan of `of_user`, and return the rows and the numbers of what it found.

    Raises the first error that it met, with the rows of what was read as `.partial`. Thread-safe.
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
) -> tuple[Item, ...]:
    """Return the items of both lists, each once by its id, with its roles; the newest first.

    Only what was created in the period, and lies in one of the projects (None: in any), counts.
    """
    found: dict[object, Item] = {}
    for is_authored, items in ((True, authored), (False, assigned)):
        for each in items:
            if project_ids is not None and record.field(each, "project_id") not in project_ids:
                continue
            if not period.contains(record.field(each, "created_at")):
                continue
            key = record.identity(each) or object()
            before = found.get(key)
            found[key] = Item(
                each if before is None else before.record,
                is_authored or (before is not None and before.authored),
                not is_authored or (before is not None and before.assigned),
            )
    return tuple(sorted(found.values(), key=_age, reverse=True))


def _age(item: Item) -> datetime:
    return instant(record.field(item.record, "created_at")) or datetime.min.replace(tzinfo=UTC)


def of_user(
    kind: Kind,
    owner: Owner,
    period: Period = _ALWAYS,
    projects: Projects = None,
    roles: Sequence[str] = ROLES,
    moment: Moment = "created",
) -> Workflow[UserItems]:
    """Return the plan that reads a person's items; it never raises for what could not be read.

    `created` gives exactly the items of the period. `active` gives all to which anything happened
    in it, and some more: whoever asks knows which moment counts.
    Projects given as paths are looked up first, side by side with the lists; an id is taken as it
    is. A person whose name is not known, or whose lists are empty, is looked up, too: NotFound
    stands in the errors if there is nobody.
    """
    wanted = _projects(projects)
    within = created_within(period) if moment == "created" else active_within(period)
    workflows = {role: windows.reading(owner.rest_list(kind, role, within)) for role in roles}
    if owner.user_id is not None and not owner.username:
        workflows["user"] = _one(owner.look_up())
    for each in wanted or ():
        if isinstance(each, str):
            workflows[f"project {each}"] = _one(RestList(endpoint(each), single=True))
    found = yield from gather(workflows)
    rows = {role: found[role].reading.rows if role in found else () for role in ROLES}
    if "user" not in found and not owner.known and not any(rows.values()):
        found["user"] = yield from _one(owner.look_up())
    errors = [each.error for each in found.values() if each.error is not None]
    people: list[Record] = []
    if "user" in found and found["user"].error is None:
        people = [each for each in found["user"].reading.rows if owner.is_named(each)]
        if not people:
            errors.append(NotFound(f"404 There is no user {owner.username!r}", status=404))
    inside = None if wanted is None else _ids(wanted, found)
    counted = period if moment == "created" else _ALWAYS
    items = divide(rows["author"], rows["assignee"], counted, inside)
    return UserItems(_spelled(owner, people, rows["author"]), items, tuple(errors))


def _one(rest_list: RestList) -> Workflow[ListResult[str]]:
    return (yield {"one": rest_list})["one"]


def _projects(given: Projects) -> list[int | str] | None:
    """Return ids as numbers and all else as paths; None for no filter."""
    if given is None:
        return None
    each = [given] if isinstance(given, int | str) else list(given)
    texts = [extract_path_from_url(one).strip() for one in each]
    return [int(text) if text.isascii() and text.isdigit() else text for text in texts] or None


def _ids(wanted: Iterable[int | str], found: Mapping[str, ListResult[str]]) -> set[int]:
    ids = {each for each in wanted if isinstance(each, int)}
    for each in wanted:
        rows = found[f"project {each}"].reading.rows if isinstance(each, str) else ()
        ids |= {row["id"] for row in rows if isinstance(row.get("id"), int)}
    return ids


def _spelled(owner: Owner, people: Iterable[Record], authored: Iterable[Record]) -> str:
    """Return the username as GitLab spells it, from the person's record or from what they wrote."""
    authors = (record.field(each, "author") for each in authored)
    for person in (*people, *authors):
        if owner.is_named(person):
            return record.text(person, "username") or owner.username
    return owner.username
