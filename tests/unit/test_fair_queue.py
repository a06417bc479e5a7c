"""The fair queue, without any worker: who is next, what waits, what is let go."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.concurrency.fair_queue import Delay, FairQueue, Task

PATIENCE = 20.0


def task(name: object = "", owner: object = None) -> Task:
    """Return a task that is known by its function's result."""
    made = Task(lambda: name, (), {}, owner=owner)
    made.future = cast("Any", Future())
    return made


def name(found: Task | None) -> Any:
    """Return what a task is known by."""
    return None if found is None else found.fn()


def push(queue: FairQueue, names: str, tenant: Hashable = "a", delay: Delay | None = None) -> None:
    """Queue a task for each letter of `names`."""
    for letter in names:
        queue.push(task(letter), tenant, delay)


def taken(queue: FairQueue) -> Iterator[Any]:
    """Yield all that waits, in the order in which workers would take it."""
    queue.close()
    while (found := queue.pop()) is not None:
        yield name(found)


@pytest.fixture
def waiting_worker() -> Iterator[Callable[[FairQueue], list[Any]]]:
    """Pop in a thread of its own, into the list that is returned, until the queue is closed."""
    threads: list[tuple[FairQueue, threading.Thread]] = []

    def start(queue: FairQueue) -> list[Any]:
        found: list[Any] = []

        def work() -> None:
            while (one := queue.pop()) is not None:
                found.append(name(one))

        thread = threading.Thread(target=work, daemon=True)
        threads.append((queue, thread))
        thread.start()
        return found

    yield start
    for queue, thread in threads:
        queue.drain()
        queue.close()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_one_tenants_tasks_come_in_their_order() -> None:
    """First in, first out."""
    queue = FairQueue(10**9)
    push(queue, "abcde")
    assert "".join(taken(queue)) == "abcde"


def test_tenants_take_turns_however_much_each_has() -> None:
    """One that comes late has its turn in the same round."""
    queue = FairQueue(10**9)
    push(queue, "aaaa", tenant=1)
    push(queue, "bb", tenant=2)
    push(queue, "c", tenant=3)
    assert "".join(taken(queue)) == "abcabaa"


def test_the_gates_of_one_tenant_take_turns_within_its_turn() -> None:
    """Many jobs do not make a tenant larger."""
    queue = FairQueue(10**9)
    for letter in "xyz":
        push(queue, letter * 2, tenant="many", delay=lambda _=letter: 0.0)
    push(queue, "oooooo", tenant="one")
    assert "".join(taken(queue)) == "xoyozoxoyozo"


