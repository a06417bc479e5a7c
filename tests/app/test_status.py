"""The page for the operator of the server."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from visiting import go_to, in_the_demo, press, signed_in, texts, until_done, visitor

from gitlab_sync.pages.state.demo import get_demo
from gitlab_sync.pages.status_figures import figures, queue_rows
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.session.runtime import Stats

STATS = Stats(
    workers=32,
    threads=8,
    busy=3,
    queued={"a": 0, "long-name-of-a-session": 5, "b": 7},
    requests=1234,
    retries=2,
    limited=1,
    bytes=2_500_000,
    open_connections=4,
    confirmed=0,
    reused=0,
    joined=0,
)


def test_figures_are_written_for_people() -> None:
    """With what each of them means."""
    shown = {title: figure for title, figure, _ in figures(STATS, 2, 1)}
    assert shown["Workers busy"] == "3 of 32"
    assert (shown["Waiting"], shown["Requests"], shown["Read"]) == ("12", "1,234", "2.5 MB")
    assert all(text.endswith(".") for *_, text in figures(STATS, 2, 1))


def test_who_waits_longest_comes_first_and_who_does_not_wait_is_left_out() -> None:
    """A session is known by a few letters of its name, which open nothing."""
    assert queue_rows(STATS) == [
        {"Session": "b", "Waiting": 7},
        {"Session": "long-nam", "Waiting": 5},
    ]


@pytest.fixture
def admin(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    """Return a visitor that the operator listed as an admin."""
    name = sandbox.world.truth.usernames[0]
    list_as("admin", name, monkeypatch, tmp_path)
    return signed_in(sandbox, monkeypatch, name)


def list_as(role: str, name: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """List a person with a role, as the operator does."""
    path = folder / "roles.toml"
    path.write_text(f'[roles]\n{role} = ["{name}"]\n', encoding="utf-8")
    monkeypatch.setenv("GITLAB_SYNC_ROLES", str(path))


def test_an_admin_sees_pool_and_jobs(admin: AppTest, sandbox: Sandbox) -> None:
    """Those of all visitors."""
    admin.text_area(key="users").set_value(sandbox.world.truth.usernames[0])
    at = go_to(until_done(press(admin, "Run")), "status.py")
    assert "Workers busy" in [metric.label for metric in at.metric]
    assert "done" in at.dataframe[-1].value["State"].tolist()


def sees_no_status(at: AppTest) -> bool:
    """Return whether a visitor has all other pages, but not that of the server's status."""
    assert "Batch analytics" in texts(at)
    with pytest.raises(ValueError, match="page"):
        go_to(at, "status.py")
    return True


def test_a_mentor_has_no_such_page(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nor its figures, by whatever way."""
    name = sandbox.world.truth.usernames[0]
    list_as("mentor", name, monkeypatch, tmp_path)
    assert sees_no_status(signed_in(sandbox, monkeypatch, name))


def test_visitors_of_the_demo_have_no_such_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Anyone can be one: even with an admin's name they see nothing of the server."""
    assert sees_no_status(in_the_demo())
    demo = get_demo()
    list_as("admin", demo.sign_in().username, monkeypatch, tmp_path)
    assert sees_no_status(in_the_demo())
    monkeypatch.setenv("GITLAB_SYNC_ALLOWED_HOSTS", "gitlab.example.com, 127.0.0.1")
    at = visitor()
    at.text_input(key="sign_in_url").set_value(demo.url)
    at.text_input(key="sign_in_token_0").set_value(demo.token)
    assert [title.value for title in press(at, "Sign in").title] == ["My profile"]


def test_an_admin_s_name_at_another_allowed_gitlab_opens_nothing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Roles count for people of the configured one."""
    name = sandbox.world.truth.usernames[0]
    list_as("admin", name, monkeypatch, tmp_path)
    monkeypatch.setenv("GITLAB_SYNC_ALLOWED_HOSTS", "gitlab.example.com, 127.0.0.1")
    monkeypatch.setenv("GITLAB_URL", "https://gitlab.example.com")
    at = visitor()
    at.text_input(key="sign_in_url").set_value(sandbox.url)
    at.text_input(key="sign_in_token_0").set_value(sandbox.token(name))
    assert [title.value for title in press(at, "Sign in").title] == ["My profile"]
