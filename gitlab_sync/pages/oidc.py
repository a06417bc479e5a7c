"""Sign in with GitLab: the steps before and after OpenID Connect, which Streamlit implements.

Streamlit (with Authlib) sends the browser to GitLab, checks the state, nonce and signature of the
response, and stores claims and tokens in cookies of the browser. From there this module takes the
access token into the server's memory, once, and ends Streamlit's login, which deletes the cookies.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st
from cachetools import TLRUCache

from gitlab_sync.errors import AuthenticationError, ConfigurationError, GitLabSyncError
from gitlab_sync.http.credentials import OidcCredential
from gitlab_sync.http.urls import clean_base_url
from gitlab_sync.pages.state import browser
from gitlab_sync.pages.state.hosts import Hosts
from gitlab_sync.pages.state.server_settings import allowed_hosts, server_secrets
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets.error_panel import error_text
from gitlab_sync.pages.widgets.markdown import escaped

LEEWAY = 120.0
"""Seconds that GitLab's clock is allowed to be behind ours, as in Authlib."""

PRIVACY_NOTE = (
    "This server keeps the token in its memory, for this browser only. It forgets the token when "
    "you sign out, and after 60 minutes without use."
)
"""What every way to sign in with a token says about it."""

_MOST_LOGINS = 100_000
_DISCOVERY = "/.well-known/openid-configuration"
_REQUIRED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_NOT_CONFIRMED = (
    "You are not signed in: GitLab did not confirm who you are. Try again. If that does not help, "
    "ask the operator of this server: the reason is in the server's log."
)


@dataclass(frozen=True, slots=True)
class Provider:
    """The GitLab that people sign in with. `url` is its URL and the issuer of its ID tokens.

    Its host is one of the allowed hosts. Immutable.
    """

    url: str

    @classmethod
    def from_settings(
        cls, secrets: Mapping[str, object], hosts: Callable[[], Hosts]
    ) -> Provider | None:
        """Read `[auth]` of the secrets; return None, without calling `hosts`, if it is missing.

        Raises ConfigurationError if signing in cannot work, and names what is missing.
        """
        auth = secrets.get("auth")
        if auth is None:
            return None
        if not isinstance(auth, Mapping):
            raise ConfigurationError(
                f"auth in the secrets must be a section, got {type(auth).__name__}",
                hint="Write its keys below [auth].",
            )
        missing = [f"{key} is missing" for key in _REQUIRED if not str(auth.get(key) or "").strip()]
        if "access" not in _words(auth.get("expose_tokens")):
            missing.append('expose_tokens lacks "access"')
        more = auth.get("client_kwargs")
        scopes = _words(more.get("scope") if isinstance(more, Mapping) else None)
        missing += [
            f"the scope of client_kwargs lacks {scope}"
            for scope, met in [("openid", {"openid"}), ("read_api", {"read_api", "api"})]
            if not met & scopes
        ]
        if missing:
            raise ConfigurationError(f"[auth] of the secrets is incomplete: {', '.join(missing)}")
        metadata_url = str(auth["server_metadata_url"]).strip()
        if not metadata_url.endswith(_DISCOVERY):
            raise ConfigurationError(
                f"server_metadata_url must end in {_DISCOVERY}",
                hint="Write the URL of GitLab, followed by that path.",
            )
        return cls(hosts().check(metadata_url.removesuffix(_DISCOVERY)))


@dataclass(frozen=True, slots=True)
class Login:
    """GitLab's response to a login, as Streamlit stores it. Immutable; its repr shows no token.

    `nonce` is unique to this login. `expires` is the end of its ID token, in seconds since 1970.
    """

    issuer: str
    subject: str
    nonce: str
    expires: float
    token: str = field(repr=False)

    @classmethod
    def of(cls, user: Mapping[str, object]) -> Login | None:
        """Return the login in `st.user`; None if a part of it is missing."""
        tokens = user.get("tokens")
        token = tokens.get("access") if isinstance(tokens, Mapping) else None
        texts = [user.get("iss"), user.get("sub"), user.get("nonce"), token]
        expires = user.get("exp")
        if not all(texts) or not isinstance(expires, int | float):
            return None
        issuer, subject, nonce, access = map(str, texts)
        return cls(issuer, subject, nonce, float(expires), access)


