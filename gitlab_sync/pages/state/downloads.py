"""Files that tabs offer, each at a path of its own, made when a browser fetches it.

Streamlit's own downloads belong to one run of a page: the next run takes the file away, also from
under a click, and other tabs clear away what was just made. These paths stay the same as long as
the tab shows the file, and always lead to what it shows.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote
from weakref import WeakValueDictionary

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import request_response
from starlette.types import ASGIApp, Receive, Scope, Send

from gitlab_sync.pages.state.browser import SIGN_INS, browser_key
from gitlab_sync.pages.state.source import NoAccess, source_of

_PATH = "download"
_TICKET = re.compile(rf"/{_PATH}/([\w-]+)")
_OFFERS = "_downloads"
_RUN = "_run_of_downloads"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is fetched: its name, its media type, and what makes its content. Immutable."""

    name: str
    media_type: str
    content: Callable[[], bytes]


@dataclass(slots=True, weakref_slot=True, eq=False)
class _Offer:
    """What is behind one path: the newest file, and the browser that can fetch it, by its key.

    `seen_by` are the rights with which the page saw what is in the file.
    """

    file: File
    browser: str
    seen_by: Hashable
    run: int
    ticket: str = field(default_factory=secrets.token_urlsafe)


# Each tab's state holds its own offers, so they are gone when the tab is.
_offers: WeakValueDictionary[str, _Offer] = WeakValueDictionary()


@contextmanager
def downloads_of_run() -> Iterator[None]:
    """Keep, of this tab's offers, those that the run of a page makes in this block."""
    run = st.session_state[_RUN] = st.session_state.get(_RUN, 0) + 1
    yield
    offers: dict[str, _Offer] = st.session_state.get(_OFFERS, {})
    for key in [key for key, offer in offers.items() if offer.run != run]:
        del offers[key]


def offer(key: str, file: File) -> str:
    """Offer a file under a key that is unique in the tab; return its path, relative to pages.

    The key always has the same path.
    """
    offers: dict[str, _Offer] = st.session_state.setdefault(_OFFERS, {})
    browser, run = browser_key(), st.session_state.get(_RUN, 0)
    seen_by = _rights_of(browser)
    found = offers.get(key)
    if found is None or (found.browser, found.seen_by) != (browser, seen_by):
        found = offers[key] = _Offer(file, browser, seen_by, run)
        _offers[found.ticket] = found
    found.file, found.run = file, run
    return f"{_PATH}/{found.ticket}"


def _rights_of(browser: str) -> Hashable:
    """Return what the visitor with that browser sees; None if that is nothing."""
    sign_in = SIGN_INS.find(browser)
    try:
        return None if sign_in is None else source_of(sign_in).rights.who
    except NoAccess:
        return None


class Downloads:
    """ASGI middleware that answers at the paths of the files that tabs offer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer with the file of the path, or pass the request on."""
        if scope["type"] != "http" or not _TICKET.search(scope["path"]):
            return self._app(scope, receive, send)
        # Starlette calls a function in a thread of its own, so a large file delays no one.
        return request_response(_answer)(scope, receive, send)


def _answer(request: Request) -> Response:
    return response_at(request.url.path)


def response_at(path: str) -> Response:
    """Return the file that a tab offers at a path, or 404 with what to do."""
    found = _TICKET.search(path)
    offered = None if found is None else _offers.get(found[1])
    rights = None if offered is None else _rights_of(offered.browser)
    if offered is None or rights is None or rights != offered.seen_by:
        text = "This file is no longer offered. Go back to the page, reload it, and try again.\n"
        return PlainTextResponse(text, status_code=404, headers={"cache-control": "no-store"})
    file = offered.file
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return Response(file.content(), headers=headers, media_type=file.media_type)
