"""Sign in with GitLab: a real browser, a real provider, and nothing left behind where it can leak.

The provider, the GitLab behind it and the app are one for all tests; each test has people and
browsers of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

import pytest
from itsdangerous import URLSafeTimedSerializer
from oidc_provider import Provider, token_name
from playwright.sync_api import Browser, Page, Response, WebSocket, expect
from running_app import RunningApp, press

from gitlab_sync.sandbox import Exchange, Sandbox, generate_world

NewPage = Callable[[], Page]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """Serve a GitLab that one can sign in with."""
    world = generate_world(seed=11, users=8, merge_requests=3, issues=2, projects=3)
    with Sandbox(world) as sandbox, Provider(sandbox) as provider:
        yield provider


@pytest.fixture(scope="module")
def app(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """Serve the app that is registered there."""
    with serve(provider, tmp_path_factory.mktemp("secrets")) as app:
        yield app


def serve(provider: Provider, folder: Path, prompt: str = "") -> RunningApp:
    """Return an app with secrets for the provider; it is registered there once it runs."""
    path = folder / "secrets.toml"
    path.write_text(provider.secrets_toml(prompt), encoding="utf-8")
    return Registered(provider, STREAMLIT_SECRETS_FILES=str(path))


class Registered(RunningApp):
    """An app that the provider knows by its address, started as the documents say."""

    def __init__(self, provider: Provider, **environment: str) -> None:
        super().__init__(
            GITLAB_SYNC_ALLOWED_HOSTS="localhost",
            WEBSOCKETS_MAX_LINE_LENGTH="65536",
            **environment,
        )
        self._provider = provider

    def __enter__(self) -> Self:
        super().__enter__()
        self._provider.redirect_uris.add(f"{self.url}/oauth2callback")
        return self


@pytest.fixture
def new_page(visitors) -> NewPage:
    """Make the page of one more visitor."""
    return visitors.new


@pytest.fixture
def wrong(provider: Provider) -> Iterator[Callable[[str], None]]:
    """Make the provider go wrong for one test."""

    def go_wrong(what: str) -> None:
        provider.wrong = what

    yield go_wrong
    provider.wrong = None


def person(provider: Provider, number: int) -> str:
    """Return a person; no two tests take the same."""
    return sorted(provider.sandbox.world.truth.usernames)[number]


def ask_gitlab(page: Page, username: str, answer: str = "Authorize") -> None:
    """Press the button, and answer what GitLab asks."""
    page.get_by_role("button", name="Sign in with GitLab").click()
    page.get_by_label("Username").fill(username)
    page.get_by_role("button", name=answer).click()


def sign_in(page: Page, username: str) -> None:
    """Sign in, and wait until the app is there."""
    ask_gitlab(page, username)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    expect(page.get_by_text(f"@{username} at localhost")).to_be_visible()


def read_the_work_of(page: Page, username: str) -> None:
    """Ask for a person's work on the first page."""
    page.locator(".st-key-users textarea").fill(username)
    press(page, "Run")


def wait_for_the_end(page: Page) -> None:
    """Wait until all of it has been read."""
    expect(page.get_by_role("button", name="Refresh").first).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


def asked(provider: Provider, username: str) -> list[Exchange]:
    """Return what was asked of the GitLab with that person's token."""
    exchanges = provider.sandbox.traffic.exchanges
    return [exchange for exchange in exchanges if exchange.token == token_name(username)]


def names_of_cookies(page: Page) -> set[str]:
    """Return the names of all cookies of a browser, but for the guard against forged forms."""
    return {str(cookie["name"]) for cookie in page.context.cookies()} - {"_streamlit_xsrf"}


def expect_the_ways_in(page: Page, sentence: str) -> None:
    """Expect the reason of a failed sign-in, on the page that offers to try again."""
    expect(page.get_by_text(sentence)).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with GitLab")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)


def test_one_signs_in_stays_in_after_a_reload_and_reads_with_a_bearer_token(
    new_page: NewPage, provider: Provider, app: RunningApp
) -> None:
    """GitLab is asked who that is, and not again; nothing of the way is left in the address."""
    name = person(provider, 0)
    page = new_page()
    sign_in(page, name)
    who = [exchange.path for exchange in asked(provider, name)]
    assert set(who) == {"/api/v4/user"}
    assert not re.search("code|state|token", page.url)
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    read_the_work_of(page, name)
    wait_for_the_end(page)
    expect(page.get_by_text("could not be read")).to_have_count(0)
    exchanges = asked(provider, name)
    paths = [exchange.path for exchange in exchanges]
    assert {exchange.credential for exchange in exchanges} == {"Authorization"}
    assert any("merge_requests" in path or "graphql" in path for path in paths)
    assert paths.count("/api/v4/user") == len(who)  # a slow answer can be asked for again


