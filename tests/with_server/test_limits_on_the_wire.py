"""Rate limits against a server that keeps them: one pause for one principal, and for no other."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.errors import ConfigurationError, RateLimited, TimedOut
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.run import Run
from gitlab_sync.sandbox import RateLimit, Sandbox, World
from gitlab_sync.session.context import fetch
from gitlab_sync.session.request import Request
from gitlab_sync.session.runtime import Bridge

PATIENCE = 30.0
Until = Callable[..., None]


def counts(world: World, report: Any) -> dict[str, dict[str, Any]]:
    """Return a report's rows as the world's truth has them."""
    columns = next(iter(world.truth.merge_requests().values()))
    return {row["Username"]: {name: row[name] for name in columns} for row in report}


def ask_many(client: GitLabClient, number: int) -> list[int]:
    """Make that many different requests as one job; return the ids that came back."""
    requests = (Request("GET", f"users/1?n={one}") for one in range(number))
    with client.session.context() as rest:
        replies = rest.active.executor.map(fetch, itertools.repeat(rest.active), requests)
        return [reply.data["id"] for reply in replies]


def refusals(sandbox: Sandbox) -> int:
    """Return how many requests were answered with 429."""
    return sandbox.traffic.by_status.get(429, 0)


# -- how long ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "at_least"),
    [
        pytest.param({"retry_after": 1}, 1.0, id="a number"),
        pytest.param({"retry_after": 0.3}, 0.3, id="a fraction"),
        pytest.param({"retry_after": 2, "as_date": True}, 1.0, id="a date", marks=pytest.mark.slow),
        pytest.param({}, 0.25, id="nothing"),
        pytest.param({"style": "json"}, 0.25, id="nothing, as JSON"),
        pytest.param({"style": "json", "retry_after": 0.3}, 0.3, id="a fraction, as JSON"),
    ],
)
def test_a_call_waits_as_long_as_it_is_told_and_goes_on(
    sandbox: Sandbox, client: GitLabClient, said: dict[str, Any], at_least: float
) -> None:
    """Both kinds of GitLab's 429; where nothing is said the gate backs off by itself."""
    sandbox.faults.add("limit", **said)
    assert client.get("user")["username"]
    refused, passed = sandbox.traffic.exchanges
    assert (refused.status, passed.status) == (429, 200)
    assert refused.ended is not None
    assert passed.started - refused.ended >= at_least - 0.05
    limit = client.last_rate_limit
    assert limit is not None
    assert limit["endpoint"] == "user"
    assert limit["timestamp"].tzinfo is not None
    assert client.error_msg is None


def test_a_write_that_was_refused_is_sent_again(sandbox: Sandbox, client: GitLabClient) -> None:
    """The server did nothing with it: that is what 429 says."""
    sandbox.faults.add("limit", method="POST", retry_after=0.1)
    with pytest.raises(Exception, match="40"):  # the sandbox only reads
        client.request("POST", "user", {"x": 1})
    assert sandbox.traffic.exchanges[0].status == 429
    assert sandbox.traffic.total == 2


# -- one pause for all -------------------------------------------------------------------------


def test_one_refusal_stops_all_of_a_principals_work(
    sandbox: Sandbox, make_bridge: Callable[..., Bridge], aside: ThreadPoolExecutor, until: Until
) -> None:
    """Only what was under way at that moment is refused too: one for each worker at the most."""
    bridge = make_bridge(4)
    token = sandbox.token()
    clients = [GitLabClient(sandbox.url, token, bridge=bridge) for _ in range(3)]
    refuse = sandbox.faults.add("limit", times=None, retry_after=1)
    calls = [aside.submit(ask_many, client, 50) for client in clients]
    until(lambda: bridge.stats().limited >= 1 and bridge.stats().busy == 0)
    assert sandbox.traffic.total == refusals(sandbox) <= bridge.workers
    refuse.remove()
    assert [call.result(PATIENCE) for call in calls] == [[1] * 50] * 3
    assert refusals(sandbox) <= bridge.workers


