"""Sign in with GitLab: what comes before and after OpenID Connect, which Streamlit speaks.

Streamlit (with Authlib) sends a browser to GitLab, checks state, nonce and signature of what comes
back, and keeps claims and tokens in cookies of that browser. From there the access token is taken
into this server's memory, once; then Streamlit's login is ended, which deletes those cookies.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from gitlab_sync.errors import AuthenticationError, ConfigurationError, GitLabSyncError
from gitlab_sync.http.credentials import OidcCredential
from gitlab_sync.http.urls import clean_base_url
from gitlab_sync.pages.state.connection import (
    allowed_hosts,
    leave_notice,
    leave_place,
    remember,
    secrets_of_server,
    take_notice,
    take_place,
)
from gitlab_sync.pages.state.hosts import Hosts
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.pages.widgets.error_panel import error_text, escaped

LEEWAY = 120.0
"""Seconds that GitLab's clock may be behind ours; Authlib grants as many."""

_DISCOVERY = "/.well-known/openid-configuration"
_KEYS = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_NOT_CONFIRMED = (
    "You are not signed in: GitLab did not confirm who you are. Try again; if that does not help, "
    "whoever runs this server finds the reason in its log."
)


@dataclass(frozen=True, slots=True)
class Provider:
    """The GitLab that people sign in with: `url` is its address, and the issuer of its ID tokens.

    It is a host that the server's operator allows.
    """

    url: str

    @classmethod
    def from_settings(
        cls, secrets: Mapping[str, object], hosts: Callable[[], Hosts]
    ) -> Provider | None:
        """Read `[auth]` of the secrets; None without it, and then `hosts` is not asked for.

        Raises ConfigurationError where signing in could not work, and names what is missing.
        """
        auth = secrets.get("auth")
        if auth is None:
            return None
        if not isinstance(auth, Mapping):
            raise ConfigurationError("auth in the secrets is no section")
        missing = [f"{key} is missing" for key in _KEYS if not str(auth.get(key) or "").strip()]
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
            raise ConfigurationError(f"In [auth] of the secrets {', '.join(missing)}")
        where = str(auth["server_metadata_url"]).strip()
        if not where.endswith(_DISCOVERY):
            raise ConfigurationError(f"server_metadata_url does not end in {_DISCOVERY}")
        return cls(hosts().check(where.removesuffix(_DISCOVERY)))


@dataclass(frozen=True, slots=True)
class Login:
    """What GitLab said of somebody, as Streamlit tells it; its repr shows no token.

    `nonce` is this one login's own; `expires` is when its ID token does, in seconds since 1970.
    """

    issuer: str
    subject: str
    nonce: str
    expires: float
    token: str = field(repr=False)

    @classmethod
    def of(cls, user: Mapping[str, object]) -> Login | None:
        """Read `st.user`; None if what makes a login is not all there."""
        tokens = user.get("tokens")
        token = tokens.get("access") if isinstance(tokens, Mapping) else None
        texts = [user.get("iss"), user.get("sub"), user.get("nonce"), token]
        expires = user.get("exp")
        if not all(texts) or not isinstance(expires, int | float):
            return None
        issuer, subject, nonce, access = map(str, texts)
        return cls(issuer, subject, nonce, float(expires), access)


class Logins:
    """Which logins have been taken. Thread-safe; `clock` gives seconds since 1970.

    Each counts once, and while its ID token is valid: what is found in a cookie later is not a
    sign-in, but what was left of one.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[tuple[str, str], float] = {}

    def take(self, login: Login) -> bool:
        """Return whether somebody signs in by it now; False from the second time on."""
        now = self._clock()
        key = (login.issuer, login.nonce)
        with self._lock:
            self._taken = {key: end for key, end in self._taken.items() if end > now}
            ends = login.expires + LEEWAY
            if ends <= now or key in self._taken:
                return False
            self._taken[key] = ends
            return True


LOGINS = Logins()
"""The logins of all browsers."""


def configured() -> Provider | None:
    """Return this server's provider, or None; ConfigurationError if it is set up wrong."""
    return Provider.from_settings(secrets_of_server(), allowed_hosts)


def offer(provider: Provider, page: st.Page) -> None:
    """Show the way to GitLab and back to this page."""
    st.header("Your GitLab account", anchor=False, icon=":material/account_circle:")
    host = escaped(provider.url.partition("://")[2])
    st.markdown(
        f"GitLab at {host} confirms who you are and lets this app read what you may read. "
        "There is no token to make or to copy."
    )
    st.caption(
        "The token that GitLab gives is kept in this server's memory, for this browser only. It is "
        "forgotten when you sign out, and after 60 minutes without use."
    )
    if st.button(
        "Sign in with GitLab", key="sign_in_oidc", type="primary", icon=":material/login:"
    ):
        leave_notice(_NOT_CONFIRMED)  # for who comes back without it
        leave_place(page)
        st.login()


def receive(provider: Provider) -> None:
    """Sign in whom GitLab has just sent back, and end Streamlit's login, which ends this run.

    Does nothing where Streamlit knows of no login.
    """
    user = st.user.to_dict()
    if not user.get("is_logged_in"):
        return
    login = Login.of(user)
    if login is None or LOGINS.take(login):
        with st.spinner("Asking GitLab who you are…"):
            failure = _sign_in(provider, login)
        if failure is not None:
            leave_notice(failure)
        else:
            take_notice()
    # Last, since it loads the page anew: by then the sign-in, or why there is none, is kept here.
    st.logout()
    st.stop()


def go_back(pages: Sequence[st.Page], page: st.Page) -> None:
    """Go where somebody was who has just come back, signed in or not; this ends the run.

    Does nothing where nobody has, or that page is none of `pages`. GitLab sends people to the first
    page; whoever opened another one wants that.
    """
    if page.url_path or st.query_params or st.user.to_dict().get("is_logged_in"):
        return
    place = take_place()
    by_path = {each.url_path: each for each in pages}
    if place is not None and place.path in by_path:
        st.switch_page(by_path[place.path], query_params=place.query)


def _sign_in(provider: Provider, login: Login | None) -> str | None:
    """Sign this browser in, or return in Markdown why not."""
    if login is None:
        return "You are not signed in: GitLab sent no access token along."
    try:
        if clean_base_url(login.issuer) != provider.url:
            raise ConfigurationError(
                f"The issuer calls itself {login.issuer}, and this server expects {provider.url}",
                hint="Whoever runs this server has to write the address as GitLab itself does.",
            )
        credential = OidcCredential(login.token, login.issuer, login.subject)
        remember(SignIn.check(provider.url, credential))
    except AuthenticationError:
        return (
            f"You are not signed in: GitLab at {escaped(provider.url)} does not accept the token "
            "that it gave. Try again."
        )
    except GitLabSyncError as error:
        return f"You are not signed in. {error_text(error)}"
    return None


def _words(value: object) -> set[str]:
    """Return the words of a text or of a list of texts."""
    if isinstance(value, str):
        return set(value.split())
    return {str(word) for word in value} if isinstance(value, list | tuple) else set()
