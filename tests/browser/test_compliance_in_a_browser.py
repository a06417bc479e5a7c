"""The page of project compliance in a real browser: a row opens a report, names are typed in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from running_app import open_demo, press, sign_in

from gitlab_sync.sandbox import Sandbox

NewPage = Callable[[], Page]

_ROW = 35
"""Pixels of a row: a table is drawn, so there is no element to click on."""


@pytest.fixture
def new_page(visitors) -> NewPage:
    """Make the page of one more visitor."""
    return visitors.new


def go_to_compliance(page: Page) -> None:
    """Go to the page by the navigation."""
    page.get_by_role("link", name="Project compliance").click()
    expect(page.get_by_role("heading", name="Project compliance")).to_be_visible()


def test_a_picked_row_opens_the_projects_report_below(new_page: NewPage) -> None:
    """The worst project is the first row."""
    page = new_page()
    open_demo(page)
    go_to_compliance(page)
    page.get_by_text("Many projects").click()
    group = page.get_by_role("textbox", name="All projects of this group")
    expect(group).to_have_value("harbour")
    press(page, "Run")
    expect(page.get_by_text("4 of 4 projects read")).to_be_visible()
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": 20, "y": 1.5 * _ROW})
    expect(page.get_by_role("heading", name="harbour/tools/payroll")).to_be_visible()
    page.get_by_role("tab", name="Suggestions").click()
    expect(page.get_by_text("to the score").first).to_be_visible()


def test_a_commit_that_is_typed_in_is_checked_and_is_in_the_url(
    new_page: NewPage, sandbox: Sandbox
) -> None:
    """So that a link leads to the same query."""
    project = sandbox.world.tables.projects[0]
    path, commit = project["path_with_namespace"], sandbox.world.commits[project["id"]][0]
    short = commit.data["short_id"]
    page = new_page()
    sign_in(page, sandbox.token(), sandbox.url)
    go_to_compliance(page)
    page.get_by_label("Project", exact=True).fill(path)
    field = page.get_by_role("combobox", name="Branch, tag or commit")
    field.fill(short)
    page.keyboard.press("Enter")
    press(page, "Run")
    expect(page.get_by_text(f"At {short}")).to_be_visible()
    page.goto(page.url)
    expect(page.get_by_text(f"At {short}")).to_be_visible()


def test_a_password_in_a_pasted_address_leaves_the_pages_address(
    new_page: NewPage, sandbox: Sandbox
) -> None:
    """As soon as the server has seen it; Enter starts the run, too."""
    path = sandbox.world.tables.projects[0]["path_with_namespace"]
    page = new_page()
    sign_in(page, sandbox.token(), sandbox.url)
    go_to_compliance(page)
    field = page.get_by_label("Project", exact=True)
    field.fill(f"https://oauth2:glpat-abcdefghij0123456789@gitlab.example/{path}.git")
    page.keyboard.press("Enter")
    expect(field).to_have_value(f"https://gitlab.example/{path}.git")
    page.wait_for_url(lambda url: "project=https" in url and "abcdefghij" not in url)