class Logins:
    """The logins that were used. Thread-safe; `clock` returns seconds since 1970.

    A login is accepted once, and only while its ID token is valid: a login that is found in a
    cookie later is the rest of an earlier one.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._lock = threading.Lock()
        self._used: TLRUCache[tuple[str, str], float] = TLRUCache(
            _MOST_LOGINS, lambda _login, end, _now: end, clock
        )

    def accept(self, login: Login) -> bool:
        """Return whether the login is accepted: True once, then False."""
        key = (login.issuer, login.nonce)
        with self._lock:
            if key in self._used:
                return False
            self._used[key] = login.expires + LEEWAY  # which stores none that has expired
            return key in self._used


LOGINS = Logins()
"""The logins of all browsers."""


def configured() -> Provider | None:
    """Return this server's provider, or None. Raises ConfigurationError if `[auth]` is invalid."""
    return Provider.from_settings(server_secrets(), allowed_hosts)


def offer(provider: Provider, page: st.Page) -> None:
    """Show the button that leads to GitLab and, after signing in, back to `page`."""
    st.header("Your GitLab account", anchor=False, icon=":material/account_circle:")
    host = escaped(provider.url.partition("://")[2])
    st.markdown(
        f"GitLab at {host} confirms who you are and lets this app read what you can read. "
        "You do not need to create or copy a token."
    )
    st.caption(PRIVACY_NOTE)
    if st.button(
        "Sign in with GitLab", key="sign_in_oidc", type="primary", icon=":material/login:"
    ):
        browser.put_notice(_NOT_CONFIRMED)  # for visitors who come back without a login
        browser.put_return_path(page)
        st.login()


def receive(provider: Provider) -> None:
    """Sign in a visitor who comes back from GitLab, then end Streamlit's login and this run.

    Does nothing if Streamlit has no login.
    """
    user = st.user.to_dict()
    if not user.get("is_logged_in"):
        return
    login = Login.of(user)
    if login is None or LOGINS.accept(login):
        with st.spinner("Asking GitLab who you are…"):
            failure = _sign_in(provider, login)
        if failure is not None:
            browser.put_notice(failure)
        else:
            browser.pop_notice()
    # Last, because it reloads the page: the sign-in, or the reason for its failure, is stored now.
    st.logout()
    st.stop()


def go_back(pages: Sequence[st.Page], page: st.Page) -> None:
    """Go to the page that the visitor left to sign in, whether that succeeded; this ends the run.

    Does nothing for other visitors, or if that page is not one of `pages`. GitLab sends visitors
    back to the first page; a visitor who has opened another page since stays there.
    """
    if page.url_path or st.query_params or st.user.to_dict().get("is_logged_in"):
        return
    target = browser.pop_return_path()
    by_path = {each.url_path: each for each in pages}
    if target is not None and target.path in by_path:
        st.switch_page(by_path[target.path], query_params=target.query)


def _sign_in(provider: Provider, login: Login | None) -> str | None:
    """Sign this browser in; return, as Markdown, why that failed, or None."""
    if login is None:
        return "You are not signed in: GitLab did not send an access token."
    try:
        if clean_base_url(login.issuer) != provider.url:
            raise ConfigurationError(
                f"The issuer of the ID token must be {provider.url}, got {login.issuer}",
                hint="The operator of this server must write the URL exactly as GitLab does.",
            )
        credential = OidcCredential(login.token, login.issuer, login.subject)
        is_signed_in = browser.sign_in_browser(SignIn.check(provider.url, credential), reloads=True)
    except AuthenticationError:
        return (
            f"You are not signed in: GitLab at {escaped(provider.url)} does not accept the token "
            "that it issued. Try again."
        )
    except GitLabSyncError as error:
        return f"You are not signed in. {error_text(error)}"
    if not is_signed_in:
        return "You are not signed in: your browser did not take this server's cookie. Try again."
    return None


def _words(value: object) -> set[str]:
    if isinstance(value, str):
        return set(value.split())
    return {str(word) for word in value} if isinstance(value, list | tuple) else set()
