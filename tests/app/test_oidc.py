"""Sign in with GitLab, without a browser: when it is offered, what counts as a login, who one is.

The protocol itself is tested in a browser, against a provider.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from visiting import NAVIGATION, PATIENCE, press, texts

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.credentials import OidcCredential
from gitlab_sync.pages.oidc import LEEWAY, Login, Logins, Provider
from gitlab_sync.pages.state.hosts import Hosts
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.sandbox import Sandbox

ISSUER = "https://gitlab.example.com"
NUMBERS = itertools.count()


def auth(issuer: str = ISSUER, **changed: object) -> dict[str, object]:
    """Return the section of the secrets; what is changed to None is left out."""
    section = {
        "redirect_uri": "http://localhost:8501/oauth2callback",
        "cookie_secret": "c" * 32,
        "client_id": "id",
        "client_secret": "secret",
        "server_metadata_url": f"{issuer}/.well-known/openid-configuration",
        "expose_tokens": ["access"],
        "client_kwargs": {"scope": "openid profile read_api", "prompt": ""},
        **changed,
    }
    return {key: value for key, value in section.items() if value is not None}


def provider_of(section: object, hosts: Hosts | None = None) -> Provider | None:
    """Return what the app reads from that section."""
    return Provider.from_settings({"auth": section}, lambda: hosts or Hosts(ISSUER, ()))


# -- when it is offered ----------------------------------------------------------------------------


def test_without_a_section_there_is_no_provider() -> None:
    """And the list of hosts, which can be invalid, is not even read."""

    def hosts() -> Hosts:
        raise ConfigurationError("wrong")

    assert Provider.from_settings({"gitlab_url": ISSUER}, hosts) is None


def test_the_provider_is_the_gitlab_of_the_discovered_settings() -> None:
    """With its path, where it has one; `api` holds `read_api`, and one word is a list, too."""
    assert provider_of(auth()) == Provider(ISSUER)
    below = f"{ISSUER}/git"
    assert provider_of(auth(below)) == Provider(below)
    kwargs = {"scope": "openid api"}
    assert provider_of(auth(client_kwargs=kwargs, expose_tokens="access")) == Provider(ISSUER)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"client_id": None}, "client_id is missing"),
        ({"cookie_secret": " "}, "cookie_secret is missing"),
        ({"server_metadata_url": None}, "server_metadata_url is missing"),
        ({"server_metadata_url": ISSUER}, "must end in /.well-known/openid-configuration"),
        ({"expose_tokens": None}, 'expose_tokens lacks "access"'),
        ({"expose_tokens": ["id"]}, 'expose_tokens lacks "access"'),
        ({"client_kwargs": None}, "lacks openid, the scope of client_kwargs lacks read_api"),
        ({"client_kwargs": {"scope": "openid email"}}, "lacks read_api"),
        ({"client_kwargs": {"scope": "read_api"}}, "lacks openid"),
        ({"client_kwargs": {"scope": "openid read_api_of_another"}}, "lacks read_api"),
    ],
)
def test_what_is_missing_is_named(changed: dict[str, object], told: str) -> None:
    """The operator reads it on the page, which repeats no value of the secrets."""
    with pytest.raises(ConfigurationError) as raised:
        provider_of(auth(**changed))
    assert told in str(raised.value)
    assert "c" * 32 not in str(raised.value)


def test_a_section_that_is_none_is_told() -> None:
    """As `auth = true` would be."""
    with pytest.raises(ConfigurationError, match="must be a section"):
        provider_of(True)


@pytest.mark.parametrize("issuer", ["https://evil.example", "http://gitlab.example.com"])
def test_a_provider_that_is_not_allowed_is_none(issuer: str) -> None:
    """Its tokens could be sent nowhere."""
    with pytest.raises(ConfigurationError):
        provider_of(auth(issuer))


# -- what counts as a login ------------------------------------------------------------------------


def user(issuer: str = ISSUER, token: str = "0auth", **changed: object) -> dict[str, Any]:
    """Return what `st.user` holds after a login, each with a nonce of its own."""
    claims = {
        "is_logged_in": True,
        "iss": issuer,
        "sub": "7",
        "nonce": f"nonce {next(NUMBERS)}",
        "exp": int(time.time()) + 120,
        "tokens": {"access": token},
        **changed,
    }
    return {key: value for key, value in claims.items() if value is not None}


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": None},
        {"sub": ""},
        {"nonce": None},
        {"exp": None},
        {"exp": "soon"},
        {"tokens": None},
        {"tokens": {}},
        {"tokens": {"access": ""}},
    ],
)
def test_a_login_needs_all_its_parts(changed: dict[str, object]) -> None:
    """Else it is none."""
    assert Login.of(user(**changed)) is None


def test_a_login_counts_once_and_while_its_id_token_is_valid() -> None:
    """With as much patience for a wrong clock as the check of the ID token has."""
    now = 1000.0
    logins = Logins(lambda: now)
    first, second = (Login("i", "7", nonce, 1120.0, "t") for nonce in ("one", "two"))
    assert logins.accept(first)
    assert not logins.accept(first)
    now = 1119.9 + LEEWAY
    assert not logins.accept(first)
    assert logins.accept(second)
    now = 1120.0 + LEEWAY
    assert not logins.accept(Login("i", "7", "three", 1120.0, "t"))
    assert not logins._used.keys() - {("i", "two")}


def test_a_login_and_its_credential_show_no_token() -> None:
    """So that it can be logged."""
    login = Login.of(user(token="very-secret"))
    assert login is not None
    credential = OidcCredential(login.token, login.issuer, login.subject)
    assert "very-secret" not in f"{login!r} {credential!r}"


# -- who one is ------------------------------------------------------------------------------------


def test_another_token_of_the_same_person_is_the_same_principal() -> None:
    """GitLab's tokens last two hours; (issuer, subject) stays. And it goes as Bearer."""

    def principal(token: str, issuer: str = ISSUER, subject: str = "7") -> str:
        return SignIn(ISSUER, OidcCredential(token, issuer, subject), {}).principal

    assert principal("one") == principal("two")
    assert len({principal("one"), principal("one", subject="8"), principal("one", "other")}) == 3
    assert OidcCredential("one", ISSUER, "7").headers == {"Authorization": "Bearer one"}


