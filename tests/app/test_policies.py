"""The policy on the pages: which one it is, how its numbers look, and what its rules are."""

from __future__ import annotations

import runpy
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from visiting import in_the_demo, press, shown_texts, texts, until_done

from gitlab_sync.pages.state import source
from gitlab_sync.rules.items.fair_merge_request import CHECKS
from gitlab_sync.rules.policy import CLASSIC, FAIR
from gitlab_sync.rules.projects.checks import CHECKS as CHECKS_OF_PROJECTS
from gitlab_sync.rules.projects.checks import FAIR_CHECKS
from gitlab_sync.rules.scores.unified import TOTALS


@pytest.fixture
def fair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the operator choose nothing, so that it is fair."""
    monkeypatch.delenv("GITLAB_SYNC_POLICY")


def run_batch(at: AppTest) -> AppTest:
    """Look up everyone."""
    return until_done(press(at, "Run"))


def test_without_a_choice_of_the_operator_the_policy_is_fair(fair: None) -> None:
    """The page names it, and leads to its rules."""
    at = run_batch(in_the_demo())
    assert at.radio(key="policy").value == "fair"
    assert "Policy: fair. [How is this evaluated?](rules?policy=fair)" in texts(at)


def test_a_cell_is_of_the_items_that_its_check_applies_to(fair: None) -> None:
    """What applies to no one is not shown; files keep the columns that say of how many."""
    found = run_batch(in_the_demo()).dataframe[0]
    table = found.value.set_index("Username")
    assert not any("(of)" in column for column in table)
    assert "Policy" not in table
    assert "MR No Time" not in table
    assert {"MR Merged", "Closed Unmerged"} <= {*table}
    texts_of_cells = shown_texts(found)
    place = list(found.value).index("MR Failed Pipe")
    shown = set(texts_of_cells.iloc[:, place])
    assert all(" of " in text or text == "n/a" for text in shown)
    assert any("(+1 ?)" in text for text in shown)
    assert "n/a" in shown


@pytest.mark.slow
def test_people_who_cannot_be_told_apart_share_a_rank(fair: None) -> None:
    """By their shares of faults, the worst first; a person without any item has none."""
    at = in_the_demo()
    at.text_area(key="users").set_value(f"{at.text_area(key='users').value}\nnobody.here")
    table = run_batch(at).dataframe[0].value
    assert [*table][:2] == ["Username", "Rank"]
    rows = table.set_index("Username")
    assert pd.isna(rows.loc["nobody.here", "Rank"])
    ranks = [int(rank) for rank in rows["Rank"].dropna()]
    assert len(ranks) == 12
    assert ranks[0] == 1
    assert 1 < len(set(ranks)) < 12
    at.radio(key="policy").set_value("classic")
    assert "Rank" not in run_batch(at).dataframe[0].value


def test_a_visitor_can_choose_the_classic_policy(fair: None) -> None:
    """And gets its numbers."""
    at = in_the_demo()
    at.radio(key="policy").set_value("classic")
    at = run_batch(at)
    assert "Policy: classic." in texts(at)
    table = at.dataframe[0].value.set_index("Username")
    assert {*TOTALS} <= {*table}


def test_the_operators_file_is_the_first_choice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The built-in ones stay."""
    path = tmp_path / "course.toml"
    path.write_text("time_tracking = true")
    monkeypatch.setenv("GITLAB_SYNC_POLICY", str(path))
    at = in_the_demo()
    assert at.radio(key="policy").options == ["course.toml", "fair", "classic"]
    table = run_batch(at).dataframe[0].value
    assert "MR No Time" in table


def test_an_operators_file_with_faults_is_told_and_fair_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the place of each fault."""
    path = tmp_path / "course.toml"
    path.write_text("time_tracking = 5")
    monkeypatch.setenv("GITLAB_SYNC_POLICY", str(path))
    at = in_the_demo()
    assert "time_tracking: must be true or false, got 5" in at.error[0].value.replace("\\", "")
    assert at.radio(key="policy").value == "fair"


def test_a_profile_says_what_can_be_fixed_now_and_shows_how_it_should_be(fair: None) -> None:
    """An own item that passes is the best example."""
    at = in_the_demo("user_profile.py")
    at.text_input(key="user").set_value("ivo.brandt")
    at = until_done(press(at, "Run"))
    shown = texts(at)
    assert "What can be fixed now comes first." in shown
    assert "This can be fixed now, by an edit." in shown
    assert "As it should be: " in shown
    assert shown.index("This can be fixed now") < shown.index("This can be done better next time")


@pytest.mark.parametrize("policy", [FAIR, CLASSIC])
def test_the_page_of_rules_has_each_check_as_the_policy_defines_it(
    fair: None, policy: object
) -> None:
    """And what the classic one says where that differs."""
    at = in_the_demo("evaluation_rules.py")
    name = "fair" if policy is FAIR else "classic"
    at = at.radio(key="policy").set_value(name).run()
    shown = texts(at).replace("\\", "")
    checks = CHECKS if policy is FAIR else CLASSIC.merge_requests.checks
    assert all(check.fails_when in shown for check in checks)
    of_projects = FAIR_CHECKS if policy is FAIR else CHECKS_OF_PROJECTS
    assert all(check.fails_when in shown for check in of_projects)
    assert ("Allowed licences: any that the OSI approves." in shown) is (policy is FAIR)
    assert ("*classic:*" in shown) is (policy is FAIR)


@pytest.mark.parametrize("page", [None, "user_profile.py", "status.py", "evaluation_rules.py"])
def test_every_page_says_which_policy_is_in_force_and_where_it_is_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, page: str | None
) -> None:
    """At its head, with the way to the rules."""
    path = tmp_path / "course.toml"
    path.write_text("time_tracking = true")
    monkeypatch.setenv("GITLAB_SYNC_POLICY", str(path))
    monkeypatch.setattr(source, "live_role_of", lambda _: "admin")
    shown = texts(in_the_demo(page)).replace("\\", "")
    assert f"Policy in force: [course.toml](rules?policy=course.toml), from {path}." in shown


def test_the_head_names_the_policy_that_a_visitor_chose(fair: None) -> None:
    """As soon as the form is sent."""
    at = in_the_demo()
    assert "Policy in force: [fair](rules?policy=fair)." in texts(at)
    at.radio(key="policy").set_value("classic")
    at = run_batch(at)
    assert "Policy in force: [classic](rules?policy=classic)." in texts(at)


def test_a_server_does_not_start_with_a_policy_with_faults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor with one at an address, for which it has no token: all of it is said at once."""
    app = str(Path(__file__).parents[2] / "app.py")
    for text, told in (
        ("time_tracking = 5\nmilestone = 1", ["must be true or false", "Did you mean milestones?"]),
        ('extends = "https://gitlab.example/a/b/-/blob/main/c.toml"', ["no GitLab and no token"]),
    ):
        path = tmp_path / f"{len(text)}.toml"
        path.write_text(text)
        monkeypatch.setenv("GITLAB_SYNC_POLICY", str(path))
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(app)
        assert ended.value.code == 2
        said = capsys.readouterr().err
        assert all(each in said for each in told)
