"""A process ends at once when its program does, whatever is still under way."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator

import pytest

from gitlab_sync.sandbox import Sandbox

BOUND = 2.0
"""Seconds from the program's last line to the end of its process; measured: well below 0.5."""

PATIENCE = 60

BEGINNING = """
    import sys, threading, time
    from gitlab_sync import GitLabClient
    from gitlab_sync.session.runtime import get_bridge
    from gitlab_sync.errors import Cancelled
    from gitlab_sync.session.request import Request
    from gitlab_sync.session.context import fetch

    url, token = sys.argv[1:]
    client = GitLabClient(url, token)
    found = []

    def aside(work, daemon=True):
        def run():
            try:
                found.append(work())
            except BaseException as error:
                found.append(error)
        thread = threading.Thread(target=run, daemon=daemon)
        thread.start()
        return thread

    def until(condition):
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.005)

    stats = lambda: get_bridge().stats()
"""
END = """
    print(time.monotonic(), flush=True)
"""


def seconds_to_end(sandbox: Sandbox, script: str) -> float:
    """Run a script and return the seconds from its last line to the end of its process."""
    text = "".join(textwrap.dedent(part) for part in (BEGINNING, script, END))
    process = subprocess.Popen(
        [sys.executable, "-c", text, sandbox.url, sandbox.token()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        out, errors = process.communicate(timeout=PATIENCE)
        ended = time.monotonic()  # the clock is one for the whole machine
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert not errors
    return ended - float(out.split()[-1])


@pytest.fixture
def stalled(sandbox: Sandbox) -> Iterator[Sandbox]:
    """Make a sandbox that never answers, but for `/version`."""
    planted = sandbox.faults.add("stall", path="/*s*", times=None)
    yield sandbox
    planted.remove()


def test_with_nothing_under_way_and_nothing_closed(sandbox: Sandbox) -> None:
    """Nothing has to be closed."""
    script = """
        assert client.get("version")
        assert stats().open_connections == 1
    """
    assert seconds_to_end(sandbox, script) < BOUND


def test_with_a_read_that_never_ends(stalled: Sandbox) -> None:
    """The connection is shut down, and nothing waits for the read's own time limit."""
    script = """
        aside(lambda: client.get("users/1"))
        until(lambda: stats().busy == 1 and stats().open_connections == 1)
    """
    assert seconds_to_end(stalled, script) < BOUND


def test_with_an_answer_that_stopped_in_the_middle(sandbox: Sandbox) -> None:
    """Its first half has been read."""
    sandbox.faults.add("stall", path="/users", when="middle")
    script = """
        aside(lambda: client.get("users"))
        until(lambda: stats().busy == 1 and stats().open_connections == 1)
    """
    assert seconds_to_end(sandbox, script) < BOUND


def test_with_work_in_the_queue(stalled: Sandbox) -> None:
    """What has not started is dropped."""
    script = """
        job = client.session.context()
        rest = job.__enter__()
        for number in range(1000):
            rest.active.executor.submit(fetch, rest.active, Request("GET", f"users/{number}"))
        until(lambda: stats().busy == 30)
    """
    assert seconds_to_end(stalled, script) < BOUND


def test_with_a_rate_limit_to_wait_for(sandbox: Sandbox) -> None:
    """The gate opens long after the program has ended."""
    sandbox.faults.add("limit", times=None, retry_after=50)
    script = """
        aside(lambda: client.get("users/1"))
        until(lambda: stats().limited == 1 and stats().busy == 0)
    """
    assert seconds_to_end(sandbox, script) < BOUND


def test_with_a_retry_to_wait_for(sandbox: Sandbox) -> None:
    """A server that asked us to come back later."""
    sandbox.faults.add("status", status=503, times=None, retry_after=50)
    script = """
        aside(lambda: client.get("users/1"))
        until(lambda: stats().retries == 1 and stats().busy == 0)
    """
    assert seconds_to_end(sandbox, script) < BOUND


def test_a_thread_that_is_no_daemon_hears_of_it(stalled: Sandbox) -> None:
    """The interpreter waits for such threads: they get `Cancelled`, and end."""
    script = """
        thread = aside(lambda: client.get_all("users"), daemon=False)
        until(lambda: stats().busy == 1)

        def tell():
            thread.join()
            assert isinstance(found[0], Cancelled), found

        threading.Thread(target=tell).start()
    """
    assert seconds_to_end(stalled, script) < BOUND


def test_a_batch_in_a_thread_ends_with_rows_that_say_so(stalled: Sandbox) -> None:
    """Not one of them looks clean."""
    script = """
        people = ["alice.moreau", "bruno.rossi"]
        thread = aside(lambda: client.batch_evaluate_mrs(people), daemon=False)
        until(lambda: stats().busy == 2)

        def tell():
            thread.join()
            assert [row["Status"] for row in found[0]] == ["Error", "Error"], found
            assert {row["Error"] for row in found[0]} == {"the process is ending"}, found

        threading.Thread(target=tell).start()
    """
    assert seconds_to_end(stalled, script) < BOUND


def test_when_the_program_ends_in_the_middle_of_a_list(sandbox: Sandbox) -> None:
    """A generator that is still open holds nothing up."""
    script = """
        pages = client.iter_pages("users", per_page=1)
        next(pages)
    """
    assert seconds_to_end(sandbox, script) < BOUND


def test_when_the_program_breaks_off_with_an_error(stalled: Sandbox) -> None:
    """As with `sys.exit` in the middle of it."""
    script = """
        import atexit
        atexit.register(lambda: print(began, flush=True))
        aside(lambda: client.get("users/1"))
        until(lambda: stats().busy == 1)
        began = time.monotonic()
        sys.exit(0)
    """
    assert seconds_to_end(stalled, script) < BOUND
