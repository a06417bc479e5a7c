"""The bridge: what it owns, what it says of itself, and how its work can run elsewhere."""

from __future__ import annotations

import gc
import multiprocessing
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from multiprocessing.context import BaseContext
from types import ModuleType
from typing import Any

import pytest

from gitlab_sync import GitLabClient
from gitlab_sync.errors import BadResponse, Cancelled, ConfigurationError, RateLimited
from gitlab_sync.http.credentials import Credential
from gitlab_sync.run import Run
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session import runtime as bridge_module
from gitlab_sync.session.context import fetch
from gitlab_sync.session.request import Request
from gitlab_sync.session.runtime import Bridge, get_bridge

PATIENCE = 20.0


def counts(world: World, report: Any) -> dict[str, dict[str, Any]]:
    """Return a report's rows as the world's truth has them."""
    columns = next(iter(world.truth.merge_requests().values()))
    return {row["Username"]: {name: row[name] for name in columns} for row in report}


@pytest.fixture
def spawning(monkeypatch: pytest.MonkeyPatch) -> BaseContext:
    """Make new processes, whatever script a test before this one left as the main one."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    return multiprocessing.get_context("spawn")


def test_nothing_starts_before_there_is_work(
    make_bridge: Callable[..., Bridge], new_threads: Callable[[], set[threading.Thread]]
) -> None:
    """Making a bridge and clients costs no thread and no connection."""
    bridge = make_bridge()
    client = GitLabClient("http://127.0.0.1:9", "token", bridge=bridge)
    assert new_threads() == set()
    stats = bridge.stats()
    assert (stats.workers, stats.threads, stats.busy, stats.queued) == (8, 0, 0, {})
    assert (stats.requests, stats.retries, stats.limited, stats.bytes) == (0, 0, 0, 0)
    assert stats.open_connections == 0
    client.close()


def test_readers_of_lists_share_what_is_under_way(make_bridge: Callable[..., Bridge]) -> None:
    """One alone keeps all workers busy; of many, each has a few, so that memory stays bounded."""
    bridge, alone = make_bridge(32), 40
    assert bridge.window == alone
    windows = []
    with ExitStack() as readers:
        for _ in range(50):
            readers.enter_context(bridge.reading())
            windows.append(bridge.window)
    assert windows[:2] == [alone, 32]
    assert all(
        2 <= each <= max(2, 64 // number) for number, each in enumerate(windows[2:], start=3)
    )
    assert bridge.window == alone


def test_the_number_of_workers_comes_from_the_environment_unless_given(
    monkeypatch: pytest.MonkeyPatch, make_bridge: Callable[..., Bridge]
) -> None:
    """32 unless told otherwise."""
    monkeypatch.delenv("GITLAB_SYNC_WORKERS", raising=False)
    assert Bridge().workers == 32
    monkeypatch.setenv("GITLAB_SYNC_WORKERS", " 5 ")
    assert Bridge().workers == 5
    assert make_bridge(3).workers == 3


@pytest.mark.parametrize("said", ["0", "257", "many", "-1", "1.5"])
def test_a_number_of_workers_that_cannot_be_is_refused(
    monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """With words that name the setting's range."""
    monkeypatch.setenv("GITLAB_SYNC_WORKERS", said)
    with pytest.raises(ConfigurationError) as caught:
        Bridge()
    assert "1 to 256" in f"{caught.value} {caught.value.hint}"


def test_the_process_has_one_bridge_until_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the next call makes a new one."""
    monkeypatch.setattr(bridge_module, "_default", None)
    first = get_bridge()
    assert get_bridge() is first
    assert GitLabClient("http://127.0.0.1:9", "token").session.bridge is first
    first.close()
    second = get_bridge()
    assert second is not first
    assert not second.closed
    second.close()


def test_many_threads_that_ask_first_get_the_same_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one process-wide thing is made once."""
    monkeypatch.setattr(bridge_module, "_default", None)
    begin = threading.Barrier(16)
    found: list[Bridge] = []

    def ask() -> None:
        begin.wait(PATIENCE)
        found.append(get_bridge())

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(found) == 16
    assert len(set(map(id, found))) == 1
    found[0].close()


