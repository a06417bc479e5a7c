"""A server that answers just as a test says, for what no GitLab would ever do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, TypeAlias

import orjson

Answer: TypeAlias = tuple[int, Mapping[str, str], bytes]
"""Status, header fields and body."""


def json(value: Any, status: int = 200, **headers: str) -> Answer:
    """Return an answer with `value` as JSON; `_` in a header's name stands for `-`."""
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    return status, {"Content-Type": "application/json", **fields}, orjson.dumps(value)


class OddServer:
    """Answers each request with `answer(path with query)`. A context manager; thread-safe.

    `asked` holds the paths in the order they came, `headers` what came with each, `connections`
    counts the connections. `host` can be `::1`.
    """

    def __init__(self, answer: Callable[[str], Answer], host: str = "127.0.0.1") -> None:
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                server.connections += 1
                super().setup()

            def respond(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                server.asked.append(self.path)
                server.headers.append({k.lower(): v for k, v in self.headers.items()})
                status, fields, body = answer(self.path)
                self.send_response(status)
                for name, text in fields.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = respond  # noqa: N815 - the base class's names

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        self.http = Server((host, 0), Handler)
        self._thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        """The address without a path."""
        host, port = self.http.server_address[:2]
        return f"http://[{host}]:{port}" if ":" in str(host) else f"http://{host}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()
        self._thread.join()
