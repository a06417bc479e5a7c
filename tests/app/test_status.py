"""The page for the operator of the server."""

from __future__ import annotations

from pathlib import Path

import pytest
from visiting import go_to, in_the_demo, press, signed_in, texts, until_done

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


def test_an_admin_sees_pool_and_jobs() -> None:
    """In the demo every visitor is one."""
    at = in_the_demo()
    at.text_area(key="users").set_value("kira.osei")
    at = go_to(until_done(press(at, "Run")), "status.py")
    assert "Workers busy" in [metric.label for metric in at.metric]
    assert "done" in at.dataframe[-1].value["State"].tolist()


def test_a_mentor_has_no_such_page(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nor its figures, by whatever way."""
    name = sandbox.world.truth.usernames[0]
    roles = tmp_path / "roles.toml"
    roles.write_text(f'mentor = ["{name}"]\n', encoding="utf-8")
    monkeypatch.setenv("GITLAB_SYNC_ROLES", str(roles))
    at = signed_in(sandbox, monkeypatch, name)
    assert "Batch analytics" in texts(at)
    with pytest.raises(ValueError, match="page"):
        go_to(at, "status.py")
