"""The app as a visitor meets it: the real server, real browsers, and a GitLab that is watched."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from downloaded_rows import downloaded, expected
from playwright.sync_api import Page, expect
from running_app import RunningApp, open_demo, press, run_batch, sign_in
from tour import pick_number, pick_row, settle

from gitlab_sync.pages.state.browser_cookie import COOKIE
from gitlab_sync.rules.scores.unified import UNIFIED_COLUMNS
from gitlab_sync.sandbox import Sandbox

NewPage = Callable[[], Page]


@pytest.fixture
def new_page(visitors) -> NewPage:
    """Make the page of one more visitor."""
    return visitors.new


def people(sandbox: Sandbox) -> list[str]:
    """Return all usernames of a generated world."""
    return sorted(sandbox.world.truth.usernames)


def wait_for_the_end(page: Page) -> None:
    """Wait until a run has ended and its table is there."""
    expect(page.get_by_text("people read").first).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


def test_one_click_opens_the_demo_and_one_more_shows_a_result(
    new_page: NewPage, tmp_path: Path
) -> None:
    """The demo is marked as such, has people filled in, and its table can be downloaded."""
    page = new_page()
    open_demo(page)
    expect(page.get_by_text("Demo data", exact=True).last).to_be_visible()
    run_batch(page)
    wait_for_the_end(page)
    rows = downloaded(page, tmp_path / "rows.csv")
    assert tuple(rows[0]) == UNIFIED_COLUMNS
    assert "amelie.laurent" in {row["Username"] for row in rows}
    assert {row["Status"] for row in rows} == {"Success"}


def give_private_work(sandbox: Sandbox) -> tuple[str, str]:
    """Give two people a private project each, with one and two merge requests of a third in it."""
    world = sandbox.world
    owned = {p["namespace"]["path"]: p for p in world.tables.projects if p["id"] > 800}
    first, second = sorted(owned)
    model = next(
        mr
        for mr in world.tables.merge_requests
        if mr["state"] == "merged" and mr["author"]["username"] not in owned
    )
    number = 900_000
    for owner, count in ((first, 1), (second, 2)):
        world.put("projects", {**owned[owner], "visibility": "private"})
        for iid in range(101, 101 + count):
            number += 1
            here = {"id": number, "iid": iid, "project_id": owned[owner]["id"]}
            world.put("merge_requests", {**model, **here})
    return first, second


def test_two_browsers_at_once_see_each_only_what_their_own_token_may(
    new_page: NewPage, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The same query with two tokens at once has two answers: those of the library."""
    tokens = [sandbox.token(owner) for owner in give_private_work(sandbox)]
    wanted = [expected(sandbox, token, people(sandbox)) for token in tokens]
    sums = [sum(int(row["MR Total (Authored)"]) for row in rows) for rows in wanted]
    assert sums[1] == sums[0] + 1, "each sees a private project that the other does not"
    pages = [new_page(), new_page()]
    for page, token in zip(pages, tokens, strict=True):
        sign_in(page, token, sandbox.url)
        expect(page.get_by_role("heading", name="Batch analytics")).to_be_visible()
    sandbox.latency = 0.05
    for page in pages:
        run_batch(page, "\n".join(people(sandbox)))
    for number, page in enumerate(pages):
        wait_for_the_end(page)
        assert downloaded(page, tmp_path / f"{number}.csv") == wanted[number]


def test_a_reload_in_the_middle_keeps_the_session_and_the_job(
    new_page: NewPage, sandbox: Sandbox
) -> None:
    """After F5 the same job is still shown, and nothing was asked twice."""
    page = new_page()
    sign_in(page, sandbox.token(), sandbox.url)
    expect(page.get_by_role("heading", name="Batch analytics")).to_be_visible()
    sandbox.latency = 60.0  # until the reload
    run_batch(page, "\n".join(people(sandbox)))
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    assert "users=" in page.url
    page.reload()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    sandbox.latency = 0.0
    wait_for_the_end(page)
    lists = [e.url for e in sandbox.traffic.exchanges if e.path.endswith("/v4/merge_requests")]
    assert len(lists) == len(set(lists)) == 2 * len(people(sandbox))  # written, and assigned
    assert sandbox.traffic.count("/user") == 1


def test_cancel_stops_the_requests(
    new_page: NewPage, sandbox: Sandbox, until: Callable[..., None]
) -> None:
    """And what was read until then stays on the page, with what is missing."""
    stall = sandbox.faults.add("stall", nth=3 * len(people(sandbox)), times=None)
    page = new_page()
    sign_in(page, sandbox.token(), sandbox.url)
    expect(page.get_by_role("heading", name="Batch analytics")).to_be_visible()
    run_batch(page, "\n".join(people(sandbox)))
    until(lambda: stall.hits, timeout=60)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled by you")).to_be_visible()
    expect(page.get_by_text("What could not be read")).to_be_visible()
    asked = sandbox.traffic.total
    stall.remove()
    assert sandbox.traffic.wait(lambda traffic: not traffic.in_flight, timeout=60)
    page.wait_for_timeout(500)  # in which what was not cancelled would go on
    assert sandbox.traffic.total == asked


def content(path: Path) -> bytes:
    """Return what a file holds, unpacked if it is a workbook."""
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as workbook:
        return b"".join(map(workbook.read, workbook.namelist()))


