"""What axe-core finds on the pages: nothing that keeps people out who see or move differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from running_app import PATIENCE, RunningApp
from tour import FORMS, HEIGHTS, MORE, PAGES, Form, Stop, finish, unroll, visit

GRAVE = {"serious", "critical"}
ORDER = "heading-order"
"""The rule that no level of headings is skipped; axe-core calls a breach of it moderate."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return the page of a visitor with a new browser."""
    context = browser.new_context(timezone_id="Europe/Paris")
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def faults(page: Page) -> list[str]:
    """Return what is grave in what the window shows, and headings that skip a level.

    Each has its rule, place and reason.
    """
    found = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for violation in found
        if violation["impact"] in GRAVE or violation["id"] == ORDER
        for node in violation["nodes"]
    ]


def faults_by_form(
    page: Page, url: str, stop: Stop, forms: Sequence[Form]
) -> dict[Form, list[str]]:
    """Return the grave faults of a stop of the app at `url`, in each of the forms."""
    found = {}
    for number, (width, theme) in enumerate(forms):
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        page.emulate_media(color_scheme=theme)
        if number:
            page.reload()
            finish(page, stop)
        else:
            visit(page, url, stop)
        unroll(page, width)
        found[width, theme] = faults(page)
    return found


@pytest.mark.parametrize("stop", PAGES, ids=str)
def test_no_page_has_a_grave_fault_in_any_form(page: Page, app: RunningApp, stop: Stop) -> None:
    """With its answer, wide and narrow, light and dark."""
    assert faults_by_form(page, app.url, stop, FORMS) == {form: [] for form in FORMS}


@pytest.mark.parametrize("stop", MORE, ids=str)
def test_nor_has_what_else_pages_show(page: Page, app: RunningApp, stop: Stop) -> None:
    """In two of the forms, which have both widths and both themes."""
    forms = FORMS[:: len(FORMS) - 1]
    assert faults_by_form(page, app.url, stop, forms) == {form: [] for form in forms}


def test_a_grave_fault_would_be_found(page: Page, app: RunningApp) -> None:
    """Text as pale as its background, a picture that says nothing, a heading of no section."""
    visit(page, app.url, PAGES[0])
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
