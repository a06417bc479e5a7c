"""An opaque cookie by which the server knows a browser again after a reload.

It says nothing and opens nothing by itself: what belongs to it lies in the server's memory.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "gitlab_sync_browser"
_KEY = re.compile(r"[A-Za-z0-9_-]{43}")
_NOT_PAGES = ("/_stcore/", "/static/", "/media/", "/component/")


def browser_key(cookies: str) -> str | None:
    """Return the browser's key in a `Cookie` header, or None if it holds none of ours."""
    # By hand: the standard library gives up at the first strange cookie of another program.
    for cookie in cookies.split(";"):
        name, _, value = cookie.strip().partition("=")
        if name == COOKIE and is_key(value):
            return value
    return None


def is_key(text: str) -> bool:
    """Whether a text may be a key that this server gave out."""
    return _KEY.fullmatch(text) is not None


class BrowserCookie:
    """ASGI middleware that gives a browser its key along with a page, if it has none yet."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on, and put the cookie on the answer to it where one is due."""
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
