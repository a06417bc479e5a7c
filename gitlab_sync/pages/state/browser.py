"""What belongs to the browser of the current run: its sign-in, a notice, and a return path."""

from __future__ import annotations

import secrets
from typing import NoReturn

import streamlit as st

from gitlab_sync.http.credentials import OidcCredential
from gitlab_sync.pages.state.browser_cookie import COOKIE, is_key
from gitlab_sync.pages.state.connection import JOBS
from gitlab_sync.pages.state.flash import FlashStore
from gitlab_sync.pages.state.return_path import LIFE, ReturnPath
from gitlab_sync.pages.state.sign_ins import SignIn, SignInRegistry

SIGN_INS = SignInRegistry()
"""The sign-ins of all browsers."""

_NOTICES: FlashStore[str] = FlashStore()
_RETURN_PATHS: FlashStore[ReturnPath] = FlashStore(life=LIFE)
_KEY = "_browser_key"


def current_sign_in() -> SignIn | None:
    """Return this browser's sign-in and count this as a use; None if it is not signed in."""
    return SIGN_INS.find(_browser())


def sign_in_browser(sign_in: SignIn) -> None:
    """Sign this browser in, in place of an earlier sign-in."""
    SIGN_INS.put(_browser(), sign_in)


def sign_out(notice: str | None = None) -> None:
    """Forget this browser's sign-in, leave its jobs, and show `notice` on the sign-in page."""
    sign_in = SIGN_INS.forget(_browser())
    if sign_in is not None:
        JOBS.sign_out(sign_in.handle)
    if notice is not None:
        put_notice(notice)


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
    _NOTICES.put(_browser(), text)


def pop_notice() -> str | None:
    """Return the notice for this browser and forget it; None if there is none."""
    return _NOTICES.pop(_browser())


def put_return_path(page: st.Page) -> None:
    """Store the page that this browser is on, before it leaves to sign in elsewhere."""
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    _RETURN_PATHS.put(_browser(), ReturnPath.of(page.url_path, query))


def pop_return_path() -> ReturnPath | None:
    """Return the page that this browser left and forget it; None if there is none."""
    return _RETURN_PATHS.pop(_browser())


def _browser() -> str:
    """Return this browser's key; without a cookie a key for this tab, which a reload loses."""
    key = st.context.cookies.get(COOKIE)
    if isinstance(key, str) and is_key(key):
        return key
    if _KEY not in st.session_state:
        st.session_state[_KEY] = secrets.token_urlsafe(32)
    return str(st.session_state[_KEY])
