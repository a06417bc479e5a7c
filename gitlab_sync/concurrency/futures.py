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
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from gitlab_sync.concurrency.fair_queue import FairQueue, Task

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")


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
                self._sent(future)
        except Exception as error:  # noqa: BLE001 - raised again, after the results before it
            self._window = 0
            self._input_error = error

    def _sent(self, future: Future[T]) -> None:
        self._futures.append(future)

    def _next(self) -> Future[T]:
        """Return what the next result comes from; it need not have ended."""
        return self._futures.popleft()

    def __next__(self) -> T:
        if not self._futures:
            error, self._input_error = self._input_error, None
            try:
                raise error or StopIteration
            finally:
                del error
        future = self._next()
        try:
            if self._deadline is None:
                result = future.result()
            else:
                result = future.result(max(0.0, self._deadline - time.monotonic()))
        except BaseException:
            future.cancel()
            self.close()
            raise
        finally:
            del future
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


class CompletedResults(OrderedResults[T]):
    """The results of a `map` in the order in which they come, over a window likewise.

    Inside a worker they come in input order: a worker helps with what it waits for.
    """

    def __init__(self, submit: Callable[[], Future[T] | None], window: int) -> None:
        self._ended: SimpleQueue[Future[T]] = SimpleQueue()
        super().__init__(submit, window, None, may_grow=True)

    def __next__(self) -> T:
        self._fill()  # the last result may have made inputs grow
        return super().__next__()

    def _sent(self, future: Future[T]) -> None:
        super()._sent(future)
        future.add_done_callback(self._ended.put)

    def _next(self) -> Future[T]:
        if here.queue is not None:
            return super()._next()
        future = self._ended.get()
        self._futures.remove(future)
        return future


def completed_map(
    executor: Executor, window: int, fn: Callable[[A], T], inputs: Iterable[A]
) -> CompletedResults[T]:
    """Return the results of `fn` for each input as they come, `window` of them under way or unread.

    Over any executor. `inputs` may grow with the results: it is asked again after each.
    """
    following = iter(inputs)

    def submit() -> Future[T] | None:
        for each in following:
            return executor.submit(fn, each)
        return None

    return CompletedResults(submit, window)


def ordered_map(
    executor: Executor,
    window: int,
    fn: Callable[..., T],
    iterables: tuple[Iterable[Any], ...],
    timeout: float | None,
    buffersize: int | None,
) -> OrderedResults[T]:
    """Return the results of `Executor.map` over any executor; `window` bounds it if nothing else.

    The signature and its errors are those of Python 3.14.
    """
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
