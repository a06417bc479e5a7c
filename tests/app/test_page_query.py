"""How a page says how far a job is, and that it waits for its turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from visiting import in_the_demo, press, texts, until_done

from gitlab_sync import GitLabClient
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.pages.state import job_queue
from gitlab_sync.pages.state.connection import JOBS
from gitlab_sync.pages.state.job_queue import JobQueue
from gitlab_sync.pages.state.jobs import BackgroundJob, Owner
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


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[BackgroundJob]:
    """Keep the only turn with the job of another person."""
    monkeypatch.setattr(JOBS, "_queue", JobQueue(most=1, each=1))
    left = threading.Event()

    def work(run: Run) -> Report:
        assert run.cancel is not None
        with run.cancel.on_cancel(left.set):
            left.wait(PATIENCE)
        raise GitLabSyncError("it was a test")

    job = JOBS.start("a test", Owner("another", "a tab"), work)
    yield job
    JOBS.drop(["a test"], Owner("another", "a tab"))
    job.wait(PATIENCE)


def test_a_run_that_waits_says_so_and_starts_by_itself(busy: BackgroundJob) -> None:
    """With the number of runs before it."""
    first, second = in_the_demo(), in_the_demo()
    first.text_area(key="users").set_value("kira.osei")
    second.text_area(key="users").set_value("hana.yilmaz")
    first, second = press(first, "Run"), press(second, "Run")
    assert [at.progress[0].text for at in (first, second)] == [
        "Waiting until another run ends: this one is next. It starts by itself.",
        "Waiting until another run ends: 1 run before this one. It starts by itself.",
    ]
    busy.cancel()
    for at in (first, second):
        assert "1 of 1 person read" in texts(until_done(at))


def test_a_run_that_waits_can_be_cancelled(busy: BackgroundJob) -> None:
    """Then nothing of it was read, and it can be started again."""
    at = press(press(in_the_demo(), "Run"), "Cancel")
    assert "Cancelled by you. Nothing was read." in [each.value for each in at.info]
    assert "Refresh" in [button.label for button in at.button]
    at = press(at, "Refresh")
    assert "this one is next" in at.progress[0].text


@pytest.mark.slow
def test_beyond_so_many_that_wait_run_says_what_to_do(
    busy: BackgroundJob, monkeypatch: pytest.MonkeyPatch, until: Callable[..., None]
) -> None:
    """And what was shown before is still there."""
    monkeypatch.setattr(job_queue, "MOST_WAITING", 0)
    at = press(in_the_demo(), "Run")
    assert "0 runs are waiting already" in at.error[0].value
    assert "press Run again" in at.error[0].value
    busy.cancel()
    until(lambda: not JOBS._queue._running)
    assert "12 of 12 people read" in texts(until_done(press(at, "Run")))
