"""The page of the leaderboard, in Streamlit's own test harness."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from visiting import go_to, in_the_demo, press, signed_in, texts, until_done

from gitlab_sync.pages.team_tables import LISTS
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.services.leaderboard import (
    INDIVIDUAL_COLUMNS,
    LEADERBOARD_COLUMNS,
    TEAM_MEMBER_COLUMNS,
)

PAGE = "team_leaderboard.py"


def demo_run() -> AppTest:
    """Return the page after a run with the teams of the demo."""
    return until_done(press(in_the_demo(PAGE), "Run"))


def upload(at: AppTest, content: str) -> AppTest:
    """Choose a file with teams, and press Run."""
    at.file_uploader[0].upload("mine.json", content.encode(), "text/json")
    return press(at, "Run")


def columns_of(table: pd.DataFrame) -> list[str]:
    """Return the columns of the rules that a page shows."""
    return [column for column in table if column != "Open"]


def without_error(columns: Sequence[str]) -> list[str]:
    """Return the columns of a table without any error, which shows no column for them."""
    return [column for column in columns if column != "Error"]


def teams_in(at: AppTest) -> str:
    """Return the text of the field for teams."""
    return str(at.text_area(key="teams").value)


def test_the_demo_has_its_teams_filled_in_and_run_compares_them() -> None:
    """The best first, with the columns of the rules; individuals are off."""
    at = in_the_demo(PAGE)
    assert "Compass: amelie.laurent, bo.lindqvist" in teams_in(at)
    assert "Press Run" in texts(at)
    assert "3 teams, 12 people" in texts(press(at, "Save teams"))
    at = until_done(press(at, "Run"))
    table = at.dataframe[0].value
    assert columns_of(table) == without_error(LEADERBOARD_COLUMNS)
    assert table["Rank"].tolist() == [1, 2, 3]
    assert set(table["Team"]) == {"Compass", "Lantern", "Anchor"}
    assert table["Team Score"].is_monotonic_decreasing
    assert "12 of 12 people read" in texts(at)
    assert len(at.dataframe) == 1
    assert not at.warning


def test_a_team_opens_with_its_sums_and_its_members() -> None:
    """The sums are those of its row."""
    at = demo_run()
    at = at.selectbox(key="team").set_value("Lantern").run()
    assert not at.exception
    row = at.dataframe[0].value.set_index("Team").loc["Lantern"]
    sums = {metric.label: metric.value for metric in at.metric}
    for title in ("Team Score", "Total Commits", "MR Merged", "Issues Assigned"):
        assert sums[title] == f"{row[title]:,}"
    members = at.dataframe[1].value
    assert columns_of(members) == without_error(TEAM_MEMBER_COLUMNS)
    assert members["Username"].tolist() == [
        *("eli.navarro", "fumiko.sato", "goran.petrov", "hana.yilmaz"),
    ]
    assert members["Score"].sum() == row["Team Score"]


def part(at: AppTest, title: str) -> AppTest:
    """Open a tab of the team that is open."""
    at.session_state["part"] = title
    at = at.run()
    assert not at.exception
    return at


@pytest.mark.slow
def test_each_tab_of_a_team_shows_what_makes_up_its_score() -> None:
    """Points, days of a chosen member, and lists with links."""
    at = demo_run().selectbox(key="team").set_value("Anchor").run()
    points = part(at, "Points").dataframe[1].value
    terms = [each for each in points if " x " in each]
    assert (points[terms].sum(axis=1) == points["Score"]).all()
    at = part(at, "Days")
    at = at.selectbox(key="member").set_value("kira.osei").run()
    assert "Recorded: " in texts(at)
    assert set(at.dataframe[1].value["Username"]) == {
        *("ivo.brandt", "jules.mbeki", "kira.osei", "leo.fischer"),
    }
    for title in LISTS:
        found = part(at, title).dataframe[1].value
        assert len(found)
        assert found["Open"].str.startswith("https://").all()


@pytest.mark.slow
def test_under_fair_days_off_are_not_counted_and_no_rate_is_without_what_it_is_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The page names the policy."""
    monkeypatch.delenv("GITLAB_SYNC_POLICY")
    indexes = {}
    for policy in ("fair", "classic"):
        at = in_the_demo(PAGE)
        at.radio(key="policy").set_value(policy)
        at = until_done(press(at, "Run"))
        assert f"Policy: {policy}." in texts(at)
        at.selectbox(key="team").set_value("Lantern").run()
        at.session_state["part"] = "Days"
        indexes[policy] = at.run().dataframe[-1].value
    fair, classic = indexes["fair"], indexes["classic"]
    assert columns_of(fair) == [*columns_of(classic), "Contributions"]
    (days,), (working_days,) = set(classic["Total Days"]), set(fair["Total Days"])
    assert abs(working_days - days * 5 / 7) <= 2
    assert (fair["Active Days"] <= classic["Active Days"]).all()
    assert (fair["Collaboration"] == classic["Collaboration"]).all()


