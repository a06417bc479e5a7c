"""Many callers at once on one bridge: right rows, few threads, and no small one waits for long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.context import fetch
from gitlab_sync.session.request import Request
from gitlab_sync.session.runtime import Bridge

CALLERS = 20
PATIENCE = 60.0


def counts(world: World, report: Any) -> dict[str, dict[str, Any]]:
    """Return a report's rows as the world's truth has them."""
    columns = next(iter(world.truth.merge_requests().values()))
    return {row["Username"]: {name: row[name] for name in columns} for row in report}


def client_of(sandbox: Sandbox, bridge: Bridge, name: str) -> GitLabClient:
    """Return a client with an administrator's token of that name."""
    person = sandbox.world.truth.usernames[0]
    token = sandbox.token_for(person, admin=True, name=name)
    return GitLabClient(sandbox.url, token, bridge=bridge)


@pytest.mark.slow
@pytest.mark.parametrize("tokens", ["one for all", "one for each"])
def test_twenty_callers_at_once_get_right_rows_from_few_threads(
    sandbox: Sandbox,
    world: World,
    make_bridge: Callable[..., Bridge],
    new_threads: Callable[[], set[threading.Thread]],
    tokens: str,
) -> None:
    """Each has a client of its own and five people."""
    bridge = make_bridge(6)
    begin = threading.Barrier(CALLERS)
    most = 0

    def watch(_: object) -> None:
        nonlocal most
        most = max(most, len(new_threads()))

    def call(number: int) -> Any:
        name = "everybody" if tokens == "one for all" else f"caller {number}"
        client = client_of(sandbox, bridge, name)
        begin.wait(PATIENCE)
        with client:
            return client.batch_evaluate_mrs(world.truth.usernames, run=Run(on_progress=watch))

    client_of(sandbox, bridge, "everybody")
    with ThreadPoolExecutor(CALLERS) as callers:
        reports = [callers.submit(call, number) for number in range(CALLERS)]
        for report in reports:
            assert counts(world, report.result(PATIENCE)) == world.truth.merge_requests()
            assert report.result().completeness.whole
            assert {row["Status"] for row in report.result()} == {"Success"}
    assert 0 < most <= bridge.workers + CALLERS + 3
    assert sandbox.traffic.peak <= bridge.workers
    assert set(sandbox.traffic.by_status) == {200}


class Crowded:
    """A bridge with workers that are held while one caller queues 5,000 requests."""

    def __init__(self, bridge: Bridge, large: GitLabClient) -> None:
        self._bridge = bridge
        self._go = threading.Event()
        for _ in range(bridge.workers):
            bridge.executor.submit(self._go.wait, PATIENCE)
        self._job = large.session.context()
        rest = self._job.__enter__()
        for number in range(5000):
            rest.active.executor.submit(fetch, rest.active, Request("GET", f"users/1?n={number}"))

    def release_when_queued(self, tenant: str, until: Callable[..., None]) -> None:
        """Let the workers go once that tenant's request waits behind the 5,000."""
        until(lambda: self._bridge.stats().queued.get(tenant) == 1)
        self._go.set()

    def give_up(self) -> None:
        """Break the large caller off."""
        self._job.__exit__(None, None, None)


@pytest.mark.parametrize("workers", [1, 4])
def test_a_small_caller_behind_five_thousand_requests_is_served_among_the_next(
    sandbox: Sandbox,
    make_bridge: Callable[..., Bridge],
    until: Callable[..., None],
    workers: int,
) -> None:
    """After two rounds of the workers at the most; with one worker, after one request."""
    bridge = make_bridge(workers)
    sandbox.latency = 0.05  # so that a round takes longer than a thread can be late
    large, small = (client_of(sandbox, bridge, name) for name in ("large", "small"))
    crowded = Crowded(bridge, large)
    with ThreadPoolExecutor(1) as aside:
        answer = aside.submit(small.get, "users/2")
        crowded.release_when_queued(small.session.principal, until)
        assert answer.result(PATIENCE)["id"] == 2
    crowded.give_up()
    mine = next(one for one in sandbox.traffic.exchanges if one.token == "small")
    assert mine.number <= 2 * workers
    assert bridge.stats().queued == {}


def test_callers_who_share_a_token_do_not_wait_for_each_others_lists_either(
    sandbox: Sandbox, make_bridge: Callable[..., Bridge], until: Callable[..., None]
) -> None:
    """Each job of a tenant has its turn within the tenant's."""
    bridge = make_bridge(1)
    large = client_of(sandbox, bridge, "shared")
    small = GitLabClient(sandbox.url, large.token, bridge=bridge)
    crowded = Crowded(bridge, large)
    with ThreadPoolExecutor(1) as aside:
        answer = aside.submit(small.get, "users/2")
        until(lambda: bridge.stats().queued.get(small.session.principal) == 5001)
        crowded._go.set()
        assert answer.result(PATIENCE)["id"] == 2
    crowded.give_up()
    numbers = [one.number for one in sandbox.traffic.exchanges if one.path.endswith("users/2")]
    assert numbers[0] <= 2


def test_callers_may_themselves_be_tasks_of_the_bridge(
    sandbox: Sandbox, world: World, make_bridge: Callable[..., Bridge]
) -> None:
    """What hung in older programs from eight people on: work that waits for work."""
    bridge = make_bridge(2)
    client = client_of(sandbox, bridge, "nested")
    names = world.truth.usernames * 2
    reports = list(bridge.executor.map(lambda name: client.batch_evaluate_mrs([name]), names))
    expected = world.truth.merge_requests()
    for name, report in zip(names, reports, strict=True):
        assert counts(world, report) == {name: expected[name]}
