"""The one bounded pool of threads, shared by all tenants without one holding up another.

Three things set it apart from the pool that it derives from. Work is taken round robin over
tenants. A worker that waits for a task runs it itself if it has not started ("help-first"): it runs
only what it waits for, so a cycle of waits would have to be a cycle of dependencies, and nesting
cannot stand still. And a leaf that may not go on yet (a rate limit, a back-off) is put off, not
slept through.

`wait()` and `as_completed()` of the standard library know nothing of help-first: inside a task they
are outside the contract. Use `map` or `result()` there.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from gitlab_sync.lanes import Delay, FairQueue, Task

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_WORKERS = 32
_JOIN_AT_EXIT = 0.2  # seconds; workers are daemons, so nothing is lost when one needs longer


class Postpone(BaseException):
    """Raised by a leaf that may not go on yet: run it again after `seconds`.

    `resume` is handed back to the leaf by `resumed()`. No `except Exception` may swallow it.
    """

    def __init__(self, seconds: float, resume: object) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.resume = resume


class _Here(threading.local):
    """What the current thread does: the queue it serves, the tasks it runs (innermost last)."""

    queue: FairQueue | None = None
    running: tuple[Task, ...] = ()


_here = _Here()


def leaf(fn: Callable[P, T]) -> Callable[P, T]:
    """Mark a function whose call may be repeated from its start, so that it may be put off."""
    fn.__dict__["is_leaf"] = True
    return fn


def may_postpone() -> bool:
    """Whether the caller is a leaf at the bottom of a worker, and so may raise `Postpone`."""
    running = _here.running
    return len(running) == 1 and getattr(running[0].fn, "is_leaf", False)


def resumed() -> Any:
    """Return what this leaf left when it was put off, or None at its first run."""
    return _here.running[-1].resume if _here.running else None


def _run(queue: FairQueue, task: Task) -> None:
    """Run a claimed task in the calling thread and settle its future."""
    _here.running = (*_here.running, task)
    queue.running.add(task)
    try:
        result = task.context.run(task.fn, *task.args, **task.kwargs)
    except Postpone as later:
        task.resume = later.resume
        if not queue.put_off(task, later.seconds):
            task.future.set_exception(CancelledError())
        elif isinstance(task.owner, TenantExecutor) and task.owner.cancelled:
            task.future.cancel()  # the cancel came while it ran, and found it nowhere
    except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for the future
        task.future.set_exception(error)
        del error
    else:
        task.future.set_result(result)
    finally:
        queue.running.discard(task)
        _here.running = _here.running[:-1]


def _work(queue: FairQueue) -> None:
    """Be a worker: take tasks until the queue is closed and empty."""
    _here.queue = queue
    while (task := queue.pop()) is not None:
        _run(queue, task)
        del task  # an idle worker must not keep the last result alive


class PoolFuture(Future[T]):
    """A future whose waiter lends a hand: in a worker, `result()` runs what has not started.

    Run that way a task ends when it ends: `timeout` cannot cut it short.
    """

    def __init__(self, queue: FairQueue, task: Task) -> None:
        super().__init__()
        self._queue = queue
        self._task: Task | None = task
        self.add_done_callback(_let_go)

    def _help(self) -> None:
        task = self._task
        if task is not None and _here.queue is self._queue and self._queue.claim(task):
            _run(self._queue, task)

    def cancel(self) -> bool:
        """Cancel it unless it runs or has ended; one that was put off can be cancelled, too."""
        task = self._task
        if task is None or not self._queue.claim(task):
            return self.cancelled()
        self.drop()
        return True

    def drop(self) -> None:
        """Settle a claimed task as cancelled, and wake who waits for it."""
        super().cancel()
        self.set_running_or_notify_cancel()

    def running(self) -> bool:
        """Whether a thread is at work on it."""
        task = self._task
        return task is not None and task.claimed and not self.done()

    def result(self, timeout: float | None = None) -> T:
        """Return the result, as `Future.result`; a worker helps first."""
        self._help()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return the error or None, as `Future.exception`; a worker helps first."""
        self._help()
        return super().exception(timeout)


def _let_go(future: Future[Any]) -> None:
    """Drop function and arguments: a finished future needs neither."""
    if isinstance(future, PoolFuture):
        future._task = None  # noqa: SLF001 - its own module


