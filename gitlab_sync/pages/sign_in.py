"""The ways in: the demo by one click, one's account in GitLab, or a personal access token."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from gitlab_sync.errors import AuthenticationError, ConfigurationError, GitLabSyncError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.pages import oidc
from gitlab_sync.pages.state.connection import allowed_hosts, remember, take_notice
from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.state.hosts import Hosts
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets.error_panel import error_text, escaped, show_error

_ATTEMPT = "_sign_in_attempt"
_FAILURE = "_sign_in_failure"


def show_sign_in(page: st.Page) -> None:
    """Show the ways in; signing in leads on to the page that was asked for."""
    st.title("GitLab Sync", anchor=False)
    st.markdown(
        "See how well merge requests and issues are kept, for many people at once: "
        "descriptions, reviews, tests, pipelines and time."
    )
    ways: list[Callable[[], None]] = [_offer_demo, _offer_token]
    try:
        provider = oidc.configured()
    except ConfigurationError as error:
        show_error("This server's “Sign in with GitLab” is set up wrong", error)
    else:
        if provider is not None:
            oidc.receive(provider)
            ways.insert(1, partial(oidc.offer, provider, page))
    notice = take_notice()
    if notice is not None:
        st.info(notice, icon=":material/info:")
    for column, offer in zip(st.columns(len(ways), gap="medium"), ways, strict=True):
        with column, st.container(border=True, height="stretch"):
            offer()


def _offer_demo() -> None:
    st.header("Look around", anchor=False, icon=":material/science:")
    st.markdown(
        "The demo has a small GitLab of its own with three made-up teams. "
        "It needs no account, and nothing leaves this server."
    )
    if st.button("Open the demo", key="open_demo", icon=":material/play_arrow:"):
        try:
            with st.spinner("Starting the demo…"):
                sign_in = get_demo().sign_in()
        except GitLabSyncError as error:
            show_error("The demo did not start", error)
            return
        remember(sign_in)
        st.rerun()


def _offer_token() -> None:
    st.header("Use your GitLab", anchor=False, icon=":material/key:")
    try:
        hosts = allowed_hosts()
    except ConfigurationError as error:
        show_error("This server's list of allowed GitLab hosts is wrong", error)
        return
    # Another attempt is another field, so that a refused token stays neither here nor there.
    attempt = st.session_state.setdefault(_ATTEMPT, 0)
    with st.form("sign_in", border=False):
        url = st.text_input("GitLab address", value=hosts.url, key="sign_in_url")
        token = st.text_input(
            "Personal access token",
            type="password",
            key=f"sign_in_token_{attempt}",
            help="In GitLab: your picture, Edit profile, Access tokens. "
            "The scope read_api is enough; nothing is ever written.",
        )
        st.caption(
            "The token stays in this server's memory, for this browser only. It is forgotten when "
            "you sign out, and after 60 minutes without use."
        )
        sent = st.form_submit_button("Sign in", type="primary", icon=":material/login:")
    failure: str | None = st.session_state.pop(_FAILURE, None)
    if failure is not None:
        st.error(failure, title="Not signed in", icon=":material/error:")
    if sent:
        with st.spinner("Asking GitLab who you are…"):
            failure = _sign_in(hosts, url or "", token or "")
        if failure is not None:
            st.session_state[_FAILURE] = failure
            st.session_state[_ATTEMPT] = attempt + 1
        st.rerun()


def _sign_in(hosts: Hosts, url: str, token: str) -> str | None:
    """Sign this browser in, or return in Markdown why not."""
    if not token.strip():
        return "Type in a personal access token first."
    try:
        where = hosts.check(url)
        remember(SignIn.check(where, Credential(token)))
    except AuthenticationError:
        return (
            f"GitLab at {escaped(where)} does not accept this token. Check that it was copied "
            "whole, has not expired and belongs to this GitLab."
        )
    except GitLabSyncError as error:
        return error_text(error)
    return None
