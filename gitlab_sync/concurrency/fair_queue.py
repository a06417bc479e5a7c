"""The fair queue behind the shared pool: one lane for each tenant, taken in turn.

A lane may be held back by a gate (a rate limit), and a task may be put off (back-off). Neither ever
costs a worker: what may not start yet stays here, and workers sleep until the first of it is due.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from gitlab_sync.concurrency.futures import PoolFuture

Delay: TypeAlias = Callable[[], float]
"""Seconds until work of a lane may start; 0: now. Called with the queue locked: be quick."""

_LONGEST_SLEEP = 60.0  # a bound for waits whose end nobody knows; waking once a minute is harmless


class Owner(Protocol):
    """What tasks come in through: the pool, or a view of it."""

    @property
    def cancelled(self) -> bool:
        """Whether all that came in through it is cancelled."""


class Task:
    """One call that waits for a worker, and how it is to be made.

    `owner` is the view that it came in through, `claimed` says that somebody runs it (or dropped
    it), `resume` carries what a task that was put off wants to find when it runs again.
    """

    __slots__ = ("args", "claimed", "context", "fn", "future", "kwargs", "lane", "owner", "resume")

    def __init__(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        owner: Owner,
    ) -> None:
        self.fn = fn
        self.args = args
        self.kwargs = kwargs
        self.owner = owner
        self.context: Context = copy_context()
        self.claimed = False
        self.resume: Any = None
        self.lane: TenantQueue
        self.future: PoolFuture[Any]


class TenantQueue:
    """The waiting tasks of one tenant behind one gate."""

    __slots__ = ("delay", "later", "ready", "tenant", "waiting")

    def __init__(self, tenant: Hashable, delay: Delay | None) -> None:
        self.tenant = tenant
        self.delay = delay
        self.ready: deque[Task] = deque()
        self.later: list[tuple[float, int, Task]] = []
        self.waiting = 0

    def tasks(self) -> Iterator[Task]:
        """Yield all that is here, claimed or not."""
        yield from self.ready
        yield from (task for _, _, task in self.later)

    def next(self, now: float) -> Task | float:
        """Take the next task, or say in how many seconds there may be one."""
        held = self.delay() if self.delay is not None else 0.0
        if held > 0:
            return held
        while self.later and self.later[0][0] <= now:
            self.ready.appendleft(heapq.heappop(self.later)[2])
        while self.ready:
            task = self.ready.popleft()
            if not task.claimed:
                return task
        return max(self.later[0][0] - now, 0.0) if self.later else _LONGEST_SLEEP

    def forget_claimed(self) -> None:
        """Let go of tasks that were claimed out of their turn, once nothing else is here.

        The containers are replaced, since one of them may be iterated over at this moment.
        """
        if not self.waiting and (self.ready or self.later):
            self.ready = deque()
            self.later = []


class FairQueue:
    """Tasks by tenant, taken round robin. Thread-safe; one lock guards everything in it.

    A tenant has a lane for each gate: they take turns for the tenant's turn, so that many of them
    get no more than one. The lock is re-entrant, since the garbage collector may end a forgotten
    `map` inside of it, in the very thread that holds it. `running` has the tasks that threads are
    at work on: after a fork, nobody is.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._tenants: OrderedDict[Hashable, OrderedDict[Delay | None, TenantQueue]] = OrderedDict()
        self._sequence = itertools.count()
        self._backlog = 0
        self._idle = 0
        self._closed = False
        self.running: set[Task] = set()

    def push(self, task: Task, tenant: Hashable, delay: Delay | None) -> bool:
        """Queue a task; return whether one more worker would be of use.

        Raises RuntimeError when the queue is closed, with the words of the standard library.
        """
        with self._changed:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            lanes = self._tenants.setdefault(tenant, OrderedDict())
            queue = lanes.get(delay)
            if queue is None:
                queue = lanes[delay] = TenantQueue(tenant, delay)
            task.lane = queue
            queue.ready.append(task)
            queue.waiting += 1
            self._backlog += 1
            self._changed.notify()
            return self._backlog > self._idle

    def pop(self) -> Task | None:
        """Wait for a task that may start and take it; None when the queue is closed and empty."""
        with self._changed:
            while True:
                task, sleep = self._take(time.monotonic())
                if task is not None:
                    if self._backlog and self._idle:
                        self._changed.notify()  # a gate may have opened for more than one
                    return task
                if self._closed and not self._backlog:
                    return None
                self._idle += 1
                self._changed.wait(sleep)
                self._idle -= 1

    def _take(self, now: float) -> tuple[Task | None, float | None]:
        soonest: float | None = None
        for tenant in list(self._tenants):
            lanes = self._tenants[tenant]
            self._tenants.move_to_end(tenant)
            for key in list(lanes):
                queue = lanes[key]
                if not queue.waiting:
                    del lanes[key]
                    continue
                lanes.move_to_end(key)
                found = queue.next(now)
                if isinstance(found, Task):
                    if self._claim(found):
                        return found, None
                    found = 0.0  # a finalizer dropped it in between: look again
                soonest = found if soonest is None else min(soonest, found)
            if not lanes:
                del self._tenants[tenant]
        return None, soonest

    def _claim(self, task: Task) -> bool:
        if task.claimed:
            return False
        task.claimed = True
        task.lane.waiting -= 1
        task.lane.forget_claimed()
        self._backlog -= 1
        return True

    def _lanes(self) -> list[TenantQueue]:
        return [queue for lanes in self._tenants.values() for queue in lanes.values()]

    def claim(self, task: Task) -> bool:
        """Take this very task out of the queue, if nobody has: to run it, or to drop it."""
        with self._changed:
            return self._claim(task)

    def put_off(self, task: Task, seconds: float) -> bool:
        """Queue a task again that has run, to start no sooner than that; False when closed."""
        with self._changed:
            if self._closed:
                return False
            lanes = self._tenants.setdefault(task.lane.tenant, OrderedDict())
            queue = lanes.setdefault(task.lane.delay, task.lane)
            task.lane = queue
            task.claimed = False
            due = time.monotonic() + seconds
            heapq.heappush(queue.later, (due, next(self._sequence), task))
            queue.waiting += 1
            self._backlog += 1
            self._changed.notify()
            return True

    def drain(self, owner: object = None) -> list[Task]:
        """Claim and return all that waits (of one owner, if given)."""
        with self._changed:
            found = [
                task
                for queue in self._lanes()
                for task in queue.tasks()
                if (owner is None or task.owner is owner) and self._claim(task)
            ]
            self._changed.notify_all()
            return found

    def orphans(self) -> list[Task]:
        """Return all that waits or ran, in a forked child: no lock, since its holder is gone."""
        return [*self.running, *(task for queue in self._lanes() for task in queue.tasks())]

    def close(self) -> None:
        """Take no more; `pop` gives None once all that waits is taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def waiting(self) -> dict[Hashable, int]:
        """Count the waiting tasks by tenant."""
        with self._changed:
            counts: Counter[Hashable] = Counter()
            for queue in self._lanes():
                if queue.waiting:
                    counts[queue.tenant] += queue.waiting
            return dict(counts)

    @property
    def idle(self) -> int:
        """How many workers sleep in `pop`."""
        return self._idle
