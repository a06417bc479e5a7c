"""Long work that outlives the page that asked for it: jobs, and the registry that holds them all.

A job belongs to a question and not to a page: whoever asks the same with the same rights watches
the same job, across reruns, reloads and browsers. It ends when it is done, when somebody cancels
it, or some time after the last watcher left.
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
from typing import Literal, NamedTuple, TypeAlias

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.concurrency.timer import Timer
from gitlab_sync.errors import GitLabSyncError, without_secrets
from gitlab_sync.pages.state.size import size_of
from gitlab_sync.reports.report import Report
from gitlab_sync.run import Run
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.types import Progress, TableRow

log = logging.getLogger("gitlab_sync")

GRACE = 120.0
"""Seconds that a job goes on after its last watcher left: long enough for a reload."""

KEPT = 3600.0
"""Seconds that a finished job is kept after somebody last looked at it."""

MOST_KEPT = 100
"""Finished jobs that are kept at most."""

MOST_BYTES = 64_000_000
"""Bytes that the reports of finished jobs take at most; a single larger one is kept, too."""

State = Literal["running", "done", "cancelled", "failed"]
Work: TypeAlias = Callable[[Run], Report]
"""What a job does: it gets who watches and what cancels, and returns the whole report."""


class BackgroundJob:
    """One run of one question, in a thread of its own. All that can be read is thread-safe.

    The thread only orchestrates; requests go over the shared pool. `report` is there once the job
    is done or cancelled, `error` once it has failed, never both; `started` is aware, UTC. `size` is
    about how many bytes of memory the report takes, 0 before its end. `on_end` is called last of
    all, in the job's thread.
    """

    def __init__(self, work: Work, on_end: Callable[[], None] = lambda: None) -> None:
        self.started = datetime.now(UTC)
        self.report: Report | None = None
        self.error: GitLabSyncError | None = None
        self.size = 0
        self._work = work
        self._on_end = on_end
        self._tracker = ProgressTracker()
        self._cancel = CancelToken()
        self._rows: list[TableRow] = []
        self._ended = threading.Event()

    @property
    def state(self) -> State:
        """How the job stands. A job whose cancelling is under way is still running."""
        if not self._ended.is_set():
            return "running"
        if self.report is None:
            return "cancelled" if self._cancel.cancelled else "failed"
        cut_short = self._cancel.cancelled and not self.report.completeness.whole
        return "cancelled" if cut_short else "done"

    @property
    def running(self) -> bool:
        """Whether there is more to come."""
        return not self._ended.is_set()

    @property
    def cancelling(self) -> bool:
        """Whether somebody cancelled it, even if the last of it is still under way."""
        return self._cancel.cancelled

    @property
    def reason(self) -> str:
        """Why it was cancelled, in plain words."""
        return self._cancel.reason

    @property
    def progress(self) -> Progress:
        """How far it is at this moment."""
        return self._tracker.now()

    @property
    def rows(self) -> list[TableRow]:
        """The rows so far, sorted by their first cell; at the end all of them, as reported."""
        report = self.report
        return sorted(self._rows, key=_name) if report is None else list(report)

    def cancel(self, reason: str = "the work was cancelled") -> None:
        """End it now, in the middle of whatever it does; what it has stays. Idempotent."""
        self._cancel.cancel(reason)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end; False if that takes longer."""
        return self._ended.wait(seconds)

    def start(self) -> None:
        """Begin, in a new thread."""
        threading.Thread(target=self._live, name="gitlab_sync-job", daemon=True).start()

    def _live(self) -> None:
        run = Run(tracker=self._tracker, on_row=self._rows.append, cancel=self._cancel)
        try:
            self.report = self._work(run)
        except GitLabSyncError as error:
            # Without its traceback, which would keep all that was read until then.
            self.error = copy(error)
        except Exception as error:  # noqa: BLE001 - else the page would wait for ever
            trace = "".join(traceback.format_exception(error))
            log.error("a job broke: %s", without_secrets(trace))  # noqa: TRY400 - masked first
            self.error = GitLabSyncError(
                f"Something in this program broke ({type(error).__name__})",
                hint="Run again; if it stays, tell whoever runs this server.",
            )
        finally:
            self._ended.set()
        self.size = size_of(self.report)
        self._on_end()


def _name(row: TableRow) -> str:
    """Return who or what a row is about, without case."""
    return str(next(iter(row.values()))).lower()


class Owner(NamedTuple):
    """Whoever watches a job: one tab of one signed-in session."""

    session: str
    tab: str


@dataclass(slots=True)
class _Entry:
    """A job with whoever watches it. `seen` and `left` are of the registry's clock.

    `left` is when the last watcher went, None while somebody is there.
    """

    job: BackgroundJob
    seen: float
    owners: set[Owner] = field(default_factory=set)
    left: float | None = None


