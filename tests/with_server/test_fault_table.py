"""What a call does when things go wrong: one test for each cell of the contract's table."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from odd_server import OddServer, json
from worlds import fresh_world

from gitlab_sync import GitLabClient
from gitlab_sync.errors import (
    AuthenticationError,
    BadResponse,
    ConnectionFailed,
    GitLabSyncError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestRefused,
    ServerError,
    TimedOut,
)
from gitlab_sync.http import rate_limit as limits
from gitlab_sync.http import retry, transport
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.session.context import DEFAULT_TIMEOUT
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.session.session import MAX_WAIT

ATTEMPTS = RetryPolicy().attempts
TYPED = [
    (401, AuthenticationError),
    (403, PermissionDenied),
    (409, RequestRefused),
    (422, RequestRefused),
]
TRANSIENT = [500, 502, 503, 504, 520, 525, 530]
Faulty = Callable[..., Any]
Maker = Callable[..., GitLabClient]


@pytest.fixture(autouse=True)
def quick_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a 429 that names no time be waited out quickly."""
    monkeypatch.setattr(limits, "_OWN_BACKOFF", (0.01, 0.02))


@pytest.fixture
def world() -> World:
    """Seven pages of two users each, but for the last."""
    return fresh_world(seed=2, users=9, merge_requests=0, issues=0, projects=1)


@pytest.fixture
def pages(client: GitLabClient) -> Faulty:
    """Read the users page by page, two on each."""
    return lambda: client.get_all("users", per_page=2)


@pytest.fixture
def silent() -> Iterator[str]:
    """Return the URL of a port without a listener."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"


def assert_first_pages(error: GitLabSyncError, client: GitLabClient, pages: int) -> None:
    """Check that an error carries the rows of the pages before it, in order, and says so."""
    rows = error.partial
    assert rows is not None
    assert not rows.complete  # type: ignore[attr-defined]
    assert rows.pages == pages  # type: ignore[attr-defined]
    assert list(rows) == client.get_all("users", per_page=2)[: 2 * pages]


# -- the limits ------------------------------------------------------------------------------------


def test_the_default_limits_are_those_of_the_contract() -> None:
    """Connect, read, whole call; attempts and jitter; the retry budget; a batch's patience."""
    policy = RetryPolicy()
    assert (transport.CONNECT_TIMEOUT, transport.READ_TIMEOUT) == (5.0, 25.0)
    assert DEFAULT_TIMEOUT == 60.0
    assert (policy.attempts, policy.base, policy.cap) == (5, 0.5, 30.0)
    assert (retry._WINDOW, retry._SHARE, retry._FREE_RETRIES) == (60, 5, 10)
    assert MAX_WAIT == 300.0
    assert GitLabClient("https://gitlab.example", "x").session.timeout == 60.0


# -- 404 -------------------------------------------------------------------------------------------


