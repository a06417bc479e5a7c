"""The shared pool: tenants, leaves that are put off, workers and shutdown."""

from __future__ import annotations

import contextvars
import gc
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, ThreadPoolExecutor
from concurrent.futures.thread import BrokenThreadPool
from contextlib import AbstractContextManager
from typing import Any

import pytest

from gitlab_sync.concurrency.executor import SharedExecutor
from gitlab_sync.concurrency.futures import Postpone, may_postpone, restartable, resumed

PATIENCE = 20.0
Until = Callable[..., None]


# -- tenants -----------------------------------------------------------------------------------


def test_a_small_tenant_is_served_in_turn_behind_a_large_one(make_pool: Any, block: Any) -> None:
    """One task behind 200 of another tenant starts among the next two."""
    pool = make_pool(1)
    blocked = block(pool)
    started: list[str] = []
    large, small = pool.for_tenant("large"), pool.for_tenant("small")
    for _ in range(200):
        large.submit(started.append, "large")
    small.submit(started.append, "small")
    assert pool.queued() == {"large": 200, "small": 1}
    blocked.release()
    pool.shutdown()
    assert len(started) == 201
    assert "small" in started[:2]


def test_one_worker_takes_the_tenants_strictly_in_turn(make_pool: Any, block: Any) -> None:
    """Round robin, in the order in which the tenants came."""
    pool = make_pool(1)
    blocked = block(pool)
    started: list[str] = []
    for name in "abc":
        view = pool.for_tenant(name)
        for _ in range(5):
            view.submit(started.append, name)
    blocked.release()
    pool.shutdown()
    assert started == list("abc" * 5)


def test_many_jobs_of_one_tenant_get_no_more_than_its_turn(make_pool: Any, block: Any) -> None:
    """Three jobs of one tenant share its turn; another tenant has every second."""
    pool = make_pool(1)
    blocked = block(pool)
    started: list[str] = []
    for number in range(3):
        job = pool.for_tenant("many", lambda _=number: 0.0)  # a gate of its own for each job
        for _ in range(10):
            job.submit(started.append, f"many {number}")
    one = pool.for_tenant("one")
    for _ in range(10):
        one.submit(started.append, "one")
    blocked.release()
    pool.shutdown()
    assert started[1:20:2] == ["one"] * 10
    assert set(started[:6:2]) == {"many 0", "many 1", "many 2"}


def test_a_lane_that_is_held_back_leaves_its_workers_to_others(make_pool: Any) -> None:
    """A closed gate costs no worker, and its work goes on when it opens."""
    pool = make_pool(2)
    opened = threading.Event()
    held = pool.for_tenant("held", lambda: 0.0 if opened.is_set() else 0.02)
    ran: list[str] = []
    waiting = [held.submit(ran.append, "held") for _ in range(10)]
    others = [pool.for_tenant("other").submit(ran.append, "other") for _ in range(50)]
    for future in others:
        future.result(PATIENCE)
    assert ran == ["other"] * 50
    opened.set()
    for future in waiting:
        future.result(PATIENCE)
    assert ran[50:] == ["held"] * 10


# -- putting off -------------------------------------------------------------------------------


def test_a_leaf_that_is_put_off_frees_its_worker_and_finds_what_it_left(make_pool: Any) -> None:
    """The one worker runs other work meanwhile."""
    pool = make_pool(1)
    other_ran = threading.Event()
    found: list[object] = []

    @restartable
    def patient() -> str:
        found.append(resumed())
        if not other_ran.is_set():
            assert may_postpone()
            raise Postpone(0.01, {"tries": len(found)})
        return "done"

    first = pool.submit(patient)
    pool.submit(other_ran.set)
    assert first.result(PATIENCE) == "done"
    assert found == [None, *({"tries": number} for number in range(1, len(found)))]
    assert len(found) > 1


def test_a_leaf_that_was_put_off_can_be_cancelled_at_once(make_pool: Any, until: Until) -> None:
    """It waits like one that never started."""
    pool = make_pool(1)

    @restartable
    def patient() -> None:
        raise Postpone(3600, None)

    future = pool.submit(patient)
    until(lambda: pool.queued() == {None: 1} and not pool.busy)
    assert not future.running()
    assert future.cancel()
    assert pool.queued() == {}


def test_a_leaf_that_is_put_off_while_its_view_is_cancelled_ends(make_pool: Any) -> None:
    """It was running, so the cancel found it nowhere: it must not wait for an hour."""
    view = make_pool(1).for_tenant("a")
    begun, cancelled = threading.Event(), threading.Event()

    @restartable
    def patient() -> None:
        begun.set()
        cancelled.wait(PATIENCE)
        raise Postpone(3600, None)

    future = view.submit(patient)
    begun.wait(PATIENCE)
    view.cancel()
    cancelled.set()
    with pytest.raises(CancelledError):
        future.result(PATIENCE)


