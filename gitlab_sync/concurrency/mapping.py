"""`Executor.map` as in Python 3.14, over any executor.

Python 3.11 to 3.13 lack `buffersize`. The signature, the errors and the order of events follow
CPython's `Lib/concurrent/futures/_base.py` in 3.14.
"""

from __future__ import annotations

import inspect
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from itertools import chain, islice
from typing import Any, TypeVar

T = TypeVar("T")


def map_over(
    executor: Executor,
    fn: Callable[..., T],
    iterables: tuple[Iterable[Any], ...],
    timeout: float | None,
    buffersize: int | None,
) -> Iterator[T]:
    """Return the results of `fn` over the zipped iterables, in their order.

    Without `buffersize`, all inputs are submitted now, and run even if no result is read. With it,
    at most that many are submitted ahead of the results that were read, while the executor lives:
    the iterator does not keep it alive. `timeout` is in seconds from this call. An error is raised
    in its place. An error, a timeout or closing the iterator cancels what has not started.
    """
    if buffersize is not None and not isinstance(buffersize, int):
        raise TypeError("buffersize must be an integer or None")
    if buffersize is not None and buffersize < 1:
        raise ValueError("buffersize must be None or > 0")
    end = None if timeout is None else time.monotonic() + timeout
    inputs = zip(*iterables, strict=False)
    first = inputs if buffersize is None else islice(inputs, buffersize)
    futures = deque(executor.submit(fn, *each) for each in first)
    following = iter(()) if buffersize is None else inputs
    return _results(weakref.ref(executor), fn, futures, following, end)


def _results(
    executor: weakref.ref[Executor],
    fn: Callable[..., T],
    futures: deque[Future[T]],
    following: Iterator[tuple[Any, ...]],
    end: float | None,
) -> Iterator[T]:
    try:
        while futures:
            # Before the wait, so that the window stays full while the oldest task runs.
            pool = executor()
            if pool is not None and (each := next(following, None)) is not None:
                futures.append(pool.submit(fn, *each))
            del pool
            yield _result_or_cancel(futures.popleft(), end)
    finally:
        for future in futures:
            future.cancel()


def _result_or_cancel(future: Future[T], end: float | None) -> T:
    try:
        try:
            return future.result(None if end is None else max(0.0, end - time.monotonic()))
        finally:
            future.cancel()
    finally:
        del future  # an error's traceback must not lead back to the future that holds the error


def bounded_map(
    executor: Executor, window: int, fn: Callable[..., T], *iterables: Iterable[Any]
) -> Iterator[T]:
    """Return `executor.map(fn, *iterables)` with at most `window` inputs under way or unread.

    An executor with a `map` that lacks `buffersize` gets the inputs window by window.
    """
    if "buffersize" in inspect.signature(executor.map).parameters:
        results: Iterator[T] = executor.map(fn, *iterables, buffersize=window)  # type: ignore[call-arg,unused-ignore]
        return results
    inputs = zip(*iterables, strict=False)
    windows = iter(lambda: list(islice(inputs, window)), [])
    return chain.from_iterable(executor.map(fn, *zip(*each, strict=True)) for each in windows)
