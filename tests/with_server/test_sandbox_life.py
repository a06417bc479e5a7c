"""The sandbox starts, stops at once whatever goes on, and runs as a process of its own."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3
from cheroot.workers.threadpool import WorkerThread

from gitlab_sync.sandbox import ADMIN_TOKEN, Sandbox, World, generate_world
from gitlab_sync.sandbox.gateway import Server

ROOT = Path(__file__).parents[2]
AUTH = {"PRIVATE-TOKEN": ADMIN_TOKEN}


@pytest.fixture(scope="module")
def small() -> World:
    """Return a small world that no test here changes."""
    return generate_world(seed=1, users=2, merge_requests=1, issues=1, projects=1)


@pytest.fixture
def http() -> Iterator[urllib3.PoolManager]:
    """Return a client without any patience."""
    with urllib3.PoolManager(retries=False, timeout=20) as pool:
        yield pool


def test_it_answers_between_start_and_stop(small: World, http: urllib3.PoolManager) -> None:
    """And not after."""
    sandbox = Sandbox(small).start()
    url = f"{sandbox.url}/api/v4/version"
    assert http.request("GET", url, headers=AUTH).status == 200
    sandbox.stop()
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.PoolManager(retries=False).request("GET", url, headers=AUTH)


def test_a_sandbox_that_was_stopped_is_held_by_nothing(http: urllib3.PoolManager) -> None:
    """A test run makes thousands of them, each with a world: none waits for the collector."""
    world = generate_world(seed=1, users=2, merge_requests=1, issues=1, projects=1)
    alive = weakref.ref(world)
    with Sandbox(world) as sandbox:
        assert http.request("GET", f"{sandbox.url}/api/v4/user", headers=AUTH).status == 200
    gc.disable()
    try:
        del world, sandbox
        assert alive() is None
    finally:
        gc.enable()


def test_start_and_stop_may_be_repeated(small: World, http: urllib3.PoolManager) -> None:
    """Each is idempotent; a second life has the same address."""
    sandbox = Sandbox(small)
    sandbox.stop()
    url = sandbox.start().start().url
    sandbox.stop()
    sandbox.stop()
    with sandbox:
        assert sandbox.url == url
        assert http.request("GET", f"{url}/api/v4/version", headers=AUTH).status == 200


def test_a_port_that_is_taken_is_an_error(small: World) -> None:
    """Raised where it is started."""
    with Sandbox(small) as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(OSError, match="No socket could be created"):
            Sandbox(small, port=port).start()


def test_it_listens_on_this_machine_only(small: World) -> None:
    """127.0.0.1, as its address says."""
    with Sandbox(small) as sandbox:
        assert sandbox.url.startswith("http://127.0.0.1:")


def in_threads(number: int, work: Callable[[], object]) -> list[threading.Thread]:
    """Start that many threads; errors of their requests are what is expected."""

    def run() -> None:
        with contextlib.suppress(urllib3.exceptions.HTTPError, OSError):
            work()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize("when", ["before", "middle"])
def test_it_stops_at_once_with_stalled_requests(
    small: World, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stall ends with the server, not with its own patience; idle connections end, too."""
    monkeypatch.setattr(Server, "shutdown_timeout", 300)  # so that nothing ends by force
    sandbox = Sandbox(small).start()
    sandbox.faults.add("stall", when=when, times=None)
    idle = socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])))
    with urllib3.PoolManager(retries=False, timeout=20, maxsize=8) as http:
        url = f"{sandbox.url}/api/v4/version"
        threads = in_threads(8, lambda: http.request("GET", url, headers=AUTH))
        assert sandbox.traffic.wait(lambda seen: seen.in_flight == 8)
        sandbox.stop()
        for thread in threads:
            thread.join()
    idle.close()


def test_it_stops_at_once_in_the_middle_of_a_latency(small: World) -> None:
    """Latency is a wait that can be woken."""
    sandbox = Sandbox(small, latency=600).start()
    url = f"{sandbox.url}/api/v4/version"
    threads = in_threads(1, lambda: urllib3.request("GET", url, headers=AUTH, retries=False))
    assert sandbox.traffic.wait(lambda seen: seen.in_flight == 1)
    sandbox.stop()
    threads[0].join()


def test_a_latency_that_is_lowered_is_lowered_for_those_who_wait(small: World) -> None:
    """As if it had been so from the start."""
    with Sandbox(small, latency=600) as sandbox:
        url = f"{sandbox.url}/api/v4/version"
        waiting = in_threads(2, lambda: urllib3.request("GET", url, headers=AUTH, retries=False))
        assert sandbox.traffic.wait(lambda seen: seen.in_flight == 2)
        sandbox.latency = 0.0
        for thread in waiting:
            thread.join()
        assert [each.status for each in sandbox.traffic.exchanges] == [200, 200]


@pytest.fixture
def made() -> Callable[[], set[threading.Thread]]:
    """Return what tells which threads there are that were not there before the test."""
    before = set(threading.enumerate())
    return lambda: set(threading.enumerate()) - before


def workers(threads: set[threading.Thread]) -> list[threading.Thread]:
    """Return the threads that answer requests."""
    return [thread for thread in threads if isinstance(thread, WorkerThread)]