class JobRegistry:
    """All jobs of the process, by key. Thread-safe; no thread exists before the first job.

    A key is (principal, question), so that only who may see a result finds it. `clock` gives
    seconds that only grow.

    Of finished jobs, those go that were looked at `kept` seconds ago, and those beyond `most_kept`
    in number or `most_bytes` in memory: first what nobody has open, then what was looked at longest
    ago.
    """

    def __init__(
        self,
        *,
        grace: float = GRACE,
        kept: float = KEPT,
        most_kept: int = MOST_KEPT,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._grace = grace
        self._kept = kept
        self._most_kept = most_kept
        self._most_bytes = most_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry] = {}
        self._timer = Timer(self.sweep, clock)

    def start(self, key: Hashable, owner: Owner, work: Work) -> BackgroundJob:
        """Return the job that runs under `key`, or start one; one that has ended is replaced."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or not entry.job.running or entry.job.cancelling:
                owners = set() if entry is None else entry.owners
                job = BackgroundJob(work, on_end=self.sweep)
                entry = self._entries[key] = _Entry(job, self._clock(), owners)
                entry.job.start()
            self._look(entry, owner)
            job = entry.job
        self.sweep()
        return job

    def find(self, key: Hashable, owner: Owner) -> BackgroundJob | None:
        """Return the job under `key`, running or ended, and take `owner` as a watcher of it."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._look(entry, owner)
            return entry.job

    def _look(self, entry: _Entry, owner: Owner) -> None:
        entry.owners.add(owner)
        entry.left = None
        entry.seen = self._clock()

    def leave(self, owner: Owner) -> None:
        """Take `owner` off all jobs; those that nobody watches any more end after the grace."""
        now = self._clock()
        with self._lock:
            for entry in self._entries.values():
                if owner in entry.owners:
                    entry.owners.discard(owner)
                    if not entry.owners:
                        entry.left = now
        self.sweep()

    def drop(self, keys: Iterable[Hashable], owner: Owner) -> None:
        """Let `owner` have done with these jobs; those that nobody else watches end at once."""
        with self._lock:
            wanted = [key for key in keys if key in self._entries]
            for key in wanted:
                self._entries[key].owners.discard(owner)
            ended = self._take_unwatched(wanted)
        for job in ended:
            job.cancel("nobody needs it any more")

    def sign_out(self, session: str) -> None:
        """Let all tabs of a session have done with all jobs, as `drop` does."""
        with self._lock:
            wanted = []
            for key, entry in self._entries.items():
                gone = {owner for owner in entry.owners if owner.session == session}
                entry.owners -= gone
                if gone:
                    wanted.append(key)
            ended = self._take_unwatched(wanted)
        for job in ended:
            job.cancel("whoever asked for it signed out")

    def _take_unwatched(self, keys: Iterable[Hashable]) -> list[BackgroundJob]:
        """Take those jobs out that have no owner; for whoever holds the lock."""
        return [self._entries.pop(key).job for key in keys if not self._entries[key].owners]

    def sweep(self) -> None:
        """Do what is due: cancel jobs that were left, and forget old ones. Cheap; never waits."""
        now = self._clock()
        with self._lock:
            left = [
                entry.job
                for entry in self._entries.values()
                if entry.left is not None and entry.job.running and now >= entry.left + self._grace
            ]
            for key in self._too_many(now):
                del self._entries[key]
        for job in left:
            job.cancel("nobody was watching any more")
        with self._lock:
            due = [self._due(entry, now) for entry in self._entries.values()]
        if due:
            self._timer.set(min(due))

    def _too_many(self, now: float) -> list[Hashable]:
        """Return which finished jobs have to go; for the holder of the lock."""
        ended = [(key, entry) for key, entry in self._entries.items() if not entry.job.running]
        ended.sort(key=lambda pair: (bool(pair[1].owners), pair[1].seen), reverse=True)
        gone: list[Hashable] = []
        number = size = 0
        for key, entry in ended:
            fits = number < self._most_kept and size + entry.job.size <= self._most_bytes
            if now >= entry.seen + self._kept or not (fits or number == 0):
                gone.append(key)
            else:
                number += 1
                size += entry.job.size
        return gone

    def _due(self, entry: _Entry, now: float) -> float:
        """Return when this job has to be looked at again if nothing happens before."""
        if not entry.job.running:
            return entry.seen + self._kept
        if entry.left is None or entry.job.cancelling:
            return now + self._kept
        return entry.left + self._grace

    def __len__(self) -> int:
        return len(self._entries)

    def all(self) -> list[BackgroundJob]:
        """Return all jobs, running or ended."""
        with self._lock:
            return [entry.job for entry in self._entries.values()]

    def close(self) -> None:
        """Cancel all jobs and forget them."""
        with self._lock:
            entries = list(self._entries.values())
            self._entries.clear()
        self._timer.stop()
        for entry in entries:
            entry.job.cancel("the server is ending")
