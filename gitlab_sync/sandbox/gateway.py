"""The socket's side: cheroot's HTTP server, with a gateway that can also misbehave.

A body that is too short is only a stall under cheroot, and it never resets a connection: so the
gateway here writes to the socket itself.
"""

from __future__ import annotations

import contextlib
import logging
import math
import socket
import struct
import threading
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from itertools import count
from pathlib import Path
from time import time
from typing import Any, TypeAlias

from cheroot import server as cheroot_server
from cheroot.makefile import MakeFile

from gitlab_sync.sandbox.answer import Answer
from gitlab_sync.sandbox.faults import Fault
from gitlab_sync.sandbox.service import Request, Service
from gitlab_sync.sandbox.tokens import credential_of
from gitlab_sync.sandbox.traffic import Exchange
from gitlab_sync.sandbox.workers import Workers

log = logging.getLogger("gitlab_sync.sandbox")

Control: TypeAlias = Callable[[str, str, bytes], Answer]
"""Answers a request outside the API: method, path and body to an answer."""

CONTROL = "/-/sandbox/"
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_PIECES = 20
_LINGER_NONE = struct.pack("ii", 1, 0)


class Clock:
    """Gives the text of the `date` header, made once a second; `ahead` is in seconds."""

    def __init__(self, ahead: float) -> None:
        self._ahead = ahead
        self._known = (0, "")

    def date(self) -> str:
        """Return the date as HTTP writes it."""
        now = int(time() + self._ahead)
        second, text = self._known
        if now != second:
            text = formatdate(now, usegmt=True)
            self._known = (now, text)
        return text


class Connection(cheroot_server.HTTPConnection):
    """A connection with a number of its own, which the server can shut at any time."""

    _numbers = count(1)

    def __init__(self, server: Server, sock: socket.socket, makefile: Any = MakeFile) -> None:
        super().__init__(server, sock, makefile)
        self.number = next(Connection._numbers)
        server.opened(self)

    def close(self) -> None:
        """Close the socket; idempotent, also after a reset."""
        self.server.closed(self)
        with contextlib.suppress(OSError):
            super().close()

    def wake(self) -> None:
        """Shut the socket, so that a thread that reads or writes it goes on at once."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Break the connection with an RST instead of an orderly end."""
        with contextlib.suppress(OSError):
            _reset(self.socket)


class Server(cheroot_server.HTTPServer):
    """cheroot's server on 127.0.0.1, for many keep-alive connections and a quick end."""

    ConnectionClass = Connection
    keep_alive_conn_limit = 10_000
    request_queue_size = 512
    timeout = 75
    shutdown_timeout = 1
    _connections: Any

    def __init__(
        self,
        port: int,
        service: Service,
        control: Control,
        threads: int,
        *,
        clock_ahead: float = 0.0,
        certificate: Path | None = None,
    ) -> None:
        super().__init__(("127.0.0.1", port), Gateway, server_name="nginx")
        self.clock = Clock(clock_ahead)
        self.scheme = "http"
        if certificate is not None:
            from cheroot.ssl.builtin import BuiltinSSLAdapter  # noqa: PLC0415 - for few

            self.scheme = "https"
            self.ssl_adapter = BuiltinSSLAdapter(str(certificate), str(certificate))
        # cheroot's registry of counts would hold each server, and so its world, until the process
        # ends.
        vars(logging)["statistics"].pop(f"Cheroot HTTPServer {id(self)}")
        self.requests = Workers(self, threads)
        self.service: Service | None = service
        self.control: Control | None = control
        self._waits = service.waits
        self._served = threading.Event()
        self._connections_lock = threading.Lock()
        self._open: set[Connection] = set()

    def serve(self) -> None:
        """Serve until `stop`; then end a worker that was started while the others were ended."""
        super().serve()
        self._served.set()
        self.requests.stop(self.shutdown_timeout)

    def stop(self) -> None:
        """Stop; a last connection ends cheroot's wait for one, which would take half a second."""
        self.ready = False
        self._connections._stop_requested = True  # noqa: SLF001 - `_connections.stop` waits
        with contextlib.suppress(OSError):
            _reset(socket.create_connection(self.bind_addr, self.shutdown_timeout))
        self._served.wait(self.shutdown_timeout)
        self.ready = True  # else there is nothing to stop
        super().stop()

    def release(self) -> None:
        """Let go of the world after the end: cheroot's objects hold each other, and so a server."""
        self.service = self.control = None

    def put_conn(self, conn: Any) -> None:
        """Keep a connection for its next request; when the server stops, there is none."""
        try:
            super().put_conn(conn)
        except (OSError, ValueError):
            if not self._waits.stopping:
                raise
            conn.close()

    def opened(self, connection: Connection) -> None:
        """Note a new connection; one that comes when the server stops is shut at once."""
        with self._connections_lock:
            self._open.add(connection)
        if self._waits.stopping:
            connection.wake()

    def closed(self, connection: Connection) -> None:
        """Forget a connection."""
        with self._connections_lock:
            self._open.discard(connection)

    def wake_all(self) -> None:
        """Shut the sockets of all connections."""
        with self._connections_lock:
            connections = list(self._open)
        for connection in connections:
            connection.wake()

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Send cheroot's messages to the log instead of stderr."""
        log.log(level, "%s", msg, exc_info=traceback)