def test_404_of_one_thing_raises_not_found_and_the_older_get_gives_an_empty_list(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """`get` and `request` raise; `_get` gives []. It is asked once each time."""
    for call in (client.get, lambda path: client.request("GET", path)):
        with pytest.raises(NotFound, match="404 Project Not Found") as raised:
            call("projects/999999")
        assert raised.value.status == 404
        assert raised.value.attempts == 1
    with pytest.raises(NotFound, match="404"):
        client._request("GET", "projects/999999")
    assert client._get("projects/999999") == []
    assert sandbox.traffic.total == 4


def test_404_of_a_list_raises_not_found_and_the_older_paginated_gives_an_empty_list(
    client: GitLabClient,
) -> None:
    """A project that does not exist is told from one without issues."""
    with pytest.raises(NotFound, match="404 Project Not Found") as raised:
        client.get_all("projects/999999/issues")
    assert list(raised.value.partial or ()) == []
    assert client._get_paginated("projects/999999/issues") == []


def test_404_of_a_write_raises_not_found(client: GitLabClient, sandbox: Sandbox) -> None:
    """In both spellings of `request`."""
    sandbox.faults.add("status", status=404, body='{"message":"404 Not Found"}', times=None)
    for call in (client.request, client._request):
        with pytest.raises(NotFound, match="404"):
            call("PUT", "projects/1", {"name": "x"})
    assert sandbox.traffic.total == 2


def test_404_in_the_middle_of_a_list_is_no_end_of_it(
    client: GitLabClient, pages: Faulty, sandbox: Sandbox
) -> None:
    """The rows before it come with the error."""
    planted = sandbox.faults.add("status", status=404, query={"page": "3"}, times=None)
    with pytest.raises(NotFound) as raised:
        pages()
    planted.remove()
    assert_first_pages(raised.value, client, 2)


# -- 401, 403, 409, 422 ----------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "kind"), TYPED)
def test_a_refusal_of_one_thing_is_its_typed_error_and_is_asked_once(
    client: GitLabClient, sandbox: Sandbox, status: int, kind: type[GitLabSyncError]
) -> None:
    """`get`, `_get` and `request` alike."""
    sandbox.faults.add("status", status=status, body='{"message":"no"}', times=None)
    for call in (client.get, client._get, lambda path: client.request("GET", path)):
        with pytest.raises(kind, match=str(status)) as raised:
            call("user")
        assert raised.value.status == status
    assert sandbox.traffic.total == 3


@pytest.mark.parametrize(("status", "kind"), TYPED)
def test_a_refusal_of_a_list_is_its_typed_error_and_never_rows(
    client: GitLabClient, sandbox: Sandbox, status: int, kind: type[GitLabSyncError]
) -> None:
    """`get_all` and `_get_paginated` alike."""
    sandbox.faults.add("status", status=status, body='{"message":"no"}', times=None)
    for call in (client.get_all, client._get_paginated):
        with pytest.raises(kind, match=str(status)):
            call("users")
    assert sandbox.traffic.total == 2


@pytest.mark.parametrize(("status", "kind"), TYPED)
def test_a_refusal_on_a_later_page_carries_the_rows_before_it(
    client: GitLabClient,
    pages: Faulty,
    sandbox: Sandbox,
    status: int,
    kind: type[GitLabSyncError],
) -> None:
    """The list is not cut short in silence."""
    planted = sandbox.faults.add("status", status=status, query={"page": "3"}, times=None)
    with pytest.raises(kind, match=str(status)) as raised:
        pages()
    planted.remove()
    assert_first_pages(raised.value, client, 2)


@pytest.mark.parametrize(("status", "kind"), TYPED)
def test_a_refusal_of_a_write_is_its_typed_error_and_is_sent_once(
    client: GitLabClient, sandbox: Sandbox, status: int, kind: type[GitLabSyncError]
) -> None:
    """With GitLab's words in it."""
    sandbox.faults.add("status", status=status, body='{"message":{"name":["is taken"]}}')
    with pytest.raises(kind, match=f"{status} name: is taken"):
        client.request("POST", "projects", {"name": "x"})
    assert sandbox.traffic.total == 1


# -- 429 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "limit",
    [
        {"style": "text", "retry_after": 0},
        {"style": "text", "retry_after": 0.02},
        {"style": "text", "retry_after": 0, "as_date": True},
        {"style": "json"},
    ],
    ids=["seconds", "fraction", "date", "json without headers"],
)
def test_429_of_one_thing_is_waited_for_and_goes_on(
    client: GitLabClient, sandbox: Sandbox, limit: dict[str, Any]
) -> None:
    """Both kinds of 429, and what it was is remembered."""
    sandbox.faults.add("limit", times=2, **limit)
    assert client.get("user")["username"]
    assert sandbox.traffic.total == 3
    assert client.last_rate_limit is not None
    assert client.last_rate_limit["endpoint"] == "user"