def test_a_leaf_that_is_put_off_in_a_closed_pool_ends(make_pool: Any) -> None:
    """A closed pool takes nothing back."""
    pool = make_pool(1)
    begun, closed = threading.Event(), threading.Event()

    @restartable
    def patient() -> None:
        begun.set()
        closed.wait(PATIENCE)
        raise Postpone(3600, None)

    future = pool.submit(patient)
    begun.wait(PATIENCE)
    pool.shutdown(wait=False)
    closed.set()
    with pytest.raises(CancelledError):
        future.result(PATIENCE)


def test_only_a_leaf_at_the_bottom_of_a_worker_may_be_put_off(make_pool: Any) -> None:
    """Anything else would run twice, is not restartable, or is not in our pool."""
    pool = make_pool(1)

    @restartable
    def marked() -> bool:
        return may_postpone()

    def plain() -> bool:
        return may_postpone()

    def outer() -> bool:
        return pool.submit(marked).result()  # helped: it sits on top of this task

    assert pool.submit(marked).result(PATIENCE)
    assert not pool.submit(plain).result(PATIENCE)
    assert not pool.submit(outer).result(PATIENCE)
    assert not pool.submit(restartable(outer)).result(PATIENCE)
    assert not marked()
    with ThreadPoolExecutor(1) as foreign:
        assert not foreign.submit(marked).result(PATIENCE)


# -- workers -----------------------------------------------------------------------------------


def test_each_task_runs_in_a_copy_of_its_callers_context(make_pool: Any) -> None:
    """It sees what was set at the time of the call, and changes nothing outside."""
    pool = make_pool(1)
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")

    def read_and_write() -> str:
        before = variable.get()
        variable.set("written in a task")
        return before

    variable.set("first")
    first = pool.submit(read_and_write)
    variable.set("second")
    second = pool.for_tenant("a").submit(read_and_write)
    assert (first.result(PATIENCE), second.result(PATIENCE)) == ("first", "second")
    assert variable.get() == "second"


def test_workers_are_daemons_no_more_than_allowed_and_start_when_needed(make_pool: Any) -> None:
    """A pool without work has no thread."""
    pool = make_pool(3)
    before = set(threading.enumerate())
    assert pool.threads == 0
    pool.submit(str).result(PATIENCE)
    assert pool.threads == 1
    assert len(list(pool.map(str, range(100)))) == 100
    workers = set(threading.enumerate()) - before
    assert 1 <= len(workers) == pool.threads <= 3
    assert all(worker.daemon for worker in workers)


def test_an_idle_pool_that_nobody_holds_any_more_ends_its_threads(until: Until) -> None:
    """Without a shutdown: the garbage collector is enough."""
    before = set(threading.enumerate())
    pool = SharedExecutor(2)
    view = pool.for_tenant("a")
    assert list(view.map(str, range(10)))
    assert set(threading.enumerate()) - before
    del pool, view

    def ended() -> bool:
        gc.collect()
        return not set(threading.enumerate()) - before

    until(ended)


def test_an_error_of_a_task_never_ends_its_worker(make_pool: Any) -> None:
    """Not even one that is no `Exception`."""
    pool = make_pool(1)

    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        pool.submit(leave).result(PATIENCE)
    assert pool.submit(str, 1).result(PATIENCE) == "1"
    assert pool.threads == 1


def test_it_passes_for_a_thread_pool(make_pool: Any) -> None:
    """Programs and libraries ask for one by its class."""
    pool = make_pool()
    assert isinstance(pool, ThreadPoolExecutor)
    assert pool._max_workers == 2
    assert isinstance(pool.for_tenant("a"), Executor)


# -- shutdown ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pool", "view"])
def test_shutdown_lets_what_is_queued_end_and_refuses_more(
    make_pool: Any, block: Any, kind: str
) -> None:
    """As executors of the standard library do; twice is once."""
    pool = make_pool(1)
    blocked = block(pool)
    executor: Executor = pool if kind == "pool" else pool.for_tenant("a")
    futures = [executor.submit(str, number) for number in range(5)]
    executor.shutdown(wait=False)
    executor.shutdown(wait=False)
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        executor.submit(str)
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        list(executor.map(str, range(3)))
    blocked.release()
    executor.shutdown()
    assert [future.result(0) for future in futures] == list("01234")


@pytest.mark.parametrize("kind", ["pool", "view"])
def test_shutdown_cancels_what_has_not_started_if_told_so(
    make_pool: Any, block: Any, kind: str
) -> None:
    """What runs is left alone."""
    pool = make_pool(1)
    blocked = block(pool)
    executor: Executor = pool if kind == "pool" else pool.for_tenant("a")
    futures = [executor.submit(str, number) for number in range(5)]
    executor.shutdown(wait=False, cancel_futures=True)
    assert all(future.cancelled() for future in futures)
    blocked.release()
    executor.shutdown()


