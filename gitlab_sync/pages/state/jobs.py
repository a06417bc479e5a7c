"""Background jobs, which outlive the page that started them, and the registry of all jobs.

A job belongs to a query and not to a page: all who ask the same with the same rights watch the same
job, across reruns, reloads and browsers. It ends when it is done, when a watcher cancels it, or
some time after the last watcher left.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Hashable, Iterable
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.concurrency.timer import Timer
from gitlab_sync.errors import GitLabSyncError, without_secrets
from gitlab_sync.pages.state.job_queue import JobQueue
from gitlab_sync.pages.state.limits import JOB_GRACE
from gitlab_sync.pages.state.size import size_of
from gitlab_sync.reports.report import Report
from gitlab_sync.run import Run
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.types import Progress, TableRow

log = logging.getLogger("gitlab_sync")

State = Literal["waiting", "running", "done", "cancelled", "failed"]

MOST_BYTES = 48_000_000
"""Bytes of memory that the reports of all jobs that have ended may take."""

Work: TypeAlias = Callable[[Run], Report]
"""What a job does: it takes the run, with progress and cancellation, and returns the report."""


class BackgroundJob:
    """One run of one query in its own thread. Thread-safe.

    The thread only coordinates: the shared executor sends the requests. `report` is set when the
    job is done or cancelled, `error` when it has failed, or was cancelled before it had a report;
    never both. `started` is when it was asked for: aware, UTC. `size` is about how many bytes
    what is shown takes, counted up to `MOST_BYTES`, set soon after the end; then `on_end` is
    called, in any thread.
    """

    def __init__(
        self, work: Work, on_end: Callable[[BackgroundJob], None] = lambda _job: None
    ) -> None:
        self.started = datetime.now(UTC)
        self.report: Report | None = None
        self.error: GitLabSyncError | None = None
        self.size = 0
        self._work = work
        self._on_end = on_end
        self._tracker = ProgressTracker()
        self._cancel = CancelToken()
        self._rows: list[TableRow] = []
        self._first: Report | None = None
        self._lock = threading.Lock()
        self._begun = False
        self._ended = threading.Event()

    @property
    def state(self) -> State:
        """The state of the job. A job that was cancelled is running until its work has ended."""
        if not self._ended.is_set():
            return "running" if self._begun else "waiting"
        if self.report is None:
            return "cancelled" if self._cancel.cancelled else "failed"
        cut_short = self._cancel.cancelled and not self.report.completeness.whole
        return "cancelled" if cut_short else "done"

    @property
    def running(self) -> bool:
        """Whether the work has not ended yet, even if it waits for its turn."""
        return not self._ended.is_set()

    @property
    def cancelling(self) -> bool:
        """Whether it was cancelled, even if the work has not ended yet."""
        return self._cancel.cancelled

    @property
    def reason(self) -> str:
        """Why it was cancelled, as a clause: `all tabs were closed`."""
        return self._cancel.reason

    @property
    def progress(self) -> Progress:
        """How far the job is now."""
        return self._tracker.now()

    @property
    def shown(self) -> Report | None:
        """The report; before it is there, one about the first few people, if there is one."""
        first = self._first  # read before the other, which replaces it
        return first if self.report is None else self.report

    @property
    def rows(self) -> list[TableRow]:
        """The rows so far, sorted by their first cell; of a report, its rows."""
        report = self.shown
        if report is not None:
            return list(report)
        return sorted(self._rows, key=lambda row: str(next(iter(row.values()))).lower())

    def cancel(self, reason: str = "the work was cancelled") -> None:
        """Stop the work at once and keep the rows so far. Idempotent."""
        self._cancel.cancel(reason)
        if self._begin():  # now it never starts
            self.error = self._cancel.error()
            self._ended.set()
            self._on_end(self)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the job has ended; return False if that takes longer."""
        return self._ended.wait(seconds)

    def start(self) -> bool:
        """Start the work in a new thread; return False if it was cancelled before, or cannot be."""
        if not self._begin():
            return False
        try:
            threading.Thread(target=self._run, name="gitlab_sync-job", daemon=True).start()
        except RuntimeError as error:  # the system has no more threads
            log.error("a job could not start: %s", error)  # noqa: TRY400 - there is no more to say
            self.error = GitLabSyncError(
                "This server has no thread left", hint="Run again in a few minutes."
            )
            self._ended.set()
            return False
        return True

    def _begin(self) -> bool:
        """Return True for the first call only."""
        with self._lock:
            is_first, self._begun = not self._begun, True
        return is_first

    def _run(self) -> None:
        run = Run(
            tracker=self._tracker,
            on_row=self._rows.append,
            on_report=partial(setattr, self, "_first"),
            cancel=self._cancel,
        )
        try:
            self.report = self._work(run)
            self._first = None
        except GitLabSyncError as error:
            # A copy has no traceback, which would keep all that was read until then.
            self.error = copy(error)
        except Exception as error:  # noqa: BLE001 - the page must not wait forever
            trace = "".join(traceback.format_exception(error))
            log.error("a job failed: %s", without_secrets(trace))  # noqa: TRY400 - masked first
            self.error = GitLabSyncError(
                f"Internal error ({type(error).__name__})",
                hint="Run again. If the error stays, tell the operator of this server.",
            )
        finally:
            self._ended.set()
        try:
            self.size = size_of(self.shown, MOST_BYTES)
        finally:
            self._on_end(self)


