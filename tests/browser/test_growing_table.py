"""A run in the middle: rows that are there are shown, and the table grows with the others."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from running_app import PATIENCE, run_batch, sign_in

from gitlab_sync.sandbox import Sandbox, generate_world

PEOPLE = 39
STEP = 10
"""The number of people who are read before the first stall, and of people it delays."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a GitLab with 39 people."""
    world = generate_world(seed=5, users=PEOPLE, merge_requests=6, issues=2, projects=6)
    with Sandbox(world) as sandbox:
        yield sandbox


def rows_shown(page: Page) -> int:
    """Return how many rows the table has, without its header; 0 where it is being drawn."""
    grid = page.locator("[data-testid=stDataFrame] [role=grid]").first
    count = grid.get_attribute("aria-rowcount")
    return int(count) - 1 if count else 0


def until_rows(page: Page, wanted: int) -> None:
    """Wait until the table has so many rows."""
    deadline = time.monotonic() + PATIENCE / 1000
    while (number := rows_shown(page)) != wanted:
        assert time.monotonic() < deadline, f"there are {number} rows, not {wanted}"
        page.wait_for_timeout(50)


def test_rows_come_one_after_another_while_the_rest_is_read(visitors, sandbox: Sandbox) -> None:
    """Who waits for the last one has the first ones to look at."""
    one_of_each = {"path": "/users/:id/memberships", "nth": STEP + 1}
    first = sandbox.faults.add("stall", times=STEP, **one_of_each)
    rest = sandbox.faults.add("stall", times=None, **one_of_each)
    page = visitors.new()
    sign_in(page, sandbox.token(), sandbox.url)
    expect(page.get_by_text("Enter the usernames of the people")).to_be_visible()
    run_batch(page, "\n".join(sandbox.world.truth.usernames))
    expect(page.locator("[data-testid=stDataFrame]")).to_be_visible()
    expect(page.get_by_text("Reading the first people")).to_be_hidden()
    until_rows(page, STEP)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    first.remove()
    until_rows(page, 2 * STEP)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    rest.remove()
    expect(page.get_by_text(f"{PEOPLE} of {PEOPLE} people read")).to_be_visible()
    until_rows(page, PEOPLE)
