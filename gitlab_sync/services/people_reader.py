"""Reading people: their projects, groups, merge requests, issues, time, and commits.

People are read side by side, a workflow for each part. Commits are read by project, each project's
once for all people of the request, and then divided among them. A request for nothing but commits
reads no more than these need.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Literal, TypeAlias, TypeVar, cast

from gitlab_sync.api import groups, projects, timelogs, users
from gitlab_sync.api.commits import DividedCommits, Divider, ProjectCommits
from gitlab_sync.api.commits import of_project as commits_of_project
from gitlab_sync.api.facts.rest import FactsRead
from gitlab_sync.api.period import local_zone
from gitlab_sync.api.projects import UserProjects
from gitlab_sync.api.scope import Kind
from gitlab_sync.api.user_items import Owner, UserItems
from gitlab_sync.api.user_items import of_user as items_of_user
from gitlab_sync.errors import BadResponse
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.scores.time_logs import (
    aggregate_daily_time,
    daily_time_from_stats,
    undated,
)
from gitlab_sync.rules.text import plural
from gitlab_sync.run import Run
from gitlab_sync.services.people_data import (
    DailyTime,
    PeopleData,
    PeopleRequest,
    PersonData,
    ReadHook,
)
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.result import Result
from gitlab_sync.session.session import Client, Session
from gitlab_sync.session.workflow import Workflow, as_result, gather, run_workflows
from gitlab_sync.types import Record, RecordList

A = TypeVar("A")
B = TypeVar("B")


def read_people(
    client: Client, request: PeopleRequest, run: Run | None = None, hook: ReadHook | None = None
) -> PeopleData:
    """Read everything about the people of a request. What fails ends nothing else. Thread-safe.

    `hook` is called in the calling thread.
    """
    return _read(client, request, run or Run(), hook, whole=True)


def read_commits(client: Client, request: PeopleRequest, run: Run | None = None) -> PeopleData:
    """Read the commits of the people of a request, and of the people only what these need.

    Of their parts that is `projects`, and none where the request names projects. What fails ends
    nothing else. Thread-safe.
    """
    return _read(client, request, run or Run(), None, whole=False)


def divided_commits(
    session: Session,
    request: PeopleRequest,
    run: Run,
    people: Sequence[PersonData],
    projects: Sequence[Record],
) -> DividedCommits:
    """Read the commits of projects, and divide them among people: only the user of each is needed.

    `session` has a context. The places of projects are those in `projects`.
    """
    commits = _CommitsToRead(request, people)
    tracker = run.tracker or ProgressTracker()
    tracker.attach(session)
    tracker.begin(len(projects), "projects' commits")
    workflows = ((None, each) for each in commits.workflows(projects))
    for _, read in run_workflows(session, workflows):
        commits.divider.add(read)
        tracker.step()
    return commits.divided(projects)


def _read(
    client: Client, request: PeopleRequest, run: Run, hook: ReadHook | None, *, whole: bool
) -> PeopleData:
    with run.context(client) as session:
        tracker = run.tracker or ProgressTracker()
        tracker.attach(session)
        scheduler = _Scheduler(request, run, tracker, hook, whole=whole)
        for kind, take in run_workflows(session, scheduler):
            scheduler.ended(kind, take)
        return scheduler.read


_Kind: TypeAlias = Literal["find", "projects", "commits", "hook", "parts"]
_ORDER: tuple[_Kind, ...] = ("find", "projects", "commits", "hook", "parts")
"""Which workflow comes next: what takes most rounds first, and people begun before others."""

_BEFORE_ROWS: tuple[_Kind, ...] = ("find", "projects", "commits")

_AT_FIRST, _EARLY = 4, 1.5
"""People who are started early, and the seconds after which all others are started, too."""

_Take: TypeAlias = Callable[[], None]
"""Takes what a workflow has read, in the calling thread."""


class _Scheduler(Iterator[tuple[_Kind, Workflow[_Take]]]):
    """What is read next, given what was found: for `run_workflows`, which asks again and again.

    First it finds all people. Then it reads their projects, so that their commits, which take the
    most rounds, begin early; then all other parts, if the `whole` of people is wanted, and what the
    hook wants. `read` is there when all commits have been read. Not thread-safe.
    """

    read: PeopleData

    def __init__(
        self,
        request: PeopleRequest,
        run: Run,
        tracker: ProgressTracker,
        hook: ReadHook | None,
        *,
        whole: bool,
    ) -> None:
        self._asked = request
        self._run = run
        self._tracker = tracker
        self._whole = whole
        self._hook = hook
        self._people = [PersonData(query) for query in request.queries]
        self._awaited: Counter[_Kind] = Counter()
        self._begun = self._items = self._evaluated = self._projects = 0
        self._counted: _Kind = "parts"
        self._early_until = time.monotonic() + _EARLY
        self._next: dict[_Kind, deque[Workflow[_Take]]] = {kind: deque() for kind in _ORDER}
        self._commits = _CommitsToRead(request, ())
        tracker.begin(len(self._people), "people")
        for person in self._people:
            self._want("find", _find(person), self._found)
        if not self._people:
            self._settle()

    def __next__(self) -> tuple[_Kind, Workflow[_Take]]:
        for kind, queue in self._next.items():
            if queue and not (kind == "parts" and self._is_early):
                self._begun += kind == "parts"
                return kind, queue.popleft()
        raise StopIteration

    @property
    def _is_early(self) -> bool:
        """Whether more people would only hold up the first row.

        That waits for commits, which take one round after another.
        """
        waits = self._hook is not None and self._awaited["commits"] > 0
        return waits and self._begun >= _AT_FIRST and time.monotonic() < self._early_until

    def _want(self, kind: _Kind, workflow: Workflow[A], take: Callable[[A], None]) -> None:
        self._awaited[kind] += 1
        self._next[kind].append(_then(workflow, take))

    def ended(self, kind: _Kind, take: _Take) -> None:
        """Take what a workflow has read, and add what follows from it."""
        self._awaited[kind] -= 1
        take()
        if kind == self._counted and kind not in {"parts", "hook"}:
            self._tracker.step()
        self._settle()

    def _found(self, _: None) -> None:
        if self._awaited["find"]:
            return
        if self._asked.items_only:
            self._want_parts()
            return
        self._commits = _CommitsToRead(self._asked, self._people if self._asked.commits else ())
        self._want_commits(self._named)
        for person in self._people:
            if person.user is not None and (self._whole or not self._asked.projects):
                self._want("projects", _read_projects(person), self._projects_are_read)
        if not self._awaited["projects"]:
            self._want_parts()

    def _projects_are_read(self, person: PersonData) -> None:
        if not self._asked.projects:
            self._want_commits(person.own_projects)
        if not self._awaited["projects"]:
            self._want_parts()

    def _want_parts(self) -> None:
        for place, person in enumerate(self._people):
            workflow = _read_parts(person, self._asked) if self._whole else _nothing()
            self._want("parts", workflow, partial(self._person_is_read, place))

    @property
    def _named(self) -> list[Record]:
        known = self._asked.records
        return [known.get(each, {"id": each}) for each in self._asked.projects]

    def _want_commits(self, projects: Iterable[Record]) -> None:
        for workflow in self._commits.workflows(projects):
            self._want("commits", workflow, self._commits.divider.add)
            self._projects += 1
        if self._counted == "commits":
            self._count_commits()

    def _person_is_read(self, place: int, _: None) -> None:
        self._tracker.step()
        if self._run.on_progress is not None:
            self._run.on_progress(self._tracker.now())
        if self._hook is not None:
            for number, workflow in self._hook.workflows(place, self._people[place]):
                self._items += number
                self._want("hook", workflow, self._hook_has_read)
        if not self._awaited["parts"]:
            self._go_on_counting()

    def _hook_has_read(self, found: list[FactsRead]) -> None:
        if self._hook is not None:
            self._hook.take(found)
        self._evaluated += len(found)
        if self._counted == "hook":
            self._tracker.step(len(found))

    def _go_on_counting(self) -> None:
        """Count what is left when all people are read: items where there are any, else commits."""
        if self._items:
            self._counted = "hook"
            self._tracker.begin(self._items, "merge requests", self._evaluated)
        else:
            self._counted = "commits"
            self._count_commits()

    def _count_commits(self) -> None:
        done = self._projects - self._awaited["commits"]
        self._tracker.begin(self._projects, "projects' commits", done)

    def _settle(self) -> None:
        if hasattr(self, "read") or any(self._awaited[kind] for kind in _BEFORE_ROWS):
            return
        # They arrive in any order, and that must decide nothing: the order is that of the people.
        ordered = chain(self._named, *(person.own_projects for person in self._people))
        self.read = PeopleData(self._asked, self._people, self._commits.divided(ordered))
        if self._hook is not None:
            self._hook.settled(self.read)


def _then(workflow: Workflow[A], take: Callable[[A], None]) -> Workflow[_Take]:
    return partial(take, (yield from workflow))


def _both(first: Workflow[A], second: Workflow[B]) -> Workflow[tuple[A, B]]:
    workflows: dict[str, Workflow[A | B]] = {"first": first, "second": second}
    found = yield from gather(workflows)
    return cast("A", found["first"]), cast("B", found["second"])


def _nothing() -> Workflow[None]:
    yield {}


def _find(person: PersonData) -> Workflow[None]:
    found = yield from as_result(users.find(person.query.username))
    person.user, person.error = found.value, found.error


def _read_projects(person: PersonData) -> Workflow[PersonData]:
    person.projects = yield from as_result(_projects(person))
    return person


def _projects(person: PersonData) -> Workflow[UserProjects]:
    number = users.user_number((person.user or {}).get("id"))
    return (yield from projects.of_user(number, person.username))


def _read_parts(person: PersonData, request: PeopleRequest) -> Workflow[None]:
    """Read all of one person but projects and commits; nothing that fails ends anything else."""
    if person.user is None:
        return
    number = users.user_number(person.user.get("id"))
    owner = Owner(number, person.username, known=True)
    time_period = person.query.time_period or request.period
    items = _both(_items("merge_requests", owner, request), _items("issues", owner, request))
    if request.items_only:
        person.merge_requests, person.issues = yield from items
        return
    logs = as_result(timelogs.of_user(owner, time_period, request.zone))
    others = _both(logs, _groups(number, person, request))
    read = yield from _both(items, others)
    (person.merge_requests, person.issues), (person.time_logs, person.groups) = read
    person.daily_time = yield from _daily_time(person, request, time_period)


def _items(kind: Kind, owner: Owner, request: PeopleRequest) -> Workflow[Result[UserItems]]:
    return as_result(_items_shown(kind, owner, request))


def _items_shown(kind: Kind, owner: Owner, request: PeopleRequest) -> Workflow[UserItems]:
    only = request.projects or None
    found = yield from items_of_user(
        kind, owner, request.period, only, request.roles, request.moment
    )
    return (yield from request.timeline.of_person(kind, owner.username, found))


def _groups(
    number: int, person: PersonData, request: PeopleRequest
) -> Workflow[Result[RecordList]]:
    if not request.groups:
        return Result()
    known = None if person.projects.value is None else person.own_projects
    return (yield from as_result(groups.of_user(number, known)))


def _daily_time(
    person: PersonData, request: PeopleRequest, period: Period
) -> Workflow[Result[DailyTime]]:
    """Return the seconds of each day: of logs, and of `time_stats` where a day has no log."""
    mrs, issues = person.items("merge_requests"), person.items("issues")
    if person.time_logs.error is not None and mrs is None and issues is None:
        return Result()
    return (yield from as_result(_seconds(person, mrs, issues, request, period)))


def _seconds(
    person: PersonData,
    mrs: UserItems | None,
    issues: UserItems | None,
    request: PeopleRequest,
    period: Period,
) -> Workflow[DailyTime]:
    issue_records, mr_records = authored_of(mrs, issues)
    completed = yield from timelogs.with_time_stats(issue_records, mr_records, period)
    return seconds_by_day(person.time_logs.value, *completed, request, period)


def authored_of(mrs: UserItems | None, issues: UserItems | None) -> tuple[RecordList, RecordList]:
    """Return the issues and the merge requests with time that is the person's.

    Raises BadResponse where the day of one of them is not known.
    """
    found = tuple(RecordList(() if items is None else items.authored) for items in (issues, mrs))
    lost = undated(*found)
    if lost:
        raise BadResponse(f"the day of the time spent on {plural(len(lost), 'item')} is not known")
    return found[0], found[1]


def seconds_by_day(
    logs: RecordList | None,
    issues: Sequence[Record],
    mrs: Sequence[Record],
    request: PeopleRequest,
    period: Period,
) -> DailyTime:
    """Return the seconds of each day: of the logs, and of items where a day has no log.

    The records have `time_stats`. Raises BadResponse if the project of a log is not readable.
    """
    logs = logs or RecordList()
    if request.projects:
        logs = timelogs.in_projects(logs, timelogs.names_of(request.projects))
    days = aggregate_daily_time(logs)
    return daily_time_from_stats(issues, mrs, period, request.zone or local_zone(), days)


class _CommitsToRead:
    """The commits of all projects of a request: each project's read once, for all its people."""

    def __init__(self, request: PeopleRequest, people: Sequence[PersonData]) -> None:
        self._identities = [
            request.known_by.identity({**person.user, **person.query.further})
            for person in people
            if person.user is not None
        ]
        self._known_by = request.known_by
        self._places: dict[str, int] = {}
        self.divider = Divider(
            self._identities,
            request.period,
            request.clock,
            request.bots,
            self._known_by.mailmap,
            request.slots,
            request.keeps_apart,
            self._known_by.co_authors,
        )

    def workflows(self, projects: Iterable[Record]) -> Iterator[Workflow[ProjectCommits]]:
        """Yield a workflow for each project that there was none for: it reads its commits.

        `projects` are GitLab's records, or bare ids.
        """
        for project in projects if self._identities else ():
            if str(project["id"]) not in self._places:
                place = self._places[str(project["id"])] = len(self._places)
                yield commits_of_project(
                    project,
                    self._identities,
                    place,
                    self._known_by.mailmap,
                    with_co_authors=self._known_by.co_authors,
                )

    def divided(self, ordered: Iterable[Record]) -> DividedCommits:
        """Return all commits that were taken, divided among the people, in the order of projects.

        Each project of which commits were read is among those that are `ordered`.
        """
        found = self.divider.divided
        names = dict.fromkeys(str(project["id"]) for project in ordered)
        places = {self._places[name]: place for place, name in enumerate(names)
                  if name in self._places}  # fmt: skip
        found.projects = [replace(each, place=places[each.place]) for each in found.projects]
        found.projects.sort(key=lambda each: each.place)
        return found