def test_codes_and_tokens_are_nowhere_but_in_the_servers_memory(
    new_page: NewPage, provider: Provider, app: RunningApp
) -> None:
    """Not in the page, what it receives, its address, its storage, a cookie or the server's log."""
    name = person(provider, 1)
    page = new_page()
    received: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: received.append(str(payload)))

    addresses: list[str] = []
    page.on("websocket", listen)
    page.on("framenavigated", lambda frame: addresses.append(frame.url))
    sign_in(page, name)
    read_the_work_of(page, name)
    wait_for_the_end(page)
    stored = page.evaluate(
        "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    seen = [page.content(), page.url, stored, app.log, *addresses, *received]
    assert received
    assert provider.secrets_given
    assert not [text for secret in provider.secrets_given for text in seen if secret in text]
    assert names_of_cookies(page) == {"gitlab_sync_browser"}


def test_what_streamlit_puts_into_cookies_is_gone_once_one_is_signed_in(
    new_page: NewPage, provider: Provider, app: RunningApp
) -> None:
    """On the way back there are two, which no script can read; they hold both tokens."""
    page = new_page()
    headers: list[str] = []

    def keep(response: Response) -> None:
        if "/oauth2callback" in response.url:
            headers.extend(response.header_values("set-cookie"))

    page.on("response", keep)
    sign_in(page, person(provider, 2))
    pairs = dict(header.partition(";")[0].split("=", 1) for header in headers)
    given = [header for header in headers if header.startswith("_streamlit_user")]
    assert len(given) == 2
    assert all("HttpOnly" in header and "SameSite=lax" in header for header in given)
    tokens = contents("_streamlit_user_tokens", pairs["_streamlit_user_tokens"])
    assert set(tokens) == {"access_token", "id_token"}
    assert tokens["access_token"] in provider.secrets_given
    assert {"iss", "sub", "nonce", "exp"} <= set(
        contents("_streamlit_user", pairs["_streamlit_user"])
    )
    assert names_of_cookies(page) == {"gitlab_sync_browser"}


def contents(name: str, value: str) -> dict[str, str]:
    """Return what everyone can read in a cookie of Streamlit: it is signed, not encrypted."""
    _, unsigned = URLSafeTimedSerializer("no secret is needed", salt=name).loads_unsafe(value)
    found: dict[str, str] = json.loads(unsigned)
    return found


def test_signing_out_ends_it_here_and_in_streamlit(
    new_page: NewPage, provider: Provider, app: RunningApp
) -> None:
    """After a reload, too; the next visitor has to ask GitLab again."""
    page = new_page()
    sign_in(page, person(provider, 3))
    page.get_by_role("button", name="Sign out").click()
    expect_the_ways_in(page, "You are signed out")
    page.reload()
    expect(page.get_by_role("button", name="Sign in with GitLab")).to_be_visible()
    expect(page.get_by_text("You are signed out")).to_have_count(0)
    assert names_of_cookies(page) == {"gitlab_sync_browser"}
    sign_in(page, person(provider, 4))


def test_a_token_that_is_refused_later_leads_back_and_in_again(
    new_page: NewPage, provider: Provider, app: RunningApp
) -> None:
    """As when its two hours are over: with a word about it, and no traceback."""
    name = person(provider, 5)
    page = new_page()
    sign_in(page, name)
    provider.sandbox.tokens.revoke(token_name(name))
    read_the_work_of(page, name)
    expect_the_ways_in(page, "expired or was revoked. Sign in again.")
    expect(page.get_by_text("your token")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
    sign_in(page, name)


def test_a_visitor_with_a_link_gets_there_after_signing_in_even_at_the_second_attempt(
    new_page: NewPage, provider: Provider, app: RunningApp
) -> None:
    """With all that the link asks for; once there, the first page is the first page again."""
    name = person(provider, 0)
    page = new_page()
    page.goto(f"{app.url}/profile?user={name}&part=Issues&since=2026-01-05")
    ask_gitlab(page, name, "Deny")
    expect_the_ways_in(page, "GitLab did not confirm who you are")
    sign_in(page, name)
    expect(page.get_by_role("heading", name="User profile")).to_be_visible()
    expect(page.get_by_role("textbox", name="Username")).to_have_value(name)
    address = urlsplit(page.url)
    assert (address.netloc, address.path) == (urlsplit(app.url).netloc, "/profile")
    assert parse_qs(address.query) == {"user": [name], "part": ["Issues"], "since": ["2026-01-05"]}
    page.goto(app.url)
    expect(page.get_by_role("heading", name="Batch analytics")).to_be_visible()


def test_a_link_that_is_opened_meanwhile_counts_more(
    new_page: NewPage, provider: Provider, app: RunningApp
) -> None:
    """A visitor who turns back at GitLab and opens another page sees that one."""
    page = new_page()
    page.goto(f"{app.url}/weekly?people={person(provider, 0)}")
    page.get_by_role("button", name="Sign in with GitLab").click()
    expect(page.get_by_label("Username")).to_be_visible()
    page.goto(f"{app.url}/leaderboard")
    page.get_by_role("button", name="Open the demo").click()
    expect(page.get_by_role("heading", name="Team leaderboard")).to_be_visible()


@pytest.mark.parametrize("what", ["state", "nonce", "signature"])
def test_a_response_to_another_request_signs_no_one_in(
    new_page: NewPage,
    provider: Provider,
    app: RunningApp,
    wrong: Callable[[str], None],
    what: str,
) -> None:
    """One with another state, with another nonce, or signed by someone else."""
    name = person(provider, 6)
    before = len(asked(provider, name))
    wrong(what)
    page = new_page()
    ask_gitlab(page, name)
    expect_the_ways_in(page, "GitLab did not confirm who you are")
    assert len(asked(provider, name)) == before
    assert not [name for name in names_of_cookies(page) if name.startswith("_streamlit_user")]
    assert not [secret for secret in provider.secrets_given if secret in app.log]


def test_an_answer_cannot_be_used_in_another_browser_or_twice(
    new_page: NewPage, provider: Provider, app: RunningApp
) -> None:
    """The URL of a response signs in no one who is lured to it."""
    page = new_page()
    answers: list[str] = []
    page.on("request", lambda r: answers.append(r.url) if "/oauth2callback" in r.url else None)
    sign_in(page, person(provider, 7))
    other = new_page()
    other.goto(answers[0])
    expect(other.get_by_role("button", name="Sign in with GitLab")).to_be_visible()
    expect(other.get_by_role("button", name="Sign out")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    expect_the_ways_in(page, "You are signed out")
    page.goto(answers[0])
    expect(page.get_by_role("button", name="Sign in with GitLab")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)


def test_a_member_of_hundreds_of_groups_gets_in(
    new_page: NewPage, provider: Provider, app: RunningApp
) -> None:
    """Their ID token is longer than one cookie, and than most headers."""
    provider.groups = [sha256(str(number).encode()).hexdigest()[:40] for number in range(400)]
    try:
        sign_in(new_page(), person(provider, 6))
    finally:
        provider.groups = []


def test_who_says_no_at_gitlab_is_told_so(new_page: NewPage, provider: Provider) -> None:
    """And may try again."""
    page = new_page()
    ask_gitlab(page, person(provider, 6), "Deny")
    expect_the_ways_in(page, "GitLab did not confirm who you are")


def test_streamlits_usual_prompt_is_one_that_gitlab_refuses(
    browser: Browser, provider: Provider, tmp_path: Path
) -> None:
    """So the documents say to leave it empty."""
    with serve(provider, tmp_path, prompt="select_account") as app:
        page = browser.new_page()
        page.goto(app.url)
        page.get_by_role("button", name="Sign in with GitLab").click()
        expect_the_ways_in(page, "GitLab did not confirm who you are")
        assert "invalid_configuration" in app.log
        page.close()


def test_without_secrets_there_is_nothing_of_it(browser: Browser) -> None:
    """Two ways in, and no word about a third."""
    with RunningApp(STREAMLIT_SECRETS_FILES="/nowhere/secrets.toml") as app:
        page = browser.new_page()
        page.goto(app.url)
        expect(page.get_by_role("button", name="Open the demo")).to_be_visible()
        expect(page.get_by_text("Sign in with GitLab")).to_have_count(0)
        page.close()
