"""Pictures of the app, for people to look at: `python -m tests.browser.screenshots OUT_DIR`.

Each state of the page is taken in four forms: 1280 and 400 pixels wide, light and dark.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect

from tests.browser.running_app import RunningApp, chromium, open_demo, run_batch

WIDTHS = {1280: 900, 400: 850}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main(arguments: list[str]) -> int:
    """Write all pictures into the folder that the only argument names."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m tests.browser.screenshots OUT_DIR\n")
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    with RunningApp() as app, chromium() as browser:
        for width, height in WIDTHS.items():
            for theme in THEMES:
                _take_all(browser, app.url, folder, width, height, theme)
    return 0


def _take_all(
    browser: Browser,
    url: str,
    folder: Path,
    width: int,
    height: int,
    theme: Literal["light", "dark"],
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, timezone_id="Europe/Paris"
    )
    page = context.new_page()

    def take(state: str) -> None:
        page.mouse.move(0, 0)
        _settle(page)
        # The page scrolls inside an element, so only a tall window shows all of it.
        tall = page.locator("[data-testid=stMain]").evaluate("element => element.scrollHeight")
        page.set_viewport_size({"width": width, "height": max(height, int(tall) + 10)})
        _settle(page)
        page.screenshot(path=folder / f"{state}-{width}-{theme}.png")
        page.set_viewport_size({"width": width, "height": height})

    page.goto(url)
    expect(page.get_by_role("button", name="Open the demo")).to_be_visible()
    take("signed-out")
    open_demo(page)
    take("demo-empty")
    run_batch(page)
    expect(page.get_by_text("merge requests read")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    take("demo-result")
    run_batch(page, "amelie.laurent, nobody.here, eli.navarro")
    expect(page.get_by_text("What could not be read")).to_be_visible()
    take("demo-trouble")
    context.close()


def _settle(page: Page) -> None:
    """Wait until no script runs and two frames were drawn."""
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 300)))")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