class Owner(NamedTuple):
    """A watcher of jobs: one tab of the sign-in with that handle."""

    handle: str
    tab: str


@dataclass(slots=True)
class _Entry:
    """A job with its watchers. `seen` and `left` are times of the registry's clock.

    `seen` is when the job was last watched, `left` when the last watcher left; None while it has
    watchers.
    """

    job: BackgroundJob
    seen: float
    owners: set[Owner] = field(default_factory=set)
    left: float | None = None


class JobRegistry:
    """All jobs of the process, by key. Thread-safe; it makes no thread before the first job.

    A key is (principal, query), so only those who are allowed to see a result find it. A job
    continues for `grace` seconds after its last watcher left. `clock` returns seconds and never
    goes back.

    A finished job is dropped when it was not watched for `kept` seconds. So are those beyond
    `most_kept` in number or, in bytes of memory, `most_bytes`: jobs without watchers first, then
    the least recently watched. One is always kept.

    A job waits for its turn while `queue` has too many that run.
    """

    def __init__(
        self,
        *,
        grace: float = float(JOB_GRACE.default),
        kept: float = 3600.0,
        most_kept: int = 100,
        most_bytes: int = MOST_BYTES,
        queue: JobQueue | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._grace = grace
        self._kept = kept
        self._most_kept = most_kept
        self._most_bytes = most_bytes
        self._queue = JobQueue() if queue is None else queue
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry] = {}
        self._timer = Timer(self.sweep, clock)

    def start(
        self, key: Hashable, owner: Owner, work: Work, account: Hashable = None
    ) -> BackgroundJob:
        """Return the running job of `key`, or start one in place of a job that has ended.

        Jobs of one `account` (None: the owner's sign-in) have a bound of their own. Raises
        GitLabSyncError if too many jobs wait for their turn.
        """
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or not entry.job.running or entry.job.cancelling:
                job = BackgroundJob(work, on_end=self._job_ended)
                self._queue.add(job, owner.handle if account is None else account)
                owners = set() if entry is None else entry.owners
                entry = self._entries[key] = _Entry(job, self._clock(), owners)
            self._watch(entry, owner)
            job = entry.job
        self.sweep()
        return job

    def _job_ended(self, job: BackgroundJob) -> None:
        self._queue.remove(job)
        self.sweep()

    def ahead_of(self, job: BackgroundJob) -> int | None:
        """Return how many jobs wait before this one; None if it does not wait."""
        return self._queue.ahead_of(job)

    def find(self, key: Hashable, owner: Owner) -> BackgroundJob | None:
        """Return the job of `key`, running or ended, and add `owner` to its watchers; else None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._watch(entry, owner)
            return entry.job

    def is_watched_by_others(self, key: Hashable, owner: Owner) -> bool:
        """Return whether another sign-in than the owner's watches the job of `key`."""
        with self._lock:
            entry = self._entries.get(key)
            return entry is not None and any(each.handle != owner.handle for each in entry.owners)

    def _watch(self, entry: _Entry, owner: Owner) -> None:
        entry.owners.add(owner)
        entry.left = None
        entry.seen = self._clock()

    def leave(self, owner: Owner) -> None:
        """Remove `owner` from all jobs; a job without watchers is cancelled after the grace."""
        now = self._clock()
        with self._lock:
            for entry in self._entries.values():
                if owner in entry.owners:
                    entry.owners.discard(owner)
                    if not entry.owners:
                        entry.left = now
        self.sweep()

    def drop(self, keys: Iterable[Hashable], owner: Owner) -> None:
        """Remove `owner` from these jobs; a job without watchers is cancelled at once."""
        with self._lock:
            wanted = [key for key in keys if key in self._entries]
            for key in wanted:
                self._entries[key].owners.discard(owner)
            ended = self._take_unwatched(wanted)
        for job in ended:
            job.cancel("the result was no longer needed")

    def sign_out(self, handle: str) -> None:
        """Remove the tabs of a sign-in from all jobs; a job without watchers is cancelled."""
        with self._lock:
            wanted = []
            for key, entry in self._entries.items():
                gone = {owner for owner in entry.owners if owner.handle == handle}
                entry.owners -= gone
                if gone:
                    wanted.append(key)
            ended = self._take_unwatched(wanted)
        for job in ended:
            job.cancel("the last watcher signed out")

    def _take_unwatched(self, keys: Iterable[Hashable]) -> list[BackgroundJob]:
        """Remove and return the jobs without watchers. The caller holds the lock."""
        return [self._entries.pop(key).job for key in keys if not self._entries[key].owners]

    def sweep(self) -> None:
        """Cancel jobs after their grace and forget old ones. Does not wait for any job."""
        now = self._clock()
        with self._lock:
            left = [
                entry.job
                for entry in self._entries.values()
                if entry.left is not None and entry.job.running and now >= entry.left + self._grace
            ]
            for key in self._surplus(now):
                del self._entries[key]
        for job in left:
            job.cancel("all tabs were closed")
        with self._lock:
            due = [self._due(entry, now) for entry in self._entries.values()]
        if due:
            self._timer.set(min(due))

    def _surplus(self, now: float) -> list[Hashable]:
        """Return the keys of the finished jobs to drop. The caller holds the lock."""
        ended = [(key, entry) for key, entry in self._entries.items() if not entry.job.running]
        ended.sort(key=lambda pair: (bool(pair[1].owners), pair[1].seen), reverse=True)
        surplus: list[Hashable] = []
        number = size = 0
        for key, entry in ended:
            fits = number < self._most_kept and size + entry.job.size <= self._most_bytes
            if now >= entry.seen + self._kept or not (fits or number == 0):
                surplus.append(key)
            else:
                number += 1
                size += entry.job.size
        return surplus

    def _due(self, entry: _Entry, now: float) -> float:
        """Return the time of the next sweep that this job needs."""
        if not entry.job.running:
            return entry.seen + self._kept
        if entry.left is None or entry.job.cancelling:
            return now + self._kept
        return entry.left + self._grace

    def __len__(self) -> int:
        return len(self._entries)

    def all(self) -> list[BackgroundJob]:
        """Return all jobs, running and ended."""
        with self._lock:
            return [entry.job for entry in self._entries.values()]

    def counts(self) -> dict[str, int]:
        """Return how many jobs wait for their turn, and how many run, by state."""
        states = [job.state for job in self.all()]
        return {state: states.count(state) for state in ("waiting", "running")}

    def close(self) -> None:
        """Cancel all jobs, forget them, and stop the timer."""
        with self._lock:
            entries = list(self._entries.values())
            self._entries.clear()
        self._timer.stop()
        for entry in reversed(entries):  # those that wait first, so that none of them starts
            entry.job.cancel("the server is shutting down")