def test_429_of_one_thing_becomes_rate_limited_when_the_deadline_comes_first(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """At once, since waiting is known to be useless; it says when to come back."""
    sandbox.faults.add("limit", retry_after=900, times=None)
    with pytest.raises(RateLimited, match=r"429 .*Rate Limit") as raised:
        client.get("user")
    assert raised.value.status == 429
    assert 890 < (raised.value.retry_after or 0) <= 900
    assert sandbox.traffic.total == 1


def test_429_that_never_ends_becomes_rate_limited_at_the_deadline(
    make_client: Maker, sandbox: Sandbox
) -> None:
    """Also when the server asks us back at once, each time."""
    sandbox.faults.add("limit", retry_after=0, times=None)
    with pytest.raises(RateLimited, match="Rate Limit"):
        make_client(timeout=1).get("user")
    assert sandbox.traffic.total < 120


def test_429_of_a_list_is_waited_for_at_the_page_where_it_happened(
    client: GitLabClient, pages: Faulty, sandbox: Sandbox
) -> None:
    """No row is lost and no other page is read again."""
    expected = pages()
    sandbox.traffic.reset()
    sandbox.faults.add("limit", query={"page": "3"}, retry_after=0, times=1)
    assert pages() == expected
    asked = [exchange.url for exchange in sandbox.traffic.exchanges]
    assert len(asked) == len(set(asked)) + 1


def test_429_of_a_list_that_lasts_carries_the_rows_read_so_far(
    client: GitLabClient, pages: Faulty, sandbox: Sandbox
) -> None:
    """`RateLimited.partial`."""
    planted = sandbox.faults.add("limit", query={"page": "3"}, retry_after=900, times=None)
    with pytest.raises(RateLimited, match="Rate Limit") as raised:
        pages()
    planted.remove()
    rows = raised.value.partial
    assert rows is not None
    assert 1 <= rows.pages <= 2  # type: ignore[attr-defined]
    assert not rows.complete  # type: ignore[attr-defined]


@pytest.mark.parametrize("limit", [{"retry_after": 0}, {"style": "json"}])
def test_429_of_a_write_is_waited_for_and_sent_again(
    client: GitLabClient, sandbox: Sandbox, limit: dict[str, Any]
) -> None:
    """GitLab did nothing yet."""
    sandbox.faults.add("limit", times=1, **limit)
    sandbox.faults.add("status", status=201, body='{"id":7}')
    assert client.request("POST", "projects", {"name": "x"}) == {"id": 7}
    assert [exchange.method for exchange in sandbox.traffic.exchanges] == ["POST", "POST"]


# -- 5xx, refused, reset, timeout ------------------------------------------------------------------


@pytest.mark.parametrize("status", TRANSIENT)
def test_5xx_of_one_thing_is_tried_again_until_it_succeeds(
    client: GitLabClient, sandbox: Sandbox, status: int
) -> None:
    """As often as the policy says."""
    sandbox.faults.add("status", status=status, times=ATTEMPTS - 1)
    assert client.get("user")["username"]
    assert sandbox.traffic.total == ATTEMPTS


@pytest.mark.parametrize("status", TRANSIENT)
def test_5xx_of_one_thing_that_lasts_is_a_server_error(
    client: GitLabClient, sandbox: Sandbox, status: int
) -> None:
    """With the attempts made in it; `_get` does not make it an empty list."""
    sandbox.faults.add("status", status=status, times=None)
    with pytest.raises(ServerError, match=str(status)) as raised:
        client._get("user")
    assert (raised.value.status, raised.value.attempts) == (status, ATTEMPTS)
    assert sandbox.traffic.total == ATTEMPTS


@pytest.mark.parametrize("status", [501, 505, 599])
def test_a_5xx_that_says_that_it_will_stay_is_asked_once(
    client: GitLabClient, sandbox: Sandbox, status: int
) -> None:
    """501 is "not implemented": a second time would be no other."""
    sandbox.faults.add("status", status=status, times=None)
    with pytest.raises(ServerError, match=str(status)):
        client.get("user")
    assert sandbox.traffic.total == 1


BREAKS = [
    ({"kind": "reset"}, ConnectionFailed),
    ({"kind": "reset", "when": "middle"}, (ConnectionFailed, BadResponse)),
]


@pytest.mark.parametrize(("fault", "kind"), BREAKS)
def test_a_reset_of_one_thing_is_tried_again_and_then_a_typed_error(
    client: GitLabClient, sandbox: Sandbox, fault: dict[str, Any], kind: Any
) -> None:
    """Before the answer or in the middle of it."""
    sandbox.faults.add(times=1, **fault)
    assert client.get("user")["username"]
    assert sandbox.traffic.total == 2
    sandbox.faults.add(times=None, **fault)
    with pytest.raises(kind):
        client.get("users/2")  # what was read once has no middle: it would only be confirmed


@pytest.mark.parametrize("when", ["before", "middle"])
def test_a_timeout_of_one_thing_is_tried_again(
    client: GitLabClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """A server that goes silent once is asked once more."""
    monkeypatch.setattr(transport, "READ_TIMEOUT", 0.2)
    sandbox.faults.add("stall", when=when, times=1)
    assert client.get("user")["username"]
    assert sandbox.traffic.total >= 2  # on a busy machine another answer may come too late


def test_a_timeout_of_one_thing_that_lasts_is_timed_out(
    make_client: Maker, sandbox: Sandbox
) -> None:
    """Within the whole call's limit."""
    sandbox.faults.add("stall", times=None)
    with pytest.raises(TimedOut, match="in time"):
        make_client(timeout=0.3).get("user")


def test_a_refused_connection_is_tried_again_and_then_a_typed_error(
    bridge: Bridge, silent: str
) -> None:
    """It names the host, and the hint says where to look."""
    for call in (
        GitLabClient(silent, "x", bridge=bridge).get,
        GitLabClient(silent, "x", bridge=bridge).get_all,
    ):
        with pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1") as raised:
            call("users")
        assert raised.value.attempts == ATTEMPTS
        assert "network" in raised.value.hint


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 502},
        {"kind": "status", "status": 503, "retry_after": 0},
        {"kind": "reset"},
        {"kind": "reset", "when": "middle"},
        {"kind": "truncate"},
        {"kind": "malformed"},
        {"kind": "html", "status": 200},
        {"kind": "empty"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_a_broken_page_of_a_list_is_read_again_and_no_other(
    client: GitLabClient, pages: Faulty, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    """The rows are whole and in order."""
    expected = pages()
    sandbox.traffic.reset()
    sandbox.faults.add(query={"page": "3"}, times=1, **fault)
    assert pages() == expected
    asked = [exchange.url for exchange in sandbox.traffic.exchanges]
    assert len(asked) == len(set(asked)) + 1
    assert sum("page=3" in url for url in asked) == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "status", "status": 500}, ServerError),
        ({"kind": "reset"}, ConnectionFailed),
        ({"kind": "truncate"}, BadResponse),
        ({"kind": "malformed"}, BadResponse),
        ({"kind": "html", "status": 200}, BadResponse),
        ({"kind": "html", "status": 200, "body": f"[{'?' * 10_000}]"}, BadResponse),
        ({"kind": "empty"}, BadResponse),
        ({"kind": "redirect"}, BadResponse),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else value.__name__,
)
def test_a_page_that_stays_broken_is_a_typed_error_with_the_rows_before_it(
    client: GitLabClient,
    pages: Faulty,
    sandbox: Sandbox,
    fault: dict[str, Any],
    kind: type[GitLabSyncError],
) -> None:
    """`.partial` holds them, in order, and says that it is not whole."""
    planted = sandbox.faults.add(query={"page": "4"}, times=None, **fault)
    with pytest.raises(kind) as raised:
        pages()
    planted.remove()
    assert_first_pages(raised.value, client, 3)


