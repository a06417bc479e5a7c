"""People as a batch reads them: what is asked about them, and what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Protocol

from gitlab_sync.api import users
from gitlab_sync.api.commits import DividedCommits, PersonCommits
from gitlab_sync.api.period import Moment
from gitlab_sync.api.user_items import ROLES, UserItems
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy
from gitlab_sync.session.result import Result
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.types import Record

DailyTime = Mapping[str, int | float]
"""Seconds by day (`YYYY-MM-DD`)."""

NOT_ALL_GROUPS = "there may be further groups, since the token may not ask for all of them"

_ALWAYS = Period()


@dataclass(frozen=True, slots=True)
class PersonQuery:
    """What is asked about one person alone: the period of their time logs (None: the batch's).

    `further` are addresses and usernames of theirs, as `rules.identity.identity` takes them.
    """

    username: str
    time_period: Period | None = None
    further: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PeopleRequest:
    """What is asked about people together. Immutable.

    `projects` are ids or paths (empty: all of each person's); `records` has GitLab's records of
    those that are known already, which saves a request each. Days are days in `zone` (None: the
    machine's); times of day are those of `clock` (None: each commit's own). `known_by` says by what
    else people are known in git.

    `moment` says which merge requests and issues are read, as in `api.user_items.of_user`, and
    `roles` in which roles. Without `groups` the groups are not asked for: that part has no value.
    """

    queries: Sequence[PersonQuery]
    period: Period = _ALWAYS
    projects: Sequence[int | str] = ()
    records: Mapping[int | str, Record] = field(default_factory=dict)
    known_by: KnownBy = NOBODY_ELSE
    zone: tzinfo | None = None
    clock: tzinfo | None = None
    moment: Moment = "created"
    roles: Sequence[str] = ROLES
    groups: bool = True

    @classmethod
    def about(cls, usernames: Iterable[str], **asked: Any) -> PeopleRequest:
        """Return the batch of these people, each once; `asked` are the other fields."""
        return cls([PersonQuery(name) for name in users.distinct_usernames(usernames)], **asked)


@dataclass(slots=True)
class PersonData:
    """What was read of one person, but for commits; `user` is None where there is nobody."""

    query: PersonQuery
    user: Record | None = None
    error: GitLabSyncError | None = None
    parts: dict[str, Result[Any]] = field(default_factory=dict)

    @property
    def username(self) -> str:
        """The username, as GitLab spells it where there is somebody."""
        return record.text(self.user, "username") or self.query.username

    def items(self, kind: str) -> UserItems | None:
        """Return the `merge requests` or `issues`, unless nothing of them could be read."""
        if self.user is None:
            return None
        found: UserItems | None = self.parts[kind].value
        return None if found is None or (found.errors and not found.items) else found

    @property
    def own_projects(self) -> list[Record]:
        """All projects of the person, as far as they could be read."""
        outcome = self.parts.get("projects")
        found: dict[str, list[Record]] | None = None if outcome is None else outcome.value
        return [] if found is None else found["all"]

    @property
    def groups_cut_short(self) -> bool:
        """Whether the person may be in further groups, which the token may not ask for."""
        outcome = self.parts.get("groups")
        return outcome is not None and outcome.value is not None and not outcome.value.complete

    @property
    def daily_time(self) -> DailyTime | None:
        """Time spent by day, of logs, and of `time_stats` where a day has no log; or None."""
        return None if self.user is None else self.parts["time"].value


@dataclass(slots=True)
class PeopleData:
    """Everything that was read for a batch, people in its order."""

    batch: PeopleRequest
    people: list[PersonData]
    commits: DividedCommits

    def commits_of(self, person: PersonData) -> PersonCommits | None:
        """Return a person's commits; None where nobody knows in which projects to look."""
        where = self.projects_of(person)
        return None if where is None else self.commits.of(person.username, where)

    def projects_of(self, person: PersonData) -> Collection[object] | None:
        """Return the ids of the projects whose commits count for a person; None: nobody knows."""
        if person.user is None:
            return None
        if self.batch.projects:
            return {each.project.get("id") for each in self.commits.projects}
        if person.parts["projects"].error is not None:
            return None
        return {project["id"] for project in person.own_projects}


class ReadHook(Protocol):
    """What else is read of each person, side by side with everything; see `read_people`."""

    def workflows(
        self, place: int, person: PersonData
    ) -> Iterable[tuple[int, Workflow[list[Any]]]]:
        """Return what to read of a person, of whom all but the commits has been read.

        With each plan goes the number of items that it is made for. Its result may have fewer or
        more: in the end, all plans together have brought all.
        """

    def take(self, place: int, found: list[Any]) -> None:
        """Take what one of these plans has read."""

    def settled(self, read: PeopleData) -> None:
        """Take note that all commits have been read and are divided; called once.

        Of some people other parts may still be under way: of those for whom `workflows` was
        not called.
        """
