"""Pictures of the app, for people to look at.

`python tests/browser/screenshots.py FOLDER` takes every page with its answer, and more of what
pages show, in four forms: 1280 and 400 pixels wide, light and dark. With `--readme` before the
folder it takes the pictures of the README, which show parts of pages.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page
from running_app import PATIENCE, RunningApp, chromium, sign_in
from tour import FORMS, HEIGHTS, MORE, PAGES, STATUS, Form, finish, settle, unroll, visit

from gitlab_sync.sandbox import Sandbox, generate_world

_README = "--readme"
_MARGINS = {1280: 24, 400: 76}  # pixels above what a picture of the README begins with, by width
_SCROLL = """(element, margin) => {
    element.style.scrollMarginTop = `${margin}px`;
    element.scrollIntoView({block: "start", behavior: "instant"});
}"""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A picture of the README: a page from the text `first` on, `height` pixels. Immutable."""

    name: str
    stop: str
    form: Form
    height: int
    first: str


EXCERPTS = (
    Excerpt("batch", "batch", (1280, "light"), 720, "people read"),
    Excerpt("profile", "profile", (1280, "light"), 800, "Hana Yilmaz"),
    Excerpt("leaderboard", "leaderboard-chart", (1280, "dark"), 860, "people read"),
    Excerpt("compliance", "compliance-one", (400, "light"), 800, "harbour/tools/mooring"),
)


def main(arguments: list[str]) -> int:
    """Write pictures into the folder that the last argument names."""
    excerpts = arguments[:1] == [_README]
    if len(arguments) != 1 + excerpts:
        sys.stderr.write(f"usage: python {sys.argv[0]} [{_README}] FOLDER\n")
        return 2
    folder = Path(arguments[-1])
    folder.mkdir(parents=True, exist_ok=True)
    # README shows what a new reader sees: the policy that is usual.
    policy = {"GITLAB_SYNC_POLICY": "fair"} if excerpts else {}
    with RunningApp(**policy) as app:
        if excerpts:
            take_excerpts(app.url, folder)
        else:
            take_all(app.url, folder)
    if not excerpts:
        take_status(folder)
    return 0


def take_all(url: str, folder: Path) -> None:
    """Write each stop in each form, those of one width while those of the other are taken."""
    halves = [[form for form in FORMS if form[0] == width] for width in HEIGHTS]
    with ThreadPoolExecutor(len(halves)) as threads:
        list(threads.map(lambda forms: _take_forms(url, folder, forms), halves))


def _take_forms(url: str, folder: Path, forms: Iterable[Form]) -> None:
    with chromium() as browser:
        for width, theme in forms:
            with _visitor(browser, (width, theme)) as page:
                for stop in (*PAGES, *MORE):
                    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
                    visit(page, url, stop)
                    unroll(page, width)
                    page.screenshot(path=folder / f"{stop}-{width}-{theme}.png")


def take_status(folder: Path) -> None:
    """Write the page for admins in each form: the demo has none, so someone signs in."""
    with Sandbox(generate_world(seed=1, users=1, merge_requests=1)) as sandbox:
        roles = folder / "roles.toml"
        roles.write_text(f'admin = ["{sandbox.world.truth.usernames[0]}"]', encoding="utf-8")
        token = sandbox.token(sandbox.world.truth.usernames[0])
        with (
            RunningApp(GITLAB_URL=sandbox.url, GITLAB_SYNC_ROLES=str(roles)) as app,
            chromium() as browser,
        ):
            for width, theme in FORMS:
                with _visitor(browser, (width, theme)) as page:
                    page.goto(app.url)
                    sign_in(page, token)
                    page.get_by_role("heading", name="Batch analytics").wait_for()
                    page.goto(app.url + STATUS.address)
                    finish(page, STATUS)
                    unroll(page, width)
                    page.screenshot(path=folder / f"{STATUS}-{width}-{theme}.png")
        roles.unlink()


def take_excerpts(url: str, folder: Path) -> None:
    """Write the pictures of the README."""
    stops = {stop.name: stop for stop in (*PAGES, *MORE)}
    with chromium() as browser:
        for excerpt in EXCERPTS:
            with _visitor(browser, excerpt.form) as page:
                width, _ = excerpt.form
                visit(page, url, stops[excerpt.stop])
                page.set_viewport_size({"width": width, "height": excerpt.height})
                page.get_by_text(excerpt.first).first.evaluate(_SCROLL, _MARGINS[width])
                settle(page)
                page.screenshot(path=folder / f"{excerpt.name}.png")


@contextmanager
def _visitor(browser: Browser, form: Form) -> Iterator[Page]:
    """Yield the page of a visitor with a window of that form."""
    width, theme = form
    with browser.new_context(
        viewport={"width": width, "height": HEIGHTS[width]},
        color_scheme=theme,
        timezone_id="Europe/Paris",
    ) as context:
        context.set_default_timeout(PATIENCE)
        yield context.new_page()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
