"""A long run: first rows soon, a table that grows, and Cancel that ends the requests at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from running_app import PATIENCE, run_batch, sign_in

from gitlab_sync.sandbox import Sandbox, generate_world

PEOPLE = 39

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a GitLab with 39 people who wrote 60 merge requests each, 50 ms away."""
    world = generate_world(seed=5, users=PEOPLE, merge_requests=60, issues=5, projects=6)
    with Sandbox(world) as sandbox:
        sandbox.latency = 0.05
        yield sandbox


def rows_shown(page: Page) -> int:
    """Return how many rows the table has, without its header; 0 where it is being drawn."""
    grid = page.locator("[data-testid=stDataFrame] [role=grid]").first
    count = grid.get_attribute("aria-rowcount")
    return int(count) - 1 if count else 0


def until_rows(page: Page, condition: Callable[[int], bool]) -> int:
    """Wait until the number of rows fulfils a condition, and return it."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not condition(number := rows_shown(page)):
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)
    return number


def test_rows_come_one_after_another_while_the_rest_is_read(visitors, sandbox: Sandbox) -> None:
    """Who waits for the last one has the first ones to look at."""
    page = visitors.new()
    sign_in(page, sandbox.token(), sandbox.url)
    expect(page.get_by_text("Enter the usernames of the people")).to_be_visible()
    run_batch(page, "\n".join(sandbox.world.truth.usernames))
    expect(page.locator("[data-testid=stDataFrame]")).to_be_visible()
    expect(page.get_by_text("Reading the first people")).to_be_hidden()
    first = until_rows(page, lambda number: number > 0)
    assert first < PEOPLE
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    later = until_rows(page, lambda number: number > first)
    assert later <= PEOPLE
    expect(page.get_by_text(f"{PEOPLE} of {PEOPLE} people read")).to_be_visible()
    until_rows(page, lambda number: number == PEOPLE)
