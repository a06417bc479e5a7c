"""The fair queue of the shared pool: one queue for each tenant, served in turn.

A gate (a rate limit) can hold a tenant's queue back, and a task can be put off (back-off). Neither
occupies a worker: tasks that cannot start yet stay here, and workers sleep until one is due. A task
that a slow server holds up does occupy one: so no tenant gets the last few workers.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures.thread import BrokenThreadPool
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from gitlab_sync.concurrency.executor import SharedExecutor, TenantExecutor
    from gitlab_sync.concurrency.futures import PoolFuture

Delay: TypeAlias = Callable[[], float]
"""Seconds until a queue's tasks can start (0: now). Called under the lock: it must be quick."""

BROKEN = "A thread initializer failed, the thread pool is not usable anymore"
"""What the standard library says when `initializer` fails."""

_LONGEST_SLEEP = 60.0  # for waits without a known end; waking once a minute is harmless


@dataclass(slots=True, eq=False, repr=False)
class Task:
    """One call that waits for a worker.

    `owner` is what it was submitted to, `claimed` says that a thread runs it or has dropped it, and
    `resume` is the state that a task keeps when it is put off.
    """

    fn: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    owner: SharedExecutor | TenantExecutor
    context: Context = field(default_factory=copy_context)
    claimed: bool = False
    resume: Any = None
    queue: TenantQueue = field(init=False)
    future: PoolFuture[Any] = field(init=False)


@dataclass(slots=True, eq=False, repr=False)
class TenantQueue:
    """The waiting tasks of one tenant behind one gate."""

    tenant: Hashable
    delay: Delay | None
    ready: deque[Task] = field(default_factory=deque)
    later: list[tuple[float, int, Task]] = field(default_factory=list)
    waiting: int = 0

    def tasks(self) -> Iterator[Task]:
        """Yield all tasks here, claimed or not."""
        yield from self.ready
        yield from (task for _, _, task in self.later)

    def next(self, now: float) -> Task | float:
        """Take the next task, or return the seconds until there can be one."""
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
        """Forget tasks that were claimed out of turn, once no other task is here.

        The containers are replaced, since a thread could be iterating over one at this moment.
        """
        if not self.waiting and (self.ready or self.later):
            self.ready = deque()
            self.later = []