def test_a_view_ends_alone(make_pool: Any, block: Any) -> None:
    """Another view of the same tenant and the pool itself go on."""
    pool = make_pool(1)
    blocked = block(pool)
    first, second = pool.for_tenant("same"), pool.for_tenant("same")
    lost, kept = first.submit(str, 1), second.submit(str, 2)
    first.shutdown(wait=False, cancel_futures=True)
    blocked.release()
    assert lost.cancelled()
    assert kept.result(PATIENCE) == "2"
    assert second.submit(str, 3).result(PATIENCE) == "3"
    assert pool.submit(str, 4).result(PATIENCE) == "4"


def test_a_view_as_a_context_manager_waits_for_its_work(make_pool: Any) -> None:
    """Leaving the block means that all is done."""
    pool = make_pool(1)
    with pool.for_tenant("a") as view:
        futures = [view.submit(str, number) for number in range(20)]
    assert all(future.done() for future in futures)


def test_whoever_waits_for_a_view_to_end_is_not_harmed_by_a_cancel(
    make_pool: Any, block: Any
) -> None:
    """Cancelled work has ended, too."""
    pool = make_pool(1)
    blocked = block(pool)
    view = pool.for_tenant("a")
    view.submit(str)
    with ThreadPoolExecutor(1) as aside:
        ending = aside.submit(view.shutdown)
        view.cancel()
        assert ending.result(PATIENCE) is None
    blocked.release()


def test_a_cancelled_view_gives_cancelled_futures_even_after_the_pool_has_ended(
    make_pool: Any,
) -> None:
    """Its work was cancelled, whatever else became of the pool."""
    pool = make_pool(1)
    view = pool.for_tenant("a")
    view.cancel()
    assert view.submit(str).cancelled()
    pool.shutdown()
    late = view.submit(str)
    assert late.cancelled()
    with pytest.raises(CancelledError):
        late.result()
    with pytest.raises(CancelledError):
        next(view.map(str, itertools.count(), buffersize=2))


def test_shutdown_of_the_pool_from_one_of_its_own_tasks_does_not_wait_for_itself(
    make_pool: Any,
) -> None:
    """It waits for the other workers only."""
    pool = make_pool(2)
    pool.submit(pool.shutdown).result(PATIENCE)
    with pytest.raises(RuntimeError):
        pool.submit(str)


def test_shutdown_waits_for_the_threads_to_end(make_pool: Any) -> None:
    """Nothing of the pool is left afterwards."""
    pool = make_pool(3)
    list(pool.map(str, range(20)))
    pool.shutdown()
    assert pool.threads == 0
    assert pool.busy == 0
    assert pool.queued() == {}


# -- workers that cannot start -----------------------------------------------------------------


def test_a_pool_whose_first_thread_cannot_start_says_so_and_works_later(
    make_pool: Any, no_more_threads: AbstractContextManager[None]
) -> None:
    """What could not be queued is not run later, either."""
    pool, ran = make_pool(2), []
    with no_more_threads, pytest.raises(RuntimeError, match="thread"):
        pool.submit(ran.append, "refused")
    assert pool.threads == 0
    pool.submit(ran.append, "later").result(PATIENCE)
    assert ran == ["later"]


def test_workers_do_all_the_work_if_the_system_allows_no_more_of_them(
    make_pool: Any, no_more_threads: AbstractContextManager[None]
) -> None:
    """No slot is lost: once it allows more, there are more."""
    pool, go = make_pool(2), threading.Event()
    first = pool.submit(go.wait, PATIENCE)
    with no_more_threads:
        second = pool.submit(str, 2)
    assert pool.threads == 1
    go.set()
    assert (first.result(PATIENCE), second.result(PATIENCE)) == (True, "2")
    both = threading.Barrier(2)
    met = [pool.submit(both.wait, PATIENCE) for _ in range(2)]
    assert {each.result(PATIENCE) for each in met} == {0, 1}


def test_each_worker_calls_the_initializer_first() -> None:
    """In its own thread, as in the standard pool."""
    here = threading.local()
    pool = SharedExecutor(2, initializer=lambda word: setattr(here, "word", word), initargs=("a",))
    assert list(pool.map(lambda _: here.word, range(10))) == ["a"] * 10
    pool.shutdown()


def test_a_pool_whose_initializer_fails_is_broken(caplog: pytest.LogCaptureFixture) -> None:
    """All who wait get the error of the standard pool, and nothing more is accepted."""
    pool = SharedExecutor(1, initializer=lambda: 1 / 0)
    future = pool.submit(print)
    with pytest.raises(BrokenThreadPool):
        future.result(PATIENCE)
    with pytest.raises(BrokenThreadPool):
        pool.submit(print)
    pool.shutdown()
    assert "Exception in initializer" in caplog.text
