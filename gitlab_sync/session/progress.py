"""How far a run is, for whoever wants to look."""

from __future__ import annotations

from gitlab_sync.session.session import Session
from gitlab_sync.types import Progress


class ProgressTracker:
    """A run's progress, readable from any thread while another one runs it.

    Each number is written by one thread only; what `now` gives may be a moment old.
    """

    def __init__(self) -> None:
        self._session: Session | None = None
        self._what = ""
        self._done = 0
        self._total: int | None = None

    def attach(self, session: Session) -> None:
        """Take the job whose requests and waits are shown."""
        self._session = session

    def begin(self, total: int | None, what: str = "", done: int = 0) -> None:
        """Say what is counted next, how many there are (None: not known yet), and are done."""
        self._what, self._done, self._total = what, done, total

    def step(self, number: int = 1) -> None:
        """Say that so many more are done."""
        self._done += number

    def now(self) -> Progress:
        """Return how far the run is at this moment."""
        session = self._session
        if session is None:
            return Progress()
        waiting = session.active.wait_budget.gate.delay()
        return Progress(self._done, self._total, session.active.requests, waiting, self._what)