@settings(deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_no_tenant_waits_longer_than_one_round_of_the_others(amounts: list[int]) -> None:
    """Between two turns of a tenant each other one has had a turn at the most."""
    queue = FairQueue(10**9)
    for tenant, amount in enumerate(amounts):
        for _ in range(amount):
            queue.push(task(tenant), tenant, None)
    assert queue.waiting() == dict(enumerate(amounts))
    order = list(taken(queue))
    assert Counter(order) == Counter(dict(enumerate(amounts)))
    for tenant, amount in enumerate(amounts):
        places = [-1, *(place for place, who in enumerate(order) if who == tenant)]
        assert len(places) == amount + 1
        assert all(after - before <= len(amounts) for before, after in itertools.pairwise(places))


def test_a_lane_whose_gate_is_closed_is_passed_over() -> None:
    """Its tasks keep their places for later."""
    wait = 3600.0
    queue = FairQueue(10**9)
    push(queue, "held", tenant=1, delay=lambda: wait)
    push(queue, "free", tenant=2)
    assert "".join(name(queue.pop()) for _ in range(4)) == "free"
    wait = 0.0
    assert "".join(taken(queue)) == "held"


def test_a_worker_sleeps_until_a_gate_opens_by_itself(waiting_worker: Any, until: Any) -> None:
    """No one has to wake it."""
    opens = time.monotonic() + 0.05
    queue = FairQueue(10**9)
    found = waiting_worker(queue)
    push(queue, "a", delay=lambda: max(0.0, opens - time.monotonic()))
    until(lambda: found == ["a"])
    assert time.monotonic() >= opens


def test_a_worker_that_waits_for_a_gate_takes_other_work_at_once(
    waiting_worker: Any, until: Any
) -> None:
    """It does not sleep for tasks that are gone."""
    queue = FairQueue(10**9)
    push(queue, "held", tenant=1, delay=lambda: 3600.0)
    found = waiting_worker(queue)
    until(lambda: queue.idle == 1)
    push(queue, "free", tenant=2)
    until(lambda: found == list("free"))


def test_a_task_that_was_put_off_comes_when_it_is_due_and_before_new_ones() -> None:
    """It has waited before."""
    queue = FairQueue(10**9)
    push(queue, "p")
    first = queue.pop()
    assert first is not None
    assert queue.put_off(first, 0.0)
    push(queue, "n")
    assert "".join(taken(queue)) == "pn"


def test_of_tasks_that_are_put_off_the_one_due_first_comes_first(
    waiting_worker: Any, until: Any
) -> None:
    """A worker wakes for the nearest of them."""
    queue = FairQueue(10**9)
    push(queue, "ab")
    first, second = queue.pop(), queue.pop()
    assert first is not None
    assert second is not None
    found = waiting_worker(queue)
    until(lambda: queue.idle == 1)
    queue.put_off(first, 3600.0)
    queue.put_off(second, 0.02)
    until(lambda: found == ["b"])
    assert queue.waiting() == {"a": 1}


def test_a_task_is_claimed_by_one_only() -> None:
    """What a waiter took to run it itself is not given to a worker."""
    queue = FairQueue(10**9)
    first, second = task("first"), task("second")
    queue.push(first, "a", None)
    queue.push(second, "a", None)
    assert queue.claim(first)
    assert not queue.claim(first)
    assert queue.waiting() == {"a": 1}
    assert queue.pop() is second
    assert not queue.claim(second)
    assert queue.waiting() == {}


def test_a_task_that_was_put_off_can_be_claimed_again() -> None:
    """It waits like any other."""
    queue = FairQueue(10**9)
    push(queue, "a")
    found = queue.pop()
    assert found is not None
    queue.put_off(found, 3600.0)
    assert queue.claim(found)
    assert queue.waiting() == {}


def test_draining_takes_all_that_waits_or_what_one_owner_has() -> None:
    """What is claimed already stays with the thread that claimed it."""
    queue = FairQueue(10**9)
    mine, other = object(), object()
    tasks = [task(number, mine if number % 2 else other) for number in range(6)]
    for one in tasks:
        queue.push(one, "a", None)
    later = queue.pop()
    assert later is tasks[0]
    queue.put_off(later, 3600.0)
    queue.claim(tasks[1])
    assert queue.drain(mine) == [tasks[3], tasks[5]]
    assert set(queue.drain()) == {tasks[0], tasks[2], tasks[4]}
    assert queue.drain() == []
    assert queue.waiting() == {}


def test_a_closed_queue_gives_what_it_has_and_takes_nothing() -> None:
    """The words are those of the standard library."""
    queue = FairQueue(10**9)
    push(queue, "ab")
    first = queue.pop()
    assert first is not None
    queue.close()
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        push(queue, "c")
    assert not queue.put_off(first, 0.0)
    assert name(queue.pop()) == "b"
    assert queue.pop() is None


def test_closing_wakes_all_that_wait(waiting_worker: Any, until: Any) -> None:
    """Also those that wait for a gate, once its work is dropped."""
    queue = FairQueue(10**9)
    for _ in range(3):
        waiting_worker(queue)
    push(queue, "held", delay=lambda: 3600.0)
    until(lambda: queue.idle == 3)
    queue.drain()
    queue.close()
    until(lambda: queue.idle == 0)


def test_push_says_whether_a_worker_more_would_be_of_use(waiting_worker: Any, until: Any) -> None:
    """An idle one is enough for one task."""
    queue = FairQueue(10**9)
    assert queue.push(task("a"), "a", None)
    found = waiting_worker(queue)
    until(lambda: found == ["a"] and queue.idle == 1)
    assert not queue.push(task("b"), "a", None)
    until(lambda: len(found) == 2)


def test_in_a_forked_child_all_that_waits_or_runs_is_found_without_a_lock() -> None:
    """The thread that holds it may not exist there."""
    queue = FairQueue(10**9)
    waits, put_off, runs = task("waits"), task("put off"), task("runs")
    for one in (put_off, runs, waits):
        queue.push(one, "a", None)
    assert queue.pop() is put_off
    queue.put_off(put_off, 3600.0)
    assert queue.pop() is runs
    queue.running.add(runs)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with queue._changed:
            held.set()
            done.wait(PATIENCE)

    holder = threading.Thread(target=hold, daemon=True)
    holder.start()
    held.wait(PATIENCE)
    assert {waits, put_off, runs} <= set(queue.orphans())
    done.set()
    holder.join(PATIENCE)


# -- workers that a tenant leaves free ---------------------------------------------------------


def test_a_tenant_leaves_the_last_workers_to_those_who_have_none() -> None:
    """Of eight workers with two to spare, one tenant gets six, the next one, the next one."""
    queue = FairQueue(8, 2)
    push(queue, "aaaaaaaa", "a")
    queue.close()
    first = [queue.pop() for _ in range(6)]
    assert [name(each) for each in first] == list("aaaaaa")
    assert queue._take(time.monotonic()) == (None, None)


def test_a_newcomer_finds_a_worker_and_one_who_is_done_makes_room() -> None:
    """Three tenants share six of eight workers; the last two stay for others."""
    queue = FairQueue(8, 2)
    for tenant in "abc":
        push(queue, tenant * 8, tenant)
    order = [queue.pop() for _ in range(3)]
    assert sorted(name(each) for each in order) == ["a", "b", "c"]
    assert sorted(name(queue.pop()) for _ in range(3)) == ["a", "b", "c"]
    assert queue._take(time.monotonic())[0] is None
    assert order[0] is not None
    assert name(queue.pop(order[0].queue)) in set("abc")


def test_work_of_no_tenant_gets_all_workers() -> None:
    """A pool that has no tenants is a pool like any other."""
    queue = FairQueue(4, 2)
    push(queue, "aaaa", None)
    assert [name(queue.pop()) for _ in range(4)] == list("aaaa")
