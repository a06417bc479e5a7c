"""Faults as they arrive at a socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from gitlab_sync.sandbox import ADMIN_TOKEN, Sandbox, generate_world

PATH = "/users"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """Start a sandbox that the tests of this file share; each clears what it planted."""
    world = generate_world(seed=1, users=9, merge_requests=1, issues=1, projects=1)
    with Sandbox(world, threads=8) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def clean(running: Sandbox) -> Iterator[None]:
    """Leave no fault and no traffic to the next test."""
    yield
    running.faults.clear()
    running.traffic.reset()


class Wire:
    """A client that sees each byte."""

    def __init__(self, sandbox: Sandbox) -> None:
        address = ("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
        self.socket = socket.create_connection(address, timeout=20)
        self.head = b""
        self.body = b""

    def ask(self, path: str = PATH) -> None:
        """Send a request."""
        lines = (
            f"GET /api/v4{path} HTTP/1.1",
            "Host: gitlab.test",
            f"PRIVATE-TOKEN: {ADMIN_TOKEN}",
            "\r\n",
        )
        self.socket.sendall("\r\n".join(lines).encode())

    def read_until_it_breaks(self) -> str:
        """Read on; return "end" for an orderly end and "reset" for an RST."""
        data = b""
        try:
            while piece := self.socket.recv(65536):
                data += piece
        except ConnectionResetError:
            return "reset"
        finally:
            self.head, _, self.body = data.partition(b"\r\n\r\n")
        return "end"

    def read(self) -> None:
        """Read one whole answer."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.socket.recv(65536)
        self.head, _, self.body = data.partition(b"\r\n\r\n")
        while len(self.body) < self.length:
            self.body += self.socket.recv(65536)

    @property
    def length(self) -> int:
        """The length that the headers announce."""
        return int(self.header("content-length") or 0)

    def header(self, name: str) -> str | None:
        """Return a header of the answer."""
        for line in self.head.decode().split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name:
                return value
        return None

    @property
    def status(self) -> int:
        """The answer's status."""
        return int(self.head.split(b" ")[1])


@pytest.fixture
def wire(running: Sandbox) -> Iterator[Wire]:
    """Open a fresh connection."""
    made = Wire(running)
    yield made
    made.socket.close()


def sound_body(running: Sandbox) -> bytes:
    """Return the body that the path has without a fault."""
    client = Wire(running)
    client.ask()
    client.read()
    client.socket.close()
    return client.body


def test_a_reset_before_the_answer_sends_nothing(running: Sandbox, wire: Wire) -> None:
    """An RST, not an end; the exchange has no status."""
    running.faults.add("reset")
    wire.ask()
    assert wire.read_until_it_breaks() == "reset"
    assert wire.head == b""
    assert running.traffic.wait(lambda seen: seen.in_flight == 0)
    [exchange] = running.traffic.exchanges
    assert (exchange.status, exchange.fault) == (None, "reset")


def test_a_reset_in_the_middle_sends_half_of_the_body(running: Sandbox, wire: Wire) -> None:
    """The headers announce all of it."""
    whole = sound_body(running)
    running.faults.add("reset", when="middle")
    wire.ask()
    assert wire.read_until_it_breaks() == "reset"
    assert wire.length == len(whole)
    assert len(wire.body) == len(whole) // 2


def test_a_truncated_body_ends_in_good_order_but_too_early(running: Sandbox, wire: Wire) -> None:
    """No RST, and fewer bytes than announced."""
    running.faults.add("truncate")
    wire.ask()
    assert wire.read_until_it_breaks() == "end"
    assert 0 < len(wire.body) < wire.length


def test_a_stall_before_the_headers_lasts_as_long_as_it_was_told(
    running: Sandbox, wire: Wire
) -> None:
    """And then the answer comes."""
    running.faults.add("stall", seconds=0.05)
    wire.ask()
    wire.read()
    assert wire.status == 200
    [exchange] = running.traffic.exchanges
    assert running.traffic.wait(lambda seen: seen.in_flight == 0)
    assert exchange.ended is not None
    assert exchange.ended - exchange.started >= 0.05


