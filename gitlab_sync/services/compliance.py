"""Compliance of projects: one with everything that was found, or a row for each of many."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from gitlab_sync.api.branches import get_project_branches
from gitlab_sync.api.projects import endpoint, get_project_with_retries
from gitlab_sync.errors import GitLabSyncError, NotFound
from gitlab_sync.http.urls import encode_segment
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.items.table import POLICY, WAIVED
from gitlab_sync.rules.projects.checks import ProjectCheck
from gitlab_sync.rules.projects.compliance import AT_LEAST, DEFAULT_POLICY, Policy, Report
from gitlab_sync.rules.projects.facts import Finding
from gitlab_sync.rules.projects.gate import Gate
from gitlab_sync.rules.projects.licences import OSI_APPROVED, policy_names
from gitlab_sync.rules.text import plural
from gitlab_sync.run import Run
from gitlab_sync.services import project_report
from gitlab_sync.session.session import Client, session_of
from gitlab_sync.session.workflow import read_one
from gitlab_sync.types import TableRow

FINDING_COLUMNS = (
    "Check",
    "Area",
    "Result",
    "Weight",
    "Share",
    "Reason",
    "Path",
    "Line",
    "How to fix",
)
"""The titles of the table of one project, in order."""


@dataclass(frozen=True, slots=True)
class ComplianceQuery:
    """Which projects to evaluate, at which branch, tag or commit, and by which policy. Immutable.

    `projects` are ids, paths or URLs; those of `group` and its subgroups are meant, too.
    `everything` says to take all projects of the instance in their place. Without a `ref` it is
    each project's default branch.
    """

    projects: Sequence[int | str] = ()
    group: int | str | None = None
    ref: str | None = None
    policy: Policy = DEFAULT_POLICY
    everything: bool = False

    @property
    def key(self) -> Hashable:
        """What tells the question from others, whatever the order and case of the names."""
        policy = self.policy
        weights = tuple(sorted(policy.weights.items()))
        readme = (policy.readme_length, policy.readme_sections)
        agreed = (policy.checks, policy.waivers, policy.shown_name)
        asked = (policy.licences, weights, *readme, *agreed)
        names = frozenset(str(name).lower() for name in self.projects)
        return (names, self.group, self.ref, self.everything, asked)

    def in_words(self) -> str:
        """Return in words which projects are evaluated and how, for readers of a file."""
        where = [] if self.group is None else [f"group {self.group} and its subgroups"]
        if self.projects:
            where.append(plural(len(self.projects), "named project"))
        at = f"at {self.ref or 'the default branch'}"
        licences = ", ".join(sorted(self.policy.licences))
        if self.policy.licences == OSI_APPROVED:
            licences = policy_names(OSI_APPROVED)
        return f"{' and '.join(where) or 'all projects'}; {at}; allowed licences {licences}"


def answer(
    client: Client,
    query: ComplianceQuery,
    run: Run | None = None,
    on_checked: project_report.OnChecked | None = None,
) -> project_report.ComplianceReport:
    """Evaluate the projects, and return a row for each, worst first, with its findings.

    Errors of single projects, and of the group's list, never raise: the rows have them.
    `run.on_row` and `on_checked` get each project as soon as it is known. Thread-safe.
    """
    named = _all_projects(client) if query.everything else query.projects
    return project_report.check_projects(
        client, named, query.group, query.ref, query.policy, run, on_checked
    )


def _all_projects(client: Client) -> list[int | str]:
    projects = session_of(client).get_all("projects", {"order_by": "id", "sort": "asc"})
    return [number for each in projects if (number := record.identity(each)) is not None]


def policy_of(licences: Iterable[str], otherwise: Policy = DEFAULT_POLICY) -> Policy:
    """Return a policy like `otherwise` that allows these licences, by SPDX identifier; none: it."""
    allowed = frozenset(licences)
    return replace(otherwise, licences=allowed) if allowed else otherwise


def left_out(report: project_report.ComplianceReport) -> list[str]:
    """Return how many of the group's projects were not evaluated, by reason: `3 archived`."""
    return [f"{count} {reason}" for reason, count in sorted(report.left_out.items())]


def gate_of(report: project_report.ComplianceReport, least: float) -> Gate:
    """Return which projects reach the score `least`, in percent, and of which that is open."""
    gate = Gate(least)
    for checked in report.checked:
        score = None if checked.report is None else checked.report.score
        gate.add(str(checked.row["Project"]), score)
    return gate


