"""Reading people: their projects, groups, merge requests, issues, time, and commits.

People are read side by side, a plan for each. Commits are read by project, each project's once for
all people of the batch, and then divided among them. Who wants nothing but commits asks for no
more than these need.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from gitlab_sync.api import groups, projects, timelogs, users
from gitlab_sync.api.commits import (
    DividedCommits,
    PersonCommits,
    ProjectCommits,
    attribute_all,
    read_project_commits,
)
from gitlab_sync.api.period import LOCAL, Moment
from gitlab_sync.api.scope import Kind
from gitlab_sync.api.user_items import ROLES, Owner, UserItems
from gitlab_sync.api.user_items import of_user as items_of_user
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.meter import Meter
from gitlab_sync.outcomes import Outcome
from gitlab_sync.plans import Plan, attempted, run_plans, together
from gitlab_sync.rest import Rest
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.identity import Identity
from gitlab_sync.rules.known_by import NOBODY_ELSE, KnownBy
from gitlab_sync.rules.timelogs import aggregate_daily_time, daily_time_from_stats
from gitlab_sync.run import Run
from gitlab_sync.types import Record

DailyTime = Mapping[str, int | float]
"""Seconds by day (`YYYY-MM-DD`)."""

NOT_ALL_GROUPS = "there may be further groups, since the token may not ask for all of them"

_ALWAYS = Period()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one person alone: the period of their time logs (None: the batch's).

    `further` are addresses and usernames of theirs, as `rules.identity` takes them.
    """

    username: str
    time_period: Period | None = None
    further: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """What is asked about people together. Immutable.

    `projects` are ids or paths (empty: all of each person's); `records` has GitLab's records of
    those that are known already, which saves a request each. Days are days in `zone` (None: the
    machine's); times of day are those of `clock` (None: each commit's own). `known_by` says by what
    else people are known in git.

    `moment` says which merge requests and issues are read, as in `api.user_items.of_user`, and
    `roles` in which roles. Without `groups` the groups are not asked for: that part has no value.
    """

    questions: Sequence[Question]
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
    def about(cls, usernames: Iterable[str], **asked: Any) -> Batch:
        """Return the batch of these people, each once; `asked` are the other fields."""
        return cls([Question(name) for name in users.distinct_usernames(usernames)], **asked)


@dataclass(slots=True)
class Read:
    """What was read of one person, but for commits; `user` is None where there is nobody."""

    question: Question
    user: Record | None = None
    error: GitLabSyncError | None = None
    parts: dict[str, Outcome[Any]] = field(default_factory=dict)

    @property
    def username(self) -> str:
        """The username, as GitLab spells it where there is somebody."""
        return record.text(self.user, "username") or self.question.username

    def items(self, kind: str) -> UserItems | None:
        """Return the `merge requests` or `issues`, unless nothing of them could be read."""
        if self.user is None:
            return None
        found: UserItems | None = self.parts[kind].value
        return None if found is None or (found.errors and not found.items) else found

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
class PeopleRead:
    """Everything that was read for a batch, people in its order."""

    batch: Batch
    people: list[Read]
    commits: DividedCommits

    def commits_of(self, person: Read) -> PersonCommits | None:
        """Return a person's commits; None where nobody knows in which projects to look."""
        where = self.projects_of(person)
        return None if where is None else self.commits.of(person.username, where)

    def projects_of(self, person: Read) -> Collection[object] | None:
        """Return the ids of the projects whose commits count for a person; None: nobody knows."""
        if person.user is None:
            return None
        if self.batch.projects:
            return {each.project.get("id") for each in self.commits.projects}
        if person.parts["projects"].error is not None:
            return None
        return {project["id"] for project in _own_projects(person)}


def read_people(client: Rest, batch: Batch, run: Run | None = None) -> PeopleRead:
    """Read everything about the people of a batch. What fails ends nothing else. Thread-safe."""
    return _read_batch(client, batch, run or Run(), _everything)


def read_commits(client: Rest, batch: Batch, run: Run | None = None) -> PeopleRead:
    """Read the commits of the people of a batch, and of the people only what these need.

    Of their parts that is `projects`, and none where the batch names projects. What fails ends
    nothing else. Thread-safe.
    """
    return _read_batch(client, batch, run or Run(), _whereabouts)


