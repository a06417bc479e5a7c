"""What keeps people from using a page, as axe-core finds it."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = {"serious", "critical"}
ORDER = "heading-order"
"""The rule that no level of headings is skipped; axe-core calls a breach of it moderate."""


def faults(page: Page) -> list[str]:
    """Return what is grave in what the window shows, and headings that skip a level.

    Each has its rule, place and reason.
    """
    found = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for violation in found
        if violation["impact"] in GRAVE or violation["id"] == ORDER
        for node in violation["nodes"]
    ]
