"""Every page with its answer: open to all eyes and hands, loads nothing from elsewhere, no log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from axe_faults import ORDER, faults
from playwright.sync_api import Browser, BrowserContext, Page, expect
from running_app import PATIENCE, RunningApp
from tour import FORMS, HEIGHTS, MORE, PAGES, SIGN_IN, Form, Stop, finish, unroll, visit

LOADS: dict[Stop, tuple[tuple[Form, ...], ...]] = {
    **dict.fromkeys(PAGES, (FORMS[:2], FORMS[2:])),
    **dict.fromkeys(MORE[::2], (FORMS[:2],)),
    **dict.fromkeys(MORE[1::2], (FORMS[2:],)),
}
"""The forms that a page is shown in, by loads. A load has one theme: charts are drawn in it."""

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a stop: grave faults by form, the hosts it asked, what the server wrote."""

    faults: dict[Form, list[str]]
    hosts: set[str]
    log: str


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """Return a browser that stays in the demo from page to page."""
    with browser.new_context(timezone_id="Europe/Paris") as context:
        context.set_default_timeout(PATIENCE)
        yield context


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return the page of a visitor with a new browser."""
    with browser.new_context(timezone_id="Europe/Paris") as context:
        context.set_default_timeout(PATIENCE)
        yield context.new_page()


@pytest.fixture(scope="module", params=LOADS, ids=str)
def seen(
    request: pytest.FixtureRequest, browser: Browser, visitor: BrowserContext, app: RunningApp
) -> Seen:
    """Look at a stop in all of its forms."""
    stop: Stop = request.param
    log = app.log
    page = browser.new_page() if stop is SIGN_IN else visitor.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    found = faults_by_form(page, app.url, stop)
    page.close()
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
    return Seen(found, hosts, app.log.removeprefix(log))


def faults_by_form(page: Page, url: str, stop: Stop) -> dict[Form, list[str]]:
    """Return the grave faults of a stop of the app at `url`, in each of its forms."""
    found = {}
    for number, forms in enumerate(LOADS[stop]):
        for place, (width, theme) in enumerate(forms):
            page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
            page.emulate_media(color_scheme=theme)
            if not number and not place:
                visit(page, url, stop)
            elif not place:
                page.reload()
                finish(page, stop)
            unroll(page, width)
            found[width, theme] = faults(page)
    return found


def test_no_page_has_a_grave_fault_in_any_form(seen: Seen) -> None:
    """With its answer, in both widths: pages in both themes, the rest in one of them."""
    assert len(seen.faults) in {2, 4}
    assert seen.faults == {form: [] for form in seen.faults}


def test_no_request_of_any_page_leaves_the_apps_own_host(seen: Seen, app: RunningApp) -> None:
    """Neither a font nor an icon tells another host that the page is open."""
    assert seen.hosts == {urlsplit(app.url).netloc}


def test_no_page_writes_into_the_servers_log(seen: Seen) -> None:
    """Not even a warning of Streamlit's."""
    assert seen.log == ""


def test_the_icon_comes_with_the_page(page: Page, app: RunningApp) -> None:
    """It is asked of no host at all."""
    visit(page, app.url, SIGN_IN)
    icon = page.locator("link[rel~=icon]").first
    expect(icon).to_have_attribute("href", re.compile("^data:image/svg"))


def test_a_grave_fault_would_be_found(page: Page, app: RunningApp) -> None:
    """Text as pale as its background, a picture that says nothing, a heading of no section."""
    visit(page, app.url, SIGN_IN)
    page.evaluate(
        """() => {
            const main = document.querySelector("[data-testid=stMain]");
            const pale = '<p style="color: #ccc; background: #fff">pale</p>';
            main.insertAdjacentHTML("afterbegin", `${pale}<img src="data:,">`);
            main.insertAdjacentHTML("beforeend", "<h4>deep</h4>");
        }"""
    )
    rules = {fault.partition(":")[0] for fault in faults(page)}
    assert rules == {"color-contrast", "image-alt", ORDER}
