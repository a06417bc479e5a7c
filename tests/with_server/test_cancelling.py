"""Cancelling and closing break off whatever is under way, at once, and nothing else.

Each thing that is broken off here would go on for longer than the test may take, or end with
another error: that it ends, and ends as cancelled, shows that nothing waited for it.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.errors import Cancelled, ConfigurationError
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.session.context import fetch
from gitlab_sync.session.request import Request
from gitlab_sync.session.runtime import Bridge

PATIENCE = 20.0
Until = Callable[..., None]


@pytest.fixture
def deaf_url() -> Iterator[str]:
    """Listen at an address that takes no more connections: connecting to it never ends."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(8):  # more than the queue holds
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(address)
        probe = stack.enter_context(socket.socket())
        probe.settimeout(0.2)
        try:
            probe.connect(address)
        except TimeoutError:
            yield f"http://127.0.0.1:{address[1]}"
        else:
            pytest.skip("the queue of a listening socket cannot be filled here")


@dataclass
class Stuck:
    """A call that is under way, and everything that can end it."""

    bridge: Bridge
    client: GitLabClient
    cancel: CancelToken
    call: Future[Any]

    def end(self, how: str) -> str:
        """End it; return the reason that it must give."""
        if how == "job":
            self.cancel.cancel("enough")
            return "enough"
        if how == "client":
            self.client.close()
            return "the client was closed"
        self.bridge.close()
        return "the bridge was closed"


SITUATIONS = ["silent", "half an answer", "connecting", "rate limit", "back-off", "queued"]


@pytest.fixture
def make_stuck(
    sandbox: Sandbox,
    bridge: Bridge,
    aside: ThreadPoolExecutor,
    until: Until,
    request: pytest.FixtureRequest,
) -> Callable[[str], Stuck]:
    """Bring a call into one of the situations, and return when it is there."""

    def make(situation: str) -> Stuck:
        url = sandbox.url
        if situation == "silent":
            sandbox.faults.add("stall", path="/users/1", times=None)
        elif situation == "half an answer":
            sandbox.faults.add("stall", path="/users/1", when="middle", times=None)
        elif situation == "connecting":
            url = request.getfixturevalue("deaf_url")
        elif situation == "rate limit":
            sandbox.faults.add("limit", path="/users/1", times=None, retry_after=50)
        elif situation == "back-off":
            sandbox.faults.add("status", status=503, path="/users/1", times=None, retry_after=50)
        elif situation == "queued":
            go = threading.Event()
            request.addfinalizer(go.set)
            for _ in range(bridge.workers):
                bridge.executor.submit(_held, bridge, go)
        client = GitLabClient(url, sandbox.token(), bridge=bridge)
        cancel = CancelToken()

        def work() -> Any:
            with client.session.context(limit=60.0, cancel=cancel) as rest:
                return rest.send(Request("GET", "users/1"))

        stuck = Stuck(bridge, client, cancel, aside.submit(work))
        until(lambda: _is_there(situation, sandbox, bridge))
        return stuck

    return make


def _held(bridge: Bridge, go: threading.Event) -> None:
    """Hold a worker as a silent server would: until the test or the bridge ends."""
    with bridge.cancel.on_cancel(go.set):
        go.wait(PATIENCE)


def _is_there(situation: str, sandbox: Sandbox, bridge: Bridge) -> bool:
    stats = bridge.stats()
    waits = bool(stats.queued) and not stats.busy
    return {
        "silent": stats.busy == 1 and sandbox.traffic.in_flight == 1,
        "half an answer": stats.busy == 1 and sandbox.traffic.in_flight == 1,
        "connecting": stats.busy == 1 and stats.open_connections == 1,
        "rate limit": stats.limited == 1 and waits,
        "back-off": stats.retries == 1 and waits,
        "queued": stats.busy == bridge.workers and sum(stats.queued.values()) == 1,
    }[situation]


