"""A forked child finds the bridge new and works; the parent does not notice."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from gitlab_sync.sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork here")

PATIENCE = 60

BEGINNING = """
    import multiprocessing, os, signal, sys, threading
    from concurrent.futures import CancelledError
    from gitlab_sync import GitLabClient
    from gitlab_sync.session.runtime import get_bridge

    url, token = sys.argv[1:]
    client = GitLabClient(url, token)

    def in_child(work):
        # Run `work` in a forked child; the exit status says whether it went well.
        child = os.fork()
        if child == 0:
            signal.alarm(20)  # a child that hangs is killed, and so fails
            status = 1
            try:
                work()
                status = 0
            finally:
                sys.stderr.flush()
                os._exit(status)
        return child

    def ended_well(child):
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


def run(sandbox: Sandbox, script: str) -> None:
    """Run a script in a process of its own; fail with what it wrote."""
    text = textwrap.dedent(BEGINNING) + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-c", text, sandbox.url, sandbox.token()],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["well"]


def test_a_child_has_a_new_bridge_and_the_parents_connection_is_unharmed(sandbox: Sandbox) -> None:
    """The child opens a line of its own, and the parent goes on with its old one."""
    run(
        sandbox,
        """
        assert client.get("user", {"in": "parent"})
        bridge = get_bridge()

        def work():
            stats = get_bridge().stats()
            assert (stats.threads, stats.requests, stats.open_connections) == (0, 0, 0), stats
            assert client.get("user", {"in": "child"})["username"]
            assert len(client.get_all("users", per_page=2)) > 2
            assert GitLabClient(url, token).get("version")
            assert get_bridge().stats().requests > 2

        assert ended_well(in_child(work))
        assert get_bridge() is bridge
        assert client.get("user", {"in": "parent"})
        assert bridge.stats().requests == 2
        print("well")
        """,
    )
    lines: dict[str, set[int]] = {"parent": set(), "child": set()}
    for one in sandbox.traffic.exchanges:
        if "in=" in one.query:
            lines[one.query.removeprefix("in=")].add(one.connection)
    assert len(lines["parent"]) == 1
    assert not lines["parent"] & lines["child"]


def test_what_the_parent_has_queued_or_running_is_cancelled_in_the_child(sandbox: Sandbox) -> None:
    """No thread will run it there; in the parent it ends as it would have."""
    run(
        sandbox,
        """
        pool = get_bridge().executor
        go, running = threading.Event(), threading.Barrier(33)

        def hold(number):
            running.wait(20)
            go.wait(20)
            return number

        futures = [pool.submit(hold, number) for number in range(32)]
        running.wait(20)
        view = pool.for_tenant("a")
        futures += [view.submit(abs, number) for number in range(32, 40)]

        def work():
            for future in futures:
                try:
                    future.result(10)
                except CancelledError:
                    continue
                raise AssertionError("a future of the parent was not cancelled")
            view.shutdown()
            assert list(pool.map(abs, [-1, -2])) == [1, 2]
            assert list(pool.for_tenant("a").map(abs, [-3])) == [3]

        assert ended_well(in_child(work))
        go.set()
        assert [future.result(20) for future in futures] == list(range(40))
        print("well")
        """,
    )


@pytest.mark.slow
def test_children_of_a_busy_parent_never_stand_still(sandbox: Sandbox) -> None:
    """Whatever lock some thread of the parent held at that moment."""
    run(
        sandbox,
        """
        over = threading.Event()
        wrong = []

        def hammer(number):
            while not over.is_set():
                if not client.get("users/1", {"n": number})["id"] == 1:
                    wrong.append(number)

        threads = [threading.Thread(target=hammer, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()

        def work():
            assert client.get("users/2")["id"] == 2

        for _ in range(15):
            assert ended_well(in_child(work))
        over.set()
        for thread in threads:
            thread.join()
        assert not wrong
        print("well")
        """,
    )
    assert set(sandbox.traffic.by_status) <= {200, 304}


def test_a_closed_gate_is_closed_in_the_child_too(sandbox: Sandbox) -> None:
    """It is the same principal, and the server counts both together."""
    sandbox.faults.add("limit", times=None, retry_after=3600)
    run(
        sandbox,
        """
        from gitlab_sync.errors import RateLimited

        def refused():
            try:
                client.get("user")
            except RateLimited:
                return
            raise AssertionError("it was not refused")

        refused()
        assert ended_well(in_child(refused))
        print("well")
        """,
    )
    assert sandbox.traffic.total == 1


def test_a_closed_bridge_is_closed_in_the_child_too(sandbox: Sandbox) -> None:
    """But the process's own is made again there, as always."""
    run(
        sandbox,
        """
        from gitlab_sync.session.runtime import Bridge

        private = Bridge(2)
        other = GitLabClient(url, token, bridge=private)
        assert other.get("user")
        private.close()

        def work():
            assert private.closed
            assert client.get("user")

        assert ended_well(in_child(work))
        print("well")
        """,
    )


def test_processes_that_multiprocessing_forks_can_work(sandbox: Sandbox) -> None:
    """Each has a bridge of its own, and ends by itself."""
    run(
        sandbox,
        """
        people = [user["username"] for user in client.get_all("users")]

        def work(name, answers):
            answers.put(len(client.batch_evaluate_mrs([name])))

        context = multiprocessing.get_context("fork")
        answers = context.Queue()
        children = [
            context.Process(target=work, args=(name, answers)) for name in people[:3]
        ]
        for child in children:
            child.start()
        assert [answers.get(timeout=20) for _ in children] == [1, 1, 1]
        for child in children:
            child.join(20)
            assert child.exitcode == 0, child.exitcode
        assert client.get("user")
        print("well")
        """,
    )
