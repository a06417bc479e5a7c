"""An opaque cookie that identifies a browser again after a reload.

The cookie holds a random key and nothing else. What belongs to the key is in the server's memory.
Only keys that this process made count, and each sign-in gets a new one: a key that someone
planted in the browser leads to no sign-in.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitlab_sync.pages.state.flash import FlashStore

COOKIE = "gitlab_sync_browser"
"""The name of the cookie over http."""

SECURE_COOKIE = f"__Host-{COOKIE}"
"""Its name over https: browsers take such a cookie only from this very host, and only by https."""

NEW_KEY_PATH = "browser-key"
"""The path, relative to the pages, where a browser fetches its new key: `browser-key?<ticket>`."""

_SECRET = secrets.token_bytes(32)
_RANDOM = 32  # characters
_KEY = re.compile(rf"[A-Za-z0-9_-]{{{_RANDOM}}}[0-9a-f]{{64}}")
_NOT_PAGES = ("/_stcore/", "/static/", "/media/", "/component/")
_LIFE = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A new key for the browser that has the cookie `old`. `taken` is set when it has fetched it.

    `ticket` names the change in the request of the browser. It is of no use to other browsers.
    """

    old: str
    new: str
    ticket: str = field(default_factory=secrets.token_urlsafe)
    taken: threading.Event = field(default_factory=threading.Event)


_CHANGES: FlashStore[KeyChange] = FlashStore(life=_LIFE)


def new_key() -> str:
    """Return a new key for a browser."""
    random = secrets.token_urlsafe(_RANDOM * 3 // 4)
    return random + _mark(random)


def is_key(text: str) -> bool:
    """Return whether this process made that key."""
    if _KEY.fullmatch(text) is None:
        return False
    return hmac.compare_digest(_mark(text[:_RANDOM]), text[_RANDOM:])


def _mark(random: str) -> str:
    return hmac.digest(_SECRET, random.encode("ascii"), hashlib.sha256).hex()


def offer_key(old: str, new: str) -> KeyChange:
    """Keep a new key for a minute, for the browser that has the cookie `old`."""
    change = KeyChange(old, new)
    _CHANGES.put(change.ticket, change)
    return change


def cookie_values(header: str, name: str) -> list[str]:
    """Return the values of the cookies of that name in a `Cookie` header."""
    # The standard library's parser stops at the first malformed cookie of another program.
    pairs = (cookie.strip().partition("=") for cookie in header.split(";"))
    return [value for found, _, value in pairs if found == name]


class BrowserCookie:
    """ASGI middleware that sets the cookie.

    A page sets it unless the browser has a key that this process made. `NEW_KEY_PATH` sets it to
    the key of the ticket in its query, once, and has no content.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on, and add the cookie to the response if the browser needs one."""
        if scope["type"] != "http" or scope["path"].startswith(_NOT_PAGES):
            return self._app(scope, receive, send)
        header = dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")
        name = SECURE_COOKIE if scope.get("scheme") == "https" else COOKIE
        values = cookie_values(header, name)
        if scope["path"].endswith(f"/{NEW_KEY_PATH}"):
            app: ASGIApp = Response(status_code=204, headers={"cache-control": "no-store"})
            key = _changed_key(scope.get("query_string", b"").decode("latin-1"), values)
        else:
            app = self._app
            key = None if any(map(is_key, values)) else new_key()
        if key is None:
            return app(scope, receive, send)
        cookie = f"{name}={key}; Path=/; HttpOnly; SameSite=Lax"
        if name == SECURE_COOKIE:
            cookie += "; Secure"

        def send_with_cookie(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"set-cookie", cookie.encode("ascii")),
                ]
            return send(message)

        return app(scope, receive, send_with_cookie)


def _changed_key(ticket: str, values: Sequence[str]) -> str | None:
    """Return the new key of a ticket; None for any other browser, and for a second time."""
    change = _CHANGES.pop(ticket)
    if change is None or change.old not in values:
        return None
    change.taken.set()
    return change.new