@pytest.mark.slow
@pytest.mark.parametrize("headers", [True, False])
def test_a_batch_under_a_limit_is_right_and_the_server_refuses_little(
    sandbox: Sandbox, world: World, make_bridge: Callable[..., Bridge], headers: bool
) -> None:
    """With headers or without any, through several windows."""
    bridge = make_bridge(4)
    client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
    sandbox.limiter.set(RateLimit(40, 1.0, headers=headers, style="text" if headers else "json"))
    report = client.batch_evaluate_mrs(world.truth.usernames, run=Run(source="rest"))
    assert counts(world, report) == world.truth.merge_requests()
    assert report.completeness.whole
    went_through = sandbox.traffic.by_status[200]
    windows = -(-went_through // 40)
    assert windows > 1
    assert refusals(sandbox) <= bridge.workers * 2 * windows


@pytest.mark.slow
def test_the_headers_alone_keep_a_single_worker_from_ever_being_refused(
    sandbox: Sandbox, make_bridge: Callable[..., Bridge]
) -> None:
    """`RateLimit-Remaining` says when to stop, and `RateLimit-Reset` when to go on."""
    client = GitLabClient(sandbox.url, sandbox.token(), bridge=make_bridge(1))
    sandbox.limiter.set(RateLimit(10, 1.0))
    assert ask_many(client, 15) == [1] * 15
    assert refusals(sandbox) == 0


@pytest.mark.slow
def test_the_headers_are_remembered_from_one_call_to_the_next(
    sandbox: Sandbox, make_client: Callable[..., GitLabClient]
) -> None:
    """Calls one by one, each with a new client, keep to the limit as well."""
    sandbox.limiter.set(RateLimit(5, 1.0))
    for number in range(8):
        with make_client() as client:
            assert client.get("users/1", {"n": number})["id"] == 1
    assert refusals(sandbox) == 0


# -- who it is meant for -----------------------------------------------------------------------


def test_other_principals_go_on_while_one_is_held_back(
    sandbox: Sandbox, make_bridge: Callable[..., Bridge], aside: ThreadPoolExecutor, until: Until
) -> None:
    """And with two workers only: work that is held back leaves its workers to the others."""
    bridge = make_bridge(2)
    one, two = sandbox.world.truth.usernames[:2]
    held = GitLabClient(sandbox.url, sandbox.token(one), bridge=bridge)
    free = GitLabClient(sandbox.url, sandbox.token(two), bridge=bridge)
    refuse = sandbox.faults.add("limit", token=one, times=None, retry_after=100)
    waiting = aside.submit(ask_many, held, 50)
    until(lambda: bridge.stats().limited >= 1 and bridge.stats().busy == 0)
    assert ask_many(free, 100) == [1] * 100
    assert not waiting.done()
    tokens = [exchange.token for exchange in sandbox.traffic.exchanges]
    assert tokens.count(one) <= bridge.workers
    assert tokens.count(two) == 100
    assert one not in tokens[bridge.workers :]
    refuse.remove()
    held.close()
    until(waiting.done)


def test_one_tenants_two_principals_are_held_back_apart(
    sandbox: Sandbox, make_bridge: Callable[..., Bridge], aside: ThreadPoolExecutor, until: Until
) -> None:
    """A session may hold clients of several instances or tokens."""
    bridge = make_bridge(1)
    one, two = sandbox.world.truth.usernames[:2]
    held, free = (
        GitLabClient(sandbox.url, sandbox.token(name), bridge=bridge, tenant="a session")
        for name in (one, two)
    )
    sandbox.faults.add("limit", token=one, times=None, retry_after=100)
    waiting = aside.submit(ask_many, held, 5)
    until(lambda: bridge.stats().limited == 1 and bridge.stats().busy == 0)
    assert ask_many(free, 20) == [1] * 20
    assert not waiting.done()
    held.close()


def test_a_list_waits_at_the_page_that_was_refused(sandbox: Sandbox, client: GitLabClient) -> None:
    """No row is lost or comes twice."""
    sandbox.faults.add("limit", query={"page": "3"}, times=2, retry_after=0.2)
    rows = client.get_all("users", per_page=2)
    assert rows.complete
    ids = [row["id"] for row in rows]
    assert len(set(ids)) == len(ids) == len(sandbox.world.users)


# -- without hope ------------------------------------------------------------------------------


def test_a_call_that_may_not_wait_that_long_fails_at_once(
    sandbox: Sandbox, make_client: Callable[..., GitLabClient], aside: ThreadPoolExecutor
) -> None:
    """It says when to come back, and in words that older programs look for."""
    sandbox.faults.add("limit", times=None, retry_after=3600)
    client = make_client(timeout=60)
    with pytest.raises(RateLimited, match="Rate Limit") as caught:
        aside.submit(client.get, "user").result(PATIENCE)  # sooner than the call's own limit
    error = caught.value
    assert error.retry_after == pytest.approx(3600, abs=30)
    assert "429" in str(error)
    assert error.status == 429
    assert error.attempts == 1
    assert sandbox.traffic.total == 1
    assert client.error_msg == str(error)


def test_a_list_that_is_refused_in_the_middle_hands_over_what_was_read(
    sandbox: Sandbox, client: GitLabClient
) -> None:
    """The error carries the rows; they cannot be mistaken for all."""
    params = {"pagination": "keyset", "order_by": "id"}
    sandbox.faults.add("limit", path="/users", nth=3, times=None, retry_after=3600)
    with pytest.raises(RateLimited) as caught:
        client.get_all("users", params, per_page=2)
    assert len(caught.value.partial) == 4
    assert not caught.value.partial.complete


def test_a_batch_without_hope_says_which_items_are_unknown(
    sandbox: Sandbox, make_bridge: Callable[..., Bridge], aside: ThreadPoolExecutor
) -> None:
    """It does not wait an hour for a gate when it may wait five minutes."""
    bridge = make_bridge(2)
    client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
    sandbox.faults.add("limit", path="/projects/*", times=None, retry_after=3600)
    people = sandbox.world.truth.usernames
    run = Run(source="rest")
    report = aside.submit(client.batch_evaluate_mrs, people, run=run).result(PATIENCE)
    assert refusals(sandbox) <= bridge.workers
    assert {row["Status"] for row in report} == {"Partial"}
    assert all("Rate Limit" in row["Error"] for row in report)
    assert all(row["Failed Pipeline"] is None for row in report)
    assert f"{report.completeness.total} rate limited" in str(report.completeness)


def test_a_batch_waits_no_longer_for_one_gate_than_it_is_told(
    sandbox: Sandbox, client: GitLabClient, aside: ThreadPoolExecutor
) -> None:
    """`max_wait` is the caller's to choose."""
    sandbox.faults.add("limit", path="/projects/*", times=None, retry_after=20)
    people = sandbox.world.truth.usernames
    run = Run(max_wait=5.0, source="rest")
    report = aside.submit(client.batch_evaluate_mrs, people, run=run).result(15.0)
    assert report.completeness.lost.keys() == {"rate limited"}


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1, 1e10])
def test_a_wait_without_reason_is_refused(client: GitLabClient, seconds: float) -> None:
    """NaN compares as no longer than anything, and clocks overflow."""
    with pytest.raises(ConfigurationError, match="time limit"):
        client.batch_evaluate_mrs(["alice.moreau"], run=Run(max_wait=seconds))


