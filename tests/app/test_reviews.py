"""The page of reviews, in Streamlit's own test harness."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from visiting import go_to, in_the_demo, press, signed_in, texts, until_done

from gitlab_sync.pages.review_charts import (
    pair_cells,
    pairs_in_words,
    week_points,
    weeks_in_words,
)
from gitlab_sync.sandbox import Sandbox, demo_world
from gitlab_sync.services.reviews import PERSON_COLUMNS, PROJECT_COLUMNS, TEAM_COLUMNS

PAGE = "reviews.py"
PEOPLE = set(demo_world().truth.usernames)


def without_error(columns: tuple[str, ...]) -> list[str]:
    """Return the columns that a page shows of a table without any error: shares are in cells."""
    left_out = {"Error", "Policy"}
    return [each for each in columns if each not in left_out and not each.endswith("(of)")]


def shown_names(at: AppTest) -> set[str]:
    """Return the usernames that the tables and charts of the page show."""
    cells = {str(cell) for table in at.dataframe for cell in table.value.to_numpy().flat}
    return {name for name in PEOPLE if name in cells or any(name in each for each in charts_of(at))}


def charts_of(at: AppTest) -> list[str]:
    """Return what each chart says of itself to screen readers."""
    return [each.proto.alt for each in at.get("vega_lite_chart")]


def test_teams_come_first_and_people_when_they_are_asked_for() -> None:
    """With two charts; until then no name is in a table or a chart."""
    at = in_the_demo(PAGE)
    assert "Press Run" in texts(at)
    at = until_done(press(at, "Run"))
    teams, projects = (each.value for each in at.dataframe)
    assert list(teams) == without_error(TEAM_COLUMNS)
    assert teams["Team"].tolist() == ["Compass", "Lantern", "Anchor"]
    assert list(projects) == without_error(PROJECT_COLUMNS)
    assert teams["MR Merged"].sum() == projects["MR Merged"].sum()
    assert "Policy: " in texts(at)
    weeks, grid = charts_of(at)
    assert "Median: 20" in weeks
    assert "Compass of Lantern" in grid
    assert not shown_names(at)
    at = at.toggle(key="show_people").set_value(True).run()
    assert not at.exception
    people = at.dataframe[2].value
    assert [column for column in people if column != "Open"] == without_error(PERSON_COLUMNS)
    assert len(people) == 12
    assert shown_names(at) >= set(people["Username"])
    assert people["Reviews Given"].sum() == teams["Reviews Given"].sum()


def test_a_project_limits_what_counts() -> None:
    """By its path or its URL."""
    at = in_the_demo(PAGE)
    at.text_input(key="project").set_value("https://gitlab.demo.example/harbour/night-watch")
    at = until_done(press(at, "Run"))
    assert at.dataframe[1].value["Project"].tolist() == ["harbour/night-watch"]


def test_nothing_typed_in_is_told() -> None:
    """Next to the fields."""
    at = in_the_demo(PAGE)
    at.text_area(key="teams").set_value("Red:")
    at = press(at, "Run")
    assert "at least one team with a member" in at.error[0].value
    assert not at.progress


def test_a_member_sees_only_their_own(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """No field for others, no number about one of them, whatever the URL says."""
    name, other = sandbox.world.truth.usernames[:2]
    at = signed_in(sandbox, monkeypatch, name)
    at.secrets["roles"] = {"admin": ["someone.else"]}
    at.query_params["teams"] = f"Red: {other}"
    at.query_params["show_people"] = "true"
    at = go_to(at.run(), PAGE)
    assert at.title[0].value == "My reviews"
    assert not at.text_area
    at = until_done(press(at, "Run"))
    (table,) = [each.value for each in at.dataframe]
    mine = [
        mr
        for mr in sandbox.world.tables.merge_requests
        if mr["state"] == "merged" and mr["author"]["username"] == name
    ]
    assert table["MR Merged"].tolist() == [len(mine)]
    assert "Concentration" not in table
    assert "Reviews Given" not in table
    assert other not in texts(at)
    assert len(charts_of(at)) == 1


@pytest.mark.slow
def test_the_reviews_of_a_team_are_a_part_of_its_page() -> None:
    """They are read when the visitor asks; the numbers are those of the page of reviews."""
    at = until_done(press(in_the_demo("team_leaderboard.py"), "Run"))
    at = at.selectbox(key="team").set_value("Lantern").run()
    at.session_state["part"] = "Reviews"
    at = at.run()
    assert not at.exception
    at = until_done(press(at, "Read reviews"))
    row = at.dataframe[1].value
    at = until_done(press(go_to(at, PAGE), "Run"))
    expected = at.dataframe[0].value
    assert row["Team"].tolist() == ["Lantern"]
    for column in ("MR Merged", "First Response (h)", "Without Review", "Rounds"):
        assert row[column].tolist() == expected[expected["Team"] == "Lantern"][column].tolist()


def test_the_charts_say_what_is_not_known() -> None:
    """A week without a response is no hour, nor is an unknown one."""
    weeks = [
        {"Week": "2024-03-04", "First Response (h)": 2.5, "First Response (of)": 1},
        {"Week": "2024-03-11", "First Response (h)": None, "First Response (of)": 0},
        {"Week": "2024-03-18", "First Response (h)": None, "First Response (of)": None},
    ]
    points = week_points([{**row, "First Response 90 % (h)": 3} for row in weeks])
    assert [point["Text"] for point in points[:3]] == [
        "2.5 h, of 1 merge request",
        "no response",
        "unknown",
    ]
    assert "2024-03-11: no response" in weeks_in_words(points)


def test_the_grid_has_a_cell_for_each_pair() -> None:
    """Of more reviewers than can be read, those with the most."""
    pairs = [{"Reviewer": "bob", "Author": "ann", "Reviews": 2}]
    pairs += [{"Reviewer": "cleo", "Author": "bob", "Reviews": 1}]
    cells = {(cell["Row"], cell["Author"]): cell["Text"] for cell in pair_cells(pairs)}
    expected = {("bob", "ann"): "2", ("bob", "bob"): "", ("cleo", "ann"): "", ("cleo", "bob"): "1"}
    assert cells == expected
    assert "bob of ann 2, cleo of bob 1" in pairs_in_words(pairs)
    many = [{"Reviewer": f"r{n}", "Author": "ann", "Reviews": n} for n in range(1, 50)]
    rows = {cell["Row"] for cell in pair_cells(many)}
    assert len(rows) == 40
    assert "r49" in rows
    assert "r1" not in rows
