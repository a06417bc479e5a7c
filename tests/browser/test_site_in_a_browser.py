"""The site of the documents in a real browser: search, both modes, and no other host."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
from axe_faults import faults
from playwright.sync_api import Browser, Page, expect
from running_app import PATIENCE
from site_builder import build_site

pytestmark = pytest.mark.timeout(300)


class _Files(SimpleHTTPRequestHandler):
    """Serves a folder."""

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the site, serve it, and return its address."""
    handler = partial(_Files, directory=str(build_site(tmp_path_factory.mktemp("site"))))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """Open the first page of the site; nothing that it does asks another host."""
    hosts: set[str] = set()
    errors: list[str] = []
    # Colours are compared: they must not be halfway to others.
    window = {"width": 1280, "height": 900}
    with browser.new_context(viewport=window, reduced_motion="reduce") as context:
        context.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{site}/index.html")
        yield page
    assert hosts == {urlsplit(site).netloc}
    assert errors == []


def test_a_search_leads_to_the_page_that_has_the_words(page: Page) -> None:
    """Without a server behind it: the index is a file of the site."""
    page.keyboard.press("Control+k")
    page.keyboard.type("internal review")
    page.keyboard.press("Enter")
    found = page.get_by_role("link", name="Rules: what each column means").first
    expect(found).to_be_visible()
    found.click()
    expect(page.locator("h1")).to_contain_text("Rules")


def test_a_reader_chooses_the_dark_mode_and_keeps_it(page: Page, site: str) -> None:
    """On this page and on the next one; both modes can be read."""
    backgrounds = set()
    for mode in ("Light", "Dark"):
        page.get_by_role("button", name="Color mode").first.click()
        page.get_by_role("button", name=mode, exact=True).first.click()
        page.goto(f"{site}/reference/settings.html")
        expect(page.locator("html")).to_have_attribute("data-theme", mode.lower())
        backgrounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert faults(page) == []
    assert len(backgrounds) == 2


def test_a_phone_shows_a_page_without_scrolling_sideways(page: Page, site: str) -> None:
    """Wide tables scroll by themselves."""
    page.set_viewport_size({"width": 400, "height": 800})
    for name in ("index", "reference/commands", "tutorial/first-table", "explanation/performance"):
        page.goto(f"{site}/{name}.html")
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, name
