"""Futures of the shared pool, and how a thread runs what they stand for.

A worker that waits for a task that has not started runs it itself ("help-first"). It only runs what
it waits for, so a cycle of waits would have to be a cycle of dependencies, and nesting cannot stand
still. A leaf that may not go on yet is put off, not slept through.

The traceback of an error holds the frames that it went through, with their variables. A frame here
that knows the future of the error forgets it at its end (`del`), or the two would keep each other,
and all arguments, alive until the garbage collector comes by.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, ParamSpec, TypeVar

from gitlab_sync.concurrency.fair_queue import FairQueue, Task

P = ParamSpec("P")
T = TypeVar("T")


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


here = _Here()


def restartable(fn: Callable[P, T]) -> Callable[P, T]:
    """Mark a function whose call may be repeated from its start, so that it may be put off."""
    fn.__dict__["is_leaf"] = True
    return fn


def may_postpone() -> bool:
    """Whether the caller is a leaf at the bottom of a worker, and so may raise `Postpone`."""
    running = here.running
    return len(running) == 1 and getattr(running[0].fn, "is_leaf", False)


def resumed() -> Any:
    """Return what this leaf left when it was put off, or None at its first run."""
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
            task.future.cancel()  # the cancel came while it ran, and found it nowhere
    except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for the future
        task.future.set_exception(error)
        del error
    else:
        task.future.set_result(result)
    finally:
        queue.running.discard(task)
        here.running = here.running[:-1]
        del task


def serve(queue: FairQueue) -> None:
    """Be a worker: take tasks until the queue is closed and empty."""
    here.queue = queue
    while (task := queue.pop()) is not None:
        run(queue, task)
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
        task, queue = self._task, self._queue
        if task is not None and here.queue is queue and queue.claim(task):
            del self
            run(queue, task)
        del task

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
