"""`GitLabClient`: the names and shapes of the drop-in contract, over a real server."""

from __future__ import annotations

import contextlib
import copy
import gc
import inspect
import logging
import pickle
import pydoc
import threading
import traceback
import types
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest
from odd_server import OddServer, json

import gitlab_sync
from gitlab_sync import BatchClient, GitLabClient, GitLabUsersAPI, settings
from gitlab_sync.errors import (
    AuthenticationError,
    Cancelled,
    ConfigurationError,
    GitLabSyncError,
    NotFound,
    ServerError,
)
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.retry import RetryState
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.runtime import Bridge, get_bridge

Maker = Callable[..., GitLabClient]
SECRET = "plain-word-0123456789"


# -- making one ------------------------------------------------------------------------------------


def test_making_a_client_does_no_input_or_output_and_starts_no_thread(
    new_threads: Callable[[], set[threading.Thread]],
) -> None:
    """A host that is not there shows at the first call."""
    client = GitLabClient("https://no-such-host.invalid", SECRET)
    assert client.base_url == "https://no-such-host.invalid"
    assert client.error_msg is None
    assert client.last_rate_limit is None
    assert new_threads() == set()


def test_it_is_made_by_position_and_by_keyword(bridge: Bridge) -> None:
    """Both are in use."""
    for client in (
        GitLabClient("https://gitlab.example/", SECRET),
        GitLabClient(base_url="https://gitlab.example/", token=SECRET, is_oauth=False),
        GitLabClient("https://gitlab.example/", SECRET, False, bridge=bridge, timeout=5),
    ):
        assert client.base_url == "https://gitlab.example"
        assert client.api_base == "https://gitlab.example/api/v4"
        assert client.token == SECRET
        assert client.is_oauth is False
    assert GitLabClient("https://gitlab.example", SECRET, True).is_oauth is True
    assert gitlab_sync.GitLabClient is GitLabClient


@pytest.mark.parametrize("url", ["gitlab.example", "", "ftp://x", "https://ann:word@x.example"])
def test_a_bad_url_is_a_configuration_error_at_once(url: str) -> None:
    """And a ValueError, for who expects that."""
    with pytest.raises(ConfigurationError):
        GitLabClient(url, SECRET)
    with pytest.raises(ValueError):  # noqa: PT011 - what it says is another test's
        GitLabClient(url, SECRET)


def test_a_timeout_must_be_more_than_nothing_and_less_than_for_ever() -> None:
    """Else no call could ever succeed, or the clocks of a system would overflow."""
    for timeout in (0, -1, float("nan"), float("inf"), 1e10):
        with pytest.raises(ConfigurationError, match="timeout"):
            GitLabClient("https://gitlab.example", SECRET, timeout=timeout)


def test_token_is_as_given_and_in_no_repr() -> None:
    """Nor in that of the credential, nor of python-gitlab's object."""
    client = GitLabClient("https://gitlab.example", SECRET)
    assert client.token == SECRET
    assert SECRET not in f"{client!r}{client}{client.session.credential!r}{client.client!r}"


def test_a_session_pickles_only_by_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker elsewhere reads the token where it is."""
    with pytest.raises(ConfigurationError, match="cannot be sent"):
        pickle.dumps(GitLabClient("https://gitlab.example", SECRET).session)
    monkeypatch.setenv("A_TOKEN_FOR_TESTS", SECRET)
    credential = Credential.from_environment("A_TOKEN_FOR_TESTS")
    sent = pickle.dumps(GitLabClient("https://gitlab.example", credential, timeout=7).session)
    assert SECRET.encode() not in sent
    arrived = pickle.loads(sent)
    assert (arrived.base_url, arrived.timeout) == ("https://gitlab.example", 7)
    assert arrived.credential.token == SECRET


# -- a client among Python's own tools -------------------------------------------------------------

CLIENTS = (GitLabClient, BatchClient)


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_shows_the_names_of_the_contract_and_no_engine(
    kind: type[GitLabClient],
) -> None:
    """`inspect.getmembers` reads each of them without an error."""
    client = kind("https://gitlab.example", SECRET)
    public = {name for name, _ in inspect.getmembers(client) if not name.startswith("_")}
    wanted = {
        "api_base", "base_url", "batch_evaluate_issues", "batch_evaluate_issues_efficiently",
        "batch_evaluate_mrs", "batch_evaluate_mrs_efficiently", "client", "close", "error_msg",
        "from_config",
        "get", "get_all", "graphql", "is_oauth", "iter_pages", "last_rate_limit", "request",
        "session", "token",
    }  # fmt: skip
    assert public == wanted | ({"private_token", "users"} if kind is BatchClient else set())


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_answers_for_each_name_whether_it_has_it(kind: type[GitLabClient]) -> None:
    """The older client's loop and the engine's parts are not there; no question is an error."""
    client = kind("https://gitlab.example", SECRET)
    for name in (*dir(client), "executor", "job", "bridge", "_loop", "_session", "no_such_name"):
        assert hasattr(client, name) == (getattr(client, name, client) is not client)
    for name in ("executor", "job", "bridge", "_loop", "_session", "no_such_name"):
        assert not hasattr(client, name)


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_can_be_mocked_by_its_specification(kind: type[GitLabClient]) -> None:
    """A mock has the client's names and signatures, and no others."""
    mocked = create_autospec(kind("https://gitlab.example", SECRET))
    mocked.get.return_value = {"id": 1}
    assert mocked.get("projects/1") == {"id": 1}
    with pytest.raises(TypeError):
        mocked.get("projects/1", {}, "too many")
    with pytest.raises(AttributeError):
        _ = mocked.executor


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_client_does_not_pickle_and_says_what_to_do(kind: type[GitLabClient]) -> None:
    """A token never travels."""
    with pytest.raises(TypeError, match="make a client from them there") as caught:
        pickle.dumps(kind("https://gitlab.example", SECRET))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("kind", [GitLabClient, BatchClient])
