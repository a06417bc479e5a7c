"""A running app and a browser for the tests in this folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from running_app import PATIENCE, RunningApp, chromium, find_chromium

from gitlab_sync.sandbox import Sandbox, generate_world


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and skip them without a browser."""
    missing = pytest.mark.skip(reason="there is no Chromium on this system")
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.browser)
            if find_chromium() is None:
                item.add_marker(missing)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def app() -> Iterator[RunningApp]:
    """One app for all tests that need no other; it may send tokens to this machine only.

    Whatever they do, it writes nothing into its log: not even what Streamlit warns of once.
    """
    with RunningApp(GITLAB_SYNC_ALLOWED_HOSTS="127.0.0.1") as app:
        log = app.log
        yield app
        assert app.log == log


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a GitLab with private projects, for one test."""
    world = generate_world(seed=7, users=8, merge_requests=8, issues=4, projects=4)
    with Sandbox(world) as sandbox:
        yield sandbox


class Visitors:
    """People with a browser of their own each: no cookie is shared."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self.contexts: list[BrowserContext] = []

    def new(self, **window: Any) -> Page:
        """Return the page of one more visitor, on the app's first page.

        `window` says what the browser is like, as arguments of Playwright's `new_context`.
        """
        context = self._browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, **window}
        )
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        page = context.new_page()
        page.goto(self._url)
        return page


@pytest.fixture
def visitors(browser: Browser, app: RunningApp) -> Iterator[Visitors]:
    """Make the visitors of the app in one test."""
    visitors = Visitors(browser, app.url)
    yield visitors
    for context in visitors.contexts:
        context.close()
