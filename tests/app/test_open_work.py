"""The page of open work, in Streamlit's own test harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from visiting import go_to, in_the_demo, press, signed_in, texts, until_done

from gitlab_sync.pages.state.roles import VARIABLE
from gitlab_sync.rules.items.open_work import WAITING_FOR
from gitlab_sync.rules.items.worklist import COLUMNS, DESK_COLUMNS
from gitlab_sync.sandbox import Sandbox

PAGE = "open_work.py"


def ask(at: AppTest, **filled: str) -> AppTest:
    """Fill in the fields, press Run, and wait for the answer."""
    for key, text in filled.items():
        field = at.text_area(key=key) if key == "users" else at.text_input(key=key)
        field.set_value(text)
    return until_done(press(at, "Run"))


def open_all(sandbox: Sandbox) -> None:
    """Let all merge requests of the world be open."""
    for mr in sandbox.world.tables.merge_requests:
        mr.update(state="opened", merged_at=None, closed_at=None, detailed_merge_status="mergeable")
    sandbox.world.changed()


def test_the_demo_shows_what_everything_waits_for_and_who_has_it() -> None:
    """Every case is in it; the sums are those of the table."""
    at = ask(go_to(in_the_demo(), PAGE))
    table, desks = (frame.value for frame in at.dataframe)
    assert [column for column in table if column != "Open"] == list(COLUMNS[:-1])
    assert set(table["Waiting For"]) == set(WAITING_FOR)
    numbers = [int(metric.value) for metric in at.metric]
    assert numbers == [int((table["Waiting For"] == each).sum()) for each in WAITING_FOR]
    assert sum(numbers) == len(table)
    assert [column for column in desks if column != "Open"] == list(DESK_COLUMNS)
    assert "open merge requests read" in texts(at)
    assert "Policy: classic." in texts(at)


def test_a_desk_of_a_group_needs_no_people() -> None:
    """Only what waits for that person is shown."""
    at = ask(go_to(in_the_demo(), PAGE), users="", group="harbour", desk="amelie.laurent")
    table = at.dataframe[0].value
    assert len(table) > 0
    assert all("amelie.laurent" in who.split(", ") for who in table["Who"])


def test_the_policy_is_a_choice_and_the_page_says_which_one_it_was() -> None:
    """A link leads to it, too."""
    at = go_to(in_the_demo(), PAGE)
    at.radio(key="policy").set_value("fair")
    assert "Policy: fair." in texts(ask(at, users="eli.navarro"))


def test_without_people_group_and_project_the_page_says_what_to_enter() -> None:
    """Nothing is read."""
    at = go_to(in_the_demo(), PAGE)
    at.text_area(key="users").set_value(" ")
    at = press(at, "Run")
    assert "at least one username, a group or a project" in at.error[0].value
    assert not at.progress


def test_who_does_not_exist_is_named(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what others have is shown."""
    open_all(sandbox)
    name = sandbox.world.truth.usernames[0]
    at = go_to(signed_in(sandbox, monkeypatch, "admin"), PAGE)
    at = ask(at, users=f"{name}\nno.such.person")
    assert "no.such.person" in at.error[0].value.replace("\\", "")
    assert set(at.dataframe[0].value["Author"]) == {name}


def test_nothing_open_is_said_in_words(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """No empty table."""
    for mr in sandbox.world.tables.merge_requests:
        mr.update(state="closed", closed_at=mr["updated_at"])
    sandbox.world.changed()
    at = go_to(signed_in(sandbox, monkeypatch, "admin"), PAGE)
    at = ask(at, users=sandbox.world.truth.usernames[0])
    assert "No open merge request was found." in texts(at)
    assert not at.dataframe


def test_a_member_sees_their_own_and_no_desk_of_another(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever the page's address says; an answer from before is not left to see."""
    open_all(sandbox)
    own, other = sandbox.world.truth.usernames[:2]
    roles = tmp_path / "roles.toml"
    roles.write_text(f'mentor = ["{other}"]\n', encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(roles))
    at = signed_in(sandbox, monkeypatch, own)
    at.query_params["users"] = other
    at = go_to(at, PAGE)
    assert [title.value for title in at.title] == ["My open work"]
    assert not at.text_area
    assert not at.text_input
    at = until_done(press(at, "Run"))
    (frame,) = at.dataframe
    assert set(frame.value["Author"]) == {own}
    assert "Who has what" not in texts(at)
