"""Connections that another thread can break off at any point of an exchange, and that end in time.

A thread that reads from a silent server cannot be woken, but its socket can be shut down. So each
exchange takes a `Lease`, the connection that it uses registers with the lease, and
`Lease.interrupt` shuts it down. For this the connection keeps a duplicate of its socket: it exists
before the first byte (while addresses of the host are still being tried), stays valid under TLS,
and cannot be confused with that of another connection, since a connection obeys only the lease that
took it last.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, Self, cast

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse
from urllib3.util.connection import allowed_gai_family

from gitlab_sync.http.messages import MOST_DECODED, Incoming, head_of

_CHUNK = 1 << 16  # bytes of an answer that are read at once


class Interrupted(exceptions.HTTPError):
    """The exchange was broken off by this process."""


class OpenConnections:
    """Counts the open connections of a transport. Thread-safe.

    `certificates` has the one that each host showed last, as `SSLSocket.getpeercert` returns it:
    empty if it was not checked.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0
        self.certificates: dict[str, Mapping[str, Any]] = {}

    def add(self, change: int) -> None:
        """Add `change`, 1 or -1, to the count."""
        with self._lock:
            self.count += change


class Lease:
    """One exchange's hold on the connection it uses. `interrupt` can be called by any thread.

    The exchange ends at `deadline`, on the monotonic clock (None: no deadline).
    """

    __slots__ = ("connection", "deadline", "interrupted")

    def __init__(self, deadline: float | None = None) -> None:
        self.connection: _Breakable | None = None
        self.deadline = deadline
        self.interrupted = False

    def shorten(self, sock: socket.socket) -> None:
        """Let the socket wait no longer than until the deadline; TimeoutError if that is over."""
        if self.deadline is None:
            return
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time allowed for the call is over")
        timeout = sock.gettimeout()
        if timeout is None or left < timeout:
            sock.settimeout(left)

    def interrupt(self) -> None:
        """Break the exchange off, even before it begins."""
        self.interrupted = True
        connection = self.connection
        if connection is not None:
            connection.break_off(self)

    def __enter__(self) -> Self:
        _here.lease = self
        return self

    def __exit__(self, *_: object) -> None:
        _here.lease = None
        if self.connection is not None:
            self.connection.let_go(self)


class _Here(threading.local):
    lease: Lease | None = None


_here = _Here()


class _TimedReader(io.RawIOBase):
    """Reads from a socket until the deadline of a lease, however slowly bytes arrive.

    The timeout of a socket starts again with each byte, so alone it would let a server go on
    without end: inside the status line, a header, the length of a chunk, or a chain of `100`s.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, lease: Lease) -> None:
        self._raw = raw
        self._sock = sock
        self._lease = lease

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._lease.shorten(self._sock)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """What a proxy says to `CONNECT`: it is read until the deadline of the exchange."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        if _here.lease is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_TimedReader(raw, sock, _here.lease))


class _Breakable(HTTPConnection):
    """What HTTP and HTTPS connections share; it comes before urllib3's own class."""

    opened: OpenConnections  # set on the pool's own subclass, see `pool_classes`
    largest: int
    response_class = _TimedResponse

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._guard = threading.Lock()
        self._lease: Lease | None = None
        self._handle: socket.socket | None = None
        self._method_sent = ""

    def _claim(self) -> None:
        lease = _here.lease
        if lease is None:
            return
        with self._guard:
            self._lease = lease
            lease.connection = self
        if lease.interrupted:
            raise Interrupted

    def break_off(self, lease: Lease) -> None:
        """Shut the socket down if this lease still holds the connection."""
        with self._guard:
            if self._lease is lease and self._handle is not None:
                with contextlib.suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)

    def let_go(self, lease: Lease) -> None:
        """End the lease; an answer that closes the connection has been read by then."""
        with self._guard:
            if self._lease is lease:
                self._lease = None
                if self.sock is None:
                    self._close_handle()

    def _close_handle(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()
            self.opened.add(-1)

    def connect(self) -> None:
        self._claim()
        super().connect()

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Send a request; without a lease (a program that uses the session itself) as urllib3."""
        self._claim()
        if _here.lease is None:
            super().request(method, url, body, headers, **kwargs)
            return
        self._method_sent = method
        head = head_of(method, url, headers or {}, body)
        if self.sock is None:
            self.connect()
        elif body:  # a head alone fits into the buffer of an idle connection
            self.sock.settimeout(self.timeout)
        self.sock.sendall(head + body if body else head)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        """Read the whole answer to a request with a lease, until the deadline of that."""
        lease, sock = _here.lease, self.sock
        if lease is None or sock is None:
            return super().getresponse()
        incoming = Incoming(self._method_sent, self.largest)
        if sock.gettimeout() != self.timeout:  # to set it takes a system call
            sock.settimeout(self.timeout)
        while not incoming.done:
            lease.shorten(sock)
            incoming.feed(sock.recv(_CHUNK))
        if not incoming.keeps:
            self.close()
        return cast("HTTPResponse", incoming)

    def close(self) -> None:
        super().close()
        with self._guard:
            if self._lease is None:
                self._close_handle()

    def _new_conn(self) -> socket.socket:
        """Connect as urllib3 does, but in a way that can be broken off while it waits."""
        try:
            found = socket.getaddrinfo(
                self._dns_host, self.port, allowed_gai_family(), socket.SOCK_STREAM
            )
        except (socket.gaierror, UnicodeError) as error:
            if isinstance(error, UnicodeError):
                raise exceptions.NewConnectionError(
                    self, f"{self.host!r} is not a host name"
                ) from error
            raise exceptions.NameResolutionError(self.host, self, error) from error
        failure: OSError = OSError("the name has no address")
        for family, kind, protocol, _, address in found:
            try:
                sock = self._try_address(socket.socket(family, kind, protocol), address)
            except OSError as error:
                failure = error
            else:
                sys.audit("http.client.connect", self, self.host, self.port)
                return sock
            if _here.lease is not None and _here.lease.interrupted:
                raise Interrupted from failure
        if isinstance(failure, TimeoutError):
            raise exceptions.ConnectTimeoutError(
                self, f"no connection within {self.timeout} s"
            ) from failure
        raise exceptions.NewConnectionError(self, f"cannot connect: {failure}") from failure

    def _try_address(self, sock: socket.socket, address: Any) -> socket.socket:
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            if isinstance(self.timeout, int | float):
                sock.settimeout(self.timeout)
            if _here.lease is not None:
                _here.lease.shorten(sock)
            if self.source_address:
                sock.bind(self.source_address)
            self._watch(sock)
            sock.connect(address)
        except BaseException:
            sock.close()
            with self._guard:
                self._close_handle()
            raise
        return sock

    def _watch(self, sock: socket.socket) -> None:
        with self._guard:
            self._close_handle()
            self._handle = sock.dup()
            self.opened.add(1)
        if _here.lease is not None and _here.lease.interrupted:
            raise OSError("broken off")


def pool_classes(
    opened: OpenConnections, largest: int = MOST_DECODED
) -> dict[str, type[HTTPConnectionPool]]:
    """Return pool classes by scheme; their connections can be broken off and count in `opened`.

    `largest` is the size of the largest answer in MB, see `Incoming`.
    """

    class Plain(_Breakable):
        pass

    class Secure(_Breakable, HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            host = (self._tunnel_host or self.host).strip("[]").lower()
            self.opened.certificates[host] = self.sock.getpeercert() or {}  # type: ignore[union-attr]

    Plain.opened = Secure.opened = opened
    Plain.largest = Secure.largest = largest

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
