"""Identical requests that are under way at once become one, and the first may go alone."""

from __future__ import annotations

import contextlib
import gc
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.errors import Cancelled, ServerError, TimedOut
from gitlab_sync.http.cache import InFlight
from gitlab_sync.http.wire import Answer

PATIENCE = 20.0
KEY = ("https://gitlab.example", "principal", "user", ())


def answer(text: str = "{}") -> Answer:
    """Return an answer with this body."""
    return Answer(200, {}, text.encode())


class Leader:
    """An exchange that is under way until it is told how to end."""

    def __init__(self, table: InFlight, key: Any = KEY) -> None:
        self._table = table
        self._end: Future[Answer] = Future()
        self._aside = ThreadPoolExecutor(1)
        under_way = threading.Event()

        def exchange() -> Answer:
            under_way.set()
            return self._end.result(PATIENCE)

        self.result = self._aside.submit(table.share, key, exchange, CancelToken())
        assert under_way.wait(PATIENCE)

    def ends_with(self, found: Answer | Exception) -> None:
        """End the exchange and wait for the leader to be through."""
        if isinstance(found, Exception):
            self._end.set_exception(found)
        else:
            self._end.set_result(found)
        self.result.exception(PATIENCE)
        self._aside.shutdown()


class Followers:
    """Threads that ask for the same, and exchanges that they had to make themselves."""

    def __init__(self, table: InFlight, number: int = 1, key: Any = KEY, **more: Any) -> None:
        self.cancel = CancelToken()
        self.own = 0
        self._counting = threading.Lock()
        self._aside = ThreadPoolExecutor(number)
        self.results = [
            self._aside.submit(table.share, key, self._exchange, self.cancel, **more)
            for _ in range(number)
        ]

    def _exchange(self) -> Answer:
        with self._counting:
            self.own += 1
        return answer("their own")


def _followed(table: InFlight, until: Callable[..., None], number: int) -> None:
    """Wait until so many wait for the leader."""
    leader = next(iter(table._under_way.values()))
    until(lambda: len(leader._done_callbacks) == number)


def test_whoever_asks_the_same_meanwhile_gets_the_same_answer(until: Any) -> None:
    """One exchange for all of them."""
    table = InFlight()
    leader = Leader(table)
    followers = Followers(table, 3)
    _followed(table, until, 3)
    found = answer("the leader's")
    leader.ends_with(found)
    assert all(result.result(PATIENCE) is found for result in followers.results)
    assert leader.result.result() is found
    assert followers.own == 0


def test_nothing_is_kept_once_the_answer_is_there() -> None:
    """It is no cache: the next one asks again."""
    table = InFlight()
    leader = Leader(table)
    leader.ends_with(answer())
    late = Followers(table)
    assert late.results[0].result(PATIENCE).body == b"their own"
    assert not table._under_way


def test_another_key_is_another_exchange() -> None:
    """Above all another principal's."""
    table = InFlight()
    leader = Leader(table)
    other = Followers(table, key=("https://gitlab.example", "another person", "user", ()))
    assert other.results[0].result(PATIENCE).body == b"their own"
    leader.ends_with(answer())


def test_an_error_is_everybodys_but_each_has_a_copy(until: Any) -> None:
    """Each call writes its own facts on its error."""
    table = InFlight()
    leader = Leader(table)
    followers = Followers(table, 2)
    _followed(table, until, 2)
    broken = ServerError("502 broken", status=502)
    leader.ends_with(broken)
    errors = [result.exception(PATIENCE) for result in followers.results]
    assert all(isinstance(error, ServerError) and error.status == 502 for error in errors)
    assert len({id(error) for error in (broken, *errors)}) == 3
    assert followers.own == 0


@pytest.mark.parametrize("end", [Cancelled("the client was closed"), LookupError("a fault")])
def test_when_the_leader_is_stopped_the_followers_ask_themselves(
    end: Exception, until: Any
) -> None:
    """Its end is its own affair."""
    table = InFlight()
    leader = Leader(table)
    followers = Followers(table, 2)
    _followed(table, until, 2)
    leader.ends_with(end)
    assert leader.result.exception() is end
    assert all(result.result(PATIENCE).body == b"their own" for result in followers.results)
    assert 1 <= followers.own <= 2
    assert not table._under_way


def test_a_follower_can_be_cancelled_while_the_leader_goes_on(until: Any) -> None:
    """It need not wait for another person's silent server."""
    table = InFlight()
    leader = Leader(table)
    followers = Followers(table)
    _followed(table, until, 1)
    followers.cancel.cancel("enough")
    with pytest.raises(Cancelled, match="enough"):
        followers.results[0].result(PATIENCE)
    leader.ends_with(answer())
    assert leader.result.result().status == 200


def test_a_follower_waits_no_longer_than_its_own_deadline() -> None:
    """However much time the leader has."""
    table = InFlight()
    leader = Leader(table)
    followers = Followers(table, deadline=time.monotonic() + 0.02)
    with pytest.raises(TimedOut):
        followers.results[0].result(PATIENCE)
    leader.ends_with(answer())


def test_an_error_that_was_raised_leaves_nothing_to_the_garbage_collector() -> None:
    """Nothing that the exchange had in hand stays once the error is gone."""

    class Body:
        """What an exchange has in hand; it can be watched."""

    alive: list[weakref.ref[Body]] = []

    def exchange() -> Answer:
        body = Body()
        alive.append(weakref.ref(body))
        raise ServerError(f"broken: {body}", status=502)

    gc.disable()
    try:
        with contextlib.suppress(ServerError):
            InFlight().share(KEY, exchange, CancelToken())
        assert [each() for each in alive] == [None]
    finally:
        gc.enable()
