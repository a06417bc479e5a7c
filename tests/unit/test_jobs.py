"""Jobs: shared, cancelled, left and forgotten; with a clock that the tests turn."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator

import pytest

from gitlab_sync.errors import AuthenticationError, Cancelled
from gitlab_sync.pages.state.jobs import BackgroundJob, JobRegistry, Owner
from gitlab_sync.reports.report import Completeness, Report
from gitlab_sync.run import Run
from gitlab_sync.types import TableRow

ALICE = Owner("alice", "tab 1")
ALICE_TOO = Owner("alice", "tab 2")
BOB = Owner("bob", "tab 1")
LONG = 30.0


class Clock:
    """Seconds that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Work:
    """Work that shows a row, then goes on until it is let go or cancelled."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()
        self.runs = 0

    def __call__(self, run: Run) -> Report:
        self.runs += 1
        assert run.on_row is not None
        assert run.cancel is not None
        run.on_row(row("alice"))
        self.begun.set()
        with run.cancel.on_cancel(self.go.set):
            self.go.wait(LONG)
        completeness = Completeness("merge requests", read=1, total=1)
        if run.cancel.cancelled:
            completeness.lost["cancelled"] += 1
        return Report([row("alice"), row("bob")], completeness)


def row(username: str) -> TableRow:
    """Return a row that has what a job looks at."""
    return {"Username": username, "Status": "Success"}


def at_once(run: Run) -> Report:
    """Work that is done at once."""
    return Report([row("alice")], Completeness("issues", read=1, total=1))


@pytest.fixture
def clock() -> Clock:
    """Make a clock that only the test moves."""
    return Clock()


@pytest.fixture
def jobs(clock: Clock) -> Iterator[JobRegistry]:
    """Make a registry that goes by that clock."""
    registry = JobRegistry(grace=120.0, kept=3600.0, most_kept=3, clock=clock)
    yield registry
    registry.close()


def ended(job: BackgroundJob) -> BackgroundJob:
    """Return the job once it has ended."""
    assert job.wait(LONG)
    return job


def test_two_tabs_that_ask_the_same_watch_one_job(jobs: JobRegistry) -> None:
    """The work is done once, and both see its rows as they come."""
    work = Work()
    first = jobs.start("key", ALICE, work)
    second = jobs.start("key", ALICE_TOO, Work())
    assert work.begun.wait(LONG)
    assert first is second
    assert second.state == "running"
    assert [found["Username"] for found in second.rows] == ["alice"]
    work.go.set()
    assert ended(first).state == "done"
    assert [found["Username"] for found in first.rows] == ["alice", "bob"]
    assert work.runs == 1


def test_different_keys_are_different_jobs(jobs: JobRegistry) -> None:
    """Another principal, or another query, shares nothing."""
    assert jobs.start(("alice", "q"), ALICE, at_once) is not jobs.start(("bob", "q"), BOB, at_once)


def test_asking_again_after_the_end_starts_a_new_job(jobs: JobRegistry) -> None:
    """A refresh is a new job under the old key, which the other watchers find there, too."""
    old = ended(jobs.start("key", ALICE, at_once))
    new = jobs.start("key", BOB, at_once)
    assert new is not old
    assert jobs.find("key", ALICE) is new


def test_a_job_is_found_as_long_as_it_is_there(jobs: JobRegistry) -> None:
    """A reloaded page finds its job by the key; another key finds nothing."""
    job = jobs.start("key", ALICE, at_once)
    assert jobs.find("key", ALICE) is job
    assert jobs.find("other key", ALICE) is None


def test_cancel_ends_the_work_and_keeps_what_it_has(jobs: JobRegistry) -> None:
    """The rows stay, the report says what is missing, and the state tells."""
    work = Work()
    job = jobs.start("key", ALICE, work)
    assert work.begun.wait(LONG)
    job.cancel("you cancelled it")
    assert ended(job).state == "cancelled"
    assert job.reason == "you cancelled it"
    assert job.report is not None
    assert not job.report.completeness.whole


def test_cancelling_what_is_already_done_changes_nothing(jobs: JobRegistry) -> None:
    """A result that is whole stays a result."""
    job = ended(jobs.start("key", ALICE, at_once))
    job.cancel()
    assert job.state == "done"


def test_asking_again_while_the_cancelled_job_still_ends_starts_a_new_one(
    jobs: JobRegistry,
) -> None:
    """No one has to wait for the end of a job that was cancelled."""
    never = threading.Event()

    def stubborn(run: Run) -> Report:
        never.wait(LONG)
        return at_once(run)

    old = jobs.start("key", ALICE, stubborn)
    old.cancel()
    new = jobs.start("key", ALICE, at_once)
    assert new is not old
    assert ended(new).state == "done"
    never.set()
    ended(old)


def test_a_job_goes_on_for_the_time_of_grace_after_the_last_watcher_left(
    jobs: JobRegistry, clock: Clock
) -> None:
    """A reload has a moment without watchers, which must not end the job."""
    work = Work()
    job = jobs.start("key", ALICE, work)
    jobs.leave(ALICE)
    clock.now += 119.0
    jobs.sweep()
    assert not job.cancelling
    clock.now += 1.0
    jobs.sweep()
    assert ended(job).state == "cancelled"
    assert job.reason == "all tabs were closed"


def test_who_comes_back_in_time_saves_the_job(jobs: JobRegistry, clock: Clock) -> None:
    """And a later leaving gives the whole time of grace again."""
    job = jobs.start("key", ALICE, Work())
    jobs.leave(ALICE)
    clock.now += 100.0
    assert jobs.find("key", ALICE_TOO) is job
    clock.now += 1000.0
    jobs.sweep()
    assert not job.cancelling
    jobs.leave(ALICE_TOO)
    clock.now += 119.0
    jobs.sweep()
    assert not job.cancelling


def test_a_job_with_another_watcher_continues(jobs: JobRegistry, clock: Clock) -> None:
    """Leaving ends nothing for others."""
    job = jobs.start("key", ALICE, Work())
    jobs.find("key", BOB)
    jobs.leave(ALICE)
    clock.now += 1000.0
    jobs.sweep()
    assert not job.cancelling


def test_the_grace_ends_by_itself() -> None:
    """With a real clock: a timer cancels the job, no sweep is called."""
    registry = JobRegistry(grace=0.05)
    job = registry.start("key", ALICE, Work())
    registry.leave(ALICE)
    assert ended(job).state == "cancelled"
    registry.close()


def test_what_is_dropped_ends_at_once_unless_others_watch(jobs: JobRegistry) -> None:
    """Who asks something else has done with what was asked before."""
    mine, shared = jobs.start("mine", ALICE, Work()), jobs.start("shared", ALICE, Work())
    jobs.find("shared", BOB)
    jobs.drop(["mine", "shared", "unknown"], ALICE)
    assert ended(mine).state == "cancelled"
    assert jobs.find("mine", ALICE) is None
    assert not shared.cancelling


def test_signing_out_ends_the_jobs_of_all_tabs_of_that_session(jobs: JobRegistry) -> None:
    """Running ones are cancelled and finished ones forgotten, but not those of others."""
    running = jobs.start("running", ALICE_TOO, Work())
    ended(jobs.start("finished", ALICE, at_once))
    of_bob = jobs.start("of bob", BOB, Work())
    jobs.sign_out("alice")
    assert ended(running).state == "cancelled"
    assert jobs.find("finished", ALICE) is None
    assert not of_bob.cancelling


def test_finished_jobs_are_forgotten_an_hour_after_the_last_look(
    jobs: JobRegistry, clock: Clock
) -> None:
    """Looking at a result keeps it."""
    job = ended(jobs.start("key", ALICE, at_once))
    clock.now += 3599.0
    assert jobs.find("key", ALICE) is job
    clock.now += 3599.0
    jobs.sweep()
    assert jobs.find("key", ALICE) is job
    clock.now += 3600.0
    jobs.sweep()
    assert jobs.find("key", ALICE) is None


def test_only_so_many_finished_jobs_are_kept(jobs: JobRegistry, clock: Clock) -> None:
    """The one that was looked at longest ago goes first; running ones do not count."""
    running = jobs.start("running", ALICE, Work())
    for number in range(5):
        clock.now += 1.0
        ended(jobs.start(number, ALICE, at_once))
    jobs.sweep()
    assert len(jobs) == 4
    assert [number for number in range(5) if jobs.find(number, ALICE)] == [2, 3, 4]
    assert running.running


def large(run: Run) -> Report:
    """Return a report of somewhat more than a megabyte."""
    report = at_once(run)
    report[0]["Error"] = "x" * 1_000_000
    return report


def test_finished_jobs_are_kept_within_a_bound_of_memory(
    clock: Clock, until: Callable[..., None]
) -> None:
    """Small ones stay where a large one does not fit; a larger one than the bound stays alone."""
    registry = JobRegistry(most_bytes=2_500_000, clock=clock)

    def kept() -> list[object]:
        return [key for key in ("a", "b", "c", "small", "huge") if key in registry._entries]

    for key in ("a", "small", "b"):
        clock.now += 1.0
        registry.start(key, ALICE, at_once if key == "small" else large)
        until(lambda key=key: registry._entries[key].job.size)
    assert kept() == ["a", "b", "small"]
    clock.now += 1.0
    registry.start("c", ALICE, large)
    until(lambda: kept() == ["b", "c", "small"])

    def huge(run: Run) -> Report:
        report = large(run)
        report[0]["Error"] = "x" * 9_000_000
        return report

    clock.now += 1.0
    registry.start("huge", ALICE, huge)
    until(lambda: kept() == ["huge"])


def test_jobs_that_are_not_watched_are_dropped_first(jobs: JobRegistry, clock: Clock) -> None:
    """However lately they were."""
    for key, owner in (("a", ALICE), ("b", BOB), ("c", BOB), ("d", BOB)):
        clock.now += 1.0
        ended(jobs.start(key, owner, at_once))
        jobs.leave(BOB)
    jobs.sweep()
    assert jobs.find("a", ALICE) is not None
    assert jobs.find("b", ALICE) is None


def test_an_error_of_ours_is_the_jobs_result(jobs: JobRegistry) -> None:
    """With its hint, and with the rows that came before it."""

    def refused(run: Run) -> Report:
        assert run.on_row is not None
        run.on_row(row("alice"))
        raise AuthenticationError("401 Unauthorized", status=401)

    job = ended(jobs.start("key", ALICE, refused))
    assert job.state == "failed"
    assert isinstance(job.error, AuthenticationError)
    assert len(job.rows) == 1


def test_being_cancelled_before_there_is_a_report_is_no_failure(jobs: JobRegistry) -> None:
    """Work may answer a cancel with `Cancelled`."""

    def stopped(run: Run) -> Report:
        assert run.cancel is not None
        run.cancel.wait(LONG)
        raise AssertionError

    job = jobs.start("key", ALICE, stopped)
    job.cancel()
    assert ended(job).state == "cancelled"
    assert isinstance(job.error, Cancelled)


def test_a_mistake_in_the_work_ends_the_job_and_shows_no_secret(
    jobs: JobRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    """The page gets a plain sentence, the log the traceback with tokens masked."""

    def broken(run: Run) -> Report:
        raise ZeroDivisionError("glpat-abcdefgh12345678")

    job = ended(jobs.start("key", ALICE, broken))
    assert job.state == "failed"
    assert "ZeroDivisionError" in str(job.error)
    assert "broken" in caplog.text
    assert "glpat-abcdefgh12345678" not in caplog.text + str(job.error)


def test_closing_cancels_everything_and_leaves_no_thread(jobs: JobRegistry) -> None:
    """Idempotent, and the registry is empty after it."""
    job = jobs.start("key", ALICE, Work())
    jobs.leave(ALICE)
    jobs.close()
    jobs.close()
    ended(job)
    assert len(jobs) == 0


def test_an_owner_is_a_plain_value() -> None:
    """Equal by content, so that any copy of it leaves what the other joined."""
    assert pickle.loads(pickle.dumps(ALICE)) == ALICE
