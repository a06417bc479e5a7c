"""The shared pool: what `map`, futures, views and workers promise."""

from __future__ import annotations

import contextlib
import gc
import inspect
import itertools
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from gitlab_sync.concurrency.executor import SharedExecutor
from gitlab_sync.concurrency.mapping import bounded_map

PATIENCE = 20.0
Until = Callable[..., None]


# -- map ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pool", "view"])
def test_map_has_the_signature_of_python_3_14(make_pool: Any, kind: str) -> None:
    """Code written for the newest standard library fits, whatever Python runs it."""
    pool = make_pool()
    executor: Executor = pool if kind == "pool" else pool.for_tenant("a")
    parameters = inspect.signature(executor.map).parameters
    assert list(parameters) == ["fn", "iterables", "timeout", "chunksize", "buffersize"]
    assert parameters["fn"].default is inspect.Parameter.empty
    assert parameters["iterables"].kind is inspect.Parameter.VAR_POSITIONAL
    assert {name: parameters[name].default for name in ("timeout", "chunksize", "buffersize")} == {
        "timeout": None,
        "chunksize": 1,
        "buffersize": None,
    }
    kinds = {parameters[name].kind for name in ("timeout", "chunksize", "buffersize")}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


def test_results_come_in_the_order_of_the_inputs(make_pool: Any) -> None:
    """The last may end first: the order is that of the inputs."""
    pool = make_pool(4)
    last_first = [threading.Event() for _ in range(4)]

    def run(number: int) -> int:
        if number < 3:
            last_first[number + 1].wait(PATIENCE)  # each ends after the one behind it
        last_first[number].set()
        return number

    assert list(pool.map(run, range(4))) == [0, 1, 2, 3]


def test_map_takes_several_iterables_and_stops_with_the_shortest(make_pool: Any) -> None:
    """As the map of the standard library does."""
    assert list(make_pool().map(pow, [2, 3, 4], itertools.repeat(2))) == [4, 9, 16]
    assert list(make_pool().map(pow, [2, 3, 4], [2])) == [4]
    assert list(make_pool().map(str, [])) == []


def test_without_buffersize_all_inputs_are_submitted_at_the_call(make_pool: Any) -> None:
    """So a `with` block runs them all, and results can be read after it."""
    for executor in (make_pool(2), make_pool(2).for_tenant("a")):
        ran: list[int] = []
        with executor:
            results = executor.map(ran.append, range(100))
        assert sorted(ran) == list(range(100))
        assert list(results) == [None] * 100


def test_an_unread_map_runs_to_its_end(make_pool: Any) -> None:
    """Forgetting its results cancels nothing, as in the standard library."""
    ran: list[int] = []
    with make_pool(2) as pool:
        pool.map(ran.append, range(50))
    assert sorted(ran) == list(range(50))


def test_held_results_keep_no_pool_alive(until: Any) -> None:
    """A pool that is not used any more ends its threads, whatever is left to read."""
    pool = SharedExecutor(2)
    results = pool.map(str, itertools.count(), buffersize=4)
    assert next(results) == "0"
    forgotten = weakref.ref(pool)
    del pool
    until(lambda: gc.collect() >= 0 and forgotten() is None)  # its workers may have work left
    assert list(results) == ["1", "2", "3", "4"]


@pytest.mark.parametrize("size", [1, 3])
def test_no_more_inputs_are_pulled_ahead_than_buffersize(make_pool: Any, size: int) -> None:
    """The bound holds from the call to the last result."""
    pulled = 0

    def inputs() -> Iterator[int]:
        nonlocal pulled
        for number in range(20):
            pulled += 1
            yield number

    results = make_pool().map(str, inputs(), buffersize=size)
    assert pulled == size
    for read, _ in enumerate(results, start=1):
        assert pulled <= read + size
    assert pulled == 20


def test_a_wrong_buffersize_is_refused_with_the_words_of_the_standard_library(
    make_pool: Any,
) -> None:
    """It is refused at the call, not at the first result."""
    with pytest.raises(TypeError, match="buffersize must be an integer or None"):
        make_pool().map(str, [], buffersize="3")
    for number in (0, -1):
        with pytest.raises(ValueError, match="buffersize must be None or > 0"):
            make_pool().map(str, [], buffersize=number)


def test_the_timeout_of_map_counts_from_the_call_and_cancels_the_rest(
    make_pool: Any, block: Any
) -> None:
    """What had not started when the time was over never runs."""
    pool = make_pool(1)
    blocked = block(pool)
    ran: list[int] = []
    results = pool.map(ran.append, range(3), timeout=0.05)
    with pytest.raises(TimeoutError):
        next(results)
    blocked.release()
    assert list(results) == []
    pool.shutdown()
    assert ran == []


