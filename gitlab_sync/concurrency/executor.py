"""The one bounded pool of threads, shared by all tenants so that none holds up another.

It differs from the standard pool in three ways. Work is taken round robin over tenants. A worker
that waits for a task that has not started runs it itself ("help-first"): it runs only what it waits
for, so a cycle of waits would need a cycle of dependencies, and nested work cannot deadlock. And a
task that has to wait (for a rate limit, a back-off) is put off, and holds no worker meanwhile.

`wait()` and `as_completed()` of the standard library do not know help-first: inside a task they are
outside the contract. Use `map` or `result()` there.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from gitlab_sync.concurrency.fair_queue import Delay, FairQueue, Task
from gitlab_sync.concurrency.futures import PoolFuture, here, serve
from gitlab_sync.concurrency.mapping import map_over

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_WORKERS = 32
_SPARE = 16  # one worker of so many is for tenants that have none
_JOIN_AT_EXIT = 0.2  # seconds; workers are daemons, so nothing is lost if one needs longer


class _WindowedMap(Executor):
    """An executor with the `map` of Python 3.14."""

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,  # noqa: ARG002 - part of the signature; threads have no use for it
        buffersize: int | None = None,
    ) -> Iterator[T]:
        """Map with results in input order; signature and behaviour are those of Python 3.14.

        Without `buffersize` all inputs are submitted at once, with it at most that many ahead of
        the results. An error is raised in its place and cancels the rest; so does `timeout`
        (seconds, from this call).
        """
        return map_over(self, fn, iterables, timeout, buffersize)


class SharedExecutor(_WindowedMap, ThreadPoolExecutor):
    """A bounded pool of daemon threads for all users of the process.

    It derives from the standard pool so that code which checks for one accepts it; queue, workers
    and futures are its own. Workers start when there is work for them, at most `max_workers`; each
    calls `initializer(*initargs)` first. When the interpreter ends, tasks that have not started are
    cancelled, not waited for. A sixteenth of the workers is not for tenants that have others.
    """

    cancelled = False  # only a tenant's executor or a task can be cancelled

    def __init__(
        self,
        max_workers: int | None = DEFAULT_WORKERS,
        thread_name_prefix: str = "gitlab-sync",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        super().__init__(max_workers, thread_name_prefix, initializer, initargs)
        self._prefix = thread_name_prefix
        self._prepare = None if initializer is None else partial(initializer, *initargs)
        self._begin()
        _executors.add(self)

    def _begin(self) -> None:
        self._guard = threading.Lock()
        self._threads: set[threading.Thread] = set()  # the standard pool's name for its workers
        self._queue = FairQueue(self._max_workers, self._max_workers // _SPARE)
        # Workers know the queue, not the pool: they end with a pool that is no longer referenced.
        self._finalizer = weakref.finalize(self, self._queue.close)

    @property
    def max_workers(self) -> int:
        """The most workers at once."""
        return self._max_workers

    @property
    def threads(self) -> int:
        """The number of live workers."""
        return sum(thread.is_alive() for thread in tuple(self._threads))

    @property
    def busy(self) -> int:
        """The number of workers that run a task."""
        return max(0, self.threads - self._queue.idle)

    def resize(self, max_workers: int) -> None:
        """Run at most so many tasks at once from now on: 0 or more; those under way are run on."""
        self._queue.grow(max_workers - self._max_workers)
        self._max_workers = max_workers
        waiting = sum(self._queue.waiting().values())
        for _ in range(min(waiting, max_workers - len(self._threads))):
            self._start_worker(self._queue)

    def queued(self) -> dict[Hashable, int]:
        """Return the number of waiting tasks by tenant (None: no tenant)."""
        return self._queue.waiting()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a call, as `Executor.submit` does."""
        return self.enqueue(Task(fn, args, kwargs, owner=self), None, None)

    def enqueue(self, task: Task, tenant: Hashable, delay: Delay | None) -> PoolFuture[Any]:
        """Queue a task for a tenant, held back by `delay`.

        Raises RuntimeError after shutdown, and if no thread can be started at all.
        """
        queue = self._queue
        future: PoolFuture[Any] = PoolFuture(queue, task)
        task.future = future
        if queue.push(task, tenant, delay) and len(self._threads) < self._max_workers:
            try:
                self._start_worker(queue)
            except RuntimeError:  # the system allows no more threads: fewer do the work
                if not self._threads and queue.claim(task):
                    raise
        return future

    def _start_worker(self, queue: FairQueue) -> None:
        with self._guard:
            if len(self._threads) >= self._max_workers:
                return
            name = f"{self._prefix}_{len(self._threads)}"
            # Explicitly: a thread that a daemon starts (as Streamlit's are) would inherit it.
            serving = (queue, self._prepare)
            thread = threading.Thread(target=serve, args=serving, name=name, daemon=True)
            thread.start()
            self._threads.add(thread)

    def for_tenant(self, key: Hashable, delay: Delay | None = None) -> TenantExecutor:
        """Return an executor for that tenant; its tasks are held back while `delay()` > 0."""
        return TenantExecutor(self, key, delay)

    def drain(self, owner: object = None) -> None:
        """Cancel tasks that have not started (of one owner, if given), and wake their waiters."""
        for task in self._queue.drain(owner):
            task.future.drop()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more work, as `Executor.shutdown` does. Idempotent."""
        self._queue.close()
        if cancel_futures:
            self.drain()
        if wait:
            self.join(None)

    def join(self, seconds: float | None) -> None:
        """Wait for the workers to end, for at most so many seconds (None: without a limit)."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while others := self._others():  # one of them can start another one before it ends
            for thread in others:
                thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
            if deadline is not None and time.monotonic() >= deadline:
                return

    def _others(self) -> list[threading.Thread]:
        """Return the live workers but for the calling one."""
        with self._guard:
            live = [thread for thread in self._threads if thread.is_alive()]
        return [thread for thread in live if thread is not threading.current_thread()]

    def _after_fork(self) -> None:
        """Start afresh in a forked child, where the workers do not exist."""
        orphans = self._queue.orphans()
        self._finalizer.detach()
        self._begin()
        for task in orphans:
            task.future.after_fork()  # no thread will ever run it here