class OrderedResults(Iterator[T]):
    """The results of a `map`, in input order, over a window that is filled as it is read.

    Not thread-safe: one consumer. When it stops, fails or is let go, what has not started is
    cancelled.
    """

    def __init__(
        self,
        submit: Callable[[], Future[T] | None],
        window: int,
        timeout: float | None,
        *,
        may_grow: bool,
    ) -> None:
        self._submit = submit
        self._may_grow = may_grow
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._futures: deque[Future[T]] = deque()
        self._window = window
        self._input_error: Exception | None = None
        self._fill()

    def _fill(self) -> None:
        """Submit until the window is full; an error of the inputs waits for its turn."""
        try:
            while len(self._futures) < self._window:
                future = self._submit()
                if future is None:
                    # What grows with the results is asked again after the next one.
                    self._window = self._window if self._may_grow else 0
                    return
                self._futures.append(future)
        except Exception as error:  # noqa: BLE001 - raised again, after the results before it
            self._window = 0
            self._input_error = error

    def __next__(self) -> T:
        if not self._futures:
            error, self._input_error = self._input_error, None
            raise error or StopIteration
        future = self._futures.popleft()
        try:
            if self._deadline is None:
                result = future.result()
            else:
                result = future.result(max(0.0, self._deadline - time.monotonic()))
        except BaseException:
            future.cancel()
            self.close()
            raise
        self._fill()
        return result

    def close(self) -> None:
        """Cancel what has not started; idempotent."""
        self._window = 0
        self._input_error = None
        while self._futures:
            self._futures.popleft().cancel()

    def __del__(self) -> None:
        self.close()


def _ordered_map(
    executor: Executor,
    window: int,
    fn: Callable[..., T],
    iterables: tuple[Iterable[Any], ...],
    timeout: float | None,
    buffersize: int | None,
) -> OrderedResults[T]:
    if buffersize is not None and not isinstance(buffersize, int):
        raise TypeError("buffersize must be an integer or None")
    if buffersize is not None and buffersize < 1:
        raise ValueError("buffersize must be None or > 0")
    inputs = zip(*iterables, strict=False)

    def submit() -> Future[T] | None:
        for args in inputs:
            return executor.submit(fn, *args)
        return None

    # Of several iterables the first would lose an item each time that another has ended.
    may_grow = len(iterables) == 1
    return OrderedResults(submit, buffersize or window, timeout, may_grow=may_grow)