def test_a_result_that_is_there_already_is_given_however_late_it_is_asked_for(
    make_pool: Any,
) -> None:
    """Only waiting can time out."""
    pool = make_pool()
    results = pool.map(str, [1], timeout=0)
    pool.shutdown()
    assert next(results) == "1"


def test_an_error_is_raised_in_its_place_and_cancels_the_rest(make_pool: Any) -> None:
    """The results before it come first, and after it there is nothing."""
    pool = make_pool(1)
    ran: list[int] = []

    def run(number: int) -> int:
        ran.append(number)
        return 10 // (3 - number)

    results = pool.map(run, itertools.count(), buffersize=2)
    assert [next(results) for _ in range(3)] == [3, 5, 10]
    with pytest.raises(ZeroDivisionError):
        next(results)
    with pytest.raises(StopIteration):
        next(results)
    pool.shutdown()
    assert max(ran) <= 4


@pytest.mark.parametrize("how", ["close", "let go"])
def test_when_the_consumer_stops_what_has_not_started_never_runs(
    make_pool: Any, block: Any, how: str
) -> None:
    """Once it has begun to read, closing and forgetting the results both count as stopping."""
    pool = make_pool(1)
    ran: list[int] = []
    blocked = block(pool)
    results = pool.map(ran.append, range(100), buffersize=3)
    blocked.release()
    next(results)
    before = block(pool)
    if how == "close":
        results.close()
        results.close()
    del results
    started = len(ran)
    before.release()
    pool.shutdown()
    assert len(ran) == started


def test_an_error_of_the_inputs_is_raised_where_they_are_pulled(make_pool: Any) -> None:
    """At the call without `buffersize`, and later with it."""

    def inputs() -> Iterator[int]:
        yield from range(3)
        raise LookupError("no more inputs")

    with pytest.raises(LookupError, match="no more inputs"):
        make_pool().map(str, inputs())
    results = make_pool().map(str, inputs(), buffersize=2)
    assert next(results) == "0"
    with pytest.raises(LookupError, match="no more inputs"):
        list(results)


def test_a_map_that_the_garbage_collector_ends_in_a_busy_pool_does_not_lock_it(
    make_pool: Any,
    block: Any,
) -> None:
    """The collector can strike in a thread that holds the queue's lock."""
    pool = make_pool(1)
    forgotten: list[Any] = [pool.map(str, range(4))]
    next(forgotten[0])
    blocked = block(pool)
    forgotten += [pool.map(str, range(4)), forgotten]  # only the collector can end it
    del forgotten

    def collect() -> float:
        gc.collect()  # asked with the queue locked: the worst moment
        return 0.0

    last = pool.for_tenant("another", collect).submit(str, 5)
    blocked.release()
    assert last.result(PATIENCE) == "5"
    pool.shutdown()
    assert not pool.queued()


# -- any executor ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["shared", "standard"])
def test_a_bounded_map_pulls_a_window_over_any_executor(make_pool: Any, kind: str) -> None:
    """Whether or not its `map` knows `buffersize`; the inputs can be endless."""
    pulled = itertools.count()
    last = 0

    def inputs() -> Iterator[int]:
        nonlocal last
        while True:
            last = next(pulled)
            yield last

    with make_pool(2) if kind == "shared" else ThreadPoolExecutor(2) as pool:
        results = bounded_map(pool, 4, pow, inputs(), itertools.repeat(1))
        for number in range(50):
            assert next(results) == number
            assert last <= number + 4


# -- nesting -----------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_nested_maps_of_any_depth_never_stand_still(make_pool: Any, workers: int) -> None:
    """Even one worker gets through a tree of 364 maps that wait for each other."""
    pool = make_pool(workers)

    def tree(depth: int) -> int:
        return 1 + sum(pool.map(tree, [depth - 1] * 3)) if depth else 1

    outermost = pool.submit(tree, 5)
    assert outermost.result(PATIENCE) == sum(3**level for level in range(6))


def test_more_tasks_that_wait_than_there_are_workers_all_end(make_pool: Any) -> None:
    """Tasks wait for others in queues of three tenants, on two workers."""
    pool = make_pool(2)
    views = [pool.for_tenant(number) for number in range(3)]

    def outer(number: int) -> int:
        return sum(views[number % 3].map(abs, range(number)))

    assert list(pool.map(outer, range(40))) == [sum(range(number)) for number in range(40)]


def test_a_worker_that_asks_for_a_result_runs_the_task_itself(make_pool: Any) -> None:
    """Help-first: it holds for `result` and for `exception`."""
    pool = make_pool(1)

    def inner() -> int:
        return threading.get_ident()

    def outer() -> tuple[int, int, BaseException | None]:
        first, second = pool.submit(inner), pool.submit(divmod, 1, 0)
        return threading.get_ident(), first.result(), second.exception()

    own, helped, error = pool.submit(outer).result(PATIENCE)
    assert helped == own
    assert isinstance(error, ZeroDivisionError)


