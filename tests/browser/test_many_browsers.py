"""Ten people at once, each with a browser and a token of their own, reloading in the middle."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_faults import faults
from downloaded_rows import downloaded, expected
from playwright.sync_api import Browser, Page, expect
from running_app import PATIENCE, RunningApp, run_batch, sign_in
from tour import FORMS, STATUS, settle, unroll

from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.session.runtime import DEFAULT_WORKERS

VISITORS = 10
GRACE = 20
FEW = 45
"""Threads of the web server that come and go: it hands files out by up to 40 of them."""
MEBIBYTE = 2**20

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Serve a GitLab in which each person has a private project of their own."""
    world = generate_world(seed=11, users=VISITORS, merge_requests=3, issues=2, projects=3)
    with Sandbox(world) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def app(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """Serve an app that has an admin; its jobs end soon after the last tab was closed."""
    roles = tmp_path_factory.mktemp("roles") / "roles.toml"
    admin, *mentors = sorted(sandbox.world.truth.usernames)
    lines = ["[roles]", f"admin = {json.dumps([admin])}", f"mentor = {json.dumps(mentors)}"]
    roles.write_text("\n".join(lines), encoding="utf-8")
    with RunningApp(
        GITLAB_URL=sandbox.url, GITLAB_SYNC_ROLES=str(roles), GITLAB_SYNC_JOB_GRACE=str(GRACE)
    ) as app:
        yield app


def give_private_work(world: World) -> None:
    """Give each person a private project, with merge requests of one third person in it.

    Only the owner sees them, and each owner sees another number.
    """
    model = next(mr for mr in world.tables.merge_requests if mr["state"] == "merged")
    pattern = world.tables.projects[0]
    number = 900_000
    for place, name in enumerate(sorted(world.truth.usernames), start=1):
        user = world.users_by_name[name.lower()].data
        path = f"{name}/private"
        project = {
            **pattern,
            "id": 90_000 + place,
            "path": "private",
            "path_with_namespace": path,
            "visibility": "private",
            "creator_id": user["id"],
            "namespace": {"id": user["id"], "kind": "user", "path": name, "full_path": name},
        }
        world.put("projects", project)
        world.tables.memberships.append(
            {
                "source_type": "project",
                "source_id": project["id"],
                "user_id": user["id"],
                "access_level": 50,
            }
        )
        for iid in range(1, place + 1):
            number += 1
            here = {"id": number, "iid": iid, "project_id": project["id"]}
            world.put("merge_requests", {**model, **here})


def comes_true(condition: Callable[[], bool]) -> bool:
    """Wait until a condition is true; False if that takes too long."""
    deadline, pause = time.monotonic() + PATIENCE / 1000, threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.2)
    return True


def test_ten_people_who_reload_see_each_only_their_own_and_leave_nothing_behind(
    browser: Browser, app: RunningApp, sandbox: Sandbox, visitors, tmp_path: Path
) -> None:
    """Threads stay those of the pool, and when all have gone, so have jobs and memory.

    The server's admin then finds it at rest: no request waits, and no job runs.
    """
    give_private_work(sandbox.world)
    names = sorted(sandbox.world.truth.usernames)
    tokens = [sandbox.token(name) for name in names]
    wanted = [expected(sandbox, token, names) for token in tokens]
    sums = [sum(int(row["MR Total (Authored)"]) for row in rows) for rows in wanted]
    assert len(set(sums)) == VISITORS, "each person sees something of their own"
    contexts = [browser.new_context(accept_downloads=True) for _ in tokens]
    for context in contexts:
        context.set_default_timeout(PATIENCE)
    pages = [context.new_page() for context in contexts]
    for page, token in zip(pages, tokens, strict=True):
        page.goto(app.url)
        sign_in(page, token, sandbox.url)
        expect(page.get_by_text("Enter the usernames of the people")).to_be_visible()
    memory, threads = app.memory, app.threads
    sandbox.latency = 20.0  # long enough that all reloads come in the middle
    for page in pages:
        run_batch(page, "\n".join(names))
        expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    for page in pages:
        page.reload()
    for page in pages:
        expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    assert app.threads <= threads + DEFAULT_WORKERS + VISITORS + FEW
    sandbox.latency = 0.0
    for number, page in enumerate(pages):
        expect(page.get_by_text("people read").first).to_be_visible()
        # A file that is replaced in the middle cannot be saved; the last comes with this button.
        expect(page.get_by_role("button", name="Refresh")).to_be_visible()
        settle(page)
        assert downloaded(page, tmp_path / f"{number}.csv") == wanted[number]
        assert not [token for token in tokens if token in page.content()]
    assert sandbox.traffic.count("/user") == VISITORS, "a reload does not sign in again"
    assert not [token for token in tokens if token in app.log]
    # The last of the work is left by closing all tabs in the middle of it.
    status = see_status(visitors.new(), tokens[0])
    stall = sandbox.faults.add("stall", times=None)
    for page in pages:
        page.get_by_role("button", name="Refresh").click()
        expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    for context in contexts:
        context.close()
    expect_rest(status)
    total = sandbox.traffic.total
    stall.remove()
    threading.Event().wait(1.0)
    assert sandbox.traffic.wait(lambda traffic: traffic.in_flight == 0, PATIENCE / 1000)
    # Requests that were sent before can still arrive. The work itself is far more of them.
    late = sandbox.traffic.total - total
    assert late <= DEFAULT_WORKERS, "no tab watches, so no work goes on"
    assert comes_true(lambda: app.threads <= threads + DEFAULT_WORKERS + FEW)
    assert comes_true(lambda: app.memory < memory + 150 * MEBIBYTE)


def see_status(page: Page, token: str) -> Page:
    """Go to the page of the server's state as an admin. Anyone can use it, in both themes."""
    sign_in(page, token)
    page.get_by_role("link", name="Status").click()
    expect(page.get_by_text(STATUS.shows).first).to_be_visible()
    for width, theme in FORMS:
        page.emulate_media(color_scheme=theme)
        unroll(page, width)
        assert faults(page) == []
    return page


def expect_rest(page: Page) -> None:
    """Expect the page of the server's state to say, sooner or later, that nothing is going on."""
    waiting = page.get_by_text("No requests are waiting: each gets a worker at once.")
    expect(waiting).to_be_visible()
    expect(page.get_by_text(f"0 of {DEFAULT_WORKERS}", exact=True)).to_be_visible()