def test_it_counts_what_it_does(
    sandbox: Sandbox, bridge: Bridge, client: GitLabClient, until: Callable[..., None]
) -> None:
    """Requests, retries, refusals, bytes and connections, for a status page."""
    sandbox.faults.add("status", status=502)
    sandbox.faults.add("limit", retry_after=0.01)
    client.get("user")
    until(lambda: bridge.stats().busy == 0)
    stats = bridge.stats()
    assert (stats.requests, stats.retries, stats.limited) == (3, 1, 1)
    assert stats.bytes == sum(exchange.sent for exchange in sandbox.traffic.exchanges)
    assert stats.open_connections == 1
    assert stats.threads >= 1
    bridge.close()
    stats = bridge.stats()
    assert (stats.threads, stats.open_connections) == (0, 0)


def test_queued_work_is_counted_by_tenant(
    sandbox: Sandbox, make_bridge: Callable[..., Bridge]
) -> None:
    """A tenant can be named; otherwise it is the principal."""
    bridge = make_bridge(1)
    client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge, tenant="a session")
    go = threading.Event()
    bridge.executor.submit(go.wait, PATIENCE)
    with client.session.context() as rest:
        futures = [
            rest.active.executor.submit(fetch, rest.active, Request("GET", f"users/{number}"))
            for number in (1, 2, 3)
        ]
        assert bridge.stats().queued["a session"] == 3
        go.set()
        assert [future.result(PATIENCE).data["id"] for future in futures] == [1, 2, 3]


def test_connections_are_kept_and_no_more_than_workers(
    sandbox: Sandbox, bridge: Bridge, client: GitLabClient
) -> None:
    """A hundred requests go over a few lines."""
    with client.session.context() as rest:
        requests = [Request("GET", f"users/1?n={number}") for number in range(100)]
        list(rest.active.executor.map(fetch, [rest.active] * 100, requests))
    assert len(sandbox.traffic.by_connection) <= 8
    assert bridge.stats().open_connections == len(sandbox.traffic.by_connection)


def test_the_session_holds_nothing_of_anybody_after_work(
    sandbox: Sandbox, bridge: Bridge, client: GitLabClient
) -> None:
    """No cookie, no header, no authentication, no proxy."""
    sandbox.faults.add("cookie", times=None)
    client.get("user")
    client.get_all("users", per_page=2)
    session = bridge.transport.session
    assert not session.cookies
    assert not session.headers
    assert session.auth is None
    assert not session.proxies
    assert not session.params
    assert session.trust_env is False


def test_a_principal_has_one_gate_and_nobody_else_has_it(bridge: Bridge) -> None:
    """By instance and by token."""
    gate = bridge.gate("https://one.example", "alice")
    assert bridge.gate("https://one.example", "alice") is gate
    assert bridge.gate("https://one.example", "bruno") is not gate
    assert bridge.gate("https://two.example", "alice") is not gate


def test_a_closed_gate_is_still_closed_for_the_next_client(
    sandbox: Sandbox, make_client: Callable[..., GitLabClient]
) -> None:
    """No work waited at it in between, and the server is not asked again."""
    sandbox.faults.add("limit", times=None, retry_after=3600)
    for _ in range(3):
        with make_client() as client, pytest.raises(RateLimited):
            client.get("user")
        del client
        gc.collect()
    assert sandbox.traffic.total == 1


def test_a_closed_bridge_refuses_work(bridge: Bridge, client: GitLabClient) -> None:
    """It says so; closing again does no harm."""
    bridge.close()
    bridge.close()
    assert bridge.closed
    with pytest.raises(ConfigurationError, match="the bridge is closed"):
        client.get("user")
    with pytest.raises(ConfigurationError, match="the bridge is closed"):
        client.batch_evaluate_mrs(["alice.moreau"])


