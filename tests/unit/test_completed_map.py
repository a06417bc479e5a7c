"""Results in the order in which they come, over any executor, without a task standing still."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import count

import pytest

from gitlab_sync.concurrency.executor import SharedExecutor
from gitlab_sync.concurrency.futures import completed_map

PATIENCE = 20.0


@pytest.fixture(params=[SharedExecutor, ThreadPoolExecutor])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Give out our pool, and the standard library's."""
    with request.param(2) as pool:
        yield pool


def test_what_is_slow_holds_up_nothing_else(executor: Executor) -> None:
    """The first result is that of the last input, if it comes first."""
    go_on = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert go_on.wait(PATIENCE)
        return number

    results = completed_map(executor, 3, work, range(9))
    assert sorted(next(results) for _ in range(8)) == list(range(1, 9))
    go_on.set()
    assert list(results) == [0]


def test_inputs_may_grow_with_the_results(executor: Executor) -> None:
    """They are asked again after each result."""
    wanted = deque([3])

    class Growing(Iterator[int]):
        def __next__(self) -> int:
            if not wanted:
                raise StopIteration
            return wanted.popleft()

    found = []
    for number in completed_map(executor, 4, int, Growing()):
        found.append(number)
        wanted.extend([number - 1] * (number > 0))
    assert found == [3, 2, 1, 0]


def test_no_more_is_under_way_or_unread_than_the_window(executor: Executor) -> None:
    """A consumer that stands still stops the work."""
    asked = count()

    def inputs() -> Iterator[int]:
        while True:
            yield next(asked)

    results = completed_map(executor, 5, int, inputs())
    for _ in range(3):
        next(results)
    results.close()
    assert next(asked) <= 3 + 5


def test_an_error_is_raised_and_ends_the_rest(executor: Executor) -> None:
    """As that of a `map`."""
    results = completed_map(executor, 2, lambda number: 1 // number, [1, 0, 1, 1])
    with pytest.raises(ZeroDivisionError):
        list(results)
    assert list(results) == []


def test_maps_within_maps_never_stand_still() -> None:
    """Each worker of a small pool waits for tasks of the same pool, and so runs them itself."""
    with SharedExecutor(2) as pool:

        def outer(number: int) -> int:
            return sum(completed_map(pool, 4, int, range(number)))

        found = sorted(completed_map(pool, 8, outer, [20] * 10))
    assert found == [190] * 10