def test_a_client_is_configured_as_the_command_is(
    kind: type[GitLabClient], sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the environment, by arguments, or by a file of python-gitlab with its certificates."""
    monkeypatch.delenv("GITLAB_SSL_VERIFY", raising=False)
    monkeypatch.setenv("GITLAB_URL", sandbox.url)
    monkeypatch.setenv("GITLAB_TOKEN", "wrong")
    monkeypatch.setenv("MINE", sandbox.token("admin"))
    with kind.from_config(token_env="MINE") as client, kind.from_config() as other:
        assert client.get("user")["username"]
        assert client.session.bridge is other.session.bridge is get_bridge()
        with pytest.raises(AuthenticationError):
            other.get("user")
    file = tmp_path / "python-gitlab.cfg"
    file.write_text(
        f"[own]\nurl = {sandbox.url}\nprivate_token = {sandbox.token('admin')}\n"
        "ssl_verify = false\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHON_GITLAB_CFG", str(file))
    with kind.from_config(gitlab_id="own") as client:
        assert client.get("user")["username"]
        assert client.session.bridge is get_bridge(verify=False)
    get_bridge(verify=False).close()
    monkeypatch.delenv("GITLAB_URL")
    monkeypatch.delenv("PYTHON_GITLAB_CFG")
    monkeypatch.setattr(settings, "SYSTEM_FILE", tmp_path / "none.cfg")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ConfigurationError, match="no URL of a GitLab"):
        kind.from_config()


def test_help_shows_the_contract() -> None:
    """Each public method names its arguments, and its text refers to no other class."""
    for kind in (GitLabClient, BatchClient, GitLabUsersAPI):
        for name, method in inspect.getmembers(kind):
            if name.startswith("_") or not inspect.isroutine(method) or not callable(method):
                continue
            kinds = {each.kind for each in inspect.signature(method).parameters.values()}
            assert not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
            text = inspect.getdoc(method)
            assert text
            assert "See `" not in text
            assert f"{name}(" in pydoc.render_doc(kind, renderer=pydoc.plaintext)


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_copy_of_a_client_is_closed_apart(
    kind: type[GitLabClient], sandbox: Sandbox, bridge: Bridge
) -> None:
    """It asks as the same person, on the same bridge."""
    client = kind(sandbox.url, sandbox.token(), bridge=bridge)
    for other in (copy.copy(client), copy.deepcopy(client)):
        assert type(other) is kind
        assert other.session.bridge is bridge
        assert other.get("user") == client.get("user")
        other.close()
        with pytest.raises(ConfigurationError, match="client is closed"):
            other.get("user")
    assert client.get("user")["username"]


# -- reading ---------------------------------------------------------------------------------------


def test_get_takes_all_spellings_of_an_endpoint(client: GitLabClient, world: World) -> None:
    """By id, by encoded path, by a whole URL."""
    project = world.tables.projects[0]
    path = project["path_with_namespace"].replace("/", "%2F")
    number = project["id"]
    expected = client.get(f"projects/{number}")
    assert expected["id"] == number
    for endpoint in (
        f"/projects/{number}",
        f"/api/v4/projects/{number}",
        f"projects/{path}",
        f"{client.api_base}/projects/{number}",
    ):
        assert client.get(endpoint) == expected


def test_parameters_reach_the_server(client: GitLabClient, sandbox: Sandbox) -> None:
    """None dropped, booleans in lower case, lists repeated, the endpoint's own query kept."""
    client.get("merge_requests?scope=all", {"wip": True, "iids": [1, 2], "state": None})
    assert sandbox.traffic.exchanges[0].query == "scope=all&wip=true&iids%5B%5D=1&iids%5B%5D=2"
    client.request("GET", "merge_requests", {"scope": "all", "draft": False})
    assert sandbox.traffic.exchanges[1].query == "scope=all&draft=false"


def test_is_oauth_sends_a_bearer_and_else_a_private_token(sandbox: Sandbox, bridge: Bridge) -> None:
    """An OAuth token in `PRIVATE-TOKEN` would be refused."""
    oauth = sandbox.token_for("alice.moreau", kind="oauth")
    assert GitLabClient(sandbox.url, oauth, True, bridge=bridge).get("user")
    with pytest.raises(AuthenticationError):
        GitLabClient(sandbox.url, oauth, bridge=bridge).get("user")
    sent = [exchange.credential for exchange in sandbox.traffic.exchanges]
    assert sent == ["Authorization", "PRIVATE-TOKEN"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "put"])
