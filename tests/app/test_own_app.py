"""The app as people start it for themselves: only this machine, any GitLab."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from visiting import PATIENCE, press, visitor

from gitlab_sync.cli.main import cli
from gitlab_sync.pages.own.only_here import fault_of
from gitlab_sync.pages.state import server_settings
from gitlab_sync.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
HERE = ("127.0.0.1", 50_000)


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "[::1]:8501", "LOCALHOST"])
def test_a_browser_on_this_machine_is_answered(host: str) -> None:
    """By whatever name of it."""
    assert fault_of(HERE, {"host": host}) is None
    assert fault_of(("::1", 50_000, 0, 0)[:2], {"host": host}) is None


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        (("192.168.1.7", 1), {"host": "127.0.0.1:8501"}),
        (None, {"host": "127.0.0.1:8501"}),
        (HERE, {"host": "evil.example:8501"}),
        (HERE, {"host": "127.0.0.1.evil.example"}),
        (HERE, {"host": "user@127.0.0.1@evil.example"}),
        (HERE, {"host": "["}),
        (HERE, {}),
        (HERE, {"host": "127.0.0.1:8501", "x-forwarded-for": "127.0.0.1"}),
        (HERE, {"host": "127.0.0.1:8501", "x-forwarded-proto": "https"}),
        (HERE, {"host": "127.0.0.1:8501", "forwarded": "for=127.0.0.1"}),
    ],
)
def test_everything_else_is_refused(
    client: tuple[str, int] | None, headers: Mapping[str, str]
) -> None:
    """Other machines, a name that another site gave to this one, and whatever came by a proxy."""
    assert fault_of(client, headers) is not None


def status(port: int, path: str, headers: Mapping[str, str]) -> int:
    """Return how the app answers to a request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers=dict(headers))
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.slow
def test_the_command_serves_this_machine_and_opens_a_browser(tmp_path: Path) -> None:
    """With the same settings as a server, whatever folder it starts in; Ctrl-C ends it."""
    opened, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n')
    browser.chmod(0o755)
    environment = {**os.environ, "BROWSER": str(browser), "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "gitlab_sync.cli.main", "app"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            found = re.fullmatch(r"The app is at (http://127\.0\.0\.1:(\d+))\..*\n", said)
            assert found is not None, said
            pause, attempts = threading.Event(), range(int(PATIENCE * 10))
            assert any(opened.exists() or pause.wait(0.1) for _ in attempts)
            assert opened.read_text().strip() == found[1]
            port, here = int(found[2]), f"127.0.0.1:{found[2]}"
            assert status(port, "/", {"Host": here}) == 200
            assert status(port, "/", {"Host": "evil.example"}) == 403
            assert status(port, "/", {"Host": here, "X-Forwarded-For": "127.0.0.1"}) == 403
            upgrade = {
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                "Host": "evil.example",
            }
            assert status(port, "/_stcore/stream", upgrade) == 403
        finally:
            process.send_signal(signal.SIGINT)
    assert process.returncode in {0, 130}


def test_its_settings_are_those_of_a_server() -> None:
    """Streamlit takes each from a folder of its own."""
    own = ROOT / "gitlab_sync" / "pages" / "own" / ".streamlit" / "config.toml"
    assert own.read_bytes() == (ROOT / ".streamlit" / "config.toml").read_bytes()


def test_the_command_is_there_and_says_who_is_served() -> None:
    """And how others are."""
    context = cli.make_context("gitlab-sync", ["app"], resilient_parsing=True)
    command = cli.get_command(context, "app")
    assert command is not None
    assert "only to this machine" in command.get_help(context)
    assert "deployment.md" in command.get_help(context)


@pytest.mark.parametrize("page", ["", "/any/group", "/group/project/-/issues?state=opened#top"])
def test_for_oneself_any_host_is_asked_and_any_page_leads_to_its_gitlab(
    page: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing else is: the token goes to that host only."""
    monkeypatch.delenv("GITLAB_URL", raising=False)
    monkeypatch.delenv("GITLAB_SYNC_ALLOWED_HOSTS", raising=False)
    own = threading.Event()
    own.set()
    monkeypatch.setattr(server_settings, "_own", own)
    at = visitor()
    at.text_input(key="sign_in_url").set_value(sandbox.url + page)
    at.text_input(key="sign_in_token_0").set_value(sandbox.token())
    at = press(at, "Sign in")
    assert [title.value for title in at.title] == ["Batch analytics"]


def test_an_address_without_a_gitlab_is_told_with_what_to_enter(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token cannot be sent without encryption by mistake: https is suggested."""
    sandbox.faults.add("status", status=404, path="*", times=None)
    monkeypatch.setenv("GITLAB_URL", sandbox.url)
    at = visitor()
    at.text_input(key="sign_in_token_0").set_value(sandbox.token())
    said = press(at, "Sign in").error[0].value.replace("\\", "").replace("\u2060", "")
    assert f"No GitLab API at {sandbox.url}; try {sandbox.url.replace('http', 'https')}" in said
    assert "GitLab's first page" in said


def test_a_refused_host_is_told_with_the_settings_that_allow_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The visitor can pass them on to the operator."""
    monkeypatch.delenv("GITLAB_URL", raising=False)
    monkeypatch.delenv("GITLAB_SYNC_ALLOWED_HOSTS", raising=False)
    at = visitor()
    at.text_input(key="sign_in_url").set_value("gitlab.example.com")
    at.text_input(key="sign_in_token_0").set_value("glpat-abcdefghij0123456789")
    said = press(at, "Sign in").error[0].value.replace("\\", "")
    assert "GITLAB_URL or GITLAB_SYNC_ALLOWED_HOSTS" in said
