"""Reading people by the workers of a run: first parts of the people, then parts of their projects.

Commits are divided among all people of a run, whichever worker read the people. So they are a
second step, in which each project is read once, as in a run of one process.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import TypeAlias

from gitlab_sync.api.commits import DividedCommits, DividedProject
from gitlab_sync.api.facts.choose import facts_for
from gitlab_sync.api.facts.rest import FactsRead
from gitlab_sync.api.milestones import ActiveMilestones, Project
from gitlab_sync.api.scope import Kind
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.rules.items.as_of import item_key
from gitlab_sync.rules.items.facts import NOTHING
from gitlab_sync.rules.items.merge_request import completed
from gitlab_sync.rules.items.tally import Verdicts
from gitlab_sync.rules.policy import Policy
from gitlab_sync.rules.unique import unique
from gitlab_sync.run import Run
from gitlab_sync.services import people_reader
from gitlab_sync.services.people_data import PeopleData, PeopleRequest, PersonData, ReadHook
from gitlab_sync.session.session import Client, Session
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.types import Record
from gitlab_sync.workers.spread import partitions, spread

_Found: TypeAlias = tuple[Record, Verdicts, Sequence[GitLabSyncError]]


@dataclass(frozen=True, slots=True)
class EvaluatedItems:
    """The verdicts on items before waivers, and the errors met, by the item. It pickles."""

    found: dict[tuple[Kind, object], _Found] = field(default_factory=dict)

    def of(self, kind: Kind, item: Record) -> _Found:
        """Return an item as it was evaluated, its verdicts, and the errors met."""
        return self.found.get((kind, item_key(item)), (item, {}, ()))


@dataclass(frozen=True, slots=True)
class _PeoplePart:
    people: list[PersonData]
    evaluated: EvaluatedItems


def read_people(client: Client, request: PeopleRequest, run: Run | None = None) -> PeopleData:
    """Return what `people_reader.read_people` does, read by the workers of the run if it has any.

    What fails ends nothing else: the people and projects of a worker that was lost for good have
    that as their error. Thread-safe.
    """
    run = run or Run()
    if run.executor is None or request.items_only:
        return people_reader.read_people(client, request, run)
    with run.context(client) as session:
        return _read(session, request, run, None, quick=False)[0]


def read_and_evaluate(
    session: Session, request: PeopleRequest, run: Run, policy: Policy, *, quick: bool
) -> tuple[PeopleData, EvaluatedItems]:
    """Return what `read_people` does, and the verdicts on the items that people wrote."""
    return _read(session, request, run, policy, quick=quick)


def _read(
    session: Session, request: PeopleRequest, run: Run, policy: Policy | None, *, quick: bool
) -> tuple[PeopleData, EvaluatedItems]:
    assert run.executor is not None  # noqa: S101 - the callers look
    parts = [
        replace(request, queries=queries, commits=False)
        for queries in partitions(request.queries, run.executor)
    ]

    def lost(number: int, error: GitLabSyncError) -> _PeoplePart:
        people = [PersonData(query, error=error) for query in parts[number].queries]
        return _PeoplePart(people, EvaluatedItems())

    works = [(len(part.queries), partial(_people_part, part, policy, quick)) for part in parts]
    found: dict[str, PersonData] = {}
    evaluated = EvaluatedItems()
    for part in spread(session, run, works, "people", lost):
        found.update((person.query.username, person) for person in part.people)
        evaluated.found.update(part.evaluated.found)
    people = [found[query.username] for query in request.queries]
    return PeopleData(request, people, _commits(session, request, run, people)), evaluated


def _commits(
    session: Session, request: PeopleRequest, run: Run, people: Sequence[PersonData]
) -> DividedCommits:
    named = [request.records.get(each, {"id": each}) for each in request.projects]
    own = chain.from_iterable(person.own_projects for person in people)
    among = [*unique(named or own, lambda project: str(project["id"]))]
    known = [PersonData(each.query, each.user) for each in people if each.user is not None]
    divided = DividedCommits(zone=request.clock, slots=request.slots)
    if not known:
        return divided
    assert run.executor is not None  # noqa: S101 - the caller looks
    parts = partitions(among, run.executor)
    works = [(len(part), partial(_commits_part, request, known, part)) for part in parts]

    def lost(number: int, error: GitLabSyncError) -> list[DividedProject]:
        none: frozenset[object] = frozenset()
        return [
            DividedProject(place, project, {}, none, {}, none, none, None, (error,))
            for place, project in enumerate(parts[number])
        ]

    places = {id(project): place for place, project in enumerate(among)}
    read = spread(session, run, works, "projects' commits", lost)
    divided.projects += [
        replace(each, place=places[id(part[each.place])])
        for part, projects in zip(parts, read, strict=True)
        for each in projects
    ]
    divided.projects.sort(key=lambda each: each.place)
    return divided


def _people_part(
    request: PeopleRequest, policy: Policy | None, quick: bool, session: Session, run: Run
) -> _PeoplePart:
    """Read and evaluate some people: the work of one worker."""
    hook = None if policy is None else _Evaluator(session, run, policy, quick=quick)
    read = people_reader.read_people(session, request, run, hook)
    return _PeoplePart(read.people, EvaluatedItems() if hook is None else hook.evaluated())


def _commits_part(
    request: PeopleRequest,
    people: Sequence[PersonData],
    projects: Sequence[Record],
    session: Session,
    run: Run,
) -> list[DividedProject]:
    """Read the commits of some projects and divide them among people: the work of one worker."""
    return people_reader.divided_commits(session, request, run, people, projects).projects


class _Evaluator(ReadHook):
    """Evaluates what people wrote while they are read. For the thread that reads."""

    def __init__(self, session: Session, run: Run, policy: Policy, *, quick: bool) -> None:
        self._rules = policy.rules_of_merge_requests(quick=quick)
        self._issues = policy.issues
        self._quick = quick
        self._source = facts_for(session, run, self._rules)
        self._milestones = ActiveMilestones(session, run.source, policy.issues)
        self._due: list[Record] = []
        self._found: dict[tuple[Kind, object], _Found] = {}

    def workflows(
        self,
        place: int,  # noqa: ARG002 - the protocol's
        person: PersonData,
    ) -> Iterable[tuple[int, Workflow[list[FactsRead]]]]:
        """Yield the workflows for what no list holds, unless lists alone decide."""
        mrs, issues = person.items("merge_requests"), person.items("issues")
        due = [mr for mr in (mrs.authored if mrs else ()) if self._rules.is_due(mr)]
        ended = [each for each in (issues.authored if issues else ()) if self._issues.is_due(each)]
        self._due += ended
        unread = [each for each in self._milestones.projects_of(ended) if each.milestones is None]
        if unasked := self._milestones.unasked(unread):
            yield 0, self._read_milestones(unasked)
        if not self._quick:
            yield from self._source.workflows(due)
            return
        for mr in due:
            self._found["merge_requests", item_key(mr)] = mr, self._rules.rule(mr, NOTHING), ()

    def _read_milestones(self, projects: Sequence[Project]) -> Workflow[list[FactsRead]]:
        yield from self._milestones.read(projects)
        return []

    def take(self, found: list[FactsRead]) -> None:
        """Evaluate merge requests; their facts are let go."""
        for each in found:
            mr, verdicts = completed(each.mr, each.facts), each.verdicts(self._rules)
            self._found["merge_requests", item_key(mr)] = mr, verdicts, each.errors

    def settled(self, read: PeopleData) -> None:
        """Do nothing: no commits are read."""

    def evaluated(self) -> EvaluatedItems:
        """Return all verdicts, now that all milestones are read."""
        for issue in self._due:
            verdicts = self._issues.rule(issue, self._milestones.facts_of(issue))
            errors = self._milestones.errors_of(issue)
            self._found["issues", item_key(issue)] = issue, verdicts, errors
        return EvaluatedItems(self._found)