def _read_batch(
    client: Rest, batch: Batch, run: Run, read_one: Callable[[Question, Batch], Plan[Read]]
) -> PeopleRead:
    with client.job(max_wait=run.max_wait, cancel=run.cancel, executor=run.executor) as job:
        meter = run.meter or Meter()
        meter.attach(job)
        meter.begin(len(batch.questions), "people")
        plans = (
            (number, read_one(question, batch)) for number, question in enumerate(batch.questions)
        )
        read: dict[int, Read] = {}
        for number, person in run_plans(job, plans):
            read[number] = person
            meter.step()
            if run.on_progress is not None:
                run.on_progress(meter.now())
        people = [read[number] for number in range(len(batch.questions))]
        return PeopleRead(batch, people, _commits(job, batch, people, meter))


def _found(question: Question) -> Plan[Read]:
    """Find who is asked about."""
    found = yield from attempted(users.find(question.username))
    return Read(question, found.value, found.error)


def _whereabouts(question: Question, batch: Batch) -> Plan[Read]:
    """Find one person, and unless the batch names projects, those of theirs."""
    read = yield from _found(question)
    if read.user is not None and not batch.projects:
        number = users.user_number(read.user.get("id"))
        read.parts["projects"] = yield from attempted(projects.of_user(number, read.username))
    return read


def _everything(question: Question, batch: Batch) -> Plan[Read]:
    """Read all of one person but the commits; nothing that fails ends anything else."""
    read = yield from _found(question)
    if read.user is None:
        return read
    number = users.user_number(read.user.get("id"))
    owner = Owner(number, read.username, known=True)
    time_period = batch.period if question.time_period is None else question.time_period
    parts: dict[str, Plan[Outcome[Any]]] = {
        "projects": attempted(projects.of_user(number, owner.username)),
        "merge requests": attempted(_items("merge_requests", owner, batch)),
        "issues": attempted(_items("issues", owner, batch)),
        "time logs": attempted(timelogs.of_user(owner, time_period, batch.zone)),
    }
    if batch.groups:
        parts["groups"] = attempted(groups.of_user(number))
    read.parts = {"groups": Outcome(), **(yield from together(parts))}
    read.parts["time"] = yield from attempted(_time(read, batch, time_period))
    return read


def _items(kind: Kind, owner: Owner, batch: Batch) -> Plan[UserItems]:
    only = batch.projects or None
    return items_of_user(kind, owner, batch.period, only, batch.roles, batch.moment)


def _time(read: Read, batch: Batch, period: Period) -> Plan[DailyTime | None]:
    """Return the seconds of each day: of logs, and of `time_stats` where a day has no log."""
    logs = read.parts["time logs"]
    mrs, issued = read.items("merge requests"), read.items("issues")
    if logs.error is not None and mrs is None and issued is None:
        return None
    issue_records, mr_records = ([] if items is None else items.authored for items in (issued, mrs))
    completed = yield from timelogs.with_time_stats(issue_records, mr_records, period)
    days = aggregate_daily_time(_booked_in(batch.projects, logs.value or ()))
    return daily_time_from_stats(*completed, period, batch.zone or LOCAL, days)


def _booked_in(names: Iterable[int | str], logs: Iterable[Record]) -> list[Record]:
    """Return the time logs of these projects, given by id or path; without any, all."""
    wanted = {projects.extract_path_from_url(name).strip().lower() for name in names}

    return [
        log
        for log in logs
        if not wanted or wanted & {str(log["project_id"]), str(log["project_path"]).lower()}
    ]


def _commits(job: Rest, batch: Batch, people: Sequence[Read], meter: Meter) -> DividedCommits:
    """Read each project's commits once, and divide them among all people of the batch."""
    identities = [_identity(person, batch.known_by) for person in people if person.user is not None]
    wanted: dict[str, Record] = {
        str(each): batch.records.get(each, {"id": each}) for each in batch.projects
    }
    for person in () if wanted else people:
        for project in _own_projects(person):
            wanted.setdefault(str(project["id"]), project)
    if not identities or not wanted:
        return DividedCommits(zone=batch.clock)
    meter.begin(len(wanted), "projects' commits")
    mailmap = batch.known_by.mailmap

    def counted() -> Iterable[ProjectCommits]:
        for each in read_project_commits(job, wanted.values(), identities, mailmap):
            yield each
            meter.step()

    return attribute_all(counted(), identities, batch.period, zone=batch.clock, mailmap=mailmap)


def _own_projects(person: Read) -> list[Record]:
    if person.user is None:
        return []
    found: dict[str, list[Record]] | None = person.parts["projects"].value
    return [] if found is None else found["all"]


def _identity(person: Read, known_by: KnownBy) -> Identity:
    return known_by.identity({**(person.user or {}), **person.question.further})
