"""An opaque cookie that identifies a browser again after a reload.

The cookie holds a random key and nothing else. What belongs to the key is in the server's memory.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "gitlab_sync_browser"
"""The name of the cookie."""

_KEY = re.compile(r"[A-Za-z0-9_-]{43}")
_NOT_PAGES = ("/_stcore/", "/static/", "/media/", "/component/")


def browser_key(cookies: str) -> str | None:
    """Return the browser's key from a `Cookie` header; None if it has no valid one."""
    # The standard library's parser stops at the first malformed cookie of another program.
    for cookie in cookies.split(";"):
        name, _, value = cookie.strip().partition("=")
        if name == COOKIE and is_key(value):
            return value
    return None


def is_key(text: str) -> bool:
    """Return whether a text has the form of the keys that this server makes."""
    return _KEY.fullmatch(text) is not None


class BrowserCookie:
    """ASGI middleware that sets the cookie in the response to a page, unless the browser has it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on, and add the cookie to the response if it is missing."""
        if scope["type"] != "http" or scope["path"].startswith(_NOT_PAGES):
            return self._app(scope, receive, send)
        headers = dict(scope["headers"])
        if browser_key(headers.get(b"cookie", b"").decode("latin-1")) is not None:
            return self._app(scope, receive, send)
        cookie = f"{COOKIE}={secrets.token_urlsafe(32)}; Path=/; HttpOnly; SameSite=Lax"
        if scope.get("scheme") == "https":
            cookie += "; Secure"

        def send_with_cookie(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"set-cookie", cookie.encode("ascii")),
                ]
            return send(message)

        return self._app(scope, receive, send_with_cookie)
