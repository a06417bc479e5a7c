"""People as a run reads them: what is asked about them, and what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Protocol, TypeAlias

from gitlab_sync.api import users
from gitlab_sync.api.commits import DividedCommits, PersonCommits
from gitlab_sync.api.facts.rest import FactsRead
from gitlab_sync.api.period import Moment
from gitlab_sync.api.projects import UserProjects
from gitlab_sync.api.scope import ROLES, Kind, Role
from gitlab_sync.api.timeline import TODAY, Timeline
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.identity.bots import DEFAULT_BOTS
from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy
from gitlab_sync.rules.slots import USUAL_SLOTS, Slots
from gitlab_sync.session.result import Result
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.types import Record, RecordList

DailyTime: TypeAlias = Mapping[str, int | float]
"""Seconds by day (`YYYY-MM-DD`)."""

NOT_ALL_GROUPS = "group count may be incomplete: only administrators can list all"  # quoted
ITEMS_ONLY = "commits, projects, groups and time of then are not known: GitLab does not keep them"

_ALWAYS = Period()


@dataclass(frozen=True, slots=True)
class PersonQuery:
    """What is asked about one person alone: the period of their time logs (None: the request's).

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

    `bots` are usernames of bots that do not look like one, and `slots` the parts of the day of
    commits. `moment` says which merge requests and issues are read, as in
    `api.user_items.of_user`, and `roles` in which roles. Without `groups` the groups are not asked
    for: that part has no value; without `commits` no commits are read. With `keeps_apart`, commits
    that no person has are kept, too. Items are as the `timeline` shows them; with `items_only`
    nothing else is asked for.
    """

    queries: Sequence[PersonQuery]
    period: Period = _ALWAYS
    projects: Sequence[int | str] = ()
    records: Mapping[int | str, Record] = field(default_factory=dict)
    known_by: KnownBy = NOBODY_ELSE
    zone: tzinfo | None = None
    clock: tzinfo | None = None
    moment: Moment = "created"
    roles: Sequence[Role] = ROLES
    groups: bool = True
    commits: bool = True
    bots: Collection[str] = DEFAULT_BOTS
    slots: Slots = USUAL_SLOTS
    keeps_apart: bool = False
    timeline: Timeline = TODAY
    items_only: bool = False


def person_queries(usernames: Iterable[str]) -> list[PersonQuery]:
    """Return a query for each person, each once, that asks about nothing further."""
    return [PersonQuery(name) for name in users.distinct_usernames(usernames)]


@dataclass(slots=True)
class PersonData:
    """What was read of one person, part by part, but for commits.

    `user` is GitLab's record; None where there is no such person, or where `error` says why that
    could not be read. A part that was not asked for has neither value nor error. `daily_time` is
    the time spent by day: that of `time_logs`, and of the items' `time_stats` where a day has no
    log.
    """

    query: PersonQuery
    user: Record | None = None
    error: GitLabSyncError | None = None
    projects: Result[UserProjects] = field(default_factory=Result)
    groups: Result[RecordList] = field(default_factory=Result)
    merge_requests: Result[UserItems] = field(default_factory=Result)
    issues: Result[UserItems] = field(default_factory=Result)
    time_logs: Result[RecordList] = field(default_factory=Result)
    daily_time: Result[DailyTime] = field(default_factory=Result)

    @property
    def username(self) -> str:
        """The username, as GitLab spells it where there is such a person."""
        return record.text(self.user, "username") or self.query.username

    def items(self, kind: Kind) -> UserItems | None:
        """Return the merge requests or issues; None if nothing of them could be read."""
        found = (self.merge_requests if kind == "merge_requests" else self.issues).value
        return None if found is None or (found.errors and not found.items) else found

    @property
    def own_projects(self) -> list[Record]:
        """All projects of the person that could be read."""
        return [] if self.projects.value is None else self.projects.value.all

    @property
    def groups_cut_short(self) -> bool:
        """Whether the person could be in further groups, which the token cannot see."""
        return self.groups.value is not None and not self.groups.value.complete


@dataclass(slots=True)
class PeopleData:
    """Everything that was read for a request, people in its order."""

    request: PeopleRequest
    people: list[PersonData]
    commits: DividedCommits

    def commits_of(self, person: PersonData) -> PersonCommits | None:
        """Return a person's commits; None if their projects are unknown, or if not asked for."""
        if self.request.items_only:
            return None
        where = self.projects_of(person)
        if where is None:
            return None
        return self.commits.of(person.username, where, self.doubts_about_commits(person))

    def doubts_about_commits(self, person: PersonData) -> Sequence[GitLabSyncError]:
        """Return why commits of a person can be missing, apart from the errors of projects."""
        own = person.projects.value
        lost = () if self.request.projects or own is None else own.errors
        unnamed = None if person.user is None else users.NAMED.malformed([person.user])
        return lost if unnamed is None else (*lost, unnamed)

    def projects_of(self, person: PersonData) -> Collection[object] | None:
        """Return the ids of the projects with commits that count for a person; None: unknown."""
        if person.user is None:
            return None
        if self.request.projects:
            return {each.project.get("id") for each in self.commits.projects}
        if person.projects.error is not None:
            return None
        return {project["id"] for project in person.own_projects}


class ReadHook(Protocol):
    """What else is read of each person, side by side with everything; see `read_people`."""

    def workflows(
        self, place: int, person: PersonData
    ) -> Iterable[tuple[int, Workflow[list[FactsRead]]]]:
        """Return what to read about a person after everything but the commits was read.

        Each workflow comes with the number of items it is for. Its result can have fewer or more:
        in the end, all workflows together return all items.
        """

    def take(self, found: list[FactsRead]) -> None:
        """Take what one of these workflows has read."""

    def settled(self, read: PeopleData) -> None:
        """Note that all commits have been read and are divided. Called once.

        Other parts can still be under way, of people for which `workflows` was not called.
        """
