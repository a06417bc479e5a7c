"""Programs that keep an event loop of their own, or look for the one that the older client had.

The only file of the project with a loop in it: here it is the caller's.
"""

from __future__ import annotations

import asyncio
import inspect
import pickle
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import create_autospec

import pytest
from odd_server import Answer, OddServer, json

from gitlab_sync import BatchClient, GitLabClient
from gitlab_sync.errors import ConfigurationError, NotFound
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.runtime import Bridge

PATIENCE = 20.0
CALLS = 50
GONE = ["_loop", "_loop_thread", "_thread", "_session", "_start_loop"]


def run_loop(program: Any) -> Any:
    """Return what `asyncio.run` does, in a thread without a loop: browser tests leave one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, program).result()


# -- a loop of one's own ---------------------------------------------------------------------------


def test_fifty_calls_at_once_are_handed_to_threads_and_all_are_right(
    sandbox: Sandbox,
    world: World,
    make_bridge: Callable[..., Bridge],
    new_threads: Callable[[], set[threading.Thread]],
) -> None:
    """The recipe of the migration guide; afterwards there are the bridge's threads and no more."""
    bridge = make_bridge(4)
    client = GitLabClient(sandbox.url, sandbox.token(), bridge=bridge)
    people = {user.data["id"]: user.data["username"] for user in world.users}
    wanted = [number for _ in range(CALLS) for number in people][:CALLS]

    async def program() -> list[dict[str, Any]]:
        calls = [asyncio.to_thread(client.get, f"users/{number}") for number in wanted]
        return list(await asyncio.gather(*calls))

    found = run_loop(program())
    assert [user["username"] for user in found] == [people[number] for number in wanted]
    assert len(new_threads()) <= bridge.workers
    assert sandbox.traffic.peak <= bridge.workers


def test_a_callers_loop_goes_on_while_a_call_waits_in_a_thread(bridge: Bridge) -> None:
    """The server answers only after the loop has done something else meanwhile."""
    loop_went_on = threading.Event()

    def answer(_: str) -> Answer:
        return json({"waited": loop_went_on.wait(PATIENCE)})

    with OddServer(answer) as server:
        client = GitLabClient(server.url, "x", bridge=bridge)

        async def program() -> Any:
            call = asyncio.create_task(asyncio.to_thread(client.get, "user"))
            while not server.asked:
                await asyncio.sleep(0.001)
            loop_went_on.set()
            return await call

        assert run_loop(asyncio.wait_for(program(), PATIENCE)) == {"waited": True}


def test_in_a_callers_loop_an_error_is_that_of_the_call(client: GitLabClient) -> None:
    """It comes out of `await` as out of the call itself."""

    async def program() -> None:
        await asyncio.to_thread(client.get, "projects/999999")

    with pytest.raises(NotFound, match="404"):
        run_loop(program())


def test_a_whole_batch_runs_beside_a_callers_loop(client: GitLabClient, world: World) -> None:
    """Several at once, as from several requests of a web server."""

    async def program() -> list[Any]:
        names = world.truth.usernames
        batches = [asyncio.to_thread(client.batch_evaluate_mrs, names) for _ in range(3)]
        return list(await asyncio.gather(*batches))

    truth = world.truth.merge_requests()
    for report in run_loop(program()):
        assert {row["Username"]: row["Closed MRs"] for row in report} == {
            name: row["Closed MRs"] for name, row in truth.items()
        }


def test_a_value_is_no_coroutine_and_python_says_so(client: GitLabClient) -> None:
    """`asyncio.run(client.get(…))` and `await client.get(…)`: by then the call has been made."""
    with pytest.raises((ValueError, TypeError), match="coroutine"):
        run_loop(client.get("user"))

    async def program() -> None:
        await client.get("user")

    with pytest.raises(TypeError, match="await"):
        run_loop(program())


def test_a_real_coroutine_is_refused_by_run_sync_and_closed(client: GitLabClient) -> None:
    """With the name of what made it, and what to call instead."""

    async def fetch_everything() -> int:
        return 1

    coroutine = fetch_everything()
    with pytest.raises(TypeError, match=r"fetch_everything.*no event loop.*client\.get"):
        client._run_sync(coroutine)
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED


# -- the loop that is not there --------------------------------------------------------------------


@pytest.mark.parametrize("kind", [GitLabClient, BatchClient])
@pytest.mark.parametrize("name", GONE)
def test_whoever_uses_the_older_loop_is_told_what_to_call(
    kind: type[GitLabClient], name: str
) -> None:
    """In the message, in the hint and in what a traceback shows."""
    client = kind("https://gitlab.example", "plain-word-0123")
    with pytest.raises(ConfigurationError, match=r"no event loop.*client\.get") as raised:
        getattr(client, name)
    error = raised.value
    assert "asyncio.to_thread(client.get" in error.hint
    assert str(error) in (shown := "".join(traceback.format_exception(error)))
    assert "Did you mean" not in shown
    assert "plain-word" not in shown
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize("kind", [GitLabClient, BatchClient])
@pytest.mark.parametrize("name", GONE)
def test_whoever_asks_whether_there_is_a_loop_gets_the_answer_no(
    kind: type[GitLabClient], name: str
) -> None:
    """Programs that served both kinds of client go on, and so do tools that look at all names."""
    client = kind("https://gitlab.example", "plain-word-0123")
    assert not hasattr(client, name)
    assert getattr(client, name, None) is None
    for look_at_all_names in (inspect.getmembers, create_autospec):
        assert look_at_all_names(kind)


def test_any_other_name_that_is_missing_is_a_plain_attribute_error(client: GitLabClient) -> None:
    """Only what belonged to the loop has its own words."""
    with pytest.raises(AttributeError, match="no_such_name") as raised:
        client.no_such_name  # type: ignore[attr-defined]  # noqa: B018
    assert not isinstance(raised.value, ConfigurationError)
