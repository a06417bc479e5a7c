"""Compliance of projects: one evaluated, or many side by side, each with its row.

`api.project_facts` says what is read of each, and how many requests that takes.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from gitlab_sync.api import groups
from gitlab_sync.api.project_facts import ProjectRead, of_project
from gitlab_sync.api.project_texts import text_source
from gitlab_sync.api.project_tree import TooLarge
from gitlab_sync.api.projects import endpoint, path_at
from gitlab_sync.errors import ConfigurationError, GitLabSyncError
from gitlab_sync.reports.report import Completeness, Report, short_reason
from gitlab_sync.rules import record
from gitlab_sync.rules.bounds import Effort
from gitlab_sync.rules.projects import compliance as rules
from gitlab_sync.rules.projects.compliance import DEFAULT_POLICY, Policy
from gitlab_sync.rules.projects.facts import ProjectFacts
from gitlab_sync.rules.unique import several
from gitlab_sync.run import Run
from gitlab_sync.services.waiver_notes import WaiverNotes
from gitlab_sync.session.fetch import fetch_lists
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import Client, Session, session_of
from gitlab_sync.session.workflow import Workflow, run_workflow, run_workflows
from gitlab_sync.types import PartialList, Record, TableRow
from gitlab_sync.workers.spread import partitions, spread

log = logging.getLogger("gitlab_sync")


class NotEvaluated(GitLabSyncError):
    """A fault of this package ended the evaluation of one project; the log has the traceback."""

    hint_text = "This is a fault of gitlab-sync. Please report it, with the log."


@dataclass(frozen=True, slots=True)
class Checked:
    """One project of a run. Not to be changed, so threads may share it.

    `asked` is what it was asked for by, `row` its row of the table, `project` GitLab's record and
    `report` what was found at the branch, tag or commit `ref`. Without a report it could not be
    read: `project` is `{}` and `ref` empty. `errors` are those met on the way.
    """

    asked: str
    row: TableRow
    project: Record = field(default_factory=dict)
    ref: str = ""
    report: rules.Report | None = None
    errors: Sequence[GitLabSyncError] = ()

    @property
    def whole(self) -> bool:
        """Whether everything that the checks need could be read (some can still be unknown)."""
        return self.report is not None and not (self.errors and self.report.unverified)


OnChecked: TypeAlias = Callable[[Checked], None]


class ComplianceReport(Report):
    """The rows of a run, worst first, with the findings of each in the same order.

    `checked` has one item for each row. `left_out` counts the projects of the group that were not
    evaluated, by reason: `archived`, `forks`, `marked for deletion`.
    """

    def __init__(
        self,
        checked: Iterable[Checked],
        completeness: Completeness,
        left_out: Counter[str],
        warnings: Sequence[str] = (),
    ) -> None:
        by_row = {id(each.row): each for each in checked}
        rows = rules.worst_first(each.row for each in by_row.values())
        super().__init__(rows, completeness, warnings=warnings)
        self.checked = [by_row[id(row)] for row in self]
        self.left_out = left_out


def columns(policy: Policy = DEFAULT_POLICY) -> tuple[str, ...]:
    """Return the titles of the rows, in order; that of the licence follows the policy."""
    return tuple(rules.error_row("", "", policy))


def check_project(
    client: Client, path_or_id: int | str, ref: str | None = None, policy: Policy = DEFAULT_POLICY
) -> rules.Report:
    """Evaluate a project (id, path or URL) at a branch, tag or commit (None: the default branch).

    What could not be read of it is unknown, with the reason. Raises the errors of
    `gitlab_sync.errors` if its record cannot be read, NotFound if there is none. Thread-safe.
    """
    texts = text_source(session_of(client))
    read = run_workflow(client, of_project(path_at(client, path_or_id), ref, texts=texts))
    if read.facts is None:
        raise read.errors[0]
    return rules.evaluate(read.facts, policy)


def check_projects(
    client: Client,
    projects: Iterable[int | str] = (),
    group: int | str | None = None,
    ref: str | None = None,
    policy: Policy = DEFAULT_POLICY,
    run: Run | None = None,
    on_checked: OnChecked | None = None,
) -> ComplianceReport:
    """Evaluate many projects, each given by its id, path or URL, and those of a group.

    Subgroups are included; projects that are shared with the group, archived, marked for deletion
    or forks are left out, unless they are named, too. A project that is named twice is evaluated
    once. Errors never raise: a project that cannot be read has a row that says so, and so has a
    group with a list that broke off; no other row changes. `run` has progress, cancellation and the
    like; `on_checked` is called after each project, in the calling thread. Raises
    ConfigurationError for invalid input. Thread-safe.
    """
    given, run = several("projects", projects), run or Run()
    with run.context(client) as session:
        checking = _Checking(session, ref, policy, run, on_checked)
        names = [name for each in given if (name := path_at(session, each))]
        return checking.all_of(names, None if group is None else groups.path_at(session, group))


class _Checking:
    """One run over projects. For the thread that runs it."""

    def __init__(
        self,
        session: Session,
        ref: str | None,
        policy: Policy,
        run: Run,
        on_checked: OnChecked | None,
    ) -> None:
        self._session = session
        self._ref = ref
        self._policy = policy
        self._run = run
        self._texts = text_source(session, run.source)
        self.tracker = run.tracker or ProgressTracker()
        self._on_row = run.on_row
        self._on_progress = run.on_progress
        self._on_checked = on_checked
        self._completeness = Completeness("projects")
        self._left_out: Counter[str] = Counter()
        self._checked: list[Checked] = []
        self._seen: set[object] = set()
        self._notes = WaiverNotes(policy.waivers, policy.checks, "project")
        self.tracker.attach(session)

    def all_of(self, names: Iterable[str], group: str | None) -> ComplianceReport:
        """Evaluate the projects of these names, and those of the group."""
        wanted: dict[str, str] = {}
        for name in names:
            wanted.setdefault(name.lower(), name)
        for number, path in self._members(group):
            if path.lower() not in wanted:
                wanted.setdefault(number, path)
        self._completeness.total = len(wanted)
        self.tracker.begin(len(wanted))
        self._tell()
        for checked in self._evaluated_here_or_elsewhere(wanted):
            self._take(checked)
        warnings = self._notes.warnings()
        return ComplianceReport(self._checked, self._completeness, self._left_out, warnings)

    def _members(self, group: str | None) -> Iterator[tuple[str, str]]:
        if group is None:
            return
        wanted = [("projects", groups.projects_of(group))]
        _, reading, error, _ = next(fetch_lists(self._session, wanted))
        if error is not None:
            self._completeness.lost[f"list of the group {short_reason(error)}"] += 1
            row = rules.error_row(group, f"projects of the group: {error.reason}", self._policy)
            self._add(Checked(group, row, errors=[error]))
        for project in reading.rows:
            number, reason = record.identity(project), _why_left_out(project)
            if reason is not None:
                self._left_out[reason] += 1
            elif number is not None:
                path = record.text(project, "path_with_namespace")
                yield str(number), path or str(number)

    def _evaluated_here_or_elsewhere(self, wanted: Mapping[str, str]) -> Iterator[Checked]:
        """Yield each of these projects when it is evaluated, or when all of its part are."""
        run = self._run
        if run.executor is None:
            yield from self.evaluated(wanted)
            return
        parts = [dict(part) for part in partitions([*wanted.items()], run.executor)]
        works = [(len(part), partial(_part, part, self._ref, self._policy)) for part in parts]

        def lost(number: int, error: GitLabSyncError) -> list[Checked]:
            unread = ProjectRead(None, [error])
            return [self._checked_one(name, unread) for name in parts[number].values()]

        for part in spread(self._session, run, works, "projects", lost):
            yield from part

    def evaluated(self, wanted: Mapping[str, str]) -> Iterator[Checked]:
        """Yield each of these projects, names by what tells them apart, when it is evaluated."""
        workflows: list[tuple[str, Workflow[ProjectRead]]] = []
        for key, name in wanted.items():
            # Those of a group are asked for by id.
            project_id = key if key.isdigit() else name
            error = self._fault(project_id)
            if error is None:
                reading = of_project(project_id, self._ref, self._effort(), self._texts)
                workflows.append((name, self._reading(name, reading)))
            else:
                self.tracker.step()
                yield self._checked_one(name, ProjectRead(None, [error]))
        for name, read in run_workflows(self._session, workflows):
            self.tracker.step()
            yield self._checked_one(name, read)

    def _reading(self, name: str, workflow: Workflow[ProjectRead]) -> Workflow[ProjectRead]:
        """Return the workflow with any error as part of its result, so that it ends no other."""
        try:
            return (yield from workflow)
        except Exception as error:  # noqa: BLE001 - it is logged, and in the row
            return ProjectRead(None, [_as_error(name, error)])

    def _effort(self) -> Effort:
        """Return the effort for one project, which ends when the run is cancelled."""
        return Effort(self._session.active.cancel.check)

    def _fault(self, project_id: str) -> ConfigurationError | None:
        """Return why this cannot be a project: in the middle of a run it would end all of it."""
        try:
            RestList(endpoint(project_id)).first(self._session)
        except ConfigurationError as error:
            return error
        return None

    def _take(self, checked: Checked) -> None:
        number = record.identity(checked.project)
        if number is not None and number in self._seen:
            self._completeness.total -= 1  # it was named in two ways
            return
        self._seen.add(number)
        _count(self._completeness, checked)
        self._add(checked)
        self._tell()

    def _checked_one(self, name: str, read: ProjectRead) -> Checked:
        facts = read.facts
        if facts is None:
            row = rules.error_row(name, read.errors[0].reason, self._policy)
            return Checked(name, row, errors=read.errors)
        try:
            report = rules.evaluate(facts, self._policy, self._effort())
            row = rules.summary_row(facts, report, self._policy)
        except Exception as error:  # noqa: BLE001 - it is logged, and in the row
            return self._checked_one(
                name, ProjectRead(None, [_as_error(name, error), *read.errors])
            )
        return Checked(name, row, facts.project, facts.ref, report, read.errors)

    def _add(self, checked: Checked) -> None:
        self._checked.append(checked)
        if checked.report is not None:
            self._notes.saw_project(checked.project, checked.report)
        if self._on_row is not None:
            self._on_row(checked.row)
        if self._on_checked is not None:
            self._on_checked(checked)

    def _tell(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self.tracker.now())


def _part(
    wanted: Mapping[str, str], ref: str | None, policy: Policy, session: Session, run: Run
) -> list[Checked]:
    """Evaluate some projects: the work of one worker."""
    checking = _Checking(session, ref, policy, run, None)
    checking.tracker.begin(len(wanted))
    return [*checking.evaluated(wanted)]


def _count(completeness: Completeness, checked: Checked) -> None:
    if checked.whole:
        completeness.read += 1
    else:
        completeness.lost[_short(checked.errors[0])] += 1


def checked_before(
    asked: str,
    project: Record,
    ref: str,
    report: rules.Report,
    errors: Sequence[GitLabSyncError],
    policy: Policy,
) -> Checked:
    """Return a project with its row, of what was found before; see `Checked`."""
    web_url = record.text(project, "web_url") or ""
    facts = ProjectFacts(project, PartialList(), web_url=web_url)
    row = rules.summary_row(facts, report, policy)
    return Checked(asked, row, project, ref, report, errors)


def report_of_checked(
    checked: Iterable[Checked], policy: Policy, left_out: Counter[str]
) -> ComplianceReport:
    """Return the report that `check_projects` makes, of projects that were evaluated before."""
    completeness, every = Completeness("projects"), [*checked]
    notes = WaiverNotes(policy.waivers, policy.checks, "project")
    completeness.total = len(every)
    for each in every:
        _count(completeness, each)
        if each.report is not None:
            notes.saw_project(each.project, each.report)
    return ComplianceReport(every, completeness, left_out, notes.warnings())


def _as_error(name: str, error: Exception) -> GitLabSyncError:
    """Return an error for a row; one that is a fault of ours is logged."""
    if isinstance(error, GitLabSyncError):
        return error
    log.error("%s could not be evaluated", name, exc_info=error)
    return NotEvaluated(f"not evaluated: {type(error).__name__} in gitlab-sync")


def _why_left_out(project: Record) -> str | None:
    if record.field(project, "archived") is True:
        return "archived"
    if record.field(project, "marked_for_deletion_on"):
        return "marked for deletion"
    return "forks" if record.field(project, "forked_from_project") else None


def _short(error: GitLabSyncError) -> str:
    return "too large" if isinstance(error, TooLarge) else short_reason(error)
