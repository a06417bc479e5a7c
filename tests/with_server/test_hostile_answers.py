"""Answers that are made to hold, fill or stop the process."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hostile_server import HostileServer
from odd_server import OddServer, json

from gitlab_sync import GitLabClient
from gitlab_sync.errors import BadResponse, Cancelled, GitLabSyncError, RateLimited, TimedOut
from gitlab_sync.http.connections import OpenConnections, pool_classes
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.session.fetch import fetch_lists
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import Record

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
EMPTY_GZIP = gzip.compress(b"")
ONCE = RetryPolicy(attempts=1)
MEGABYTE = 10**6

DRIPS: dict[str, tuple[bytes, bytes]] = {
    "the status line": (b"", b"HTTP/1.1 200 OK"),
    "a header": (HEAD, b"x"),
    "the length of a chunk": (CHUNKED, b"0"),
    "the extension of a chunk": (CHUNKED + b"1;", b"x"),
    "a trailer": (CHUNKED + b"2\r\n{}\r\n0\r\n", b"A: b\r\n"),
    "a compressed body that is empty": (
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 1000000\r\n\r\n",
        EMPTY_GZIP,
    ),
    "a chain of 100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body": (HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
}


@pytest.mark.parametrize("what", DRIPS)
def test_a_call_ends_in_time_whatever_comes_byte_by_byte(
    what: str, make_bridge: Callable[..., Bridge]
) -> None:
    """The timeout is that of the whole call, not of each byte."""
    first, again = DRIPS[what]

    def script() -> Iterator[bytes]:
        yield first
        yield from server.drip(again)

    with HostileServer(script) as server:
        client = GitLabClient(server.url, "token", bridge=make_bridge(2, ONCE), timeout=0.3)
        with pytest.raises(TimedOut):
            client.get("user")
        assert not server.ended.is_set()


def test_a_server_that_lets_requests_hang_holds_up_no_other_tenant(
    sandbox: Sandbox, make_bridge: Callable[..., Bridge], until: Callable[..., None]
) -> None:
    """Forty calls hang; someone else is answered meanwhile."""
    bridge = make_bridge(32, ONCE)
    with HostileServer(lambda: server.drip(b"HTTP/1.1 200 OK")) as server:
        slow = GitLabClient(server.url, "token", bridge=bridge, timeout=100)
        with ThreadPoolExecutor(40) as callers:
            calls = [callers.submit(slow.get, f"users/{number}") for number in range(40)]
            until(lambda: bridge.stats().queued == {slow.session.principal: 10})
            other = GitLabClient(sandbox.url, sandbox.token("admin"), bridge=bridge)
            assert other.get("user")["id"]
            assert not any(call.done() for call in calls)
            slow.close()
        assert {type(call.exception()) for call in calls} == {Cancelled}


def gzip_bomb(size: int) -> bytes:
    """Return a compressed answer with a text of so many MB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(packer.compress(b" " * MEGABYTE) for _ in range(size)) + packer.flush()
    return HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def plain_bomb(size: int) -> Iterator[bytes]:
    """Yield an answer with a text of so many MB, without a length."""
    yield HEAD + b"Connection: close\r\n\r\n"
    for _ in range(size):
        yield b" " * MEGABYTE


@pytest.mark.parametrize(
    "script", [lambda: iter([gzip_bomb(100)]), lambda: plain_bomb(100)], ids=["gzip", "plain"]
)
def test_an_answer_that_is_too_large_is_refused_while_it_is_read(
    script: Callable[[], Iterator[bytes]],
) -> None:
    """Memory follows the limit, not the answer; and it is not requested again."""
    with HostileServer(script) as server, Bridge(2, largest=3) as bridge:
        client = GitLabClient(server.url, "token", bridge=bridge)
        tracemalloc.start()
        with pytest.raises(BadResponse, match="at most 3 MB") as caught:
            client.get("user")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert "GITLAB_SYNC_MAX_ANSWER" in caught.value.hint
        assert server.asked == 1
    assert peak < 12 * MEGABYTE


def test_an_answer_below_the_limit_is_read_whole() -> None:
    """The limit counts megabytes after decompression."""
    text = b'"' + b"x" * (3 * MEGABYTE - 2) + b'"'
    body = gzip.compress(text)
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with HostileServer(lambda: iter([head + body])) as server, Bridge(2, largest=3) as bridge:
        assert len(GitLabClient(server.url, "token", bridge=bridge).get("user")) == len(text) - 2