def test_a_stalled_page_that_stays_silent_is_timed_out_with_the_rows_before_it(
    client: GitLabClient, make_client: Maker, sandbox: Sandbox
) -> None:
    """Each page has the limit of a whole call."""
    planted = sandbox.faults.add("stall", query={"page": "3"}, times=None)
    with pytest.raises(TimedOut) as raised:
        make_client(timeout=0.5).get_all("users", per_page=2)
    planted.remove()
    assert_first_pages(raised.value, client, 2)


@pytest.mark.parametrize("status", TRANSIENT)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_5xx_of_a_write_is_a_server_error_and_is_sent_once(
    client: GitLabClient, sandbox: Sandbox, status: int, method: str
) -> None:
    """The server may have done it already."""
    sandbox.faults.add("status", status=status, times=None)
    with pytest.raises(ServerError, match=str(status)):
        client.request(method, "projects/1")
    assert [exchange.method for exchange in sandbox.traffic.exchanges] == [method]


@pytest.mark.parametrize("fault", [*(fault for fault, _ in BREAKS), {"kind": "truncate"}])
def test_a_write_whose_answer_was_lost_is_not_sent_again(
    client: GitLabClient, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    """It is unknown whether it was done."""
    client.get("user")
    sandbox.traffic.reset()
    sandbox.faults.add(times=None, **fault)
    with pytest.raises((ConnectionFailed, BadResponse)):
        client.request("POST", "projects", {"name": "x"})
    assert sandbox.traffic.total == 1


def test_a_timeout_of_a_write_is_not_sent_again(make_client: Maker, sandbox: Sandbox) -> None:
    """It could still be under way."""
    sandbox.faults.add("stall", times=None)
    with pytest.raises(TimedOut):
        make_client(timeout=0.3).request("POST", "projects", {"name": "x"})
    assert sandbox.traffic.total == 1


def test_a_write_that_never_left_is_tried_again(bridge: Bridge, silent: str) -> None:
    """A refused connection: nothing was sent."""
    with pytest.raises(ConnectionFailed) as raised:
        GitLabClient(silent, "x", bridge=bridge).request("POST", "projects", {"name": "x"})
    assert raised.value.attempts == ATTEMPTS
    assert raised.value.nothing_sent


# -- bodies that are no JSON -----------------------------------------------------------------------

BAD = [{"kind": "malformed"}, {"kind": "truncate"}, {"kind": "html", "status": 200}]


@pytest.mark.parametrize("fault", BAD, ids=lambda fault: fault["kind"])
def test_a_bad_body_of_one_thing_is_asked_for_once_more(
    client: GitLabClient, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    """It may have been a passing trouble."""
    sandbox.faults.add(times=1, **fault)
    assert client.get("user")["username"]
    assert sandbox.traffic.total == 2


@pytest.mark.parametrize("fault", BAD, ids=lambda fault: fault["kind"])
def test_a_bad_body_of_one_thing_that_lasts_is_a_bad_response(
    client: GitLabClient, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    """After two attempts; never data, and never an empty list."""
    sandbox.faults.add(times=None, **fault)
    for call in (client.get, client._get):
        sandbox.traffic.reset()
        with pytest.raises(BadResponse) as raised:
            call("user")
        assert sandbox.traffic.total == 2
        assert raised.value.attempts == 2


@pytest.mark.parametrize("fault", [*BAD, {"kind": "empty"}], ids=lambda fault: fault["kind"])
def test_a_bad_body_of_a_list_that_lasts_is_a_bad_response(
    client: GitLabClient, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    """Also from `_get_paginated`. A list without a body is none: an empty one is `[]`."""
    sandbox.faults.add(times=None, **fault)
    for call in (client.get_all, client._get_paginated):
        sandbox.traffic.reset()
        with pytest.raises(BadResponse):
            call("users")
        assert sandbox.traffic.total == 2


# -- no content ------------------------------------------------------------------------------------


def test_an_empty_body_of_one_thing_is_an_empty_list(
    client: GitLabClient, sandbox: Sandbox
) -> None:
    """204, or 200 with nothing in it."""
    sandbox.faults.add("empty", path="/user")
    assert client.get("user") == []
    sandbox.faults.add("status", status=204, body="")
    assert client.get("user") == []
    assert sandbox.traffic.total == 2


def test_204_of_a_write_is_an_empty_list(bridge: Bridge) -> None:
    """What a DELETE answers."""
    with OddServer(lambda _: (204, {}, b"")) as server:
        assert GitLabClient(server.url, "x", bridge=bridge).request("DELETE", "projects/1") == []


# -- the text of every error -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 405, 409, 412, 422, 429, 500, 502, 503, 520]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_errors_text_holds_the_status_and_the_request_but_no_token(
    make_client: Maker, sandbox: Sandbox, status: int, method: str
) -> None:
    """Older retry code looks for it; `error_msg` is the same text."""
    client = make_client(timeout=1.0 if status == 429 else 30.0)  # a limit is waited for
    sandbox.faults.add("status", status=status, body="{}", times=None)
    with pytest.raises(GitLabSyncError, match=str(status)) as raised:
        client.request(method, "projects/1?private_token=abcdefghij")
    error = raised.value
    assert (error.status, error.method) == (status, method)
    assert f"{sandbox.url}/api/v4/projects/1" in str(error)
    assert client.error_msg == str(error)
    assert "abcdefghij" not in f"{error}{error!r}{error.url}"
    assert sandbox.token() not in f"{error}{error!r}{client!r}"


def test_a_redirect_to_elsewhere_tells_its_status(client: GitLabClient, sandbox: Sandbox) -> None:
    """And where it would have led."""
    sandbox.faults.add("redirect", times=None)
    with pytest.raises(BadResponse, match=r"302.*elsewhere\.example"):
        client.get("user")
    assert sandbox.traffic.total == 1


def test_graphql_like_errors_in_a_401_are_read(bridge: Bridge) -> None:
    """`{"errors": [{"message": …}]}`."""
    answer = json({"errors": [{"message": "Invalid token"}]}, status=401)
    with OddServer(lambda _: answer) as server, pytest.raises(AuthenticationError) as raised:
        GitLabClient(server.url, "x", bridge=bridge).get("user")
    assert "401 Invalid token" in str(raised.value)
