"""What pages load: nothing from any host but the app's own."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect
from running_app import PATIENCE, RunningApp
from tour import PAGES, visit


def test_no_request_of_any_page_leaves_the_apps_own_host(browser: Browser, app: RunningApp) -> None:
    """Neither a font nor an icon tells another host that the page is open."""
    asked: list[str] = []
    with browser.new_context() as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        for stop in PAGES:
            visit(page, app.url, stop)
            page.wait_for_load_state("networkidle")
        icon = page.locator("link[rel~=icon]").first
        expect(icon).to_have_attribute("href", re.compile("^data:image/svg"))
    places = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
    assert places == {urlsplit(app.url).netloc}
