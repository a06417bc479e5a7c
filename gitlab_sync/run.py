"""How a batch runs: progress, cancellation, and where its tasks run."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import MAX_WAIT, Client, Session, session_of
from gitlab_sync.store.store import PrincipalStore
from gitlab_sync.types import DEFAULT_SOURCE, OnProgress, OnRow, Source


@dataclass(frozen=True, slots=True)
class Run:
    """The options of a batch. All are optional. Immutable.

    `tracker` can be read from other threads at any time. Called in the calling thread are
    `on_progress` after each item, `on_row` with each person's row as soon as it is known, and
    `on_report` with reports about the first few of many people, which a snapshot has at once.
    `cancel` ends the run. `executor` is any `concurrent.futures.Executor`: partitions of the people
    or the projects are mapped over it, each a picklable task; what has no partitions runs without
    it. In another process the credential is read from its reference. `max_wait` is how many seconds
    to wait each time a rate limit closes; after that, items are unknown. `source` and `store`
    change how many requests a run makes, never its rows; the store keeps facts of ended merge
    requests.
    """

    tracker: ProgressTracker | None = None
    on_progress: OnProgress | None = None
    on_row: OnRow | None = None
    on_report: Callable[[Any], None] | None = None
    cancel: CancelToken | None = None
    executor: Executor | None = None
    max_wait: float = MAX_WAIT
    source: Source = DEFAULT_SOURCE
    store: PrincipalStore | None = None

    def with_reports_as(self, kind: Callable[[Any], Any]) -> Run:
        """Return the run with `on_report` called with what `kind` makes of each report."""
        told = self.on_report
        if told is None:
            return self
        return replace(self, on_report=lambda report: told(kind(report)))

    def context(self, client: Client) -> AbstractContextManager[Session]:
        """Return a context manager that yields a session for this run, as `Session.context` does.

        Inside it, an object that several people or columns need is requested once.
        """
        return session_of(client).context(max_wait=self.max_wait, cancel=self.cancel)