class Gateway(cheroot_server.Gateway):
    """Answers one request that cheroot has parsed.

    An exchange ends just before its last bytes are sent: a client that has an answer finds it
    counted.
    """

    _service: Service
    _exchange: Exchange | None = None

    def respond(self) -> None:
        """Read the request's body, ask the service and send what it says."""
        req = self.req
        server: Server = req.server
        service, control = server.service, server.control
        path, _, query = req.uri.decode("latin-1").partition("?")
        body = self._body()
        req.sent_headers = True  # All is written here: cheroot must not add headers of its own.
        if service is None or control is None:
            req.close_connection = True
            return
        self._service = service
        if path.startswith(CONTROL):
            self._send(control(req.method.decode("latin-1"), path, body))
            return
        headers = req.inheaders
        credential = credential_of(headers)
        token = service.tokens.find(credential)
        exchange = self._exchange = service.traffic.begin(
            req.method.decode("latin-1"),
            path,
            query,
            token=None if token is None else token.name,
            credential=credential.header,
            cookie=_text(headers.get(b"Cookie")),
            marker=_text(headers.get(b"If-None-Match")),
            connection=req.conn.number,
        )
        request = Request(
            exchange.method,
            path,
            query,
            f"{server.scheme}://{_text(headers.get(b'Host')) or 'localhost'}",
            credential,
            exchange.marker,
            body,
        )
        try:
            reply = service.reply(request, exchange)
            if reply.fault is None:
                self._send(reply.answer)
            else:
                self._misbehave(reply.answer, reply.fault)
        finally:
            self._over(0)

    def _body(self) -> bytes:
        length = self.req.inheaders.get(b"Content-Length")
        if length or self.req.chunked_read:
            return bytes(self.req.rfile.read())
        return b""

    def _over(self, sent: int) -> None:
        """Count the exchange as ended, with so many bytes of its body sent; once."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.sent = sent
            self._service.traffic.end(exchange)

    # --- sending -------------------------------------------------------------------------------

    def _head(self, answer: Answer) -> bytes:
        lines = [
            f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Unknown')}",
            f"date: {self.req.server.clock.date()}",
            "server: nginx",
        ]
        if answer.status not in {204, 304}:
            lines.append(f"content-type: {answer.content_type}")
            lines.append(f"content-length: {len(answer.body)}")
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if self.req.close_connection:
            lines.append("connection: close")
        elif self.req.response_protocol == "HTTP/1.0":
            lines.append("connection: keep-alive")
        return "\r\n".join([*lines, "\r\n"]).encode("latin-1")

    def _send(self, answer: Answer) -> None:
        answer.settle()
        body = b"" if self.req.method == b"HEAD" else answer.body
        self._over(len(body))
        self._write(self._head(answer) + body)

    def _write(self, data: bytes) -> bool:
        """Send `data`; a client that has gone away ends the connection and is no error."""
        try:
            self.req.conn.socket.sendall(data)
        except OSError:
            self.req.close_connection = True
            return False
        return True

    def _misbehave(self, answer: Answer, fault: Fault) -> None:
        """Send the answer as the fault wants it."""
        match fault.kind, fault.when:
            case "reset", "before":
                if self._exchange is not None:
                    self._exchange.status = None
                self._over(0)
                self._break()
            case "reset", _:
                self._send_half(answer)
                self._break()
            case "truncate", _:
                self._send_half(answer)
                self.req.close_connection = True
            case "stall", "before":
                if not self._stopped(fault, fault.seconds):
                    self._send(answer)
            case "stall", _:
                self._stall_in_the_middle(answer, fault)
            case "drip", _:
                self._drip(answer, fault)
            case _:
                self._send(answer)

    def _send_half(self, answer: Answer) -> None:
        half = len(answer.body) // 2
        self._over(half)
        self._write(self._head(answer) + answer.body[:half])

    def _break(self) -> None:
        self.req.close_connection = True
        self.req.conn.reset()

    def _stall_in_the_middle(self, answer: Answer, fault: Fault) -> None:
        half = len(answer.body) // 2
        self._write(self._head(answer) + answer.body[:half])
        if self._stopped(fault, fault.seconds):
            self._over(half)
        else:
            self._over(len(answer.body))
            self._write(answer.body[half:])

    def _drip(self, answer: Answer, fault: Fault) -> None:
        pause = (fault.seconds or 1.0) / _PIECES
        size = max(1, -(-len(answer.body) // _PIECES))
        pieces = [answer.body[at : at + size] for at in range(0, len(answer.body), size)]
        alive = self._write(self._head(answer))
        for position, piece in enumerate(pieces):
            if not alive or self._stopped(fault, pause):
                self._over(position * size)
                return
            if position == len(pieces) - 1:
                self._over(len(answer.body))
            alive = self._write(piece)

    def _stopped(self, fault: Fault, seconds: float | None) -> bool:
        """Wait that long (None: for ever) while the fault holds; return if the server stops."""
        service = self._service
        long = math.inf if seconds is None else seconds
        stopped = service.waits.wait(lambda: long if service.faults.holds(fault) else 0.0)
        if stopped:
            self.req.close_connection = True
        return stopped


def _reset(sock: socket.socket) -> None:
    """Close with an RST, so that the port is free at once."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
    sock.close()


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
