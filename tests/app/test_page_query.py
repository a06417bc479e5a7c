"""How a page says how far a job is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.pages.state.jobs import BackgroundJob
from gitlab_sync.pages.widgets.page_query import progress_text
from gitlab_sync.reports.report import Report
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.session.progress import ProgressTracker

PATIENCE = 60.0


@contextmanager
def job_that(
    sandbox: Sandbox, count: Callable[[ProgressTracker], None], rows: int
) -> Iterator[BackgroundJob]:
    """Run a job that has made one request, counts that far, has so many rows, and goes on."""
    reached, left = threading.Event(), threading.Event()

    def work(run: Run) -> Report:
        assert run.tracker is not None
        assert run.on_row is not None
        with GitLabClient(sandbox.url, sandbox.token()) as client, client.session.context() as rest:
            run.tracker.attach(rest)
            rest.get("version")
            count(run.tracker)
            for number in range(rows):
                run.on_row({"Username": f"person {number}"})
            reached.set()
            left.wait(PATIENCE)
        raise GitLabSyncError("it was a test")

    job = BackgroundJob(work)
    job.start()
    try:
        assert reached.wait(PATIENCE)
        yield job
    finally:
        left.set()
        job.wait(PATIENCE)


@pytest.mark.parametrize(
    ("count", "rows", "share", "text"),
    [
        (lambda tracker: tracker.begin(None), 0, 0.0, "Looking for people · 1 request"),
        (lambda tracker: tracker.begin(40, "people", 30), 0, 0.75, "30 of 40 people · 1 request"),
        (
            lambda tracker: tracker.begin(40, "people", 30),
            1,
            0.75,
            "30 of 40 people · 1 row ready · 1 request",
        ),
        (
            lambda tracker: tracker.begin(1200, "merge requests", 1200),
            1100,
            1.0,
            "1,200 of 1,200 merge requests · 1,100 rows ready · 1 request",
        ),
        (lambda tracker: tracker.begin(4, "projects", 2), 2, 0.5, "2 of 4 projects · 1 request"),
    ],
)
def test_a_line_says_what_was_counted_and_how_many_rows_are_there(
    sandbox: Sandbox, count: Callable[[ProgressTracker], None], rows: int, share: float, text: str
) -> None:
    """Rows are named if something else is counted: they can grow when the count does not."""
    with job_that(sandbox, count, rows) as job:
        assert progress_text("people", job) == (share, text)
