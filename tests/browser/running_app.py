"""The real app in a process of its own, and a real Chromium to look at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from playwright.sync_api import Browser, Page, expect, sync_playwright
from tour import settle

ROOT = Path(__file__).parents[2]
PATIENCE = 60_000
"""Milliseconds that a condition may take to come true on a busy machine."""

# The shell draws the same pages with less work: it has no window of its own.
_NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=PATIENCE)


def find_chromium() -> str | None:
    """Return the path of the system's Chromium, or None."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a Chromium; RuntimeError if the system has none."""
    path = find_chromium()
    if path is None:
        raise RuntimeError("there is no Chromium on this system")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class RunningApp:
    """`streamlit run app.py` as an operator starts it. A context manager.

    `environment` comes on top of ours. `log` is what the server has written so far.
    """

    def __init__(self, **environment: str) -> None:
        self._environment = environment
        self._folder = tempfile.TemporaryDirectory(prefix="app-", ignore_cleanup_errors=True)
        self._log = Path(self._folder.name) / "server.log"
        self.url = ""

    def __enter__(self) -> Self:
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [
            *(sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")),
            *("--server.headless", "true", "--server.address", "127.0.0.1"),
            *("--server.port", str(port)),
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=_environment(self._folder.name, self._environment),
            )
        try:
            self._wait_until_healthy()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + PATIENCE / 1000
        pause = threading.Event()
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the app did not start:\n{self.log}")
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pause.wait(0.1)
        raise RuntimeError(f"the app is not healthy:\n{self.log}")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    @property
    def threads(self) -> int:
        """How many threads the server has."""
        return len(list(Path(f"/proc/{self._process.pid}/task").iterdir()))

    @property
    def memory(self) -> int:
        """How much memory the server has resident, in bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024

    @property
    def log(self) -> str:
        """What the server wrote to its standard output and error output."""
        text = self._log.read_text(encoding="utf-8", errors="replace")
        # Streamlit says so when a part of a page is asked for that a whole run has just replaced.
        lines = text.splitlines(keepends=True)
        return "".join(line for line in lines if "does not exist anymore" not in line)


def _environment(home: str, more: Mapping[str, str]) -> dict[str, str]:
    """Return our environment without what would point the app to a real GitLab."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GITLAB_")}
    # Worlds know their rows under this policy.
    usual = {"HOME": home, "PYTHONUNBUFFERED": "1", "GITLAB_SYNC_POLICY": "classic"}
    return {**ours, **usual, **more}


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


# -- what a visitor does ---------------------------------------------------------------------------


def press(page: Page, name: str) -> None:
    """Press the button of that name, once all of the page is there.

    A part that comes later moves what is below it, and a button that is no longer under the pointer
    when the pointer lets go was not pressed.
    """
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_visible()
    settle(page)
    button.click()


def open_demo(page: Page) -> None:
    """Go in by the demo, from the page of the ways in."""
    press(page, "Open the demo")
    expect(page.get_by_role("heading", name="Batch analytics")).to_be_visible()


def sign_in(page: Page, token: str, url: str | None = None) -> None:
    """Go in with a token, to the GitLab of that address if one is given."""
    if url is not None:
        page.get_by_role("textbox", name="GitLab address").fill(url)
    page.get_by_role("textbox", name="Personal access token").fill(token)
    press(page, "Sign in")


def sign_in_all(browser: Browser, app: RunningApp, tokens: Sequence[str], url: str) -> list[Page]:
    """Go in with each token, with a browser of its own; return their pages."""
    contexts = [browser.new_context(accept_downloads=True) for _ in tokens]
    for context in contexts:
        context.set_default_timeout(PATIENCE)
    pages = [context.new_page() for context in contexts]
    for page, token in zip(pages, tokens, strict=True):
        page.goto(app.url)
        sign_in(page, token, url)
    return pages


def run_batch(page: Page, usernames: str | None = None) -> None:
    """Press Run, with these usernames if any are given."""
    if usernames is not None:
        page.get_by_role("textbox", name="People").fill(usernames)
    press(page, "Run")