@pytest.mark.parametrize("how", ["job", "client", "bridge"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_is_under_way_is_broken_off_at_once(
    make_stuck: Callable[[str], Stuck], until: Until, situation: str, how: str
) -> None:
    """Whatever it waits for, and whatever ends it: it says why, and no worker stays behind."""
    stuck = make_stuck(situation)
    reason = stuck.end(how)
    with pytest.raises(Cancelled, match=f"^{reason}"):
        stuck.call.result(PATIENCE)
    stats = stuck.bridge.stats
    if situation != "queued" or how == "bridge":
        until(lambda: stats().busy == 0)
    until(lambda: stats().queued == {})
    if situation in {"silent", "half an answer", "connecting"}:
        until(lambda: stats().open_connections == 0)
    if how == "bridge":
        assert stats().threads == 0


def test_a_job_that_was_cancelled_before_it_began_asks_nothing(
    sandbox: Sandbox, client: GitLabClient
) -> None:
    """The switch may have been thrown already."""
    cancel = CancelToken()
    cancel.cancel("not even begun")
    with (
        pytest.raises(Cancelled, match="not even begun"),
        client.session.context(cancel=cancel) as rest,
    ):
        rest.send(Request("GET", "user"))
    assert sandbox.traffic.total == 0


def test_a_batch_that_is_cancelled_gives_all_rows_and_none_looks_clean(
    sandbox: Sandbox, client: GitLabClient, aside: ThreadPoolExecutor
) -> None:
    """What was read before stays; the rest is unknown."""
    people = sandbox.world.truth.usernames
    sandbox.faults.add("stall", path="*/notes", times=None)
    cancel = CancelToken()
    run = Run(cancel=cancel, source="rest")
    call = aside.submit(client.batch_evaluate_mrs, people, run=run)
    assert sandbox.traffic.wait(lambda traffic: traffic.in_flight >= 1 and traffic.total > 15)
    cancel.cancel()
    report = call.result(PATIENCE)
    assert sorted(row["Username"] for row in report) == sorted(people)
    assert {row["Status"] for row in report} <= {"Partial", "Error"}
    assert not report.completeness.whole
    assert "cancelled" in str(report.completeness)
    assert client.get("user"), "the client itself goes on"


def test_other_clients_of_the_bridge_are_not_harmed(
    sandbox: Sandbox,
    bridge: Bridge,
    make_client: Callable[..., GitLabClient],
    aside: ThreadPoolExecutor,
) -> None:
    """Neither what they have under way nor what they ask later; not even with the same token."""
    one, two = sandbox.world.truth.usernames[:2]
    closing, other, same = make_client(one), make_client(two), make_client(one)
    never = sandbox.faults.add("stall", path="/users/1", times=None)
    sandbox.faults.add("stall", path="/users/2", times=2, seconds=0.5)
    lost = aside.submit(closing.get, "users/1")
    kept = [aside.submit(client.get, "users/2") for client in (other, same)]
    assert sandbox.traffic.wait(lambda traffic: traffic.in_flight == 3)
    closing.close()
    with pytest.raises(Cancelled):
        lost.result(PATIENCE)
    assert [call.result(PATIENCE)["id"] for call in kept] == [2, 2]
    never.remove()
    assert same.get("users/1")["id"] == other.get("users/1")["id"] == 1
    assert not bridge.closed


def test_whoever_followed_a_request_that_is_broken_off_asks_again(
    sandbox: Sandbox,
    make_client: Callable[..., GitLabClient],
    aside: ThreadPoolExecutor,
    bridge: Bridge,
    until: Until,
) -> None:
    """Two clients with one token share a request; the end of one is its own affair."""
    first, second = make_client(), make_client()
    sandbox.faults.add("stall", path="/users/1")
    leading = aside.submit(first.get, "users/1")
    assert sandbox.traffic.wait(lambda traffic: traffic.in_flight == 1)
    following = aside.submit(second.get, "users/1")
    until(lambda: bridge.stats().busy == 2)
    first.close()
    with pytest.raises(Cancelled):
        leading.result(PATIENCE)
    assert following.result(PATIENCE)["id"] == 1


def test_a_closed_client_refuses_everything_and_says_so(
    sandbox: Sandbox, client: GitLabClient
) -> None:
    """Closing again does no harm, nor does closing before the first call."""
    client.close()
    client.close()
    calls: list[Callable[[], Any]] = [
        lambda: client.get("user"),
        lambda: client.get_all("users"),
        lambda: list(client.iter_pages("users")),
        lambda: client.request("POST", "projects"),
        lambda: client.batch_evaluate_mrs(["alice.moreau"]),
        lambda: client.batch_evaluate_issues(["alice.moreau"]),
    ]
    for call in calls:
        with pytest.raises(ConfigurationError, match="client is closed"):
            call()
    assert sandbox.traffic.total == 0


def test_leaving_a_clients_block_closes_it(make_client: Callable[..., GitLabClient]) -> None:
    """It is a context manager."""
    with make_client() as client:
        assert client.get("user")
    with pytest.raises(ConfigurationError, match="client is closed"):
        client.get("user")


def test_when_the_reader_of_a_list_stops_its_requests_are_broken_off(
    sandbox: Sandbox, bridge: Bridge, client: GitLabClient, until: Until
) -> None:
    """No one will read the pages that are under way."""
    sandbox.faults.add("stall", path="/users", query={"page": "2"}, times=None)
    pages = client.iter_pages("users", per_page=1)
    next(pages)  # the first page: the others are not asked for before the second is wanted
    with ThreadPoolExecutor(1) as reader:
        waiting = reader.submit(next, pages)
        assert sandbox.traffic.wait(lambda traffic: traffic.in_flight >= 1)
        client.close()
        with pytest.raises(Cancelled):
            waiting.result(PATIENCE)
    until(lambda: bridge.stats().busy == 0 and not bridge.stats().queued)


def test_what_is_still_under_way_when_a_job_ends_is_broken_off(
    sandbox: Sandbox, bridge: Bridge, client: GitLabClient, until: Until
) -> None:
    """The block is the job's whole life."""
    sandbox.faults.add("stall", times=None)
    with client.session.context() as rest:
        future = rest.active.executor.submit(fetch, rest.active, Request("GET", "users/1"))
        assert sandbox.traffic.wait(lambda traffic: traffic.in_flight == 1)
    with pytest.raises(Cancelled):
        future.result(PATIENCE)
    until(lambda: bridge.stats().busy == 0 and bridge.stats().open_connections == 0)


def test_many_threads_may_close_at_once_in_the_middle_of_work(
    sandbox: Sandbox,
    bridge: Bridge,
    make_client: Callable[..., GitLabClient],
    aside: ThreadPoolExecutor,
) -> None:
    """Every call ends, with its answer or as cancelled; no thread and no line is left."""
    clients = [make_client() for _ in range(4)]
    begin = threading.Barrier(8)

    def work(client: GitLabClient) -> int:
        begin.wait(PATIENCE)
        done = 0
        try:
            while True:
                client.get("users/1", {"n": done})
                done += 1
        except (Cancelled, ConfigurationError):
            return done

    def close(client: GitLabClient) -> None:
        begin.wait(PATIENCE)
        sandbox.traffic.wait(lambda traffic: traffic.total >= 40)
        client.close()
        bridge.close()

    calls = [aside.submit(work, client) for client in clients]
    closings = [aside.submit(close, client) for client in clients]
    for call in (*calls, *closings):
        call.result(PATIENCE)
    assert bridge.stats().threads == 0
    assert bridge.stats().open_connections == 0


def test_a_bridge_may_be_closed_by_its_own_work(
    sandbox: Sandbox, bridge: Bridge, client: GitLabClient, until: Until
) -> None:
    """The worker that does it ends, too, once it is through."""
    assert client.get("user")
    bridge.executor.submit(bridge.close).result(PATIENCE)
    assert bridge.closed
    until(lambda: bridge.stats().threads == 0)