class SharedExecutor(ThreadPoolExecutor):
    """A bounded pool of daemon threads for everybody. Thread-safe.

    It derives from the standard pool so that code which asks for one takes it; queue, workers and
    futures are its own. Workers start when there is work for them, `max_workers` at the most.
    When the interpreter ends, what has not started is cancelled, rather than waited for.
    """

    def __init__(
        self, max_workers: int = DEFAULT_WORKERS, thread_name_prefix: str = "gitlab-sync"
    ) -> None:
        super().__init__(max_workers=max_workers, thread_name_prefix=thread_name_prefix)
        self._prefix = thread_name_prefix
        self._begin()
        _executors.add(self)

    def _begin(self) -> None:
        self._guard = threading.Lock()
        self._queue = FairQueue()
        self._workers: list[threading.Thread] = []
        # Workers know the queue, not the pool: a pool that nobody holds any more ends them.
        self._finalizer = weakref.finalize(self, self._queue.close)

    @property
    def max_workers(self) -> int:
        """The bound."""
        return self._max_workers

    @property
    def threads(self) -> int:
        """How many workers live."""
        return sum(thread.is_alive() for thread in self._workers)

    @property
    def busy(self) -> int:
        """How many workers are at work."""
        return max(0, self.threads - self._queue.idle)

    def queued(self) -> dict[Hashable, int]:
        """Count the waiting tasks by tenant; None is work that came in through no view."""
        return self._queue.waiting()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a call; as `Executor.submit`."""
        return self.enqueue(Task(fn, args, kwargs, owner=self), None, None)

    def enqueue(self, task: Task, tenant: Hashable, delay: Delay | None) -> PoolFuture[Any]:
        """Queue a task in a tenant's lane, held back by `delay`; RuntimeError after shutdown."""
        queue = self._queue
        future: PoolFuture[Any] = PoolFuture(queue, task)
        task.future = future
        if queue.push(task, tenant, delay) and len(self._workers) < self._max_workers:
            self._start_worker(queue)
        return future

    def _start_worker(self, queue: FairQueue) -> None:
        with self._guard:
            if len(self._workers) >= self._max_workers:
                return
            name = f"{self._prefix}_{len(self._workers)}"
            # Said outright: a thread started by a daemon (as Streamlit's are) would inherit it.
            thread = threading.Thread(target=_work, args=(queue,), name=name, daemon=True)
            self._workers.append(thread)
            thread.start()

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,  # noqa: ARG002 - part of the signature; threads have no use for it
        buffersize: int | None = None,
    ) -> OrderedResults[T]:
        """Map with results in input order, as in Python 3.14, inputs pulled as results are taken.

        `buffersize` bounds what is under way or unread (None: twice the workers). An item's error
        is raised in its place, and cancels the rest; so does `timeout` (seconds, from this call).
        """
        return _ordered_map(self, 2 * self._max_workers, fn, iterables, timeout, buffersize)

    def for_tenant(self, key: Hashable, delay: Delay | None = None) -> TenantExecutor:
        """Return a view whose work waits in that tenant's lane, held back while `delay()` > 0."""
        return TenantExecutor(self, key, delay)

    def drain(self, owner: object = None) -> None:
        """Cancel all that has not started (of one view, if given), and wake who waits for it."""
        for task in self._queue.drain(owner):
            task.future.drop()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work; as `Executor.shutdown`. Idempotent."""
        self._queue.close()
        if cancel_futures:
            self.drain()
        if wait:
            self.join(None)

    def join(self, seconds: float | None) -> None:
        """Wait for the workers to end, that long at the most (None: as long as it takes)."""
        deadline = None if seconds is None else time.monotonic() + seconds
        for thread in list(self._workers):
            if thread is not threading.current_thread():
                thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))

    def _after_fork(self) -> None:
        """Begin anew in a forked child, where the workers do not exist."""
        orphans = self._queue.orphans()
        self._finalizer.detach()
        self._begin()
        for task in orphans:
            # Nobody will ever run it here; its lock may be held by a thread that is gone.
            task.future._condition = threading.Condition()  # noqa: SLF001
            if not task.future.done():
                task.future.set_exception(CancelledError())


class TenantExecutor(Executor):
    """One tenant's view of the shared pool: an executor like any other. Thread-safe.

    Shutting it down ends this view only: the pool, and other views of the same tenant, go on.
    """

    def __init__(self, pool: SharedExecutor, tenant: Hashable, delay: Delay | None) -> None:
        self._pool = pool
        self._tenant = tenant
        self._delay = delay
        self._cancelled = False
        self._closed = False
        self._open: set[Future[Any]] = set()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a call in the tenant's lane. RuntimeError after `shutdown`.

        After `cancel` the future comes back cancelled, since that may happen at any moment.
        """
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        if self._cancelled:  # the pool may be shut down by now, and that is no error here
            return _cancelled_future()
        future = self._pool.enqueue(Task(fn, args, kwargs, owner=self), self._tenant, self._delay)
        self._open.add(future)
        future.add_done_callback(self._open.discard)
        if self._cancelled:  # asked after queueing, so that no cancel slips in between
            future.cancel()
        return future

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,  # noqa: ARG002 - part of the signature; threads have no use for it
        buffersize: int | None = None,
    ) -> OrderedResults[T]:
        """Map through the tenant's lane; as `SharedExecutor.map`."""
        window = 2 * self._pool.max_workers
        return _ordered_map(self, window, fn, iterables, timeout, buffersize)

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    def cancel(self) -> None:
        """Cancel what has not started, and all that comes later through this view."""
        self._cancelled = True
        if self._open:  # looking for them costs a pass over all that waits
            self._pool.drain(self)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End this view; as `Executor.shutdown`. A worker that waits here helps."""
        self._closed = True
        if cancel_futures:
            self._pool.drain(self)
        while wait and self._open:
            for future in list(self._open):
                with contextlib.suppress(CancelledError):
                    future.exception()


def _cancelled_future() -> Future[Any]:
    future: Future[Any] = Future()
    future.cancel()
    future.set_running_or_notify_cancel()
    return future


_executors: weakref.WeakSet[SharedExecutor] = weakref.WeakSet()


def _at_exit() -> None:
    executors = list(_executors)
    for executor in executors:
        executor.shutdown(wait=False, cancel_futures=True)
    for executor in executors:
        executor.join(_JOIN_AT_EXIT)


def _in_forked_child() -> None:
    _here.queue, _here.running = None, ()
    for executor in list(_executors):
        executor._after_fork()  # noqa: SLF001


# `atexit` would come too late: the interpreter joins threads before it. This is the hook that the
# standard library's own pool uses; hooks run in reverse order, so ours comes before the pool's.
threading._register_atexit(_at_exit)  # type: ignore[attr-defined] # noqa: SLF001
if sys.platform != "win32":
    os.register_at_fork(after_in_child=_in_forked_child)
