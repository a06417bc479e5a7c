"""This browser's sign-in, and its session's connection to GitLab."""

from __future__ import annotations

import os
import secrets
from typing import Any, Literal, NoReturn

import streamlit as st
from streamlit.connections import BaseConnection

from gitlab_sync.client import GitLabClient
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.credentials import OidcCredential
from gitlab_sync.pages.state.browser_cookie import COOKIE, is_key
from gitlab_sync.pages.state.hosts import Hosts
from gitlab_sync.pages.state.jobs import GRACE, JobRegistry, Owner
from gitlab_sync.pages.state.places import Place, Places
from gitlab_sync.pages.state.sign_ins import Notices, Sessions, SignIn

GRACE_VARIABLE = "GITLAB_SYNC_JOB_GRACE"
"""The environment variable with the seconds that a job goes on after its last tab was closed."""


def _grace() -> float:
    said = os.environ.get(GRACE_VARIABLE, "").strip()
    if not said:
        return GRACE
    if not said.isdigit():
        raise ConfigurationError(
            f"{GRACE_VARIABLE} is {said!r}, and no number of seconds",
            hint="Give whole seconds, such as 120.",
        )
    return float(said)


JOBS = JobRegistry(grace=_grace())
"""All long work of the process."""

SESSIONS = Sessions()
"""Everybody who is signed in to this process."""

NOTICES = Notices()
"""What the page of the ways in is to tell each browser."""

PLACES = Places()
"""Where in the app each browser was that left to sign in."""

_KEY = "_browser_key"


class GitLabConnection(BaseConnection[GitLabClient]):
    """One tab's connection to GitLab: it holds a client of its own, and watches jobs.

    It is closed with the tab's connection to the server, be it for a moment: that lets go of the
    client and of the jobs, which then have their time of grace; the next run makes a new one.
    """

    @classmethod
    def scope(cls) -> Literal["session"]:
        """Every tab has its own."""
        return "session"

    def _connect(self, **kwargs: Any) -> GitLabClient:
        sign_in: SignIn = kwargs["_sign_in"]
        self.owner = Owner(sign_in.handle, secrets.token_hex(8))
        return sign_in.client()

    @property
    def client(self) -> GitLabClient:
        """The client, for single questions; long work has a client of its own."""
        return self._instance

    def close(self) -> None:
        """Let go of client and jobs, at once; Streamlit calls it from any thread."""
        self._instance.close()
        JOBS.leave(self.owner)


def connect(sign_in: SignIn) -> GitLabConnection:
    """Return the connection of the tab that this run belongs to.

    The cache knows it by the handle; what begins with `_` takes no part in the cache's key.
    """
    return st.connection(
        "gitlab", type=GitLabConnection, max_entries=1, handle=sign_in.handle, _sign_in=sign_in
    )


def current_sign_in() -> SignIn | None:
    """Return who is signed in in this browser, which counts as a use; None if nobody is."""
    return SESSIONS.find(_browser())


def remember(sign_in: SignIn) -> None:
    """Sign this browser in."""
    SESSIONS.put(_browser(), sign_in)


def sign_out(notice: str | None = None) -> None:
    """Forget this browser's sign-in and end its work; say why on the page that comes next."""
    sign_in = SESSIONS.forget(_browser())
    if sign_in is not None:
        JOBS.sign_out(sign_in.handle)
    if notice is not None:
        leave_notice(notice)


def sign_out_refused(sign_in: SignIn) -> NoReturn:
    """End a sign-in that GitLab does not accept any more, and show the ways in with a word why."""
    if isinstance(sign_in.credential, OidcCredential):
        lost, new = "sign-in", "Sign in again."
    else:
        lost, new = "token", "Sign in again with a new one."
    sign_out(f"GitLab does not accept your {lost} any more: it has expired or was revoked. {new}")
    st.rerun()


def leave_notice(text: str) -> None:
    """Leave a word for this browser's next page of the ways in, even if it is loaded anew."""
    NOTICES.leave(_browser(), text)


def take_notice() -> str | None:
    """Return what was left to say to this browser, once."""
    return NOTICES.take(_browser())


def leave_place(page: st.Page) -> None:
    """Remember where in the app this browser is, before it leaves to sign in elsewhere."""
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    PLACES.leave(_browser(), Place.of(page.url_path, query))


def take_place() -> Place | None:
    """Return where this browser was when it left to sign in elsewhere, once; None if it did not."""
    return PLACES.take(_browser())


def _browser() -> str:
    """Return this browser's key; without a cookie one for this tab, until it is reloaded."""
    key = st.context.cookies.get(COOKIE)
    if isinstance(key, str) and is_key(key):
        return key
    if _KEY not in st.session_state:
        st.session_state[_KEY] = secrets.token_urlsafe(32)
    return str(st.session_state[_KEY])


def allowed_hosts() -> Hosts:
    """Return the hosts that this server's operator allows; ConfigurationError if they are wrong."""
    return Hosts.from_settings(secrets_of_server(), os.environ)


def secrets_of_server() -> dict[str, object]:
    """Return what the server's operator wrote into its secrets; {} where there are none."""
    try:
        return dict(st.secrets.items())
    except FileNotFoundError:
        return {}
