"""What belongs to the browser of the current run: its sign-in, a notice, and a return path."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from gitlab_sync.http.credentials import OidcCredential
from gitlab_sync.pages.state import limits
from gitlab_sync.pages.state.browser_cookie import (
    COOKIE,
    NEW_KEY_PATH,
    SECURE_COOKIE,
    is_key,
    new_key,
    offer_key,
)
from gitlab_sync.pages.state.connection import JOBS
from gitlab_sync.pages.state.flash import FlashStore
from gitlab_sync.pages.state.return_path import LIFE, ReturnPath
from gitlab_sync.pages.state.sign_ins import SignIn, SignInRegistry

SIGN_INS = SignInRegistry(most=limits.SIGN_INS.value())
"""The sign-ins of all browsers."""

_NOTICES: FlashStore[str] = FlashStore()
_RETURN_PATHS: FlashStore[ReturnPath] = FlashStore(life=LIFE)
_KEY = "_browser_key"
_PATIENCE = 5.0  # seconds in which a browser fetches its new key


def current_sign_in() -> SignIn | None:
    """Return this browser's sign-in and count this as a use; None if it is not signed in."""
    return SIGN_INS.find(browser_key())


def sign_in_browser(sign_in: SignIn, *, reloads: bool = False) -> bool:
    """Sign this browser in under a new key, in place of an earlier sign-in.

    A key that someone planted in the browser does not lead to the sign-in. If the browser does not
    take the new key, only this tab is signed in, until it is reloaded. If the page `reloads` at
    once, that is not enough: return False then, and sign no one in.
    """
    old, key = browser_key(), new_key()
    if not _send(key) and reloads:
        return False
    _forget(old)
    SIGN_INS.put(key, sign_in)
    for store in (_NOTICES, _RETURN_PATHS):
        store.move(old, key)
    st.session_state[_KEY] = key
    return True


def _send(key: str) -> bool:
    """Give this browser a new key; return False if it has not taken it."""
    cookie = _cookie()
    if cookie is None:
        return True  # this tab has never had a cookie, and a reload of it always signs out
    change = offer_key(cookie, key)
    # Only an HTTP response can set a cookie that no script can read.
    st.html(f'<img src="{NEW_KEY_PATH}?{change.ticket}" alt="" hidden>')
    return change.taken.wait(_PATIENCE)


def sign_out(notice: str | None = None) -> None:
    """Forget this browser's sign-in, leave its jobs, and show `notice` on the sign-in page."""
    _forget(browser_key())
    if notice is not None:
        put_notice(notice)


def _forget(key: str) -> None:
    sign_in = SIGN_INS.forget(key)
    if sign_in is not None:
        JOBS.sign_out(sign_in.handle)


def sign_out_refused(sign_in: SignIn) -> NoReturn:
    """Sign out a visitor when GitLab no longer accepts the token; the sign-in page says why."""
    if isinstance(sign_in.credential, OidcCredential):
        refused, advice = "sign-in", "Sign in again."
    else:
        refused, advice = "token", "Sign in again with a new one."
    sign_out(f"GitLab no longer accepts your {refused}: it has expired or was revoked. {advice}")
    st.rerun()


def put_notice(text: str) -> None:
    """Store Markdown for this browser's next sign-in page; it survives a reload."""
    _NOTICES.put(browser_key(), text)


def pop_notice() -> str | None:
    """Return the notice for this browser and forget it; None if there is none."""
    return _NOTICES.pop(browser_key())


def put_return_path(page: st.Page) -> None:
    """Store the page that this browser is on, before it leaves to sign in elsewhere."""
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    _RETURN_PATHS.put(browser_key(), ReturnPath.of(page.url_path, query))


def pop_return_path() -> ReturnPath | None:
    """Return the page that this browser left and forget it; None if there is none."""
    return _RETURN_PATHS.pop(browser_key())


def browser_key() -> str:
    """Return this browser's key, under which `SIGN_INS` has its sign-in.

    A tab that signed in has the key that it got then. Without a cookie that this process made, it
    is a key of this tab, which a reload loses.
    """
    if _KEY not in st.session_state:
        cookie = _cookie()
        if cookie is not None and is_key(cookie):
            return cookie
        st.session_state[_KEY] = new_key()
    return str(st.session_state[_KEY])


def _cookie() -> str | None:
    """Return the cookie that came with the tab's connection; None if there was none."""
    values = map(st.context.cookies.get, (SECURE_COOKIE, COOKIE))
    return next((value for value in values if isinstance(value, str)), None)