@pytest.mark.parametrize("paging", ["keyset", "numbers"])
def test_a_list_that_is_half_read_when_the_bridge_closes_ends_as_cancelled(
    bridge: Bridge, client: GitLabClient, paging: str
) -> None:
    """Between two pages nothing is under way: even then the pool's own error never shows."""
    params = {"pagination": "keyset", "order_by": "id"} if paging == "keyset" else {}
    pages = client.iter_pages("users", params, per_page=1)
    next(pages)
    bridge.close()
    with pytest.raises(Cancelled, match="the bridge was closed"):
        list(pages)


def test_a_bridge_is_a_context_manager(sandbox: Sandbox) -> None:
    """Leaving the block closes it."""
    with Bridge(2) as bridge:
        assert GitLabClient(sandbox.url, sandbox.token(), bridge=bridge).get("user")
    assert bridge.closed
    assert bridge.stats().threads == 0


def test_closing_closes_idle_connections_although_somebody_keeps_an_error(
    sandbox: Sandbox, bridge: Bridge, client: GitLabClient
) -> None:
    """The traceback of an error refers to the pool of connections that it came from."""
    sandbox.faults.add("truncate", path="/users/1", times=None)
    with pytest.raises(BadResponse) as kept:
        client.get("users/1")
    client.get("users/2")
    assert bridge.stats().open_connections == 1
    bridge.close()
    assert bridge.stats().open_connections == 0
    assert kept.value.__traceback__ is not None


# -- other executors ---------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 3])
def test_a_batch_runs_on_a_plain_thread_pool(
    sandbox: Sandbox, world: World, bridge: Bridge, client: GitLabClient, workers: int
) -> None:
    """It gets parts of the people; their requests all go over the one bridge."""
    sandbox.faults.add("status", status=502, path="/projects/*", nth=3)
    sandbox.faults.add("limit", path="/projects/*", nth=7, retry_after=0.05)
    with ThreadPoolExecutor(workers) as elsewhere:
        run = Run(executor=elsewhere, source="rest")
        report = client.batch_evaluate_mrs(world.truth.usernames, run=run)
    assert counts(world, report) == world.truth.merge_requests()
    assert report.completeness.whole
    assert bridge.stats().requests == sandbox.traffic.total
    assert bridge.stats().limited == 1


@pytest.mark.slow
def test_a_batch_runs_in_other_processes_and_its_token_never_travels(
    sandbox: Sandbox,
    world: World,
    bridge: Bridge,
    spawning: BaseContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What travels is the name of the environment variable that holds it."""
    monkeypatch.setenv("TOKEN_OF_A_TEST", sandbox.token())
    credential = Credential.from_environment("TOKEN_OF_A_TEST")
    client = GitLabClient(sandbox.url, credential, bridge=bridge)
    with ProcessPoolExecutor(2, mp_context=spawning) as elsewhere:
        report = client.batch_evaluate_mrs(world.truth.usernames, run=Run(executor=elsewhere))
    assert counts(world, report) == world.truth.merge_requests()
    assert report.completeness.whole
    assert bridge.stats().requests == 0
    assert set(sandbox.traffic.by_token) == {"admin"}


def test_a_token_that_stands_in_the_program_cannot_go_to_another_process(
    world: World, client: GitLabClient, spawning: BaseContext
) -> None:
    """It is an error that says what to do, not a token in a pipe."""
    with (
        ProcessPoolExecutor(1, mp_context=spawning) as elsewhere,
        pytest.raises(ConfigurationError, match="cannot be sent") as caught,
    ):
        client.batch_evaluate_mrs(world.truth.usernames, run=Run(executor=elsewhere))
    assert "from_environment" in caught.value.hint


class Inline(Executor):
    """An executor that runs each call at once, in the calling thread: legal, and no pool at all."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        from concurrent.futures import Future

        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - it is raised where the future is awaited
            future.set_exception(error)
        return future


def test_a_batch_runs_on_any_executor_at_all(world: World, client: GitLabClient) -> None:
    """All that it needs is `map`, as the base class has it."""
    report = client.batch_evaluate_mrs(world.truth.usernames, run=Run(executor=Inline()))
    assert counts(world, report) == world.truth.merge_requests()
