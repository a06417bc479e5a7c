"""The switch that ends a job."""

from __future__ import annotations

import gc
import threading
import time
from typing import Any

import pytest

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.errors import Cancelled

PATIENCE = 20.0


def test_a_new_token_lets_everything_pass() -> None:
    """Checking and waiting cost nothing but the time."""
    token = CancelToken()
    token.check()
    token.wait(0.001)
    assert not token.cancelled


def test_a_cancelled_token_raises_with_its_reason_wherever_it_is_asked() -> None:
    """The first reason stays."""
    token = CancelToken()
    token.cancel("enough")
    token.cancel("too late")
    assert token.cancelled
    assert token.reason == "enough"
    for ask in (token.check, lambda: token.wait(3600)):
        with pytest.raises(Cancelled, match=r"^enough$"):
            ask()


def test_waiters_are_woken_at_once(until: Any) -> None:
    """However many threads wait, and however long they meant to."""
    token = CancelToken()
    woken: list[Cancelled] = []

    def wait() -> None:
        with pytest.raises(Cancelled) as caught:
            token.wait(3600)
        woken.append(caught.value)

    threads = [threading.Thread(target=wait, daemon=True) for _ in range(5)]
    for thread in threads:
        thread.start()
    token.cancel()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(woken) == 5


def test_a_child_ends_with_any_of_its_parents_and_for_that_ones_reason() -> None:
    """Parents and siblings go on when a child ends."""
    client, bridge = CancelToken(), CancelToken()
    first, second = CancelToken(client, bridge), CancelToken(client, bridge)
    first.cancel("only me")
    assert not client.cancelled
    assert not second.cancelled
    bridge.cancel("the bridge was closed")
    assert second.reason == "the bridge was closed"
    assert first.reason == "only me"
    assert not client.cancelled


def test_a_child_of_a_cancelled_parent_is_born_cancelled() -> None:
    """Nothing slips in between."""
    parent = CancelToken()
    parent.cancel("over")
    child = CancelToken(CancelToken(), parent)
    assert child.cancelled
    assert child.reason == "over"


def test_a_released_child_is_forgotten_by_its_parents() -> None:
    """A bridge that lives for months must not keep every job that it ever had."""
    parent = CancelToken()
    child = CancelToken(parent)
    child.release()
    child.release()
    assert not parent._callbacks
    parent.cancel()
    assert not child.cancelled


def test_callbacks_run_once_and_at_once_when_it_is_cancelled_already() -> None:
    """The order of adding and cancelling does not matter."""
    token = CancelToken()
    ran: list[str] = []
    token.add("first", lambda: ran.append("first"))
    token.add("gone", lambda: ran.append("gone"))
    token.discard("gone")
    token.discard("never there")
    token.cancel()
    token.cancel()
    token.add("late", lambda: ran.append("late"))
    assert ran == ["first", "late"]


def test_on_cancel_holds_for_its_block_only() -> None:
    """Also when the block ends with an error."""
    token = CancelToken()
    ran: list[str] = []
    with pytest.raises(LookupError), token.on_cancel(lambda: ran.append("after")):
        raise LookupError
    with token.on_cancel(lambda: ran.append("inside")):
        token.cancel()
    assert ran == ["inside"]


def test_no_callback_is_lost_or_runs_twice_while_others_cancel() -> None:
    """Adding, taking back and cancelling race in many threads."""
    for _ in range(20):
        token = CancelToken()
        begin = threading.Barrier(5)
        ran: list[int] = []

        def add(number: int, begin: Any = begin, token: Any = token, ran: Any = ran) -> None:
            begin.wait(PATIENCE)
            token.add(number, lambda: ran.append(number))

        def cancel(begin: Any = begin, token: Any = token) -> None:
            begin.wait(PATIENCE)
            token.cancel()

        threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
        threads.append(threading.Thread(target=cancel))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert sorted(ran) == [0, 1, 2, 3]


def test_a_job_that_the_garbage_collector_ends_inside_a_token_does_not_lock_it() -> None:
    """The collector may strike in a thread that holds the token's lock."""
    client = CancelToken()

    class Job:
        """A forgotten job: only the collector ends it."""

        def __init__(self) -> None:
            self.token = CancelToken(client)
            self.itself = self

        def __del__(self) -> None:
            self.token.release()

    class Key:
        """A key that collects garbage when it is looked up under the lock."""

        def __hash__(self) -> int:
            gc.collect()
            return 1

    Job()
    done = threading.Event()

    def add() -> None:
        client.add(Key(), lambda: None)
        done.set()

    threading.Thread(target=add, daemon=True).start()
    assert done.wait(PATIENCE)


def test_waiting_ends_after_its_time_when_nobody_cancels() -> None:
    """It is a sleep that can be broken off."""
    start = time.monotonic()
    CancelToken().wait(0.02)
    assert time.monotonic() - start >= 0.02
