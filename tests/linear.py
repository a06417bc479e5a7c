"""Checks that time and memory grow no faster than the input, whatever the machine."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SMALL = 16_384
"""The size of the smaller input in characters; the larger one is four times as long."""

_MOST = 8
"""How many times as much the larger input can take: between 4 (linear) and 16 (quadratic)."""

_SHORT = 0.002  # seconds; what the clock shows for less is mostly noise
_LITTLE = 1_000_000  # bytes


def assert_linear_time(run: Callable[[T], object], make: Callable[[int], T]) -> None:
    """Assert that an input of four times the size takes at most eight times as long.

    `make` returns an input of about so many characters. Of several attempts the best one counts.
    """
    small, large = make(SMALL), make(4 * SMALL)
    for _ in range(3):
        limit = _MOST * max(_seconds(run, small), _SHORT)
        taken = _seconds(run, large)
        if taken <= limit:
            return
    raise AssertionError(f"four times the input takes {taken:.3f} s, more than {limit:.3f} s")


def assert_linear_memory(run: Callable[[T], object], make: Callable[[int], T]) -> None:
    """Assert that an input of four times the size takes at most eight times as much memory.

    It is measured with smaller inputs, since measuring is slow.
    """
    small, large = make(SMALL // 4), make(SMALL)
    limit = _MOST * max(_peak(run, small), _LITTLE)
    taken = _peak(run, large)
    assert taken <= limit, f"four times the input takes {taken:,} bytes, more than {limit:,}"


def _seconds(run: Callable[[T], object], given: T) -> float:
    gc.disable()
    try:
        before = time.thread_time()
        run(given)
        return time.thread_time() - before
    finally:
        gc.enable()


def _peak(run: Callable[[T], object], given: T) -> int:
    tracemalloc.start()
    try:
        run(given)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