def test_request_sends_really_that_verb_with_its_parameters_as_json(
    bridge: Bridge, method: str
) -> None:
    """The older client made a GET of it."""
    seen: list[tuple[str, bytes]] = []

    with OddServer(lambda _: json({"done": True})) as server:
        handler = server.http.RequestHandlerClass
        original = handler.respond  # type: ignore[attr-defined]

        def respond(self: Any) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            del self.headers["Content-Length"]
            seen.append((self.command, body))
            original(self)

        for verb in ("do_POST", "do_PUT", "do_PATCH", "do_DELETE"):
            setattr(handler, verb, respond)
        client = GitLabClient(server.url, "x", bridge=bridge)
        assert client.request(method, "projects/1?a=b", {"name": "ü"}) == {"done": True}
        assert client._request(method, "projects/1") == {"done": True}
    assert seen == [(method.upper(), '{"name":"ü"}'.encode()), (method.upper(), b"")]
    assert server.asked == ["/api/v4/projects/1?a=b", "/api/v4/projects/1"]
    assert server.headers[0]["content-type"] == "application/json"


def test_head_gives_an_empty_list(client: GitLabClient, sandbox: Sandbox) -> None:
    """There is no body to decode."""
    assert client.request("HEAD", "user") == []
    assert sandbox.traffic.exchanges[0].method == "HEAD"


def test_error_msg_is_the_text_of_the_last_failure(client: GitLabClient) -> None:
    """Its text, for pages that show it."""
    assert client.error_msg is None
    with pytest.raises(NotFound) as raised:
        client.get("projects/999999")
    assert client.error_msg == str(raised.value)
    assert "404" in client.error_msg


