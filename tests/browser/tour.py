"""A tour of all pages, each as a visitor of the demo sees it once its answer is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from playwright.sync_api import Locator, Page, Position, expect

Form: TypeAlias = tuple[int, Literal["light", "dark"]]
"""The width of a window in pixels, and the preferred theme."""

HEIGHTS = {1280: 900, 400: 850}
"""Heights of windows by their widths, in pixels."""

FORMS: tuple[Form, ...] = ((1280, "light"), (400, "light"), (400, "dark"), (1280, "dark"))

_FIRST_NUMBER = 200  # pixels
_ROW = 35  # pixels: a table is drawn, so there is no element to click on
_FRAMES = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 300)))"
_TALL = "element => element.scrollHeight"


def _nothing(_page: Page) -> None:
    """Leave the page as it is."""


def pick_row(page: Page) -> None:
    """Pick the first row of the page's first table."""
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": 20, "y": 1.5 * _ROW})


def pick_number(page: Page) -> None:
    """Pick the first number of the page's first table."""
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    at: Position = {"x": _FIRST_NUMBER, "y": 1.5 * _ROW}
    table.hover(position=at)  # the table takes the first move of a mouse for its own
    table.click(position=at)


def tab(name: str) -> Callable[[Page], None]:
    """Return what opens the tab of that name."""
    return lambda page: page.get_by_role("tab", name=name, exact=True).click()


def open_all(page: Page) -> None:
    """Open whatever can be unfolded."""
    closed = page.locator("details:not([open]) > summary")
    closed.evaluate_all("all => all.forEach(each => each.click())")
    expect(closed).to_have_count(0)


def assign_all(page: Page) -> None:
    """Assign all signatures to their first suggestion."""
    page.get_by_role("button", name="Assign all").click()


@dataclass(frozen=True, slots=True)
class Stop:
    """A page in one of its states. Immutable.

    `address` leads there, and `title` is the page's. With `asks`, Run is pressed. Then comes what
    `then` does, and `shows` is a text that is there at the end.
    """

    name: str
    address: str
    title: str
    shows: str
    asks: bool = True
    then: Callable[[Page], None] = _nothing

    def __str__(self) -> str:
        return self.name


SIGN_IN = Stop("sign-in", "/", "GitLab Sync", "Personal access token", asks=False)
"""The only stop for visitors who are not in the demo."""

_BATCH, _PROFILE, _WEEK = "Batch analytics", "User profile", "Weekly performance"
_TEAMS, _PROJECTS = "Team leaderboard", "Project compliance"
_TEAM, _MANY = "/leaderboard?team=Lantern", "/compliance?view=Many+projects"
_WHO = "/identities?suggest=true"

PAGES = (
    SIGN_IN,
    Stop("batch", "/", _BATCH, "12 of 12 people read"),
    Stop("profile", "/profile", _PROFILE, "Profile README"),
    Stop("weekly", "/weekly?show=Merge+Requests", _WEEK, "Tick a row to see"),
    Stop("open", "/open", "Open work", "Who has what"),
    Stop("leaderboard", _TEAM, _TEAMS, "Rank 1 of 3"),
    Stop("reviews", "/reviews", "Reviews", "A row is a reviewer"),
    Stop("compliance-one", "/compliance", _PROJECTS, "At main"),
    Stop("compliance-many", _MANY, _PROJECTS, "4 of 4 projects read"),
    Stop("identities", _WHO, "Identities", "Assign to goran.petrov"),
)
"""Every page of the demo with its answer."""

STATUS = Stop("status", "/status", "Status", "Waiting requests", asks=False)
"""The page for admins: the demo has none."""

_UNKNOWN_USER = "/?users=hana.yilmaz%0Anobody.here"
_BEHIND = "Details for"