class FairQueue:
    """Tasks by tenant, taken round robin. One lock guards everything in it.

    A tenant has a queue for each gate; they share the tenant's turns, so that more gates get it no
    more turns. The lock is re-entrant, since the garbage collector can end a forgotten `map` inside
    it, in the thread that holds it. `running` has the tasks that threads run: after a fork, these
    threads are gone. `idle` is the number of workers that sleep in `pop`.

    A tenant leaves as many of the `workers` free as it has at work, up to `spare`. So the next
    tenant finds a worker, even if a server lets all requests of the tenant hang.
    """

    def __init__(self, workers: int, spare: int = 0) -> None:
        self._free = workers
        self._spare = spare
        self._at_work: Counter[Hashable] = Counter()
        self._changed = threading.Condition(threading.RLock())
        self._tenants: OrderedDict[Hashable, OrderedDict[Delay | None, TenantQueue]] = OrderedDict()
        self._sequence = itertools.count()
        self._backlog = 0
        self.idle = 0
        self._closed = False
        self._broken = False
        self.running: set[Task] = set()

    def push(self, task: Task, tenant: Hashable, delay: Delay | None) -> bool:
        """Queue a task; return whether one more worker would help.

        Raises RuntimeError if the queue is closed, with the message of the standard library.
        """
        with self._changed:
            if self._broken:
                raise BrokenThreadPool(BROKEN)
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            queues = self._tenants.setdefault(tenant, OrderedDict())
            queue = queues.get(delay)
            if queue is None:
                queue = queues[delay] = TenantQueue(tenant, delay)
            task.queue = queue
            queue.ready.append(task)
            queue.waiting += 1
            self._backlog += 1
            if self._has_worker(tenant):
                self._changed.notify()
            return self._backlog > self.idle

    def pop(self, served: TenantQueue | None = None) -> Task | None:
        """Wait for a task that can start, and take it; None if the queue is closed and empty.

        `served` is the queue of the task that the worker has done before.
        """
        with self._changed:
            if served is not None:
                self._release(served.tenant)
            while True:
                task, sleep = self._take(time.monotonic())
                if task is not None:
                    tenant = task.queue.tenant
                    self._free -= 1
                    self._at_work[tenant] += 1
                    if self._backlog and self.idle and self._others_can_start(tenant):
                        self._changed.notify()  # a gate could have opened for more than one
                    return task
                if self._closed and not self._backlog:
                    return None
                self.idle += 1
                self._changed.wait(sleep)
                self.idle -= 1

    def grow(self, workers: int) -> None:
        """Allow so many more tasks at once; fewer, if negative: those under way are not touched."""
        with self._changed:
            self._free += workers
            self._changed.notify_all()

    def _release(self, tenant: Hashable) -> None:
        self._free += 1
        self._at_work[tenant] -= 1
        if not self._at_work[tenant]:
            del self._at_work[tenant]

    def _has_worker(self, tenant: Hashable) -> bool:
        """Return whether a tenant can have one more worker; work of no tenant can have all."""
        spare = 0 if tenant is None else min(self._at_work[tenant], self._spare)
        return spare < self._free

    def _others_can_start(self, tenant: Hashable) -> bool:
        """Return whether there can be work for another worker, once this tenant got one."""
        return len(self._tenants) > 1 or self._has_worker(tenant)

    def _take(self, now: float) -> tuple[Task | None, float | None]:
        soonest: float | None = None
        for tenant in list(self._tenants):
            queues = self._tenants[tenant]
            self._tenants.move_to_end(tenant)
            if not self._has_worker(tenant):
                continue
            for key in list(queues):
                queue = queues[key]
                if not queue.waiting:
                    del queues[key]
                    continue
                queues.move_to_end(key)
                found = queue.next(now)
                if isinstance(found, Task):
                    if self._claim(found):
                        return found, None
                    found = 0.0  # a finalizer dropped it meanwhile: look again
                soonest = found if soonest is None else min(soonest, found)
            if not queues:
                del self._tenants[tenant]
        return None, soonest

    def _claim(self, task: Task) -> bool:
        if task.claimed:
            return False
        task.claimed = True
        task.queue.waiting -= 1
        task.queue.forget_claimed()
        self._backlog -= 1
        return True

    def _queues(self) -> list[TenantQueue]:
        return [queue for queues in self._tenants.values() for queue in queues.values()]

    def claim(self, task: Task) -> bool:
        """Take this task out of the queue, to run or drop it; False if another thread has."""
        with self._changed:
            return self._claim(task)

    def put_off(self, task: Task, seconds: float) -> bool:
        """Queue a task again, to start after so many seconds at the earliest; False if closed."""
        with self._changed:
            if self._closed:
                return False
            queues = self._tenants.setdefault(task.queue.tenant, OrderedDict())
            queue = queues.setdefault(task.queue.delay, task.queue)
            task.queue = queue
            task.claimed = False
            due = time.monotonic() + seconds
            heapq.heappush(queue.later, (due, next(self._sequence), task))
            queue.waiting += 1
            self._backlog += 1
            self._changed.notify()
            return True

    def drain(self, owner: object = None) -> list[Task]:
        """Claim and return all waiting tasks (of one owner, if given)."""
        with self._changed:
            found = [
                task
                for queue in self._queues()
                for task in queue.tasks()
                if (owner is None or task.owner is owner) and self._claim(task)
            ]
            self._changed.notify_all()
            return found

    def orphans(self) -> list[Task]:
        """Return all tasks in a forked child, without the lock, since its holder can be gone."""
        return [*self.running, *(task for queue in self._queues() for task in queue.tasks())]

    def close(self) -> None:
        """Accept no more tasks; `pop` returns None once all are taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def break_down(self) -> list[Task]:
        """Accept no more tasks, since workers cannot be prepared; return those that wait."""
        with self._changed:
            self._broken = True
            self.close()
            return self.drain()

    def waiting(self) -> dict[Hashable, int]:
        """Return the number of waiting tasks by tenant."""
        with self._changed:
            counts: Counter[Hashable] = Counter()
            for queue in self._queues():
                if queue.waiting:
                    counts[queue.tenant] += queue.waiting
            return dict(counts)