def test_last_rate_limit_says_where_for_how_long_and_when(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """Where, for how long, and when, in UTC."""
    sandbox.faults.add("limit", retry_after=0.01)
    client.get("projects", {"private_token": SECRET})
    last = client.last_rate_limit
    assert last is not None
    assert set(last) == {"endpoint", "retry_after", "timestamp"}
    assert (last["endpoint"], last["retry_after"]) == ("projects", 0.01)
    assert last["timestamp"].tzinfo is UTC
    assert datetime.now(UTC) - last["timestamp"] < timedelta(minutes=1)


def test_no_token_stands_in_any_error_log_line_or_traceback(
    sandbox: Sandbox, bridge: Bridge, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong."""
    client = GitLabClient(sandbox.url, SECRET, bridge=bridge, timeout=0.3)
    endpoint = f"projects/1?private_token={SECRET}&page=1"
    kinds: list[dict[str, Any]] = [
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 500, "body": f"private_token={SECRET}"},
        {"kind": "limit", "retry_after": 99},
        {"kind": "reset"},
        {"kind": "stall"},
        {"kind": "truncate"},
        {"kind": "html", "status": 200},
        {"kind": "redirect", "location": f"https://x.invalid/?access_token={SECRET}"},
    ]
    with caplog.at_level(logging.DEBUG):
        for kind in kinds:
            sandbox.faults.clear()
            sandbox.faults.add(times=None, **kind)
            for call in (client.get, client.get_all):
                with pytest.raises(GitLabSyncError) as raised:
                    call(endpoint)
                error = raised.value
                shown = "".join(traceback.format_exception(error))
                assert SECRET not in f"{error}{error!r}{error.url}{error.hint}{shown}"
                assert SECRET.encode() not in pickle.dumps(error)
            client = GitLabClient(sandbox.url, SECRET, bridge=bridge, timeout=0.3)
    ours = [record for record in caplog.records if record.name.startswith("gitlab_sync")]
    assert SECRET not in "".join(record.getMessage() for record in ours)


# -- from many threads, and closing ----------------------------------------------------------------


def test_it_is_used_from_many_threads_at_once(client: GitLabClient, world: World) -> None:
    """Each gets its own answer."""
    users = {row.data["id"]: row.data["username"] for row in world.users}
    found: list[bool] = []

    def read() -> None:
        for number, name in users.items():
            found.append(client.get(f"users/{number}")["username"] == name)

    threads = [threading.Thread(target=read) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * (12 * len(users))


def test_as_a_context_manager_it_is_closed_at_the_end(make_client: Maker) -> None:
    """It gives itself."""
    with make_client() as client:
        assert isinstance(client, GitLabClient)
        assert client.get("user")
    with pytest.raises(ConfigurationError, match="client is closed"):
        client.get("user")


def test_close_twice_is_close_and_others_go_on(
    make_client: Maker, client: GitLabClient, bridge: Bridge
) -> None:
    """The bridge is everybody's."""
    first = make_client()
    first.close()
    first.close()
    for call in (
        lambda: first.get("user"),
        lambda: first.get_all("users"),
        lambda: first.batch_evaluate_mrs(["alice.moreau"]),
    ):
        with pytest.raises(ConfigurationError, match="client is closed"):
            call()
    assert client.get("user")
    assert not bridge.closed


def test_close_breaks_off_what_it_does_from_any_thread(
    make_client: Maker, client: GitLabClient, sandbox: Sandbox
) -> None:
    """Even a read of a server that has gone silent."""
    sandbox.faults.add("stall", path="/user", times=None)
    waiting = make_client()
    failures: list[Exception] = []

    def read() -> None:
        try:
            waiting.get("user")
        except GitLabSyncError as error:
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert sandbox.traffic.wait(lambda traffic: traffic.in_flight == 1)
    waiting.close()
    thread.join(10)
    assert not thread.is_alive()
    assert [type(failure) for failure in failures] == [Cancelled]
    assert "client was closed" in str(failures[0])
    assert client.get("version")


def test_after_the_bridge_was_closed_a_client_says_so(client: GitLabClient, bridge: Bridge) -> None:
    """With what to do."""
    bridge.close()
    with pytest.raises(ConfigurationError, match="bridge is closed"):
        client.get("user")


# -- what older code hands over --------------------------------------------------------------------


def test__run_sync_calls_a_callable_and_gives_back_anything_else(client: GitLabClient) -> None:
    """Older code wraps its calls in it."""
    assert client._run_sync(lambda: 7) == 7
    assert client._run_sync(lambda: client.get("user"), timeout=5)["username"]
    rows = [{"id": 1}]
    assert client._run_sync(rows) is rows
    assert client._run_sync(None) is None


def test__run_sync_passes_errors_on(client: GitLabClient) -> None:
    """They are not swallowed."""
    with pytest.raises(NotFound):
        client._run_sync(lambda: client.get("projects/999999"))


def test__run_sync_refuses_a_coroutine_closes_it_and_says_what_to_call(
    client: GitLabClient, recwarn: pytest.WarningsRecorder
) -> None:
    """There is no loop that could run it."""

    def fetch_everything() -> Generator[None, None, int]:
        yield
        return 1

    # What the compiler makes of such a function, without the syntax for it.
    flags = fetch_everything.__code__.co_flags & ~inspect.CO_GENERATOR | inspect.CO_COROUTINE
    made = types.FunctionType(fetch_everything.__code__.replace(co_flags=flags), globals())
    made.__name__ = made.__qualname__ = "fetch_everything"
    coroutine = made()
    assert inspect.iscoroutine(coroutine)
    with pytest.raises(TypeError, match=r"fetch_everything.*synchronous.*client\.get"):
        client._run_sync(coroutine)
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED
    assert not [w for w in recwarn if "never awaited" in str(w.message)]


def test_a_failing_server_is_told_as_such_and_a_later_call_succeeds(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """A client is not spoiled by an error."""
    planted = sandbox.faults.add("status", status=500, times=None)
    with pytest.raises(ServerError):
        client.get("user")
    planted.remove()
    assert client.get("user")


def retrying() -> list[RetryState]:
    """Return all requests that are tried again."""
    return [each for each in gc.get_objects() if isinstance(each, RetryState)]


@pytest.mark.parametrize("status", [403, 429, 502])
def test_a_request_that_failed_leaves_nothing_to_the_garbage_collector(
    client: GitLabClient, sandbox: Sandbox, until: Any, status: int
) -> None:
    """No error and no frame hold each other: all that a task had in hand is free at once."""
    sandbox.faults.add("status", status=status, retry_after=3600, path="/version", times=None)
    gc.collect()
    before = retrying()  # what another test may still wait for
    gc.disable()
    try:
        with contextlib.suppress(GitLabSyncError):
            client.get("version")
        until(lambda: all(any(each is old for old in before) for each in retrying()))
    finally:
        gc.enable()
