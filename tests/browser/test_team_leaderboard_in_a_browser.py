"""The leaderboard in a real browser: clicks, addresses and files."""

from __future__ import annotations

from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from running_app import open_demo, press


def open_leaderboard(page: Page, teams: str) -> None:
    """Go into the demo and to the page, type in teams, and press Run at once."""
    open_demo(page)
    page.get_by_role("link", name="Team leaderboard").click()
    expect(page.get_by_role("heading", name="Team leaderboard")).to_be_visible()
    page.get_by_role("textbox", name="Teams", exact=True).fill(teams)
    press(page, "Run")
    expect(page.get_by_role("button", name="Refresh")).to_be_visible()


def test_a_row_that_is_picked_opens_its_team_and_the_address_leads_there(visitors) -> None:
    """The click on Run that ends the typing is not lost, and a reload shows the same."""
    page: Page = visitors.new()
    open_leaderboard(page, "Red (Red App): kira.osei\nBlue: leo.fischer, eli.navarro")
    assert "teams=Red+%28Red+App%29%3A+kira.osei%0ABlue" in page.url
    rows = page.get_by_test_id("stDataFrame").first
    rows.scroll_into_view_if_needed()
    rows.click(position={"x": 15, "y": 52})
    expect(page.get_by_role("heading", name="Blue")).to_be_visible()
    expect(page.get_by_text("Rank 1 of 2 · 2 members")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Blue")).to_be_visible()
    assert "team=Blue" in page.url


def test_the_workbook_has_a_sheet_for_each_team(visitors, tmp_path: Path) -> None:
    """And the leaderboard and the points."""
    page: Page = visitors.new()
    open_leaderboard(page, "Scores: kira.osei\nBlue/Green: leo.fischer")
    with page.expect_download() as download:
        page.get_by_role("link", name="All tables as XLSX").click()
    name = download.value.suggested_filename
    assert name.startswith("Team_Leaderboard_")
    assert name.endswith(".xlsx")
    path = tmp_path / name
    download.value.save_as(path)
    book = load_workbook(path)
    assert "Leaderboard" in book.sheetnames
    assert {"Scores", "Scores (2)"} <= set(book.sheetnames)
    assert any("Blue" in title and "Green" in title for title in book.sheetnames)


def test_what_was_just_typed_is_saved_and_comes_back(visitors, tmp_path: Path) -> None:
    """Without a run between typing and saving."""
    page: Page = visitors.new()
    open_leaderboard(page, "Red: kira.osei")
    page.locator("summary").first.click()
    area = page.get_by_role("textbox", name="Teams", exact=True)
    typed = '"Red: 1" (App): kira.osei (Kira Osei)\nBlue: leo.fischer'
    area.fill(typed)
    page.get_by_role("button", name="Save teams").click()
    expect(page.get_by_text("2 teams, 2 people")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download", exact=True).click()
    path = tmp_path / "teams.json"
    download.value.save_as(path)
    area.fill("")
    page.locator("input[type=file]").set_input_files(path)
    press(page, "Run")
    expect(page.get_by_text("2 of 2 people read")).to_be_visible()
    expect(area).to_be_hidden()  # the form folds away once the answer is there
    page.locator("summary").first.click()
    expect(area).to_have_value(typed)
