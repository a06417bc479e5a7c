"""Ten people at once, each with a browser and a token of their own, reloading in the middle."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_faults import faults
from downloaded_rows import cells_of, downloaded, expected
from playwright.sync_api import Browser, Page, expect
from running_app import PATIENCE, RunningApp, run_batch, sign_in, sign_in_all
from tour import FORMS, STATUS, settle, unroll

from gitlab_sync import GitLabClient
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.rules.policy import FAIR
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.services import open_work as open_service
from gitlab_sync.services import reviews as reviews_service
from gitlab_sync.services.open_work import OpenQuery
from gitlab_sync.services.reviews import ReviewsQuery
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
    give_private_work(world)
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
    """Give each person a private project, with merge requests of third people in it.

    Only the owner sees them, and each owner sees another number of merged and of open ones.
    """
    rows = world.tables.merge_requests
    models = [next(mr for mr in rows if mr["state"] == state) for state in ("merged", "opened")]
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
        for iid, model in enumerate(models * place, start=1):
            number += 1
            here = {"id": number, "iid": iid, "project_id": project["id"]}
            full = f"{path}!{iid}"
            world.put("merge_requests", {**model, **here, "references": {"full": full}})


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
    sandbox.traffic.reset()
    names = sorted(sandbox.world.truth.usernames)
    tokens = [sandbox.token(name) for name in names]
    wanted = [expected(sandbox, token, names) for token in tokens]
    sums = [sum(int(row["MR Total (Authored)"]) for row in rows) for rows in wanted]
    assert len(set(sums)) == VISITORS, "each person sees something of their own"
    pages = sign_in_all(browser, app, tokens, sandbox.url)
    for page in pages:
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
    for page in pages:
        page.context.close()
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


def open_work(client: GitLabClient, names: Sequence[str]) -> Sheet:
    """Return the worklist of these people."""
    query = OpenQuery(names, policy=FAIR)
    return open_service.answer(client, query).sheets(query, client.base_url)[0]


def reviews(client: GitLabClient, names: Sequence[str]) -> Sheet:
    """Return the table of the team that they make."""
    query = ReviewsQuery((Team("Red", "", tuple(map(Member, names))),), policy=FAIR)
    return reviews_service.answer(client, query).sheets(client.base_url)[0]


NEW_PAGES: dict[str, tuple[Callable[[GitLabClient, Sequence[str]], Sheet], str, str]] = {
    "open": (open_work, "users", "\n"),
    "reviews": (reviews, "teams", ", "),
}
"""The table of a page, its field in the page's URL, and what is between people there."""

BY_THE_CLOCK = {"Age", "Idle"}
RULES = {
    "fair": "Evaluated are merged merge requests, by what was there when they were merged",
    "classic": "Evaluated are merge requests that were merged or closed",
}


def test_ten_people_at_once_see_each_their_own_open_work_reviews_and_rules(
    browser: Browser, app: RunningApp, sandbox: Sandbox, tmp_path: Path
) -> None:
    """On each page all of them press Run, reload in the middle, and save what the library finds."""
    names = sorted(sandbox.world.truth.usernames)
    tokens = [sandbox.token(name) for name in names]
    pages = sign_in_all(browser, app, tokens, sandbox.url)
    for page in pages:
        expect(page.get_by_text("Enter the usernames of the people")).to_be_visible()
    for path, (table, field, between) in NEW_PAGES.items():
        people = between.join(names)
        query = urlencode({field: f"Red: {people}" if field == "teams" else people})
        wanted = [cells_of(sandbox, token, partial(table, names=names)) for token in tokens]
        assert len({json.dumps(cells) for cells in wanted}) == VISITORS
        sandbox.latency = 20.0  # long enough that all reloads come in the middle
        for page in pages:
            page.goto(f"{app.url}/{path}?{query}&policy=fair")
            run_batch(page)
            expect(page.get_by_role("button", name="Cancel")).to_be_visible()
        for page in pages:
            page.reload()
            expect(page.get_by_role("button", name="Cancel")).to_be_visible()
        sandbox.latency = 0.0
        for number, page in enumerate(pages):
            expect(page.get_by_role("button", name="Refresh")).to_be_visible()
            settle(page)
            found = downloaded(page, tmp_path / f"{path}-{number}.csv")
            assert [without(row, BY_THE_CLOCK) for row in found] == [
                without(row, BY_THE_CLOCK) for row in wanted[number]
            ]
            assert not [token for token in tokens if token in page.content()]
    for number, page in enumerate(pages):
        page.goto(f"{app.url}/rules?policy={list(RULES)[number % 2]}")
    for number, page in enumerate(pages):
        for place, text in enumerate(RULES.values()):
            expect(page.get_by_text(text)).to_have_count(int(place == number % 2))
    assert not [token for token in tokens if token in app.log]
    for page in pages:
        page.context.close()


def without(row: Mapping[str, str], titles: Collection[str]) -> dict[str, str]:
    """Return a row without the columns with these titles."""
    return {title: cell for title, cell in row.items() if title not in titles}


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
