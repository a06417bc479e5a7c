"""A proxy that passes on what it is asked for, and notes it."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

_OWN = {"host", "proxy-authorization", "proxy-connection", "connection", "content-length"}


def _pour(source: socket.socket, target: socket.socket) -> None:
    """Pass bytes on until one side ends, and tell the other side so."""
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class ForwardingProxy:
    """Passes requests on to the server that they name, TLS as a tunnel. A context manager.

    `asked` has the URLs, `authorizations` what came with them for the proxy itself. With `refusing`
    it answers each with that status.
    """

    def __init__(self, refusing: int | None = None) -> None:
        self.asked: list[str] = []
        self.authorizations: list[str | None] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def forward(self) -> None:
                proxy.asked.append(self.path)
                proxy.authorizations.append(self.headers.get("Proxy-Authorization"))
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if refusing is not None:
                    self.send_error(refusing)
                    return
                parts = urlsplit(self.path)
                there = http.client.HTTPConnection(parts.netloc, timeout=20)
                sent = {k: v for k, v in self.headers.items() if k.lower() not in _OWN}
                where = f"{parts.path}?{parts.query}" if parts.query else parts.path
                there.request(self.command, where, body or None, sent)
                answer = there.getresponse()
                content = answer.read()
                self.send_response_only(answer.status, answer.reason)
                for name, value in answer.getheaders():
                    if name.lower() != "content-length":
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                there.close()

            def do_CONNECT(self) -> None:
                proxy.asked.append(f"CONNECT {self.path}")
                host, _, port = self.path.rpartition(":")
                with socket.create_connection((host, int(port)), timeout=20) as there:
                    self.send_response_only(200)
                    self.end_headers()
                    back = threading.Thread(target=_pour, args=(there, self.connection))
                    back.start()
                    _pour(self.connection, there)
                    back.join()
                self.close_connection = True

            do_GET = do_POST = forward  # noqa: N815 - the base class's names

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

        self._http = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
