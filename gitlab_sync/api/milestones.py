"""Reads whether projects have an active milestone: dozens with a GraphQL query, or one by one.

Whatever GraphQL does not return reliably is read over REST, which also says why it cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gitlab_sync.api.graphql.full_path import full_path
from gitlab_sync.api.graphql.health import Bulk, GraphQLHealth, Refusals, Server
from gitlab_sync.api.graphql.page_size import MOST_PROJECTS
from gitlab_sync.api.graphql.query import number_of
from gitlab_sync.api.projects import endpoint
from gitlab_sync.errors import (
    Cancelled,
    GitLabSyncError,
    GraphQLError,
    QueryTooComplex,
    RateLimited,
)
from gitlab_sync.http.wire import Reply
from gitlab_sync.rules import record
from gitlab_sync.rules.items.facts import NOTHING, Facts
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.session.fetch import ListResult
from gitlab_sync.session.pagination import NextPages, RestList
from gitlab_sync.session.request import Request
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.types import PartialList, Record, Source

_FEWEST = 2
"""A single project is not worth a query."""

_NO_PROJECT = PartialList((), "the record lacks its project")


@dataclass(slots=True, eq=False)
class Project:
    """A project of issues, by id and full path, and what was read of it. `errors`: why not all.

    `milestones` has an active one if there is any; None: not read yet. `is_asked` says that reading
    them has begun, and `awaited` names them among the records that a row waits for.
    """

    number: int
    path: str
    is_asked: bool = False
    awaited: Record = field(default_factory=dict)
    milestones: PartialList | None = None
    errors: list[GitLabSyncError] = field(default_factory=list)


class ActiveMilestones:
    """The active milestones of the projects of issues, as far as `rules` ask for them.

    Each project is read once; none if they are not known for a `reason`. For one run and one
    thread.
    """

    def __init__(
        self, session: Session, choice: Source, rules: RuleSet, reason: str | None = None
    ) -> None:
        self._rules = rules
        self._fixed = NOTHING if reason is None else Facts(milestones=PartialList((), reason))
        needs = any("milestones" in check.needs for check in rules.checks)
        self._needs = needs and reason is None
        self._base_url = session.base_url
        self._projects: dict[int, Project] = {}
        self._refusals = session.bridge.of_instance(session.base_url, _Refusals)
        self._server = session.bridge.of_instance(session.base_url, Server)
        self._health = GraphQLHealth(self._server, "milestones", named=choice == "graphql")
        self._fewest = 1 if choice == "graphql" else _FEWEST
        self._is_rest = choice == "rest"

    def projects_of(self, issues: Iterable[Record]) -> list[Project]:
        """Return the projects that have to be known to evaluate these issues, each once."""
        found: dict[int, Project] = {}
        for issue in issues if self._needs else ():
            number = record.number_id(issue, "project_id")
            if number is not None and "milestones" in self._rules.undecided(issue):
                path = full_path(issue, self._base_url)
                found[number] = self._projects.setdefault(number, Project(number, path))
        return list(found.values())

    def unasked(self, projects: Iterable[Project]) -> list[Project]:
        """Return those of the projects that were not returned before: each has to be read once."""
        found = [project for project in projects if not project.is_asked]
        for project in found:
            project.is_asked = True
        return found

    def read(self, projects: Iterable[Project]) -> Workflow[None]:
        """Return the workflow that reads those of the projects that are not known yet."""
        unread = [project for project in projects if project.milestones is None]
        named = [project for project in unread if project.path]
        if len(named) >= self._fewest and self._is_usable:
            parts = {str(at): named[at : at + MOST_PROJECTS]
                     for at in range(0, len(named), MOST_PROJECTS)}  # fmt: skip
            found = yield {at: _bulk(part) for at, part in parts.items()}
            for at, part in parts.items():
                self._take(part, found[at])
        left = {str(each.number): each for each in unread if each.milestones is None}
        if left:
            lists = {number: _first_of(each) for number, each in left.items()}
            found = yield lists
            for number, each in left.items():
                each.milestones, error = found[number].reading, found[number].error
                each.errors += [] if error is None else [error]

    def facts_of(self, issue: Record) -> Facts:
        """Return the facts of an issue; its project was read before, if it has to be known."""
        if not self._needs:
            return self._fixed
        project = self._project_of(issue)
        read = None if project is None else project.milestones
        return Facts(milestones=_NO_PROJECT if read is None else read)

    def errors_of(self, issue: Record) -> Sequence[GitLabSyncError]:
        """Return why the milestones of an issue's project are not known."""
        project = self._project_of(issue)
        return () if project is None else project.errors

    def _project_of(self, issue: Record) -> Project | None:
        return self._projects.get(record.number_id(issue, "project_id") or 0)

    @property
    def _is_usable(self) -> bool:
        refused = self._health.over or self._refusals.lasts
        return not (self._is_rest or refused) and bool(self._server.schema.facts)

    def _take(self, part: Sequence[Project], found: ListResult[str]) -> None:
        """Take an answer of GraphQL; what it does not show of a project, REST is asked for.

        The path can have a new project by now, with another id.
        """
        if found.error is not None:
            if isinstance(found.error, GraphQLError | QueryTooComplex):
                self._refusals.note()
            if not isinstance(found.error, Cancelled | RateLimited):
                self._health.end(found.error.reason)
            return
        self._health.passed()
        for at, project in enumerate(part):
            node = found.reading.rows[0].get(f"p{at}")
            rows = record.field(record.field(node, "milestones"), "nodes")
            is_same = number_of(record.field(node, "id")) == project.number
            if is_same and isinstance(rows, list) and None not in rows:
                project.milestones = PartialList(rows)


class _Refusals(Refusals):
    """When an instance last refused to return milestones in bulk, shared by all its users."""


def _bulk(part: Sequence[Project]) -> Bulk[int]:
    variables = ", ".join(f"$p{at}: ID!" for at in range(len(part)))
    fields = " ".join(
        f"p{at}: project(fullPath: $p{at}) "
        "{ id milestones(state: active, first: 1) { nodes { id } } }"
        for at in range(len(part))
    )
    paths = {f"p{at}": project.path for at, project in enumerate(part)}
    return Bulk(f"query activeMilestones({variables}) {{ {fields} }}", paths, len(part))


def _first_of(project: Project) -> RestList:
    return _FirstRow(endpoint(project.number, "milestones"), {"state": "active", "per_page": 1})


class _FirstRow(RestList):
    """A list of which only the first row counts: whether there is any."""

    def first(self, session: Session) -> Request:
        return session.page_request(self.endpoint, self.params, None)

    def after(self, session: Session, place: int, reply: Reply, ahead: int = 1) -> NextPages:  # noqa: ARG002
        return ()
