"""Reading people: their projects, groups, merge requests, issues, time, and commits.

People are read side by side, a plan for each part. Commits are read by project, each project's once
for all people of the batch, and then divided among them. Who wants nothing but commits asks for no
more than these need.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Literal, TypeAlias

from gitlab_sync.api import groups, projects, timelogs, users
from gitlab_sync.api.commits import DividedCommits, Divider, ProjectCommits
from gitlab_sync.api.commits import of_project as commits_of_project
from gitlab_sync.api.period import LOCAL
from gitlab_sync.api.scope import Kind
from gitlab_sync.api.user_items import Owner, UserItems
from gitlab_sync.api.user_items import of_user as items_of_user
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.identity.identity import Identity
from gitlab_sync.rules.identity.known_by import KnownBy
from gitlab_sync.rules.scores.time_logs import aggregate_daily_time, daily_time_from_stats
from gitlab_sync.run import Run
from gitlab_sync.services.people_data import (
    DailyTime,
    PeopleData,
    PeopleRequest,
    PersonData,
    PersonQuery,
    ReadHook,
)
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.result import Result
from gitlab_sync.session.session import Client
from gitlab_sync.session.workflow import Workflow, as_result, gather, run_workflows
from gitlab_sync.types import Record


def read_people(
    client: Client, batch: PeopleRequest, run: Run | None = None, hook: ReadHook | None = None
) -> PeopleData:
    """Read everything about the people of a batch. What fails ends nothing else. Thread-safe.

    `hook` is called in the calling thread.
    """
    return _read_batch(client, batch, run or Run(), hook, whole=True)


def read_commits(client: Client, batch: PeopleRequest, run: Run | None = None) -> PeopleData:
    """Read the commits of the people of a batch, and of the people only what these need.

    Of their parts that is `projects`, and none where the batch names projects. What fails ends
    nothing else. Thread-safe.
    """
    return _read_batch(client, batch, run or Run(), None, whole=False)


def _read_batch(
    client: Client, batch: PeopleRequest, run: Run, hook: ReadHook | None, *, whole: bool
) -> PeopleData:
    with run.context(client) as session:
        tracker = run.tracker or ProgressTracker()
        tracker.attach(session)
        agenda = _Scheduler(batch, run, tracker, hook, whole=whole)
        for (kind, place), found in run_workflows(session, agenda):
            agenda.take(kind, place, found)
        return agenda.read


Parts: TypeAlias = dict[str, Result[Any]]
_ORDER = ("find", "projects", "commits", "beside", "parts")
"""Which plan comes next: what takes the most rounds first, and a person in hand before others."""

_AT_FIRST, _EARLY = 4, 1.5
"""People whose parts are begun early on, and the seconds after which all others are, too."""

_Key: TypeAlias = tuple[Literal["find", "projects", "parts", "commits", "beside"], int]


class _Scheduler(Iterator[tuple[_Key, Workflow[Any]]]):
    """What is read next, given what was found: for `run_workflows`, which asks again and again.

    Everybody is found first. Then projects, so that their commits, which take the most rounds, are
    begun as soon as may be; then all other parts, if the `whole` of people is wanted, and what is
    to be read besides. `read` is there when all commits have been read. Not thread-safe.
    """

    read: PeopleData

    def __init__(
        self,
        batch: PeopleRequest,
        run: Run,
        tracker: ProgressTracker,
        hook: ReadHook | None,
        *,
        whole: bool,
    ) -> None:
        self._batch = batch
        self._run = run
        self._tracker = tracker
        self._whole = whole
        self._hook = hook
        self._people: dict[int, PersonData] = {}
        self._awaited: Counter[str] = Counter()
        self._items = self._judged = self._projects = 0
        self._counted = "parts"
        self._early_until = time.monotonic() + _EARLY
        self._next: dict[str, deque[tuple[_Key, Workflow[Any]]]] = {
            kind: deque() for kind in _ORDER
        }
        self._commits = _CommitsToRead(batch, ())
        tracker.begin(len(batch.queries), "people")
        for place, query in enumerate(batch.queries):
            self._want("find", place, _found(query))
        if not batch.queries:
            self._settle()

    def __next__(self) -> tuple[_Key, Workflow[Any]]:
        for kind, queue in self._next.items():
            if queue and not (kind == "parts" and self._is_early):
                return queue.popleft()
        raise StopIteration

    @property
    def _is_early(self) -> bool:
        """Whether more people would only hold up the first row.

        That waits for commits, which take one round after another.
        """
        begun = len(self._people) - len(self._next["parts"])
        waits = self._hook is not None and self._awaited["commits"] > 0
        return waits and begun >= _AT_FIRST and time.monotonic() < self._early_until

    def _want(self, kind: Any, place: int, workflow: Workflow[Any]) -> None:
        self._awaited[kind] += 1
        self._next[kind].append(((kind, place), workflow))

    def take(self, kind: str, place: int, found: Any) -> None:
        """Take what a plan has read, and put what follows from it on the agenda."""
        self._awaited[kind] -= 1
        if kind == "find":
            self._people[place] = found
            if not self._awaited["find"]:
                self._everybody_is_found()
        elif kind == "projects":
            self._people[place].parts["projects"] = found
            if not self._batch.projects:
                self._want_commits(self._people[place].own_projects)
            if not self._awaited["projects"]:
                self._want_parts()
        elif kind == "parts":
            self._people[place].parts |= found
            self._person_is_read(place)
        elif kind == "commits":
            self._commits.add(found)
        elif self._hook is not None:
            self._hook.take(place, found)
            self._judged += len(found)
        if kind != "parts" and kind == self._counted:
            self._tracker.step(len(found) if kind == "beside" else 1)
        self._settle()

    def _everybody_is_found(self) -> None:
        people = [self._people[place] for place in range(len(self._people))]
        self._commits = _CommitsToRead(self._batch, people)
        self._want_commits(self._named)
        for place, person in enumerate(people):
            if person.user is not None and (self._whole or not self._batch.projects):
                self._want("projects", place, as_result(_projects(person)))
        if not self._awaited["projects"]:
            self._want_parts()

    def _want_parts(self) -> None:
        for place, person in self._people.items():
            self._want("parts", place, _parts(person, self._batch) if self._whole else _nothing())

    @property
    def _named(self) -> list[Record]:
        """The projects that the batch names."""
        known = self._batch.records
        return [known.get(each, {"id": each}) for each in self._batch.projects]

    def _want_commits(self, projects: Iterable[Record]) -> None:
        for place, workflow in self._commits.workflows(projects):
            self._want("commits", place, workflow)
            self._projects += 1
        if self._counted == "commits":
            self._count_commits()

    def _person_is_read(self, place: int) -> None:
        self._tracker.step()
        if self._run.on_progress is not None:
            self._run.on_progress(self._tracker.now())
        if self._hook is not None:
            for number, workflow in self._hook.workflows(place, self._people[place]):
                self._items += number
                self._want("beside", place, workflow)
        if not self._awaited["parts"]:
            self._go_on_counting()

    def _go_on_counting(self) -> None:
        """Count what is left when all people are read: items where there are any, else commits."""
        if self._items:
            self._counted = "beside"
            self._tracker.begin(self._items, "merge requests", self._judged)
        else:
            self._counted = "commits"
            self._count_commits()

    def _count_commits(self) -> None:
        done = self._projects - self._awaited["commits"]
        self._tracker.begin(self._projects, "projects' commits", done)

    def _settle(self) -> None:
        kinds = ("find", "projects", "commits")
        if hasattr(self, "read") or any(self._awaited[kind] for kind in kinds):
            return
        people = [self._people[place] for place in range(len(self._people))]
        # Which came first is chance, and must decide nothing: the order is that of the people.
        ordered = chain(self._named, *(person.own_projects for person in people))
        self.read = PeopleData(self._batch, people, self._commits.divided(ordered))
        if self._hook is not None:
            self._hook.settled(self.read)


def _found(query: PersonQuery) -> Workflow[PersonData]:
    """Find who is asked about."""
    found = yield from as_result(users.find(query.username))
    return PersonData(query, found.value, found.error, {"groups": Result()})


def _projects(person: PersonData) -> Workflow[dict[str, list[Record]]]:
    number = users.user_number((person.user or {}).get("id"))
    return (yield from projects.of_user(number, person.username))


def _nothing() -> Workflow[Parts]:
    """Read nothing."""
    yield {}
    return {}


def _parts(person: PersonData, batch: PeopleRequest) -> Workflow[Parts]:
    """Read all of one person but projects and commits; nothing that fails ends anything else."""
    if person.user is None:
        return {}
    number = users.user_number(person.user.get("id"))
    owner = Owner(number, person.username, known=True)
    time_period = person.query.time_period or batch.period
    workflows: dict[str, Workflow[Result[Any]]] = {
        "merge requests": as_result(_items("merge_requests", owner, batch)),
        "issues": as_result(_items("issues", owner, batch)),
        "time logs": as_result(timelogs.of_user(owner, time_period, batch.zone)),
    }
    if batch.groups:
        known = person.own_projects if person.parts["projects"].error is None else None
        workflows["groups"] = as_result(groups.of_user(number, known))
    parts = yield from gather(workflows)
    person.parts |= parts
    time = yield from as_result(_time(person, batch, time_period))
    return {**parts, "time": time}


def _items(kind: Kind, owner: Owner, batch: PeopleRequest) -> Workflow[UserItems]:
    only = batch.projects or None
    return items_of_user(kind, owner, batch.period, only, batch.roles, batch.moment)


def _time(read: PersonData, batch: PeopleRequest, period: Period) -> Workflow[DailyTime | None]:
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


class _CommitsToRead:
    """The commits of all projects of a batch: each project's read once, for all its people.

    Not thread-safe.
    """

    def __init__(self, batch: PeopleRequest, people: Sequence[PersonData]) -> None:
        self._identities = [
            _identity(person, batch.known_by) for person in people if person.user is not None
        ]
        self._mailmap = batch.known_by.mailmap
        self._places: dict[str, int] = {}
        self._divider = Divider(
            self._identities, batch.period, zone=batch.clock, mailmap=self._mailmap
        )

    def workflows(
        self, projects: Iterable[Record]
    ) -> Iterator[tuple[int, Workflow[ProjectCommits]]]:
        """Yield the plan that reads each project's commits, unless there was one, and its place.

        `projects` are GitLab's records, or bare ids.
        """
        for project in projects if self._identities else ():
            if str(project["id"]) not in self._places:
                place = self._places[str(project["id"])] = len(self._places)
                yield place, commits_of_project(project, self._identities, place, self._mailmap)

    def add(self, read: ProjectCommits) -> None:
        """Take what a plan has read."""
        self._divider.add(read)

    def divided(self, ordered: Iterable[Record]) -> DividedCommits:
        """Return all commits that were taken, divided among the people, in the order of projects.

        Each project of which commits were read is among those that are `ordered`.
        """
        found = self._divider.divided
        names = dict.fromkeys(str(project["id"]) for project in ordered)
        places = {self._places[name]: place for place, name in enumerate(names)
                  if name in self._places}  # fmt: skip
        found.projects = [replace(each, place=places[each.place]) for each in found.projects]
        found.projects.sort(key=lambda each: each.place)
        return found


def _identity(person: PersonData, known_by: KnownBy) -> Identity:
    return known_by.identity({**(person.user or {}), **person.query.further})