def test_the_token_is_nowhere_but_in_the_servers_memory(
    new_page: NewPage, sandbox: Sandbox, app: RunningApp
) -> None:
    """Not in the page, its address, its storage, a cookie, a file, or the server's log."""
    token = sandbox.token(people(sandbox)[0])
    page = new_page()
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    sign_in(page, token, sandbox.url)
    expect(page.get_by_role("heading", name="Batch analytics")).to_be_visible()
    run_batch(page, f"{people(sandbox)[0]}\nnobody.here")
    wait_for_the_end(page)
    for name in ("CSV", "XLSX", "Parquet", "Download as text"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).first.click()
        assert token.encode() not in content(download.value.path())
    stored = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    cookies = page.context.cookies()
    assert token not in page.content()
    assert not [address for address in [page.url, *addresses] if token in address]
    assert token not in stored
    assert token not in str(cookies)
    assert token not in app.log
    ours = [cookie for cookie in cookies if cookie["name"] == COOKIE]
    assert [(cookie["httpOnly"], cookie["sameSite"]) for cookie in ours] == [(True, "Lax")]


def key_of(page: Page) -> str:
    """Return the value of the app's cookie."""
    (cookie,) = [each for each in page.context.cookies() if each["name"] == COOKIE]
    return str(cookie["value"])


def test_a_planted_key_is_replaced_at_sign_in_and_leads_nowhere(
    new_page: NewPage, sandbox: Sandbox, app: RunningApp
) -> None:
    """Neither a key that the server gave to another browser, nor one that it never gave out."""
    planter, page = new_page(), new_page()
    expect(planter.get_by_role("button", name="Open the demo")).to_be_visible()
    planted = key_of(planter)
    page.context.add_cookies([{"name": COOKIE, "value": planted, "url": app.url}])
    page.reload()
    expect(page.get_by_role("button", name="Open the demo")).to_be_visible()
    assert key_of(page) == planted
    sign_in(page, sandbox.token(people(sandbox)[0]), sandbox.url)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert key_of(page) != planted
    planter.reload()
    expect(planter.get_by_role("button", name="Open the demo")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    made_up = "A" * 32 + "0" * 64
    page.context.add_cookies([{"name": COOKIE, "value": made_up, "url": app.url}])
    page.reload()
    expect(page.get_by_role("button", name="Open the demo")).to_be_visible()
    assert key_of(page) != made_up


def test_another_tab_is_signed_in_after_a_reload_and_signed_out_with_the_first(
    new_page: NewPage, sandbox: Sandbox, app: RunningApp
) -> None:
    """A tab from before the sign-in knows only the earlier key."""
    page = new_page()
    expect(page.get_by_role("button", name="Open the demo")).to_be_visible()
    other = page.context.new_page()
    other.goto(app.url)
    expect(other.get_by_role("button", name="Open the demo")).to_be_visible()
    sign_in(page, sandbox.token(people(sandbox)[0]), sandbox.url)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    other.reload()
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_text("You are signed out")).to_be_visible()
    press(page, "Run")
    expect(page.get_by_role("button", name="Open the demo")).to_be_visible()


def test_a_token_that_is_refused_later_leads_back_to_the_ways_in(
    new_page: NewPage, sandbox: Sandbox
) -> None:
    """With a word of explanation, and a wrong token is told at the form."""
    name = people(sandbox)[0]
    page = new_page()
    sign_in(page, "glpat-wrongwrongwrongwrong", sandbox.url)
    expect(page.get_by_text("does not accept this token")).to_be_visible()
    assert "glpat-wrong" not in page.content()
    sign_in(page, sandbox.token(name))
    expect(page.get_by_role("heading", name="Batch analytics")).to_be_visible()
    sandbox.tokens.revoke(name)
    run_batch(page, name)
    expect(page.get_by_text("no longer accepts your token")).to_be_visible()
    expect(page.get_by_role("button", name="Open the demo")).to_be_visible()


def test_a_link_that_names_the_first_page_leads_there_with_its_fields(
    new_page: NewPage, app: RunningApp
) -> None:
    """Although it opens by itself, too."""
    page = new_page()
    open_demo(page)
    page.goto(f"{app.url}/batch?users=kira.osei")
    expect(page.get_by_role("textbox", name="People")).to_have_value("kira.osei")
    run_batch(page)
    expect(page.get_by_text("1 of 1 person read")).to_be_visible()


def test_a_number_that_is_picked_lists_its_items_in_view_and_leads_to_the_profile(
    new_page: NewPage,
) -> None:
    """A ticked row lists all of its items; both are below the table, which is longer than a window.

    Whatever was picked last counts.
    """
    page = new_page()
    open_demo(page)
    run_batch(page)
    wait_for_the_end(page)
    settle(page)
    pick_number(page)
    heading = page.get_by_role("heading", name="Details for", level=2)
    expect(heading).to_have_text("Details for ivo.brandt: MR No Desc")
    expect(heading).to_be_in_viewport()
    expect(page.get_by_text("No Desc: 10 of 13 merge requests.")).to_be_visible()
    pick_row(page)
    expect(heading).to_have_text("Details for ivo.brandt")
    expect(heading).to_be_in_viewport()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Profile", exact=True).click()
    profile = opened.value
    expect(profile.get_by_role("textbox", name="Username")).to_have_value("ivo.brandt")