def test_a_call_that_is_closed_inside_a_body_without_a_length_is_cancelled(
    make_bridge: Callable[..., Bridge], aside: ThreadPoolExecutor, until: Callable[..., None]
) -> None:
    """What came until then looks like a whole answer."""

    def script() -> Iterator[bytes]:
        yield HEAD + b"Connection: close\r\n\r\n[]"
        server.ended.wait(100)

    with HostileServer(script) as server:
        client = GitLabClient(server.url, "token", bridge=make_bridge(2, ONCE))
        call = aside.submit(client.get, "user")
        until(lambda: server.asked)
        client.close()
        assert type(call.exception(100)) is Cancelled


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (429, {"Retry-After": "1000000000"}),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": "999999999999999"}),
        (200, {"RateLimit-Remaining": "0", "RateLimit-Reset": "999999999999999"}),
    ],
)
def test_no_answer_locks_a_token_out_for_more_than_an_hour(
    status: int, fields: dict[str, str], make_bridge: Callable[..., Bridge]
) -> None:
    """And the message says what the server asked for."""
    with OddServer(lambda _: json({"id": 1}, status, **fields)) as server:
        bridge = make_bridge(2, ONCE)
        client = GitLabClient(server.url, "token", bridge=bridge)
        if status == 200:
            client.get("user")
        with pytest.raises(RateLimited) as caught:
            client.get("users/1")
        gate = bridge.gate(server.url, client.session.principal)
        assert 3500 < gate.delay() <= 3600
        assert "the server asks for a wait of" in str(caught.value)
        assert len(server.asked) == 1


def test_a_long_wait_before_a_retry_is_named_and_not_taken(
    make_bridge: Callable[..., Bridge],
) -> None:
    """Also where no rate limit is meant."""
    with OddServer(lambda _: json({}, 503, Retry_After="1000000000")) as server:
        with pytest.raises(GitLabSyncError, match="a wait of 1000000000 s"):
            GitLabClient(server.url, "token", bridge=make_bridge(2)).get("user")
        assert len(server.asked) == 1


def fetched(client: GitLabClient) -> Sequence[Record]:
    """Return the rows of a list that is read with others; raise its error."""
    with client.session.context() as session:
        (found,) = fetch_lists(session, [("users", RestList("users"))])
    if found.error is not None:
        raise found.error
    return found.reading.rows


READERS: dict[str, Callable[[GitLabClient], Sequence[Record]]] = {
    "get_all": lambda client: client.get_all("users"),
    "fetch_lists": fetched,
}


@pytest.mark.parametrize("read", READERS)
def test_totals_are_hints_and_pages_are_requested_one_by_one(
    read: str, make_bridge: Callable[..., Bridge]
) -> None:
    """A million million pages are promised; the list has three."""

    def answer(path: str) -> Any:
        number = int(path.rpartition("page=")[2]) if "&page=" in path else 1
        more = {"X-Next-Page": str(number + 1)} if number < 3 else {"X-Next-Page": ""}
        rows = [{"id": number}] if number <= 3 else []
        return json(rows, **more, X_Total_Pages="1000000000000", X_Page=str(number))

    with OddServer(answer) as server:
        client = GitLabClient(server.url, "token", bridge=make_bridge(4))
        rows = READERS[read](client)
        assert [row["id"] for row in rows] == [1, 2, 3]
        assert len(server.asked) < 100


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("total", [{}, {"X-Total-Pages": "1000000000000"}])
def test_a_page_that_is_repeated_under_rising_numbers_is_a_circle(
    read: str, total: dict[str, str], make_bridge: Callable[..., Bridge]
) -> None:
    """It ends soon, with an error that says so."""

    def answer(path: str) -> Any:
        number = int(path.rpartition("page=")[2]) if "&page=" in path else 1
        return json([{"id": 1}], **total, X_Next_Page=str(number + 1))

    with OddServer(answer) as server:
        client = GitLabClient(server.url, "token", bridge=make_bridge(4))
        with pytest.raises(BadResponse, match="leads back"):
            READERS[read](client)
        assert len(server.asked) < 100


@pytest.fixture(scope="module")
def audit() -> dict[str, list[tuple[Any, ...]]]:
    """Keep what auditors are told; a hook stays for the life of the process."""
    heard: dict[str, list[tuple[Any, ...]]] = {}
    sys.addaudithook(lambda event, args: heard.get(event, []).append(args))
    return heard


@pytest.fixture
def audited(audit: dict[str, list[tuple[Any, ...]]]) -> Iterator[list[tuple[Any, ...]]]:
    """Return the connections that auditors are told of."""
    audit["http.client.connect"] = heard = []
    yield heard
    audit.clear()


def test_connections_tell_auditors_and_begin_at_the_given_address(
    sandbox: Sandbox, audited: list[tuple[Any, ...]]
) -> None:
    """As those of the standard library do."""
    host, port = sandbox.url.removeprefix("http://").split(":")
    pool = pool_classes(OpenConnections())["http"](
        host, int(port), source_address=("127.0.0.77", 0)
    )
    with pool, pool.urlopen("GET", "/api/v4/version", preload_content=False) as answer:
        assert answer.connection.sock.getsockname()[0] == "127.0.0.77"
    assert [event[1:] for event in audited] == [(host, int(port))]
