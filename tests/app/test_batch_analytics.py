"""The page of batch analytics and the ways in, in Streamlit's own test harness."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gitlab_sync.pages.connection import JOBS
from gitlab_sync.pages.table import columns_of, frame
from gitlab_sync.rules.table import ISSUE_COLUMNS, MERGE_REQUEST_COLUMNS, row
from gitlab_sync.sandbox import RateLimit, Sandbox, World

ENTRANCE = Path(__file__).parents[2] / "gitlab_sync" / "pages" / "entrance.py"
PATIENCE = 60.0


def visitor() -> AppTest:
    """Return a visitor who has just come to the app."""
    return AppTest.from_file(str(ENTRANCE), default_timeout=PATIENCE).run()


def press(at: AppTest, label: str) -> AppTest:
    """Press a button by what stands on it."""
    (button,) = [button for button in at.button if button.label == label]
    at = button.click().run()
    assert not at.exception
    return at


def until_done(at: AppTest) -> AppTest:
    """Return the page once all jobs have ended."""
    for entry in list(JOBS._entries.values()):
        assert entry.job.wait(PATIENCE)
    at = at.run()
    assert not at.exception
    return at


def texts(at: AppTest) -> str:
    """Return all sentences of the page."""
    elements = [*at.markdown, *at.caption, *at.info, *at.error, *at.title, *at.subheader]
    return "\n".join(str(element.value) for element in elements)


def in_the_demo() -> AppTest:
    """Return a visitor of the demo."""
    return press(visitor(), "Open the demo")


def signed_in(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str) -> AppTest:
    """Return a visitor who signed in with a token."""
    monkeypatch.setenv("GITLAB_URL", sandbox.url)
    at = visitor()
    at.text_input(key="sign_in_token_0").set_value(sandbox.token(name))
    return press(at, "Sign in")


@pytest.fixture
def sandbox() -> Sandbox:
    """Serve a small GitLab for one test."""
    world = World.generate(seed=3, users=3, merge_requests=3, issues=2, projects=3)
    with Sandbox(world) as sandbox:
        yield sandbox


def test_the_demo_is_marked_and_one_more_click_shows_both_tables() -> None:
    """With exactly the columns of the rules, and a line that says how complete they are."""
    at = in_the_demo()
    assert [element.value for element in at.info] == [
        "The people, projects and numbers on this page are made up."
    ]
    assert "amelie.laurent" in at.text_area(key="users").value
    at = until_done(press(at, "Run"))
    merge_requests, issues = (table.value for table in at.dataframe)
    assert tuple(merge_requests.columns) == MERGE_REQUEST_COLUMNS
    assert tuple(issues.columns) == ISSUE_COLUMNS
    assert "merge requests read" in texts(at)
    assert "data as of" in texts(at)
    assert "What could not be read" not in texts(at)


def test_who_is_not_there_is_unknown_and_stands_in_the_panel() -> None:
    """Not as a row of zeros."""
    at = in_the_demo()
    at.text_area(key="users").set_value("nobody.here kira.osei")
    at = until_done(press(at, "Run"))
    table = at.dataframe[0].value.set_index("Username")
    assert table.loc["nobody.here", "Status"] == "Not Found"
    assert table.loc["nobody.here"].isna().sum() == len(MERGE_REQUEST_COLUMNS) - 3
    assert table.loc["kira.osei", "Closed MRs"] == 0
    assert "1 of 2 people not read in full" in texts(at)
    assert "What could not be read" in texts(at)


def test_an_impossible_name_is_told_and_nothing_is_asked() -> None:
    """The page says which one it is."""
    at = in_the_demo()
    at.text_area(key="users").set_value("good, group/project")
    at = press(at, "Run")
    assert "`group/project`" in at.error[0].value
    assert not at.dataframe
    assert not at.progress


def test_no_name_at_all_is_told_too() -> None:
    """And the empty page says what to do."""
    at = in_the_demo()
    at.text_area(key="users").set_value(" ")
    at = press(at, "Run")
    assert "at least one username" in at.error[0].value
    assert "Type in the usernames" in texts(at)


def test_only_issues_need_no_tabs() -> None:
    """One kind, one table."""
    at = in_the_demo()
    at.segmented_control(key="kind").set_value("issues")
    at = until_done(press(at, "Run"))
    assert len(at.dataframe) == 1
    assert not at.tabs


def test_a_token_opens_the_page_and_signing_out_closes_it(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is not kept in any field."""
    name = sandbox.world.truth.usernames[0]
    at = signed_in(sandbox, monkeypatch, name)
    assert [title.value for title in at.title] == ["Batch analytics"]
    assert f"@{name}".replace(".", r"\.") in texts(at)
    assert sandbox.token(name) not in str(at.session_state.to_dict())
    at = press(at, "Sign out")
    assert "You are signed out" in at.info[0].value
    assert [title.value for title in at.title] == ["GitLab Sync"]


