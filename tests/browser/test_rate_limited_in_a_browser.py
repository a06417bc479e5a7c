"""A rate limit for the token of one of two visitors: it delays that visitor and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from downloaded_rows import downloaded, expected
from playwright.sync_api import Locator, Page, expect
from running_app import run_batch, sign_in

from gitlab_sync.sandbox import Sandbox

WAIT = 4
"""Seconds that GitLab asks to wait, each time that the limit is met."""

FIRST_REFUSED = 10
"""Which request is the first to be refused: by then the run is under way."""

_LIMIT = re.compile(r"rate limit: going on in (\d+) s")
_WATCH = """() => {
    const look = () => { window.told ||= document.body.innerText.includes("rate limit"); };
    new MutationObserver(look).observe(
        document.body, {subtree: true, childList: true, characterData: true});
}"""

pytestmark = pytest.mark.timeout(300)


def watched_page(page: Page, sandbox: Sandbox, name: str) -> Page:
    """Sign a person in, and note from now on whether their page ever speaks of a limit."""
    sign_in(page, sandbox.token(name), sandbox.url)
    expect(page.get_by_role("heading", name="Batch analytics")).to_be_visible()
    page.evaluate(_WATCH)
    return page


def was_told_of_a_limit(page: Page) -> bool:
    """Whether the page has spoken of a limit, be it for a moment."""
    return bool(page.evaluate("() => Boolean(window.told)"))


def seconds_told(line: Locator) -> int:
    """Return how many seconds a page says that its run waits, as soon as it says so."""
    expect(line).to_be_visible()
    found = _LIMIT.search(line.inner_text())
    return int(found[1]) if found else seconds_told(line)


def statuses(sandbox: Sandbox, name: str) -> set[int | None]:
    """Return how GitLab has answered to a person's token; None where it is about to."""
    return {each.status for each in sandbox.traffic.exchanges if each.token == name}


def test_a_limit_counts_down_for_its_visitor_and_delays_no_other(
    visitors, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The other's run begins and ends while the first waits; then that goes on to the same rows.

    The limit stays until it is lifted, so the first cannot get on by being slow.
    """
    names = sorted(sandbox.world.truth.usernames)
    limited, free = names[:2]
    wanted = [expected(sandbox, sandbox.token(name), names) for name in (limited, free)]
    waiting = watched_page(visitors.new(), sandbox, limited)
    running = watched_page(visitors.new(), sandbox, free)
    fault = sandbox.faults.add(
        "limit", token=limited, nth=FIRST_REFUSED, times=None, retry_after=WAIT
    )
    run_batch(waiting, "\n".join(names))
    line = waiting.get_by_text(_LIMIT)
    before = now = seconds_told(line)
    while now >= before:
        before, now = now, seconds_told(line)

    sandbox.traffic.reset()
    run_batch(running, "\n".join(names))
    expect(running.get_by_text(f"{len(names)} of {len(names)} people read")).to_be_visible()
    assert downloaded(running, tmp_path / "free.csv") == wanted[1]
    assert not was_told_of_a_limit(running)
    assert 429 not in statuses(sandbox, free)
    assert statuses(sandbox, limited) <= {429, None}
    expect(waiting.get_by_role("button", name="Cancel")).to_be_visible()
    assert was_told_of_a_limit(waiting)

    fault.remove()
    expect(waiting.get_by_text(f"{len(names)} of {len(names)} people read")).to_be_visible()
    assert downloaded(waiting, tmp_path / "limited.csv") == wanted[0]