@pytest.mark.slow
def test_who_opens_another_team_sees_its_members_days() -> None:
    """And not those of a person who is not in it."""
    at = demo_run().selectbox(key="team").set_value("Anchor").run()
    at = part(at, "Days").selectbox(key="member").set_value("kira.osei").run()
    at = at.selectbox(key="team").set_value("Lantern").run()
    assert not at.exception
    assert at.selectbox(key="member").value == "eli.navarro"


def test_individuals_and_their_badges_come_when_asked_for() -> None:
    """They are off until then."""
    at = demo_run()
    at = at.toggle(key="individuals").set_value(True).run()
    assert not at.exception
    table = at.dataframe[1].value
    assert columns_of(table) == without_error(INDIVIDUAL_COLUMNS)
    assert len(table) == 12
    assert table["Badges"].str.contains("Sprint Star").sum() == 1


def test_the_chart_and_the_points_of_all_teams_have_their_tabs() -> None:
    """The points are those of all members."""
    at = demo_run()
    at.session_state["show"] = "Chart"
    at = at.run()
    assert not at.exception
    assert not at.dataframe
    at.session_state["show"] = "Points"
    at = at.run()
    assert not at.exception
    assert len(at.dataframe[0].value) == 12


def test_teams_of_a_file_come_into_the_field_and_stay() -> None:
    """With those that are there; a page switch loses nothing."""
    at = in_the_demo(PAGE)
    at = upload(
        at,
        '{"teams": [{"team_name": "Red (1)", "project_name": "App", "members": '
        '[{"username": "kira.osei", "name": "Kira Osei"}]}]}',
    )
    assert teams_in(at).endswith('\n"Red (1)" (App): kira.osei (Kira Osei)')
    assert "Compass: " in teams_in(at)
    assert not at.error
    assert not at.warning
    assert "4 teams, 12 people" in texts(press(at, "Save teams"))
    text = teams_in(at)
    at = go_to(go_to(at, "batch_analytics.py"), PAGE)
    assert teams_in(at) == text


def test_every_fault_of_a_file_is_named_with_its_place() -> None:
    """However many there are; the field stays as it was."""
    at = in_the_demo(PAGE)
    before = teams_in(at)
    members = [{"username": f"no/{number}"} for number in range(9)]
    at = upload(at, json.dumps({"teams": [{"team_name": 5, "members": members}]}))
    assert teams_in(at) == before
    shown = "\n".join(str(element.value) for element in at.text)
    assert "mine.json, teams[0].team_name: not a text" in shown
    for number in range(9):
        assert (
            f"teams[0].members[{number}].username: “no/{number}” is not a valid username" in shown
        )
    at = upload(at, '{"teams": [')
    assert "mine.json, line 1" in at.error[0].value.replace("\\", "")
    assert not at.progress
    at = upload(at, '{"teams": []}')
    assert not at.error