def report_sheet(
    query: ComplianceQuery, report: project_report.ComplianceReport, instance: str
) -> Sheet:
    """Return the table as exporters take it; `instance` is the URL of the GitLab."""
    without = [f"without {text}" for text in left_out(report)]
    scope = "; ".join([query.in_words(), *without])
    meta = Meta.of_report(report, instance, scope, query.policy.shown_name)
    return projects_sheet(query, report, meta, report.checked)


def projects_sheet(
    query: ComplianceQuery,
    rows: Sequence[TableRow],
    meta: Meta,
    checked: Iterable[project_report.Checked] = (),
) -> Sheet:
    """Return rows of `query` as exporters take them; those that are in `checked` have links."""
    links = {each.row["Project"]: record.link(each.project) for each in checked}
    titles = project_report.columns(query.policy)
    return Sheet(
        "Project compliance",
        titles,
        rows,
        meta,
        links={"Project": lambda row: links.get(row["Project"])},
        kinds={
            **dict.fromkeys(titles, "text"),
            "Compliance Score": "percent",
            "Unverified": "integer",
            AT_LEAST: "percent",
            WAIVED: "integer",
        },
        repeated={POLICY},
    )


def finding_rows(report: Report, policy: Policy) -> list[TableRow]:
    """Return a row for each check, in their order: `FINDING_COLUMNS`, `Id`, `Severity`, `Link`.

    `Share` (0 to 1) is the part of the check's `Weight` that passes.
    """
    return [_finding_row(check, report.findings[check.id], policy) for check in report.checks]


def _finding_row(check: ProjectCheck, finding: Finding, policy: Policy) -> TableRow:
    return {
        "Id": check.id,
        "Check": check.title,
        "Area": check.area,
        "Severity": check.severity,
        "Weight": policy.weights[check.id],
        "Result": finding.result,
        "Share": finding.share,
        "Reason": finding.reason,
        "Path": finding.path,
        "Line": finding.line,
        "Link": finding.link,
        "How to fix": check.how_to_fix if finding.result == "fail" else None,
    }


def findings_sheet(name: str, report: Report, policy: Policy, meta: Meta) -> Sheet:
    """Return what was found of the project `name`, a row for each check, as exporters take it."""
    return Sheet(
        name,
        FINDING_COLUMNS,
        finding_rows(report, policy),
        meta,
        links={"Path": "Link"},
        kinds={
            **dict.fromkeys(FINDING_COLUMNS, "text"),
            "Weight": "number",
            "Share": "number",
            "Line": "integer",
        },
        nothing={"Path", "Line", "How to fix"},
    )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A check that fails, and what fixing it gains. Immutable.

    `weight` is the part of the check's weight that is missing, `points` the percent of the score
    that it would add.
    """

    check: ProjectCheck
    finding: Finding
    weight: float
    points: float


def suggestions(report: Report, policy: Policy) -> list[Suggestion]:
    """Return what to fix in a project, the most severe first."""
    evaluated = report.score.passed + report.score.failed
    found = []
    for check in report.faults:
        finding = report.findings[check.id]
        weight = policy.weights[check.id] * (1 - finding.share)
        points = 100 * weight / evaluated if evaluated else 0.0
        found.append(Suggestion(check, finding, weight, points))
    return sorted(found, key=lambda each: -each.weight)


@dataclass(frozen=True, slots=True)
class Branches:
    """A project by its path, with the names of its branches, the default one first. Immutable.

    `error` is why the others could not be read, or None. An empty repository has none.
    """

    project: str
    names: tuple[str, ...]
    error: GitLabSyncError | None = None


def branches_of(client: Client, project: int | str) -> Branches:
    """Return the branches of a project, given its id, path or URL.

    Raises NotFound if there is no such project, and the other errors of `gitlab_sync.errors` if
    its record cannot be read. Thread-safe.
    """
    found = get_project_with_retries(client, project)
    number = record.identity(found)
    if found is None or number is None:
        raise NotFound("There is no such project", status=404)
    path = record.text(found, "path_with_namespace") or str(number)
    default = record.text(found, "default_branch")
    first = (default,) if default else ()
    try:
        names = get_project_branches(client, number)
    except GitLabSyncError as error:
        return Branches(path, first, error)
    return Branches(path, (*first, *(name for name in names if name != default)))


def has_ref(client: Client, project: int | str, ref: str) -> bool:
    """Say whether a project, given its id or path, has a branch, tag or commit of this name.

    Raises the errors of `gitlab_sync.errors` for what could not be read. Thread-safe.
    """
    try:
        read_one(client, endpoint(project, f"repository/commits/{encode_segment(ref)}"))
    except NotFound:
        return False
    return True
