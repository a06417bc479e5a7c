"""Refuses requests that do not come from a browser on this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Mapping
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_NAMES = {"127.0.0.1", "::1", "localhost"}
_FORWARDED = ("forwarded", "via", "x-real-ip")
_PREFIX = "x-forwarded-"


class OnlyHere:
    """ASGI middleware for an app that serves only the person who started it.

    The request must come over the loopback interface, without a proxy, and must name this machine
    as its host: a page of another site could give its own name the address of this machine.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on, or refuse it with 403."""
        if scope["type"] not in {"http", "websocket"}:
            return self._app(scope, receive, send)
        fault = fault_of(scope.get("client"), _headers(scope))
        if fault is None:
            return self._app(scope, receive, send)
        if scope["type"] == "websocket":
            return WebSocketClose(1008, fault)(scope, receive, send)
        return PlainTextResponse(f"{fault}\n", status_code=403)(scope, receive, send)


def _headers(scope: Scope) -> Mapping[str, str]:
    return {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}


def fault_of(client: tuple[str, int] | None, headers: Mapping[str, str]) -> str | None:
    """Return why a request is refused; None if it is not. Keys of `headers` are in lower case."""
    if not _is_loopback(client):
        return "This app answers only to this machine."
    if any(name in _FORWARDED or name.startswith(_PREFIX) for name in headers):
        return "This app answers only without a proxy. See deployment.md to serve others."
    try:
        host = urlsplit(f"//{headers.get('host', '')}").hostname
    except ValueError:
        host = None
    return None if host in _NAMES else "Open this app at http://127.0.0.1 with its port."


def _is_loopback(client: tuple[str, int] | None) -> bool:
    try:
        return client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False
