"""Checks the compliance of one project."""

from __future__ import annotations

from gitlab_sync.rules import record
from gitlab_sync.rules.projects.standards import standards_of
from gitlab_sync.rules.ratchet.check_result import CheckResult, of_project
from gitlab_sync.rules.ratchet.place import Place
from gitlab_sync.run import Run
from gitlab_sync.services.checks.query import CheckQuery, CheckReport, no_place
from gitlab_sync.services.project_report import check_projects
from gitlab_sync.session.session import Session


def check_project(session: Session, query: CheckQuery, run: Run) -> CheckReport:
    """Read and evaluate the project of a query.

    Raises the errors of `gitlab_sync.errors` if its record could not be read.
    """
    project = query.project or ""
    standards = standards_of(query.policy)
    found = check_projects(session, [project], None, query.ref, standards, run)
    results: list[CheckResult] = []
    unread: list[str] = []
    path: str | None = None
    for checked in found.checked:
        path = record.text(checked.project, "path_with_namespace") or None
        if checked.report is None:
            raise checked.errors[0]
        if path is None:
            unread.append(no_place(checked.project))
        else:
            results += of_project(checked.report, Place(path))
    subject = f"project {path or project} at {query.ref or 'its default branch'}"
    return CheckReport(subject, path, results, found.completeness, unread, warnings=found.warnings)