def test_a_wrong_token_is_told_at_the_form(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no traceback, and the field is empty again."""
    monkeypatch.setenv("GITLAB_URL", sandbox.url)
    at = visitor()
    at.text_input(key="sign_in_token_0").set_value("glpat-wrongwrongwrong")
    at = press(at, "Sign in")
    assert "does not accept this token" in at.error[0].value
    assert at.text_input(key="sign_in_token_1").value == ""


def test_a_host_that_is_not_allowed_gets_no_token(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although it would answer."""
    monkeypatch.delenv("GITLAB_URL", raising=False)
    monkeypatch.delenv("GITLAB_SYNC_ALLOWED_HOSTS", raising=False)
    at = visitor()
    at.text_input(key="sign_in_url").set_value(sandbox.url)
    at.text_input(key="sign_in_token_0").set_value(sandbox.token())
    at = press(at, "Sign in")
    assert "no token is sent there" in at.error[0].value
    assert sandbox.traffic.total == 0


def test_a_refresh_reads_everything_again(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is read without it: a second Run of the same page is the only other way."""
    name = sandbox.world.truth.usernames[0]
    at = signed_in(sandbox, monkeypatch, name)
    at.text_area(key="users").set_value(name)
    at.segmented_control(key="kind").set_value("issues")
    until_done(press(at, "Run"))
    assert sandbox.traffic.count("/issues") == 1
    at = at.run()
    assert sandbox.traffic.count("/issues") == 1
    until_done(press(at, "Refresh"))
    assert sandbox.traffic.count("/issues") == 2


def test_a_rate_limit_is_told_with_its_seconds_and_can_be_cancelled(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was asked for stays on the page, as not read."""
    name = sandbox.world.truth.usernames[0]
    at = signed_in(sandbox, monkeypatch, name)
    sandbox.limiter.set(RateLimit(limit=1, window=120.0))
    at.text_area(key="users").set_value(" ".join(sandbox.world.truth.usernames))
    at = press(at, "Run")
    deadline = time.monotonic() + PATIENCE
    while not any("rate limit: going on in" in bar.text for bar in at.progress):
        assert time.monotonic() < deadline
        at.run()
    at = until_done(press(at, "Cancel"))
    assert "Cancelled, since you cancelled it" in texts(at)
    assert not at.progress


def test_a_table_sorts_numbers_as_numbers_and_misses_what_nobody_knows() -> None:
    """Texts are never missing, counts are integers or missing."""
    rows = [
        row(columns_of("issues"), "a", {"No Desc": 12}, "Success", None, 0),
        row(columns_of("issues"), "b", {}, "Error", "403 Forbidden", None),
    ]
    table = frame("issues", rows)
    assert str(table["No Desc"].dtype) == "Int64"
    assert table["No Desc"].isna().tolist() == [False, True]
    assert table["Error"].tolist() == ["", "403 Forbidden"]
