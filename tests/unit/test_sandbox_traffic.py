"""Traffic is counted as it happens, by many threads, in bounded memory."""

from __future__ import annotations

import threading
import time
from typing import Any

from gitlab_sync.sandbox.traffic import Exchange, Traffic


def begin(traffic: Traffic, **settings: Any) -> Exchange:
    """Let a request come."""
    facts = {"token": "alice", "credential": "PRIVATE-TOKEN", "cookie": None, "marker": None}
    given = {**facts, "connection": 1, **settings}
    return traffic.begin("GET", "/api/v4/users", "page=2", **given)


def finish(
    traffic: Traffic, exchange: Exchange, endpoint: str = "/users", status: int = 200
) -> None:
    """Let it be answered."""
    exchange.endpoint, exchange.status, exchange.sent = endpoint, status, 10
    traffic.end(exchange)


def test_an_exchange_keeps_what_was_asked_and_answered() -> None:
    """Times, token, header, connection and all."""
    traffic = Traffic()
    exchange = begin(traffic, cookie="a=b", connection=7)
    assert exchange.ended is None
    finish(traffic, exchange)
    [kept] = traffic.exchanges
    assert (kept.url, kept.token, kept.cookie) == ("/api/v4/users?page=2", "alice", "a=b")
    assert kept.ended is not None
    assert kept.ended >= kept.started


def test_counts_are_by_endpoint_token_connection_and_status() -> None:
    """Each in a table of its own."""
    traffic = Traffic()
    finish(traffic, begin(traffic))
    finish(traffic, begin(traffic, token=None, connection=2), endpoint="", status=404)
    assert traffic.by_endpoint == {"/users": 1, "": 1}
    assert traffic.by_token == {"alice": 1, "": 1}
    assert traffic.by_connection == {1: 1, 2: 1}
    assert traffic.by_status == {200: 1, 404: 1}
    assert traffic.count("/users") == 1


def test_the_peak_is_the_most_at_once() -> None:
    """Not what came in all."""
    traffic = Traffic()
    first, second = begin(traffic), begin(traffic)
    finish(traffic, first)
    finish(traffic, second)
    finish(traffic, begin(traffic))
    assert (traffic.peak, traffic.in_flight, traffic.total) == (2, 0, 3)


def test_busy_is_the_sum_of_all_times_in_flight() -> None:
    """The integral of what is in flight equals the exchanges' own durations."""
    traffic = Traffic()
    pairs = [begin(traffic) for _ in range(3)]
    time.sleep(0.01)
    for exchange in pairs:
        finish(traffic, exchange)
    durations = sum((e.ended or 0) - e.started for e in traffic.exchanges)
    assert abs(traffic.busy - durations) < 0.001
    assert traffic.busy >= 0.03


def test_old_exchanges_are_dropped_but_counted() -> None:
    """Memory stays bounded."""
    traffic = Traffic(kept=10)
    for _ in range(25):
        finish(traffic, begin(traffic))
    assert len(traffic.exchanges) == 10
    assert traffic.total == traffic.by_endpoint["/users"] == 25


def test_a_reset_forgets_all_but_what_is_in_flight() -> None:
    """A request that is being answered is counted when it ends."""
    traffic = Traffic()
    finish(traffic, begin(traffic))
    running = begin(traffic)
    traffic.reset()
    assert (traffic.total, traffic.in_flight, traffic.peak) == (0, 1, 1)
    finish(traffic, running)
    assert (traffic.in_flight, traffic.by_status) == (0, {200: 1})


def test_waiting_ends_when_the_condition_holds() -> None:
    """Tests need no sleep."""
    traffic = Traffic()
    thread = threading.Thread(target=lambda: finish(traffic, begin(traffic)))
    thread.start()
    assert traffic.wait(lambda seen: seen.count("/users") == 1)
    thread.join()
    assert not traffic.wait(lambda seen: seen.total > 5, timeout=0.01)


def test_many_threads_lose_nothing() -> None:
    """4 times 500 exchanges."""
    traffic = Traffic()
    threads = [
        threading.Thread(target=lambda: [finish(traffic, begin(traffic)) for _ in range(500)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert traffic.total == traffic.count("/users") == 2000
    assert traffic.in_flight == 0
    assert traffic.summary()["bytes"] == 20_000
