"""Answers what a check asks; only what is needed for its kind is imported."""

from __future__ import annotations

from gitlab_sync.run import Run
from gitlab_sync.services.checks.query import CheckQuery, CheckReport
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import Client


def answer(client: Client, query: CheckQuery, run: Run | None = None) -> CheckReport:
    """Read and evaluate what a query names.

    What could not be read of it is unknown in the report. Raises the errors of `gitlab_sync.errors`
    if the merge request, or the project, could not be read at all. Thread-safe.
    """
    run = run or Run()
    with run.context(client) as session:
        tracker = run.tracker or ProgressTracker()
        tracker.attach(session)
        if query.merge_request is not None:
            from gitlab_sync.services.checks.merge_request import (  # noqa: PLC0415 - see above
                check_merge_request,
            )

            return check_merge_request(session, query)
        if query.people is not None:
            from gitlab_sync.services.checks.people import check_people  # noqa: PLC0415

            return check_people(session, query, run, tracker)
        from gitlab_sync.services.checks.project import check_project  # noqa: PLC0415

        return check_project(session, query, run)
