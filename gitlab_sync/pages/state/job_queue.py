"""Which background jobs run and which wait: a bound for the process, and one for each account."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable
from typing import Protocol

from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.pages.state.limits import JOBS, JOBS_EACH

MOST_WAITING = 300
"""The most jobs that wait."""

MOST_WAITING_EACH = 100
"""The most jobs of one account that wait."""


class Startable(Protocol):
    """What a queue needs of a job."""

    def start(self) -> bool:
        """Begin the work; return False if that is not possible, or no longer wanted."""


class JobQueue:
    """Starts jobs in their order, as soon as the bounds allow it. Thread-safe.

    At most `most` run at once, and `each` of one account; a job of another account passes those
    that wait for their own.
    """

    def __init__(self, most: int = JOBS.default, each: int = JOBS_EACH.default) -> None:
        self._most = most
        self._each = each
        self._lock = threading.Lock()
        self._waiting: dict[Startable, Hashable] = {}  # in order, with their accounts
        self._running: dict[Startable, Hashable] = {}

    def add(self, job: Startable, account: Hashable) -> None:
        """Start the job, now or when its turn comes.

        Raises GitLabSyncError if too many are waiting.
        """
        with self._lock:
            starts = len(self._running) < self._most and self._running_of(account) < self._each
            if not starts:
                self._check_room(account)
            self._waiting[job] = account
        self._go_on()

    def _running_of(self, account: Hashable) -> int:
        return sum(each == account for each in self._running.values())

    def _check_room(self, account: Hashable) -> None:
        own = sum(each == account for each in self._waiting.values())
        numbers = ((own, MOST_WAITING_EACH), (len(self._waiting), MOST_WAITING))
        full = [number for number, most in numbers if number >= most]
        if full:
            raise GitLabSyncError(
                f"This server is busy: {full[0]} runs are waiting already",
                hint="Cancel one of yours, or press Run again in a few minutes.",
            )

    def remove(self, job: Startable) -> None:
        """Forget a job that has ended or was cancelled, and start what can start now."""
        with self._lock:
            self._waiting.pop(job, None)
            self._running.pop(job, None)
        self._go_on()

    def ahead_of(self, job: Startable) -> int | None:
        """Return how many jobs wait before this one; None if it does not wait."""
        with self._lock:
            return [*self._waiting].index(job) if job in self._waiting else None

    def _go_on(self) -> None:
        while due := self._take_due():
            failed = [job for job in due if not job.start()]
            with self._lock:
                for job in failed:
                    self._running.pop(job, None)

    def _take_due(self) -> list[Startable]:
        """Count what can start now as running, and return it."""
        with self._lock:
            numbers = Counter(self._running.values())
            due = []
            for job, account in self._waiting.items():
                if numbers.total() >= self._most:
                    break
                if numbers[account] < self._each:
                    numbers[account] += 1
                    due.append(job)
            for job in due:
                self._running[job] = self._waiting.pop(job)
        return due
