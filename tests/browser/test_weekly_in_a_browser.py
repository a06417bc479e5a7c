"""The page of the week in a real browser: a row opens its items, and a link leads to a view."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from running_app import RunningApp, press

NewPage = Callable[[], Page]

_ROW = 35
"""Pixels of a row: a table is drawn, so there is no element to click on."""


@pytest.fixture
def new_page(visitors) -> NewPage:
    """Make the page of one more visitor."""
    return visitors.new


def test_a_link_leads_to_a_view_and_a_picked_row_opens_the_items_below(
    new_page: NewPage, app: RunningApp
) -> None:
    """People, view and way of the chart are in the URL; the first row is of the first team.

    Another view keeps nothing of the pick, since its rows are others.
    """
    page = new_page()
    people = "Red, , kira.osei%0ABlue, , amelie.laurent%0Aeli.navarro"
    page.goto(f"{app.url}/weekly?people={people}&show=Commits&by=By%20team")
    page.get_by_role("button", name="Open the demo").click()
    expect(page.get_by_role("heading", name="Weekly performance")).to_be_visible()
    press(page, "Run")
    expect(page.get_by_text("3 of 3 people read")).to_be_visible()
    expect(page.get_by_text("The stronger the colour")).to_be_visible()
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": 20, "y": 1.5 * _ROW})
    heading = page.get_by_role("heading", name="Details for")
    expect(heading).to_have_text("Details for amelie.laurent")
    page.get_by_role("radio", name="Overview").click()
    expect(heading).to_have_count(0)
    expect(page.get_by_text("Tick a row")).to_have_count(2)