def test_its_workers_start_when_they_are_needed_up_to_a_limit(
    small: World, made: Callable[[], set[threading.Thread]], until: Callable[..., None]
) -> None:
    """All are daemons: a sandbox that was never stopped keeps no process; stopped, it has none."""
    with Sandbox(small, threads=3) as sandbox:
        assert workers(made()) == []
        url = f"{sandbox.url}/api/v4/version"
        with urllib3.PoolManager(retries=False, timeout=20) as http:
            for _ in range(5):
                http.request("GET", url, headers=AUTH)
        # One answers, and one more was needed if it was still busy when the next request came.
        assert len(workers(made())) in {1, 2}
        stall = sandbox.faults.add("stall", times=None)
        asking = in_threads(5, lambda: urllib3.request("GET", url, headers=AUTH, retries=False))
        assert sandbox.traffic.wait(lambda seen: seen.in_flight == 3)
        assert len(workers(made())) == 3
        assert all(thread.daemon for thread in made() - set(asking))
        stall.remove()
        for thread in asking:
            thread.join()
    until(lambda: not made())


def test_latency_is_added_to_each_answer(small: World, http: urllib3.PoolManager) -> None:
    """And can be changed while it runs."""
    with Sandbox(small, latency=0.05) as sandbox:
        url = f"{sandbox.url}/api/v4/version"
        http.request("GET", url, headers=AUTH)
        sandbox.latency = 0.1
        http.request("GET", url, headers=AUTH)
        first, second = (e.ended - e.started for e in sandbox.traffic.exchanges if e.ended)
        assert first >= 0.05
        assert second >= 0.1


def test_connections_are_kept_alive(small: World, http: urllib3.PoolManager) -> None:
    """Twenty requests of one client, one connection."""
    with Sandbox(small) as sandbox:
        for _ in range(20):
            http.request("GET", f"{sandbox.url}/api/v4/version", headers=AUTH)
        assert list(sandbox.traffic.by_connection.values()) == [20]


def test_64_clients_are_answered_at_once(small: World) -> None:
    """No request waits for another's latency."""
    with Sandbox(small, latency=60) as sandbox:
        url = f"{sandbox.url}/api/v4/version"
        threads = in_threads(
            64, lambda: urllib3.request("GET", url, headers=AUTH, retries=False, timeout=60)
        )
        assert sandbox.traffic.wait(lambda seen: seen.in_flight == 64, timeout=30)
        assert sandbox.traffic.peak == 64
    for thread in threads:
        thread.join()


# --- as a process of its own -------------------------------------------------------------------


def start(*options: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    """Start a small sandbox as a process."""
    sizes = ("--users", "2", "--merge-requests", "1", "--issues", "1", "--threads", "3")
    return subprocess.Popen(
        [sys.executable, "-m", "gitlab_sync.sandbox", *sizes, *options],
        stdin=stdin,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def address(process: subprocess.Popen[str]) -> tuple[str, dict[str, str]]:
    """Return the URL that the process prints, and the headers for it."""
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    return told["url"], {"PRIVATE-TOKEN": told["token"]}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_tells_its_address_and_ends_on_a_signal(
    http: urllib3.PoolManager, number: signal.Signals
) -> None:
    """One line of JSON when it is ready; status 0 in the end."""
    with start("--seed", "3") as process:
        url, headers = address(process)
        answer = http.request("GET", f"{url}/api/v4/user", headers=headers)
        assert answer.status == 200
        process.send_signal(number)
        assert process.wait(30) == 0


def test_a_process_ends_when_its_parent_is_gone(http: urllib3.PoolManager) -> None:
    """With `--parent-pipe`: standard input that closes is the sign."""
    with start("--parent-pipe", "--demo", stdin=subprocess.PIPE) as process:
        url, headers = address(process)
        people = http.request("GET", f"{url}/api/v4/users?search=amelie", headers=headers).json()
        assert people[0]["username"] == "amelie.laurent"
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0


def test_traffic_and_faults_can_be_reached_over_http(http: urllib3.PoolManager) -> None:
    """As a benchmark in another process does; these calls are not traffic themselves."""
    with start("--parent-pipe", "--latency-ms", "1", stdin=subprocess.PIPE) as process:
        url, headers = address(process)
        control = f"{url}/-/sandbox"
        fault = {"kind": "status", "status": 503, "path": "/version"}
        planted = http.request("POST", f"{control}/faults", json=fault)
        assert (planted.status, planted.json()[0]["hits"]) == (201, 0)
        assert http.request("GET", f"{url}/api/v4/version", headers=headers).status == 503
        assert http.request("GET", f"{url}/api/v4/version", headers=headers).status == 200
        assert http.request("GET", f"{control}/faults").json()[0]["hits"] == 1
        summary = http.request("GET", f"{control}/traffic").json()
        assert summary["by_endpoint"] == {"/version": 2}
        assert summary["by_status"] == {"503": 1, "200": 1}
        assert summary["busy"] > 0
        exchanges = http.request("GET", f"{control}/exchanges").json()
        assert [exchange["fault"] for exchange in exchanges] == ["status", None]
        assert http.request("DELETE", f"{control}/faults").status == 204
        assert http.request("DELETE", f"{control}/traffic").status == 204
        assert http.request("PUT", f"{control}/latency", body=b"0").status == 204
        assert http.request("GET", f"{control}/traffic").json()["requests"] == 0
        assert http.request("POST", f"{control}/faults", json={"kind": "x"}).status == 400
        assert http.request("GET", f"{control}/nothing").status == 404