# -- deadlines ---------------------------------------------------------------------------------


def test_a_call_that_is_refused_again_and_again_ends_by_its_deadline(
    sandbox: Sandbox, make_client: Callable[..., GitLabClient]
) -> None:
    """It fails before it would have to wait beyond it, and never hammers the server."""
    sandbox.faults.add("limit", times=None, retry_after=0.2)
    client = make_client(timeout=1.5)
    began = time.monotonic()
    with pytest.raises(RateLimited):
        client.get("user")
    assert time.monotonic() - began < 1.5 + 1.0
    assert 1 < sandbox.traffic.total <= 8


@pytest.mark.slow
def test_the_wait_for_a_gate_counts_against_a_calls_time(
    sandbox: Sandbox, make_bridge: Callable[..., Bridge]
) -> None:
    """Whole call means whole call: what the gate took is not there for the answer."""
    bridge = make_bridge(2, policy=RetryPolicy(attempts=1))
    client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge, timeout=2.0)
    sandbox.faults.add("stall", times=None)
    gate = bridge.gate(client.base_url, client.session.principal)
    gate.close(1.7)
    began = time.monotonic()
    with pytest.raises(TimedOut):
        client.get("user")
    assert 1.7 < time.monotonic() - began < 3.6


def test_a_server_error_that_asks_for_an_hour_does_not_hold_a_batch_for_an_hour(
    sandbox: Sandbox, client: GitLabClient, aside: ThreadPoolExecutor
) -> None:
    """503 with `Retry-After`: the row says what happened."""
    sandbox.faults.add("status", status=503, path="/merge_requests", times=None, retry_after=3600)
    people = sandbox.world.truth.usernames
    run = Run(source="rest")
    report = aside.submit(client.batch_evaluate_mrs, people, run=run).result(PATIENCE)
    assert {row["Status"] for row in report} == {"Error"}
    assert all("503" in row["Error"] for row in report)


def test_a_follower_of_a_slow_request_keeps_to_its_own_time(
    sandbox: Sandbox, make_client: Callable[..., GitLabClient], aside: ThreadPoolExecutor
) -> None:
    """Two clients with one token share the request, not the patience."""
    sandbox.faults.add("stall", path="/user", times=None)
    slow, quick = make_client(timeout=60), make_client(timeout=0.3)
    leading = aside.submit(slow.get, "user")
    assert sandbox.traffic.wait(lambda traffic: traffic.in_flight == 1)
    with pytest.raises(TimedOut):
        aside.submit(quick.get, "user").result(15.0)
    assert not leading.done()
    slow.close()
