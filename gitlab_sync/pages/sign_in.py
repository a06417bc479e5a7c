"""The sign-in page: the demo with one click, an account in GitLab, or a personal access token."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from gitlab_sync.errors import AuthenticationError, ConfigurationError, GitLabSyncError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.pages import oidc
from gitlab_sync.pages.state import limits
from gitlab_sync.pages.state.attempts import Attempts
from gitlab_sync.pages.state.browser import pop_notice, sign_in_browser
from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.state.hosts import Hosts
from gitlab_sync.pages.state.served_run import is_snapshot_served
from gitlab_sync.pages.state.server_settings import allowed_hosts
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets.error_panel import error_text, show_error, show_input_error, valid_or
from gitlab_sync.pages.widgets.markdown import escaped

ATTEMPTS = Attempts(most=limits.FAILED_SIGN_INS.value())
"""The failed sign-ins of all visitors."""

_ATTEMPT = "_sign_in_attempt"
_FAILURE = "_sign_in_failure"


def show_sign_in(page: st.Page) -> None:
    """Show the ways to sign in. After signing in, the visitor sees `page`."""
    st.title("GitLab Sync", anchor=False)
    st.markdown(
        "See how well the merge requests and issues of many people are described, reviewed, tested "
        "and finished."
    )
    if is_snapshot_served():
        st.markdown(
            "This server shows a snapshot of a GitLab, to each person what their role grants. "
            "GitLab is asked only who you are: a token with the scope `read_user` is enough."
        )
    ways: list[Callable[[], None]] = [_offer_demo, _offer_token]
    try:
        provider = oidc.configured()
    except ConfigurationError as error:
        show_error("“Sign in with GitLab” is not set up correctly on this server", error)
    else:
        if provider is not None:
            oidc.receive(provider)
            ways.insert(1, partial(oidc.offer, provider, page))
    notice = pop_notice()
    if notice is not None:
        st.info(notice, icon=":material/info:")
    for column, offer in zip(st.columns(len(ways), gap="medium"), ways, strict=True):
        with column, st.container(border=True, height="stretch"):
            offer()


def _offer_demo() -> None:
    st.header("Look around", anchor=False, icon=":material/science:")
    st.markdown(
        "The demo has a small GitLab of its own with three made-up teams. "
        "It needs no account, and no data leaves this server."
    )
    if st.button("Open the demo", key="open_demo", icon=":material/play_arrow:"):
        try:
            with st.spinner("Starting the demo…"):
                sign_in = get_demo().sign_in()
        except GitLabSyncError as error:
            show_error("The demo did not start", error)
            return
        sign_in_browser(sign_in)
        st.rerun()


def _offer_token() -> None:
    st.header("Use your GitLab", anchor=False, icon=":material/key:")
    hosts = valid_or(None, allowed_hosts, "This server's list of allowed hosts is not valid")
    if hosts is None:
        return
    # Each attempt has a new field, so a refused token stays neither on the page nor in its state.
    attempt = st.session_state.setdefault(_ATTEMPT, 0)
    with st.form("sign_in", border=False):
        url = st.text_input(
            "GitLab address",
            value=hosts.url,
            key="sign_in_url",
            help="The address of any page of your GitLab.",
        )
        token = st.text_input(
            "Personal access token",
            type="password",
            key=f"sign_in_token_{attempt}",
            help="In GitLab, select your avatar, Edit profile, then Access tokens. "
            "The scope read_api is enough: this app never writes.",
        )
        st.caption(oidc.PRIVACY_NOTE)
        sent = st.form_submit_button("Sign in", type="primary", icon=":material/login:")
    failure: str | None = st.session_state.pop(_FAILURE, None)
    if failure is not None:
        show_input_error(failure, "Not signed in")
    if sent:
        with st.spinner("Asking GitLab who you are…"):
            failure = _sign_in(hosts, url or "", token or "")
        if failure is not None:
            st.session_state[_FAILURE] = failure
            st.session_state[_ATTEMPT] = attempt + 1
        st.rerun()


def _sign_in(hosts: Hosts, url: str, token: str) -> str | None:
    """Sign this browser in; return, as Markdown, why that failed, or None."""
    if not token.strip():
        return "Enter a personal access token."
    try:
        base_url, credential = hosts.check(url), Credential(token)
        with ATTEMPTS.attempt(st.context.ip_address):
            sign_in = SignIn.find(base_url, credential)
        sign_in_browser(sign_in)
    except AuthenticationError:
        return (
            f"GitLab at {escaped(base_url)} does not accept this token. Check that you copied all "
            "of it, that it has not expired, and that it belongs to this GitLab."
        )
    except GitLabSyncError as error:
        return error_text(error)
    return None
