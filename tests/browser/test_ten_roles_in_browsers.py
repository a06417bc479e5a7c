"""Ten people with ten roles look at one snapshot at once: each sees their people alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from downloaded_rows import downloaded
from playwright.sync_api import Browser, Page, expect
from running_app import RunningApp, press, sign_in_all
from taken_runs import take_run
from tour import settle

from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.sandbox import Sandbox, demo_world

pytestmark = pytest.mark.timeout(600)

WORLD = demo_world()
PEOPLE = sorted(WORLD.truth.usernames, key=str.lower)
MEMBERS = [name for name in PEOPLE if name != "renovate-bot"]
ROLES = """
admin = ["amelie.laurent"]
member = ["hana.yilmaz"]
[[mentor]]
people = ["bo.lindqvist"]
of_groups = ["harbour"]
[[mentor]]
people = ["chidi.okafor"]
of_teams = ["red"]
[[mentor]]
people = ["DariaKovacs"]
of_colleges = ["Hill"]
[[mentor]]
people = ["eli.navarro"]
of_groups = ["no/such"]
[[mentor]]
people = ["fumiko.sato"]
[[mentor]]
people = ["goran.petrov"]
of_teams = ["red"]
of_colleges = ["Hill"]
[teams]
red = ["kira.osei", "leo.fischer"]
"""
HILL = {"ivo.brandt", "kira.osei"}
SEEN: Mapping[str, tuple[str, Collection[str]]] = {
    "amelie.laurent": ("admin", PEOPLE),
    "bo.lindqvist": ("mentor", MEMBERS),
    "chidi.okafor": ("mentor", {"chidi.okafor", "kira.osei", "leo.fischer"}),
    "DariaKovacs": ("mentor", {"DariaKovacs", *HILL}),
    "eli.navarro": ("mentor", {"eli.navarro"}),
    "fumiko.sato": ("member", {"fumiko.sato"}),
    "goran.petrov": ("mentor", {"goran.petrov", "leo.fischer", *HILL}),
    "hana.yilmaz": ("member", {"hana.yilmaz"}),
    "ivo.brandt": ("member", {"ivo.brandt"}),
    "ghost": ("nothing", ()),
}
"""What each of them sees: the role, and of which people."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Serve the demo's world, of which there is a snapshot in `folder`."""
    with Sandbox(WORLD) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the list of roles."""
    path = tmp_path_factory.mktemp("roles") / "roles.toml"
    path.write_text(ROLES, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def app(
    sandbox: Sandbox, roles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningApp]:
    """Serve an app on a snapshot of everyone."""
    folder = tmp_path_factory.mktemp("snapshots")
    people = [Person(name, "Hill" if name in HILL else "Valley") for name in PEOPLE]
    take_run(sandbox, folder, people, ("harbour", "harbour/tools"))
    environ = {"GITLAB_SYNC_SNAPSHOT": str(folder), "GITLAB_SYNC_ROLES": str(roles)}
    with RunningApp(GITLAB_URL=sandbox.url, GITLAB_SYNC_POLICY="fair", **environ) as app:
        yield app


def ask(page: Page, address: str) -> None:
    """Go to a page of the app, and press Run."""
    page.goto(address)
    press(page, "Run")


def expect_answer(page: Page) -> None:
    """Expect the answer to be there to its end."""
    expect(page.get_by_role("button", name="Refresh")).to_be_visible()
    settle(page)


def words_of(hidden: Collection[str]) -> list[str]:
    """Return the usernames, names and addresses of people."""
    users = [user for user in WORLD.tables.users if user["username"] in hidden]
    return [word for user in users for word in (user["username"], user["name"], user["email"])]


def expect_no_word(page: Page, hidden: Collection[str]) -> None:
    """Expect that nothing on a page names hidden people."""
    text = page.content().replace("amelie.laurent/amelie.laurent", "")
    assert [word for word in words_of(hidden) if word and word in text] == []


def test_ten_roles_at_once_see_their_people_and_a_fault_closes_the_app(
    browser: Browser, app: RunningApp, sandbox: Sandbox, roles: Path, tmp_path: Path
) -> None:
    """GitLab is asked only who they are. All of them run each page at the same time."""
    sandbox.traffic.reset()
    tokens = {name: sandbox.token(name) for name in SEEN}
    pages = dict(zip(SEEN, sign_in_all(browser, app, [*tokens.values()], sandbox.url), strict=True))
    stranger = pages.pop("ghost")
    expect(stranger.get_by_text("there is nothing for you in it")).to_be_visible()
    expect_no_word(stranger, PEOPLE)
    for name, page in pages.items():
        page.goto(f"{app.url}/access")
        role, seen = SEEN[name]
        expect(page.get_by_test_id("stMetricValue").first).to_have_text(role)
        expect(page.get_by_test_id("stMetricValue").nth(1)).to_have_text(str(len(seen)))
    mentors = {name: page for name, page in pages.items() if SEEN[name][0] != "member"}
    everyone = quote("\n".join(PEOPLE))
    for page in mentors.values():
        ask(page, f"{app.url}/batch?users={everyone}")
    for name, page in mentors.items():
        expect_answer(page)
        rows = downloaded(page, tmp_path / f"batch-{name}.csv")
        found = {row["Username"] for row in rows if row["Status"] != "Error"}
        assert found == {*SEEN[name][1]}
        assert {row["Username"] for row in rows if "is not in the snapshot" in row["Error"]} == {
            row["Username"] for row in rows if row["Username"] not in found
        }
    for address in ("/open?group=harbour", "/compliance?view=Many+projects&in_group=harbour"):
        for page in mentors.values():
            ask(page, f"{app.url}{address}")
        for name, page in mentors.items():
            expect_answer(page)
            expect_no_word(page, {*PEOPLE} - {*SEEN[name][1], name})
    for address in ("/profile?user=jules.mbeki", "/changes?users=jules.mbeki"):
        for page in pages.values():
            ask(page, f"{app.url}{address}")
        for name, page in pages.items():
            expect_answer(page)
            expect_no_word(page, {*PEOPLE} - {*SEEN[name][1], name, "jules.mbeki"})
            is_shown = "Jules Mbeki" in page.content()
            assert is_shown is ("jules.mbeki" in SEEN[name][1] and "profile" in address)
    assert [each.path for each in sandbox.traffic.exchanges] == ["/api/v4/user"] * len(SEEN)
    roles.write_text("admin = [", encoding="utf-8")
    for page in pages.values():
        page.reload()
    for page in pages.values():
        expect(page.get_by_text("a fault in its settings")).to_be_visible()
        expect(page.get_by_role("button", name="Run", exact=True)).to_have_count(0)
        expect_no_word(page, {*PEOPLE} - {name for name in pages if pages[name] is page})
    assert app.log.count("no one sees the snapshot") == 1
    assert "is not TOML" in app.log
    assert not [token for token in tokens.values() if token in app.log]
    for page in (*pages.values(), stranger):
        page.context.close()
