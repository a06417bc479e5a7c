"""What the workers of a run share: requests at once, pauses after a 429, progress, and the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import Session

SILENT = 5.0
"""Seconds after which a worker that says nothing has no part of the requests any more."""


class State(NamedTuple):
    """What a worker says of the partition that it reads.

    `attempt` tells a partition from itself when it is read again. `held` is how many requests it
    can have under way, `requests` how many it has sent, `closed` the seconds for which a 429 has
    closed its gate, and `part` how much is done, from 0 to 1. When it has `ended` it holds nothing.
    """

    partition: int
    attempt: str
    held: int = 0
    requests: int = 0
    closed: float = 0.0
    part: float = 0.0
    ended: bool = False


class Orders(NamedTuple):
    """What a worker may do from now on.

    `at_once` is the number of requests under way, and `share` its part of what the rate limit
    leaves. It pauses for so many seconds, and ends if `cancelled` says why.
    """

    at_once: int
    share: float = 1.0
    pause: float = 0.0
    cancelled: str | None = None


Exchange: TypeAlias = Callable[[State], Orders]
"""Tells the process of the run how a worker is doing, and returns what it may do."""


@dataclass(slots=True)
class _Holder:
    """A partition under way: what it holds or may hold, and when it was last heard of."""

    held: int = 0
    granted: int = 0
    requests: int = 0
    seen: float = 0.0


class Ledger:
    """Divides the requests at once of one process among the workers of a run. Thread-safe.

    Each of the `workers` gets an even part, and more when fewer partitions are left. What one gives
    up is granted to another only when it is no longer held, so that the sum never exceeds
    `at_once`. `sizes` are those of the partitions, in `what`, for the progress. `clock` returns
    seconds and never goes back.
    """

    def __init__(
        self,
        session: Session,
        at_once: int,
        workers: int,
        sizes: Mapping[int, int],
        what: str,
        tracker: ProgressTracker,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context = session.active
        self._gate = session.active.wait_budget.gate
        self._at_once = at_once
        self._workers = workers
        self._left = set(sizes)
        self._sizes = sizes
        self._what = what
        self._tracker = tracker
        self._clock = clock
        self._lock = threading.Lock()
        self._holders: dict[str, _Holder] = {}
        self._parts = dict.fromkeys(sizes, 0.0)

    def exchange(self, state: State) -> Orders:
        """Take what a worker says, and return what it may do."""
        if state.closed:
            self._gate.pause(state.closed)
        with self._lock:
            granted = self._granted(state)
            self._progress(state.partition, state.part)
        cancel = self._context.cancel
        reason = cancel.reason if cancel.cancelled else None
        return Orders(granted, granted / self._at_once, self._gate.closed(), reason)

    def done(self, partition: int) -> None:
        """Note that a partition was read to its end."""
        with self._lock:
            self._left.discard(partition)
            self._progress(partition, 1.0)

    def _granted(self, state: State) -> int:
        now = self._clock()
        for name, each in list(self._holders.items()):
            if now > each.seen + SILENT:
                del self._holders[name]
        holder = self._holders.setdefault(state.attempt, _Holder())
        self._context.count(state.requests - holder.requests)
        if state.ended:
            del self._holders[state.attempt]
            self._left.discard(state.partition)
            return 0
        holder.seen, holder.held, holder.requests = now, state.held, state.requests
        others = sum(
            max(each.held, each.granted) for each in self._holders.values() if each is not holder
        )
        number = max(len(self._holders), min(self._workers, len(self._left)))
        even = max(1, self._at_once // number)
        holder.granted = max(0, min(even, self._at_once - others))
        return holder.granted

    def _progress(self, partition: int, part: float) -> None:
        self._parts[partition] = max(part, self._parts[partition])
        done = sum(self._parts[each] * size for each, size in self._sizes.items())
        self._tracker.begin(sum(self._sizes.values()), self._what, int(done))