# -- on the page -----------------------------------------------------------------------------------


@pytest.fixture
def come(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Return what opens an app on the sandbox: `come(user)`, with a login of Streamlit."""
    monkeypatch.setenv("GITLAB_URL", sandbox.url)

    def come(known: dict[str, Any] | None = None, **changed: object) -> AppTest:
        at = AppTest.from_file(str(NAVIGATION), default_timeout=PATIENCE)
        at.secrets["auth"] = auth(sandbox.url, **changed)
        at.user = known or {"is_logged_in": False}
        at = at.run()
        assert not at.exception
        return at

    return come


def labels(at: AppTest) -> list[str]:
    """Return the labels of the buttons."""
    return [button.label for button in at.button]


def test_it_is_one_of_three_ways_in(come: Callable[..., AppTest]) -> None:
    """The others stay."""
    at = come()
    assert labels(at) == ["Open the demo", "Sign in with GitLab", "Sign in"]
    assert not at.error


def test_set_up_wrong_it_is_told_and_not_offered(come: Callable[..., AppTest]) -> None:
    """The others stay."""
    at = come(client_id=None)
    assert labels(at) == ["Open the demo", "Sign in"]
    assert r"client\_id is missing" in at.error[0].value


def test_who_comes_back_is_signed_in_here_and_out_of_streamlit(
    come: Callable[..., AppTest], sandbox: Sandbox
) -> None:
    """GitLab says who that is, whatever the ID token calls them."""
    name = sandbox.world.truth.usernames[0]
    at = come(user(sandbox.url, sandbox.token_for(name, kind="oauth"), nickname="root"))
    assert at.user == {"is_logged_in": False}
    at = at.run()
    assert "Sign out" in labels(at)
    assert f"@{name}".replace(".", r"\.") in texts(at)
    assert [e.credential for e in sandbox.traffic.exchanges] == ["Authorization"]
    assert sandbox.token(f"{name}:oauth") not in str(at.session_state.to_dict())


def test_what_is_left_of_a_login_signs_no_one_in(
    come: Callable[..., AppTest], sandbox: Sandbox
) -> None:
    """After signing out, in another tab, or days later: only GitLab lets in again."""
    token = sandbox.token_for(sandbox.world.truth.usernames[0], kind="oauth")
    known = user(sandbox.url, token)
    at = press(come(known).run(), "Sign out")
    assert "You are signed out" in at.info[0].value
    asked = sandbox.traffic.total
    at.user = known
    for left in (at.run(), come(known), come(user(sandbox.url, token, exp=time.time() - 1000))):
        again = left.run()
        assert again.user == {"is_logged_in": False}
        assert "Sign in with GitLab" in labels(again)
    assert sandbox.traffic.total == asked


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"token": "nobodys"}, "does not accept the token"),
        ({"tokens": {}}, "did not send an access token"),
        ({"issuer": ISSUER}, "The issuer of the ID token must be"),
        ({"token": "a b"}, "must be printable ASCII"),
    ],
)
def test_a_login_that_opens_nothing_is_told_and_ended(
    come: Callable[..., AppTest], sandbox: Sandbox, changed: dict[str, str], told: str
) -> None:
    """With a sentence that is still there after one reload of the page."""
    at = come(user(**{"issuer": sandbox.url, **changed}))
    assert at.user == {"is_logged_in": False}
    at = at.run()
    assert told in at.info[0].value
    assert "Sign in with GitLab" in labels(at)
    assert not at.run().info
    assert sandbox.traffic.total == (1 if changed.get("token") == "nobodys" else 0)


@pytest.mark.slow
def test_gitlab_out_of_order_is_told(come: Callable[..., AppTest], sandbox: Sandbox) -> None:
    """Rather than a broken page."""
    sandbox.stop()
    at = come(user(sandbox.url)).run()
    assert "You are not signed in" in at.info[0].value
