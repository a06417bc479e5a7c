"""Futures of the shared pool, and how a thread runs their tasks.

A worker that waits for a task that has not started runs it itself ("help-first"). It only runs what
it waits for, so a cycle of waits would need a cycle of dependencies, and nested work cannot
deadlock. A task that has to wait is put off, and holds no worker meanwhile.

The traceback of an error holds the frames that it went through, with their variables. A frame here
that knows the future of the error forgets it at its end (`del`), or the two would keep each other,
and all arguments, alive until the garbage collector comes by.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures.thread import BrokenThreadPool
from typing import Any, ParamSpec, TypeVar

from gitlab_sync.concurrency.fair_queue import BROKEN, FairQueue, Task

log = logging.getLogger("concurrent.futures")  # what the standard pool writes to

P = ParamSpec("P")
T = TypeVar("T")


class Postpone(BaseException):
    """Raised by a task that has to wait: run it again after `seconds`.

    `resumed()` returns `resume` to the task then. It is a BaseException, so that `except Exception`
    does not catch it.
    """

    def __init__(self, seconds: float, resume: object) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.resume = resume


class _Here(threading.local):
    """What the current thread does: the queue it serves, and its tasks (innermost last)."""

    queue: FairQueue | None = None
    running: tuple[Task, ...] = ()


here = _Here()


def restartable(fn: Callable[P, T]) -> Callable[P, T]:
    """Mark a function that can be run again from its start, so that it can be put off."""
    fn.__dict__["is_restartable"] = True
    return fn


def may_postpone() -> bool:
    """Return whether the caller is a worker's only task and so can raise `Postpone`."""
    running = here.running
    return len(running) == 1 and getattr(running[0].fn, "is_restartable", False)


def resumed() -> Any:
    """Return the state that this task kept when it was put off, or None at its first run."""
    return here.running[-1].resume if here.running else None


def run(queue: FairQueue, task: Task) -> None:
    """Run a claimed task in the calling thread and settle its future."""
    here.running = (*here.running, task)
    queue.running.add(task)
    try:
        result = task.context.run(task.fn, *task.args, **task.kwargs)
    except Postpone as later:
        task.resume = later.resume
        if not queue.put_off(task, later.seconds):
            task.future.set_exception(CancelledError())
        elif task.owner.cancelled:
            task.future.cancel()  # the cancel came while it ran, and did not find it
    except BaseException as error:  # noqa: BLE001 - it is raised where the future is awaited
        task.future.set_exception(error)
        del error
    else:
        task.future.set_result(result)
    finally:
        queue.running.discard(task)
        here.running = here.running[:-1]
        del task


def serve(queue: FairQueue, prepare: Callable[[], None] | None = None) -> None:
    """Run tasks until the queue is closed and empty: the main function of a worker.

    `prepare` is called first. If it fails, the queue is broken, as in the standard pool.
    """
    here.queue = queue
    if prepare is not None:
        try:
            prepare()
        except BaseException:
            log.critical("Exception in initializer:", exc_info=True)
            for waiting in queue.break_down():
                waiting.future.set_exception(BrokenThreadPool(BROKEN))
            return
    served = None
    while (task := queue.pop(served)) is not None:
        served = task.queue
        run(queue, task)
        del task  # an idle worker must not keep the last result alive


class PoolFuture(Future[T]):
    """A future that helps: called in a worker, `result()` runs a task that has not started.

    A task that is run this way is not cut short by `timeout`.
    """

    def __init__(self, queue: FairQueue, task: Task) -> None:
        super().__init__()
        self._queue = queue
        self._task: Task | None = task
        self.add_done_callback(_let_go)

    def _help(self) -> None:
        task, queue = self._task, self._queue
        if task is not None and here.queue is queue and queue.claim(task):
            del self
            run(queue, task)
        del task

    def cancel(self) -> bool:
        """Cancel the task unless it runs or has ended; one that was put off can be cancelled."""
        task = self._task
        if task is None or not self._queue.claim(task):
            return self.cancelled()
        self.drop()
        return True

    def drop(self) -> None:
        """Settle a claimed task as cancelled, and wake its waiters."""
        super().cancel()
        self.set_running_or_notify_cancel()

    def after_fork(self) -> None:
        """End it as cancelled in a forked child, unless it has ended."""
        self._condition = threading.Condition()  # a thread that is gone may hold the old one
        if not self.done():
            self.set_exception(CancelledError())

    def running(self) -> bool:
        """Return whether a thread runs the task."""
        task = self._task
        return task is not None and task.claimed and not self.done()

    def result(self, timeout: float | None = None) -> T:
        """Return the result, as `Future.result`; a worker helps first."""
        try:
            self._help()
            return super().result(timeout)
        finally:
            del self

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return the error or None, as `Future.exception`; a worker helps first."""
        try:
            self._help()
            return super().exception(timeout)
        finally:
            del self


def _let_go(future: Future[Any]) -> None:
    """Drop function and arguments: a finished future needs neither."""
    if isinstance(future, PoolFuture):
        future._task = None  # noqa: SLF001 - its own module


def in_worker() -> bool:
    """Whether the calling thread is a worker of a shared pool."""
    return here.queue is not None
