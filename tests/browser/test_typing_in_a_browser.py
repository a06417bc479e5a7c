"""Typing, and Run at once: nothing that is typed is lost, and neither is the first press of Run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from playwright.sync_api import Locator, Page, expect
from running_app import RunningApp, open_demo

PEOPLE = ("People", "kira.osei\nleo.fischer", "2 of 2 people read")
PAGES: Mapping[str, tuple[str, str, str]] = {
    "leaderboard": ("Teams", "Red: kira.osei\nBlue: leo.fischer", "2 of 2 people read"),
    "compliance": ("Project", "harbour/tools/payroll", "At main"),
    "profile": ("Username", "leo.fischer", "parts of the profile read"),
    "weekly": PEOPLE,
    "batch": PEOPLE,
}
"""For the path of each page a field, what is typed into it, and what is shown after the run."""

PHONE = {"viewport": {"width": 400, "height": 850}, "has_touch": True, "is_mobile": True}


def by_keyboard(page: Page, field: Locator) -> None:
    """Press Run without leaving the field; in a field of many lines Enter begins the next one."""
    field.press("Control+Enter" if field.evaluate("e => e.tagName") == "TEXTAREA" else "Enter")


def by_tap(page: Page, field: Locator) -> None:
    """Tap where Run is while the field has the focus, as a finger does: once."""
    assert field.evaluate("e => e === document.activeElement")
    page.get_by_role("button", name="Run", exact=True).tap()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("press_run", "window"), [(by_keyboard, {}), (by_tap, PHONE)], ids=("keyboard", "tap")
)
def test_what_is_typed_stays_and_the_first_press_of_run_counts(
    visitors,
    app: RunningApp,
    press_run: Callable[[Page, Locator], None],
    window: Mapping[str, object],
) -> None:
    """On each page, from the moment that its field is there, whatever the server still does."""
    page: Page = visitors.new(**window)
    open_demo(page)
    for path, (name, typed, shown) in PAGES.items():
        page.goto(f"{app.url}/{path}")
        field = page.get_by_role("textbox", name=name, exact=True)
        field.fill(typed)
        press_run(page, field)
        expect(page.get_by_text(shown).first).to_be_visible()
        expect(page.get_by_role("button", name="Refresh")).to_be_visible()
        # The form is folded away; it holds what was typed.
        expect(field).to_be_hidden()
        page.locator("summary").first.click()
        expect(field).to_be_visible()
        expect(field).to_have_value(typed)