class TenantExecutor(_WindowedMap):
    """The shared pool as one tenant sees it: an executor like any other.

    Shutting it down does not end the pool, nor other executors of the same tenant. `cancelled` says
    whether `cancel` was called.
    """

    def __init__(self, pool: SharedExecutor, tenant: Hashable, delay: Delay | None) -> None:
        self._pool = pool
        self._tenant = tenant
        self._delay = delay
        self.cancelled = False
        self._closed = False
        self._open: set[Future[Any]] = set()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a call for the tenant. Raises RuntimeError after `shutdown`.

        After `cancel` it returns a cancelled future, since that can happen at any moment.
        """
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        if self.cancelled:  # the pool can be shut down by now, which is no error here
            cancelled: Future[T] = Future()
            cancelled.cancel()
            cancelled.set_running_or_notify_cancel()
            return cancelled
        future = self._pool.enqueue(Task(fn, args, kwargs, owner=self), self._tenant, self._delay)
        self._open.add(future)
        future.add_done_callback(self._open.discard)
        if self.cancelled:  # checked after queueing, so that no cancel is missed
            future.cancel()
        return future

    def cancel(self) -> None:
        """Cancel tasks that have not started, and all that are submitted here later."""
        self.cancelled = True
        if self._open:  # finding them takes a pass over all waiting tasks
            self._pool.drain(self)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more work here, as `Executor.shutdown` does. A worker that waits here helps."""
        self._closed = True
        if cancel_futures:
            self._pool.drain(self)
        while wait and self._open:
            for future in list(self._open):
                with contextlib.suppress(CancelledError):
                    future.exception()


_executors: weakref.WeakSet[SharedExecutor] = weakref.WeakSet()


def _at_exit() -> None:
    executors = list(_executors)
    for executor in executors:
        executor.shutdown(wait=False, cancel_futures=True)
    for executor in executors:
        executor.join(_JOIN_AT_EXIT)


def _in_forked_child() -> None:
    here.queue, here.running = None, ()
    for executor in list(_executors):
        executor._after_fork()  # noqa: SLF001


# `atexit` would be too late: the interpreter joins threads before it. This is the hook that the
# standard library's own pool uses; hooks run in reverse order, so ours runs before the pool's.
threading._register_atexit(_at_exit)  # type: ignore[attr-defined] # noqa: SLF001
if sys.platform != "win32":
    os.register_at_fork(after_in_child=_in_forked_child)
