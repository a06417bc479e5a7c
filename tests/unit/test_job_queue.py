"""Jobs that wait for their turn: how many run at once, in which order, and what is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from gitlab_sync.errors import Cancelled, GitLabSyncError
from gitlab_sync.pages.state import job_queue
from gitlab_sync.pages.state.job_queue import JobQueue
from gitlab_sync.pages.state.jobs import BackgroundJob, JobRegistry, Owner
from gitlab_sync.reports.report import Completeness, Report
from gitlab_sync.run import Run

TAB = Owner("alice", "tab 1")
LONG = 30.0


class Works:
    """Work that is done when it is let go or cancelled. Counts how much goes on at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun: list[object] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def of(self, name: object) -> Callable[[Run], Report]:
        """Return the work of that name."""

        def work(run: Run) -> Report:
            assert run.cancel is not None
            with self._lock:
                self.begun.append(name)
                self._now += 1
                self.most = max(self.most, self._now)
            with run.cancel.on_cancel(self.go.set):
                self.go.wait(LONG)
            with self._lock:
                self._now -= 1
            return Report([], Completeness("people", read=1, total=1))

        return work


@pytest.fixture
def works() -> Iterator[Works]:
    """Make work, and let all of it go at the end."""
    works = Works()
    yield works
    works.go.set()


@pytest.fixture
def jobs(works: Works) -> Iterator[JobRegistry]:
    """Make a registry in which two jobs run at once, and one of each account."""
    registry = JobRegistry(queue=JobQueue(most=2, each=1))
    yield registry
    registry.close()


def job_threads() -> int:
    """Return how many threads of jobs there are."""
    return sum(thread.name == "gitlab_sync-job" for thread in threading.enumerate())


def test_three_hundred_jobs_take_as_many_threads_as_may_run_at_once(
    works: Works, until: Callable[..., None]
) -> None:
    """All of them are done in the end."""
    registry = JobRegistry(most_kept=300, queue=JobQueue(most=4, each=4))
    before = job_threads()
    asked = [registry.start(n, TAB, works.of(n), account=n) for n in range(300)]
    until(lambda: len(works.begun) == 4)
    assert job_threads() <= before + 4
    assert [job.state for job in asked[:5]] == ["running"] * 4 + ["waiting"]
    assert [registry.ahead_of(job) for job in (asked[0], asked[4], asked[-1])] == [None, 0, 295]
    works.go.set()
    assert all(job.wait(LONG) for job in asked)
    assert {job.state for job in asked} == {"done"}
    assert works.most <= 4
    registry.close()


def test_jobs_start_in_the_order_in_which_they_were_asked_for(works: Works) -> None:
    """Also those that ended at once."""
    works.go.set()
    registry = JobRegistry(queue=JobQueue(most=1, each=1))
    asked = [registry.start(n, TAB, works.of(n)) for n in range(20)]
    assert all(job.wait(LONG) for job in asked)
    assert works.begun == [*range(20)]
    registry.close()


def test_a_job_of_another_account_passes_those_that_wait_for_their_own(
    jobs: JobRegistry, works: Works, until: Callable[..., None]
) -> None:
    """So no one can take all turns; without an account it is the sign-in that counts."""
    first = jobs.start("a", TAB, works.of("a"))
    second = jobs.start("b", Owner("alice", "tab 2"), works.of("b"))
    other = jobs.start("c", Owner("bob", "tab 1"), works.of("c"))
    until(lambda: len(works.begun) == 2)
    assert [job.state for job in (first, second, other)] == ["running", "waiting", "running"]
    first.cancel()
    assert second.wait(LONG)
    assert works.begun[-1] == "b"


def test_a_job_that_is_cancelled_while_it_waits_never_starts(
    jobs: JobRegistry, works: Works
) -> None:
    """It ends at once, and the next one moves up."""
    jobs.start("a", TAB, works.of("a"))
    second, third = (jobs.start(key, TAB, works.of(key)) for key in ("b", "c"))
    assert jobs.ahead_of(third) == 1
    second.cancel("you cancelled the run")
    assert second.wait(0)
    assert second.state == "cancelled"
    assert isinstance(second.error, Cancelled)
    assert jobs.ahead_of(second) is None
    assert jobs.ahead_of(third) == 0
    works.go.set()
    assert third.wait(LONG)
    assert works.begun == ["a", "c"]


def test_a_waiting_job_that_no_one_needs_any_more_makes_room(
    jobs: JobRegistry, works: Works
) -> None:
    """Like one that runs: its tab asked something else, or its visitor signed out."""
    jobs.start("a", TAB, works.of("a"))
    second = jobs.start("b", TAB, works.of("b"))
    jobs.drop(["b"], TAB)
    third = jobs.start("c", TAB, works.of("c"))
    assert second.state == "cancelled"
    assert jobs.ahead_of(third) == 0
    jobs.sign_out("alice")
    assert third.state == "cancelled"


@pytest.mark.parametrize("bound", ["MOST_WAITING_EACH", "MOST_WAITING"])
def test_beyond_so_many_that_wait_a_job_is_refused_with_what_to_do(
    jobs: JobRegistry, works: Works, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """And nothing is left of it; what runs already can still be joined."""
    monkeypatch.setattr(job_queue, bound, 3)
    first, *_ = [jobs.start(n, TAB, works.of(n)) for n in range(4)]
    with pytest.raises(GitLabSyncError, match="3 runs are waiting") as raised:
        jobs.start("more", TAB, works.of("more"))
    assert "press Run again" in raised.value.hint
    assert jobs.find("more", TAB) is None
    assert jobs.start(0, Owner("alice", "tab 2"), works.of("unused")) is first


def test_a_job_without_a_thread_ends_with_an_error_and_takes_no_turn(
    jobs: JobRegistry, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system can have no more threads for a while."""

    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        job = BackgroundJob(works.of("a"))
        queue = JobQueue(most=1, each=1)
        queue.add(job, "alice")
    assert job.wait(0)
    assert job.state == "failed"
    assert "no thread" in str(job.error)
    later = BackgroundJob(works.of("b"))
    queue.add(later, "alice")
    assert later.state == "running"


def test_closing_starts_none_of_those_that_wait(works: Works) -> None:
    """They end with those that run."""
    registry = JobRegistry(queue=JobQueue(most=1, each=1))
    asked = [registry.start(n, TAB, works.of(n)) for n in range(5)]
    registry.close()
    assert all(job.wait(LONG) for job in asked)
    assert works.begun in ([0], [])