MORE = (
    Stop("batch-fault", "/", _BATCH, _BEHIND, then=pick_number),
    Stop("batch-items", _UNKNOWN_USER, _BATCH, _BEHIND, then=pick_row),
    Stop("batch-errors", _UNKNOWN_USER, _BATCH, "What could not be read", then=open_all),
    Stop("profile-all", "/profile?part=Issues", _PROFILE, "Profile README", then=open_all),
    Stop("profile-not-found", "/profile?user=nobody.here", _PROFILE, "There is no user"),
    Stop("weekly-items", "/weekly", _WEEK, _BEHIND, then=pick_row),
    Stop("weekly-people", "/weekly?show=Commits&by=By+person", _WEEK, "The stronger the colour"),
    Stop("weekly-hours", "/weekly?show=Hours", _WEEK, "The hours in which something was recorded"),
    Stop("leaderboard-chart", f"{_TEAM}&show=Chart&part=Shares", _TEAMS, "Rank 1 of 3"),
    Stop("leaderboard-points", f"{_TEAM}&show=Points&part=Points", _TEAMS, "Rank 1 of 3"),
    Stop("leaderboard-days", f"{_TEAM}&individuals=true&part=Days", _TEAMS, "Recorded:"),
    Stop("leaderboard-list", f"{_TEAM}&part=Merge+requests", _TEAMS, "Rank 1 of 3"),
    Stop("reviews-people", "/reviews?show_people=true", "Reviews", "A row is a reviewer"),
    Stop("compliance-fix", "/compliance", _PROJECTS, "to the score", then=tab("Suggestions")),
    Stop("compliance-picked", _MANY, _PROJECTS, "At main", then=pick_row),
    Stop("compliance-chart", _MANY, _PROJECTS, "projects read", then=tab("Chart")),
    Stop("identities-assigned", _WHO, "Identities", "Undo the last choice", then=assign_all),
    Stop("identities-ticked", _WHO, "Identities", "Assign 1 signature to", then=pick_row),
    Stop("batch-fair", "/?policy=fair", _BATCH, "Policy: fair"),
    Stop("profile-fair", "/profile?policy=fair", _PROFILE, "can be fixed now comes first"),
    Stop("leaderboard-fair", f"{_TEAM}&policy=fair&part=Days", _TEAMS, "Policy: fair"),
    Stop("compliance-fair", "/compliance?policy=fair", _PROJECTS, "at least 54.5 %"),
    Stop("compliance-many-fair", f"{_MANY}&policy=fair", _PROJECTS, "Policy: fair"),
    Stop("rules", "/rules?policy=fair", "How is this evaluated?", "classic:", asks=False),
)
"""More of what pages show."""


def visit(page: Page, url: str, stop: Stop) -> None:
    """Go to a stop of the app at `url`, into the demo if need be, and wait for all of it."""
    page.goto(url + stop.address)
    title = page.get_by_role("heading", name=stop.title, exact=True, level=1)
    demo = page.get_by_role("button", name="Open the demo")
    expect(demo.or_(title).first).to_be_visible()
    if stop is not SIGN_IN and demo.is_visible():
        demo.click()
    expect(title).to_be_visible()
    settle(page)
    # What others asked is there at once; to ask again would take it away while it is looked at.
    if stop.asks and not _refresh(page).is_visible():
        page.get_by_role("button", name="Run", exact=True).click()
    finish(page, stop)


def finish(page: Page, stop: Stop) -> None:
    """Wait for the answer, do what a stop does then, and wait until everything is drawn."""
    if stop.asks:
        expect(_refresh(page)).to_be_visible()
    settle(page)
    stop.then(page)
    expect(page.get_by_text(stop.shows).first).to_be_visible()
    page.mouse.move(0, 0)
    settle(page)


def _refresh(page: Page) -> Locator:
    """Return the button that is there once there is an answer."""
    return page.get_by_role("button", name="Refresh", exact=True)


def settle(page: Page) -> None:
    """Wait until no script runs, nothing is still to come, and what is there was drawn."""
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.evaluate("() => document.fonts.ready.then(() => null)")
    page.evaluate(_FRAMES)


def unroll(page: Page, width: int) -> None:
    """Make the window of that width so tall that it shows all of the page.

    A page scrolls inside an element, and what is below its edge is not looked at.
    """
    tall = int(page.get_by_test_id("stMain").evaluate(_TALL))
    page.set_viewport_size({"width": width, "height": max(HEIGHTS[width], tall)})
    settle(page)
