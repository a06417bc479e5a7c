"""How a batch runs: who watches, what ends it, where its leaves run."""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import MAX_WAIT, Client, Session, session_of
from gitlab_sync.store.store import PrincipalStore
from gitlab_sync.types import DEFAULT_SOURCE, OnProgress, OnRow, Source


@dataclass(frozen=True, slots=True)
class Run:
    """What a batch takes besides its query. All optional; immutable.

    `tracker` can be read from other threads at any time. `on_progress` is called after each item,
    and `on_row` with each person's row as soon as it is known, both in the calling thread.
    `executor` is any `concurrent.futures.Executor`. `max_wait` is the seconds to wait for one
    closing of a rate limit, after which items are unknown. `source` and `store` change what a run
    costs, never its rows; the store keeps the facts of ended merge requests.
    """

    tracker: ProgressTracker | None = None
    on_progress: OnProgress | None = None
    on_row: OnRow | None = None
    cancel: CancelToken | None = None
    executor: Executor | None = None
    max_wait: float = MAX_WAIT
    source: Source = DEFAULT_SOURCE
    store: PrincipalStore | None = None

    def context(self, client: Client) -> AbstractContextManager[Session]:
        """Return the session whose calls are this run's, as `Session.context` does.

        Inside it, an object that several people or columns need is asked for once.
        """
        return session_of(client).context(
            max_wait=self.max_wait, cancel=self.cancel, executor=self.executor
        )