def test_a_thread_from_outside_only_waits_and_its_timeout_holds(make_pool: Any, block: Any) -> None:
    """Only workers help, so that the bound of the pool holds."""
    pool = make_pool(1)
    blocked = block(pool)
    future = pool.submit(threading.get_ident)
    with pytest.raises(TimeoutError):
        future.result(0.01)
    with pytest.raises(TimeoutError):
        future.exception(0.01)
    blocked.release()
    assert future.result(PATIENCE) != threading.get_ident()


# -- futures -----------------------------------------------------------------------------------


def test_a_future_that_waits_can_be_cancelled_and_one_that_runs_cannot(
    make_pool: Any, block: Any
) -> None:
    """As futures of the standard library do; asking again changes nothing."""
    pool = make_pool(1)
    blocked = block(pool)
    waiting = pool.submit(str)
    told: list[Future[Any]] = []
    waiting.add_done_callback(told.append)
    assert waiting.cancel()
    assert waiting.cancel()
    assert waiting.cancelled()
    assert waiting.done()
    assert told == [waiting]
    with pytest.raises(CancelledError):
        waiting.result()
    running = blocked.futures[0]
    assert running.running()
    assert not running.cancel()
    blocked.release()
    assert not running.running()
    assert not running.cancel()
    assert running.result() is None


def test_a_waiter_is_woken_by_a_cancel(make_pool: Any, block: Any) -> None:
    """No one waits for what will never run."""
    pool = make_pool(1)
    blocked = block(pool)
    future = pool.submit(str)
    woken: list[BaseException] = []

    def wait() -> None:
        with pytest.raises(CancelledError) as caught:
            future.result(PATIENCE)
        woken.append(caught.value)

    waiter = threading.Thread(target=wait)
    waiter.start()
    future.cancel()
    waiter.join(PATIENCE)
    assert woken
    blocked.release()


def test_a_finished_future_keeps_neither_function_nor_arguments_alive(make_pool: Any) -> None:
    """Results can be kept for long without what they were made from."""

    class Thing:
        pass

    pool = make_pool(1)
    thing = Thing()
    alive = weakref.ref(thing)
    future = pool.submit(id, thing)
    future.result(PATIENCE)
    del thing
    pool.submit(str).result(PATIENCE)  # the worker has let go of the task before
    gc.collect()
    assert alive() is None


# -- memory ------------------------------------------------------------------------------------


class Thing:
    """An argument that can be watched."""


def fail(thing: object) -> None:
    """Raise an error; its traceback holds the frame of this call, and so the argument."""
    raise ValueError(thing)


def ask(pool: Any, thing: Thing) -> None:
    """Ask a future for its result, and let go of it."""
    future = pool.submit(fail, thing)
    with contextlib.suppress(ValueError):
        future.result(PATIENCE)
    del future  # the error holds this frame: to let go of it is the caller's part


def ask_for_the_error(pool: Any, thing: Thing) -> None:
    """Ask a future for its error."""
    assert pool.submit(fail, thing).exception(PATIENCE) is not None


def forget(pool: Any, thing: Thing) -> None:
    """Never ask."""
    pool.submit(fail, thing)


def read_map(pool: Any, thing: Thing) -> None:
    """Read a map to the error in it."""
    with contextlib.suppress(ValueError):
        list(pool.map(fail, [thing], timeout=PATIENCE))


def read_inputs(pool: Any, thing: Thing) -> None:
    """Read a map with inputs that fail."""
    inputs = (fail(each) for each in [thing])
    with contextlib.suppress(ValueError):
        list(pool.map(str, inputs))


def help_first(pool: Any, thing: Thing) -> None:
    """Wait in a worker, which runs the task itself, out of its turn."""
    pool.submit(lambda: list(pool.map(id, [thing]))).result(PATIENCE)


def help_what_fails(pool: Any, thing: Thing) -> None:
    """Wait in a worker for what fails; the error is that of both tasks."""
    pool.submit(read_map, pool, thing).result(PATIENCE)
    pool.submit(lambda: list(pool.map(fail, [thing]))).exception(PATIENCE)


@pytest.mark.parametrize(
    "use", [ask, ask_for_the_error, forget, read_map, read_inputs, help_first, help_what_fails]
)
@pytest.mark.parametrize("kind", ["pool", "view"])
def test_what_has_ended_leaves_nothing_to_the_garbage_collector(
    make_pool: Any, until: Until, use: Callable[[Any, Thing], None], kind: str
) -> None:
    """No future and its error hold each other: arguments are free once nothing asks for them."""
    pool = make_pool(1)
    executor = pool if kind == "pool" else pool.for_tenant("a")
    alive: list[weakref.ref[Thing]] = []
    gc.disable()
    try:
        for _ in range(50):
            thing = Thing()
            alive.append(weakref.ref(thing))
            use(executor, thing)
            del thing
        until(lambda: not any(each() for each in alive))
    finally:
        gc.enable()
