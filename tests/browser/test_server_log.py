"""What the server writes into its log while people fill in its fields: nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from running_app import RunningApp, open_demo, press
from tour import settle

TOKEN = "glpat-0123456789abcdefghij"

pytestmark = pytest.mark.timeout(300)


def take_people_from_file(page: Page, url: str, path: Path) -> None:
    """Choose a file on a page that has people filled in already; they stay, and more follow."""
    page.goto(url)
    settle(page)
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(path)
    expect(page.get_by_text("people.csv")).to_be_visible()
    press(page, "Run")
    expect(page.get_by_role("button", name="Refresh")).to_be_visible()
    page.locator("summary").first.click()
    field = page.get_by_role("textbox", name="People")
    expect(field).to_have_value(re.compile(r"leo\.fischer\nkira\.osei$"))
    expect(page).to_have_url(re.compile("=.+kira.osei$"))


def type_token(page: Page, url: str, field: str) -> None:
    """Type a token into a field where none belongs, from which it is taken out again."""
    page.goto(url)
    settle(page)
    page.get_by_role("textbox", name=field, exact=True).fill(TOKEN)
    press(page, "Run")
    expect(page.get_by_role("textbox", name=field, exact=True)).to_have_value("[hidden]")


def test_the_log_stays_as_it_is_whatever_is_written_into_fields(
    visitors, app: RunningApp, tmp_path: Path
) -> None:
    """Streamlit would warn, once, of a field with two beginnings."""
    path = tmp_path / "people.csv"
    path.write_text("username\nkira.osei\n", encoding="utf-8")
    before = app.log
    page = visitors.new()
    open_demo(page)
    for address in ("/batch", "/weekly"):
        take_people_from_file(page, app.url + address, path)
    for address, field in (("/profile", "Username"), ("/compliance", "Project")):
        type_token(page, app.url + address, field)
    assert app.log == before
