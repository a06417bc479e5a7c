"""The progress of a run, readable by other threads."""

from __future__ import annotations

from gitlab_sync.session.session import Session
from gitlab_sync.types import Progress


class ProgressTracker:
    """Tracks a run's progress. Any thread can read it while another one runs the run.

    Each number is written by one thread only; the result of `now` can be a moment old.
    """

    def __init__(self) -> None:
        self._session: Session | None = None
        self._what = ""
        self._done = 0
        self._total: int | None = None

    def attach(self, session: Session) -> None:
        """Take the session that has the requests and waits to show."""
        self._session = session

    def begin(self, total: int | None, what: str = "", done: int = 0) -> None:
        """Begin to count items: their name, their number (None: unknown yet), and those done."""
        self._what, self._done, self._total = what, done, total

    def step(self, number: int = 1) -> None:
        """Count `number` more items as done."""
        self._done += number

    def now(self) -> Progress:
        """Return how far the run has come."""
        session = self._session
        if session is None:
            return Progress(self._done, self._total, what=self._what)
        waiting = session.active.wait_budget.gate.delay()
        return Progress(self._done, self._total, session.active.requests, waiting, self._what)