def test_a_stall_in_the_middle_sends_the_first_half_at_once(running: Sandbox, wire: Wire) -> None:
    """The second half follows."""
    whole = sound_body(running)
    running.faults.add("stall", when="middle", seconds=0.05)
    wire.ask()
    wire.read()
    assert wire.body == whole


@pytest.mark.parametrize("when", ["before", "middle"])
def test_a_stall_ends_when_its_fault_is_taken_away(
    running: Sandbox, wire: Wire, until: Callable[..., None], when: str
) -> None:
    """However long it was to last."""
    whole = sound_body(running)
    stall = running.faults.add("stall", when=when)
    wire.ask()
    until(lambda: stall.hits)
    stall.remove()
    wire.read()
    assert wire.body == whole


def test_a_slow_drip_arrives_in_the_end(running: Sandbox, wire: Wire) -> None:
    """Piece after piece."""
    whole = sound_body(running)
    running.faults.add("drip", seconds=0.1)
    wire.ask()
    wire.read()
    assert wire.body == whole


@pytest.mark.parametrize("kind", ["malformed", "empty"])
def test_a_spoiled_body_has_the_length_that_it_says(
    running: Sandbox, wire: Wire, kind: str
) -> None:
    """So the connection lives on, and the next request is answered well."""
    whole = sound_body(running)
    running.faults.add(kind)  # type: ignore[arg-type]
    wire.ask()
    wire.read()
    assert wire.status == 200
    assert wire.body != whole
    wire.ask()
    wire.read()
    assert wire.body == whole


@pytest.mark.parametrize("status", [200, 502])
def test_a_page_of_a_proxy_comes_with_any_status(running: Sandbox, wire: Wire, status: int) -> None:
    """HTML instead of JSON."""
    running.faults.add("html", status=status)
    wire.ask()
    wire.read()
    assert wire.status == status
    assert (wire.header("content-type") or "").startswith("text/html")
    assert wire.header("etag") is None


def test_a_redirect_may_lead_anywhere(running: Sandbox, wire: Wire) -> None:
    """To another origin, for instance."""
    running.faults.add("redirect", location="https://evil.example/api/v4/users")
    wire.ask()
    wire.read()
    assert (wire.status, wire.header("location")) == (302, "https://evil.example/api/v4/users")


def test_links_may_name_a_host_that_was_not_called(running: Sandbox, wire: Wire) -> None:
    """As behind a proxy; without the fault they name the host that was."""
    running.faults.add("foreign_link", host="https://git.internal")
    wire.ask("/users?per_page=2")
    wire.read()
    assert "<https://git.internal/api/v4/users?" in (wire.header("link") or "")
    wire.ask("/users?per_page=2")
    wire.read()
    assert "<http://gitlab.test/api/v4/users?" in (wire.header("link") or "")


def test_a_cookie_may_be_set(running: Sandbox, wire: Wire) -> None:
    """And what comes back with a cookie is seen in the traffic."""
    running.faults.add("cookie", cookie="session=1; path=/")
    wire.ask()
    wire.read()
    assert wire.header("set-cookie") == "session=1; path=/"
    assert running.traffic.exchanges[0].cookie is None


def test_a_429_may_have_any_retry_after(running: Sandbox, wire: Wire) -> None:
    """Here a fraction."""
    running.faults.add("limit", retry_after=0.5)
    wire.ask()
    wire.read()
    assert (wire.status, wire.header("retry-after"), wire.body) == (429, "0.5", b"Retry later\n")


def test_a_fault_of_one_token_spares_the_others(running: Sandbox, wire: Wire) -> None:
    """The administrator is not Alice."""
    running.token_for(running.world.truth.usernames[0], name="alice")
    running.faults.add("status", token="alice", times=None)
    wire.ask()
    wire.read()
    assert wire.status == 200


def test_a_client_that_goes_away_does_no_harm(running: Sandbox) -> None:
    """Its worker is free again for others."""
    running.faults.add("drip", seconds=0.3, times=20)
    for _ in range(20):
        client = Wire(running)
        client.ask()
        client.socket.close()
    running.faults.clear()
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: results.append(sound_body(running))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 1
