"""Runs python-gitlab's own unit tests over our transport: `pytest -p over_a_wire`.

Their tests plan each answer with `responses`, which stands in for the adapter of requests. Here the
objects that their fixtures make are ours, and a server in this process, to which all requests go as
to a proxy, answers with what was planned. See docs/development.md.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import gitlab
import pytest
import requests

from gitlab_sync import GitLabClient
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.session.runtime import Bridge

_FRAMING = {"content-length", "transfer-encoding"}


class _Planned(BaseHTTPRequestHandler):
    """Answers a request with what `responses` has for it, or breaks the connection as it says."""

    protocol_version = "HTTP/1.1"

    def respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = requests.Request(self.command, self.path, dict(self.headers), data=body)
        try:
            with requests.Session() as session:
                answer = session.send(asked.prepare(), allow_redirects=False)
        except requests.RequestException:
            self.close_connection = True
            return
        answer = answer.history[0] if answer.history else answer
        self.send_response_only(answer.status_code, answer.reason)
        for name, value in answer.headers.items():
            if name.lower() not in _FRAMING:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = respond  # noqa: N815 - its names

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def pytest_configure() -> None:
    """Start the server, and send everything to it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Planned)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["http_proxy"] = f"http://127.0.0.1:{server.server_port}"


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any) -> Iterator[Any]:
    """Put our object in the place of each that a fixture makes."""
    made = yield
    if type(made) is gitlab.Gitlab:
        bridge = Bridge(2, policy=RetryPolicy(base=0.01, cap=0.05))
        ours = GitLabClient(made.url, made.private_token, bridge=bridge).client
        ours.retry_transient_errors = made.retry_transient_errors
        made, fixturedef.cached_result = ours, (ours, *fixturedef.cached_result[1:])
    return made