def test_groups_become_teams(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each a line; a group that is not there is named, and nothing is taken and nothing runs."""
    group = sandbox.world.tables.groups[0]
    at = go_to(signed_in(sandbox, monkeypatch, "admin"), PAGE)
    at.text_input(key="groups_as_teams").set_value(f"{group['full_path']}, no/such")
    at = press(at, "Run")
    assert "no/such: 404" in at.error[0].value.replace("\\", "")
    assert teams_in(at) == ""
    assert not at.progress
    at.text_input(key="groups_as_teams").set_value(f"/{group['full_path']}/")
    at = until_done(press(at, "Run"))
    assert not at.error
    assert teams_in(at).startswith(f"{group['name']}: ")
    assert at.text_input(key="groups_as_teams").value == ""
    assert at.dataframe[0].value["Team"].tolist() == [group["name"]]


def test_nothing_typed_in_is_told() -> None:
    """A team without members is named at once."""
    at = in_the_demo(PAGE)
    at.text_area(key="teams").set_value("Red:")
    at = press(at, "Run")
    assert "No members in Red" in at.warning[0].value
    assert "at least one team with a member" in at.error[0].value
    assert not at.progress


def test_lines_that_are_no_teams_are_told_and_nothing_is_asked() -> None:
    """Nor can they be saved."""
    at = in_the_demo(PAGE)
    at.text_area(key="teams").set_value("Red: kira.osei\nBlue leo.fischer")
    at = press(at, "Run")
    assert "line 2: “Blue leo.fischer” is not a team" in at.error[0].value.replace("\\", "")
    assert not at.progress
    assert not at.dataframe


def test_two_thousand_people_fit_and_one_more_is_refused_in_words() -> None:
    """And the sentence says what else to do."""
    at = in_the_demo(PAGE)
    at.text_area(key="teams").set_value("Red: " + ", ".join(f"u{n}" for n in range(2000)))
    at = press(at, "Save teams")
    assert not at.error
    assert "1 team, 2,000 people" in texts(at)
    at.text_area(key="teams").set_value("Red: " + ", ".join(f"u{n}" for n in range(2001)))
    at = press(at, "Run")
    assert "at most 2,000 people, got 2,001" in at.error[0].value
    assert not at.progress


def test_teams_too_long_for_the_address_stay_for_the_session_and_say_so() -> None:
    """Full names make the text long; a server refuses an address of that length."""
    at = in_the_demo(PAGE)
    text = "Red: " + ", ".join(f"u{n} (A Person with a Name)" for n in range(1900))
    at.text_area(key="teams").set_value(text)
    at = press(at, "Save teams")
    assert "1 team, 1,900 people" in texts(at)
    at = at.run()
    assert "too long for the page's URL" in texts(at)
    assert not at.query_params
    assert teams_in(go_to(go_to(at, "batch_analytics.py"), PAGE)) == text


def test_dates_the_wrong_way_round_are_told_next_to_them() -> None:
    """Nothing is asked."""
    at = in_the_demo(PAGE)
    at.date_input(key="since").set_value("2026-03-05")
    at.date_input(key="until").set_value("2026-03-01")
    at = press(at, "Run")
    assert "until must be after since" in at.error[0].value.replace("\\", "")
    assert not at.progress


def test_a_user_who_does_not_exist_is_unknown_and_is_in_the_panel() -> None:
    """The team's sums are of the others, and say so."""
    at = in_the_demo(PAGE)
    at.text_area(key="teams").set_value("Red (App): nobody.here, kira.osei\nBlue: leo.fischer")
    at = until_done(press(at, "Run"))
    row = at.dataframe[0].value.set_index("Team").loc["Red"]
    assert (row["Project"], row["Status"], row["Unverified"]) == ("App", "Partial", 1)
    assert "2 of 3 people read, 1 not found" in texts(at)
    assert "nobody\\.here" in texts(at)
    assert "Check the spelling" in texts(at).replace("\\", "")
    at = at.selectbox(key="team").set_value("Red").run()
    assert "there is no user" in at.warning[0].value
    assert {metric.delta for metric in at.metric} == {"+1 unknown"}
    assert part(at, "Days").selectbox(key="member").value == "kira.osei"
    at = at.selectbox(key="member").set_value("nobody.here").run()
    assert "Nothing is known about these days" in texts(at)
    assert "This list is incomplete for nobody\\.here" in texts(part(at, "Issues"))


def test_a_project_that_is_not_there_is_named_and_left_out() -> None:
    """The others count."""
    at = in_the_demo(PAGE)
    at.text_input(key="projects").set_value("no/such, harbour/night-watch")
    at = until_done(press(at, "Run"))
    assert "no/such" in at.error[0].value
    assert len(at.dataframe[0].value) == 3


def test_the_points_that_the_operator_wrote_down_count() -> None:
    """A wrong setting is told, and the usual points count."""
    at = in_the_demo()
    at.secrets["leaderboard"] = {"weights": {"commits": 0}}
    at = until_done(press(go_to(at, PAGE), "Run"))
    at = at.selectbox(key="team").set_value("Lantern").run()
    assert "Total Commits x 1" not in part(at, "Points").dataframe[1].value
    at.secrets["leaderboard"] = {"weights": {"commits": "many"}}
    at = at.run()
    assert "must be a number" in at.error[0].value
