"""Scores, ranks and the tables of teams and people."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from how_many import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from leaderboard_examples import NUMBERS, PEOPLE, boards, team, work

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.scores.leaderboard import (
    DEFAULT_WEIGHTS,
    MEMBER_COLUMNS,
    PEOPLE_COLUMNS,
    SHARE_COLUMNS,
    TEAM_COLUMNS,
    TeamResult,
    Term,
    member_rows,
    people_rows,
    ranked,
    results,
    score,
    score_columns,
    score_rows,
    share_rows,
    team_rows,
    terms,
    weights_from,
)
from gitlab_sync.rules.scores.work import Work


def test_the_columns_are_those_of_the_spreadsheets() -> None:
    """Titles and order."""
    assert ", ".join(TEAM_COLUMNS) == (
        "Rank, Team, Project, Team Score, Total Commits, MR Merged, MR Created, MR Assigned, "
        "Issues Closed, Issues Raised, Issues Assigned"
    )
    assert ", ".join(MEMBER_COLUMNS) == (
        "Username, Status, Total Commits, Morning Commits, Afternoon Commits, MR Created, "
        "MR Merged, MR Open, MR Closed, MR Assigned, Issues Raised, Issues Closed, "
        "Issues Assigned, Time Spent, Groups, Score"
    )


def test_a_score_opens_to_its_terms() -> None:
    """Commits 1, merged 5, authored 2, closed authored issues 3."""
    ann = work("ann", 10, 2, 4, 3)
    assert terms(ann) == (
        Term("Total Commits", 10, 1),
        Term("MR Merged", 2, 5),
        Term("MR Created", 4, 2),
        Term("Issues Closed", 3, 3),
    )
    assert [term.points for term in terms(ann)] == [10, 10, 8, 9]
    assert score(ann) == 37


def test_assigned_work_scores_nothing() -> None:
    """No one scores for what another wrote."""
    ann = work("ann", 10, 2, 4, 3)
    assert score(replace(ann, mr_assigned=99, issues_assigned=99)) == score(ann)


def test_a_score_with_an_unknown_term_is_unknown() -> None:
    """Unless that term weighs nothing."""
    ann = work("ann", None, 2, 4, 3)
    assert score(ann) is None
    assert terms(ann)[0].points is None
    assert score(ann, weights_from({"commits": 0})) == 27


def test_weights_are_a_setting() -> None:
    """One takes the place of the default, and further numbers may count."""
    weights = weights_from({"commits": 0.5, "issues_raised": 1})
    assert weights == {**DEFAULT_WEIGHTS, "commits": 0.5, "issues_raised": 1}
    assert score(work("ann", 3, issues_raised=4), weights) == 5.5


def test_a_heading_names_the_number_and_what_each_is_worth() -> None:
    """Without decimals that are none."""
    assert Term("MR Merged", None, 5.0).heading == "MR Merged x 5"
    assert Term("MR Merged", None, 0.25).heading == "MR Merged x 0.25"


@pytest.mark.parametrize("weight", ["1", None, True, -1, float("nan"), float("inf"), 1e308])
def test_weights_that_cannot_be_are_refused_by_name(weight: object) -> None:
    """All faults at once."""
    with pytest.raises(ConfigurationError) as caught:
        weights_from({"commits": weight, "lines": 1})
    assert "commits" in str(caught.value)
    assert "lines" in str(caught.value)


def test_ties_share_a_rank_and_the_next_is_counted_on() -> None:
    """1, 2, 2, 4; a person without a score has no rank and is last."""
    points = {"ann": 5, "bob": 9, "Cleo": 5, "dan": 1, "eve": None, "fay": 0}
    assert ranked(points, lambda name: points[name], str) == [
        (1, "bob"),
        (2, "ann"),
        (2, "Cleo"),
        (4, "dan"),
        (5, "fay"),
        (None, "eve"),
    ]


def test_a_teams_row_holds_the_sums_of_its_members() -> None:
    """The best team first; who was not read is missing from the sums, and counted."""
    found = results(
        [team("Blue", "ann", "zoe"), team("Red", "bob", "CLEO")],
        [work("ann", 1), work("bob", 2, 1, 1), work("Cleo", 3, 0, 0, 1, issues_assigned=7)],
    )
    first, second = team_rows(found)
    assert list(first.items()) == [
        ("Rank", 1),
        ("Team", "Red"),
        ("Project", "Red App"),
        ("Team Score", 15),
        ("Total Commits", 5),
        ("MR Merged", 1),
        ("MR Created", 1),
        ("MR Assigned", 0),
        ("Issues Closed", 1),
        ("Issues Raised", 0),
        ("Issues Assigned", 7),
    ]
    assert (second["Rank"], second["Team Score"], second["Total Commits"]) == (2, 1, 1)
    assert [each.unverified for each in found] == [1, 0]


def test_a_team_says_of_how_many_members_something_is_not_known() -> None:
    """Even of people with incomplete numbers, or who do not exist."""

    def team_of(*statuses: str) -> TeamResult:
        people = [
            replace(work(f"user{at}", 1), status=status) for at, status in enumerate(statuses)
        ]
        return results([team("Blue", *(each.username for each in people))], people)[0]

    for statuses, status, unverified in (
        ((), "Success", 0),
        (("Success", "Success"), "Success", 0),
        (("Success", "Partial", "Not Found"), "Partial", 2),
        (("Partial",), "Partial", 1),
        (("Not Found", "Not Found"), "Not Found", 2),
        (("Error", "Not Found"), "Error", 2),
    ):
        found = team_of(*statuses)
        assert (found.status, found.unverified) == (status, unverified)


def test_a_team_of_which_nothing_is_known_has_no_rank() -> None:
    """One without members has done nothing, and that is known."""
    rows = team_rows(results([team("Blue", "zoe"), team("Empty")], []))
    assert [(row["Team"], row["Rank"], row["Team Score"]) for row in rows] == [
        ("Empty", 1, 0),
        ("Blue", None, None),
    ]


def test_members_are_sorted_by_name_and_unknown_cells_are_null() -> None:
    """Time is written as people read it."""
    ann = work("ann", 1, time_spent=5400, groups=3)
    found = results([team("Blue", "Zoe", "ann")], [ann])
    rows = member_rows(found[0])
    assert [tuple(row) for row in rows] == [MEMBER_COLUMNS, MEMBER_COLUMNS]
    assert (rows[0]["Time Spent"], rows[0]["Groups"], rows[0]["Score"]) == ("1h 30m", 3, 1)
    assert set(rows[1].values()) == {"Zoe", "Error", None}


def test_individuals_are_there_once_with_all_their_teams() -> None:
    """And with their badges."""
    found = results([team("Blue", "ann", "bob"), team("Red", "ANN")], [work("ann", 4), work("bob")])
    rows = people_rows(found)
    assert [tuple(row) for row in rows] == [PEOPLE_COLUMNS, PEOPLE_COLUMNS]
    assert (rows[0]["Username"], rows[0]["Team"]) == ("ann", "Blue, Red")
    assert rows[0]["Badges"] == "Team Player, Sprint Star, Top Committer"
    assert (rows[1]["Rank"], rows[1]["Badges"]) == (2, "")


def test_shares_are_of_what_the_team_did() -> None:
    """In percent; of nothing they are 0, and of a sum that is not whole they are unknown."""
    people = [work("ann", 3, 0, 1), work("Bob", 1, 0, 2), work("zoe", 4, 0, 0)]
    (found,) = results([team("Blue", "zoe", "ann", "bob")], people)
    rows = share_rows(found)
    assert all(tuple(row) == SHARE_COLUMNS for row in rows)
    assert [tuple(row.values()) for row in rows] == [
        ("ann", "Total Commits", 3, 37.5),
        ("Bob", "Total Commits", 1, 12.5),
        ("zoe", "Total Commits", 4, 50.0),
        ("ann", "MR Created", 1, 33.3),
        ("Bob", "MR Created", 2, 66.7),
        ("zoe", "MR Created", 0, 0.0),
        ("ann", "Issues Raised", 0, 0.0),
        ("Bob", "Issues Raised", 0, 0.0),
        ("zoe", "Issues Raised", 0, 0.0),
    ]
    for zoe in (work("zoe", None, 0, 0), replace(work("zoe", 1, 0, 0), partial={"commits"})):
        (found,) = results([team("Blue", "zoe", "ann", "bob")], [*people[:2], zoe])
        shares = [row["Share"] for row in share_rows(found)]
        assert shares == [None, None, None, 33.3, 66.7, 0.0, 0.0, 0.0, 0.0]


def test_the_points_behind_each_score_are_a_table() -> None:
    """Teams by rank; what weighs nothing has no column."""
    weights = weights_from({"commits": 0, "mr_assigned": 0.5})
    people = [work("ann", 9, 1, 1), work("Bob", 9, 2, 3, 1, mr_assigned=3), work("zoe", None, None)]
    rows = score_rows(
        results([team("Blue", "ann"), team("Red", "zoe", "bob")], people, weights), weights
    )
    columns = ("Team", "Username", "MR Merged x 5", "MR Created x 2", "Issues Closed x 3",
               "MR Assigned x 0.5", "Score")  # fmt: skip
    assert score_columns(weights) == columns
    assert all(tuple(row) == columns for row in rows)
    assert [tuple(row.values()) for row in rows] == [
        ("Red", "Bob", 10, 6, 3, 1.5, 20.5),
        ("Red", "zoe", None, 0, 0, 0.0, None),
        ("Blue", "ann", 5, 2, 0, 0.0, 7.0),
    ]


unhurried = settings(max_examples=examples(150), deadline=None)


@unhurried
@given(boards())
def test_the_sums_of_the_teams_are_the_sums_of_the_people(found: list[TeamResult]) -> None:
    """For every number and for the score."""
    people, teams = people_rows(found), team_rows(found)
    for of_team, of_person in (
        ("Team Score", "Score"),
        ("Total Commits", "Total Commits"),
        ("MR Merged", "MR Merged"),
        ("Issues Closed", "Issues Closed"),
    ):
        assert sum(int(row[of_team] or 0) for row in teams) == sum(
            int(row[of_person] or 0) for row in people
        )
    assert len(people) == sum(len(each.members) for each in found)


@unhurried
@given(
    st.lists(st.integers(0, 10_000), min_size=4, max_size=4),
    st.lists(st.decimals(0, 1000, places=3), min_size=4, max_size=4),
)
def test_decimal_points_add_up_exactly(numbers: list[int], points: list[Any]) -> None:
    """Otherwise no one would tie: 0.1 three times is not 0.3 to a machine."""
    weights = dict(zip(DEFAULT_WEIGHTS, map(float, points), strict=True))
    ann = work("ann", *(numbers[place] for place in (0, 1, 2, 3)))
    exact = sum(number * Fraction(point) for number, point in zip(numbers, points, strict=True))
    (found,) = results([team("X", "ann")], [ann], weights)
    assert (found.score, score(ann, weights)) == (float(exact), float(exact))


@unhurried
@given(boards())
def test_the_points_of_a_row_are_its_score(found: list[TeamResult]) -> None:
    """And those of a team's rows the team's."""
    rows = score_rows(found)
    for row in rows:
        points = [row[title] for title in score_columns()[2:-1]]
        assert row["Score"] == (None if None in points else sum(map(int, points)))  # type: ignore[arg-type]
    for result in found:
        known = [row["Score"] for row in rows if row["Team"] == result.team.name]
        assert sum(int(points or 0) for points in known) == (result.score or 0)


@unhurried
@given(boards())
def test_shares_make_up_the_whole(found: list[TeamResult]) -> None:
    """All known ones together are everything, or nothing where nothing was done."""
    for result in found:
        shares: dict[object, list[float]] = {}
        for row in share_rows(result):
            if row["Share"] is not None:
                shares.setdefault(row["Measure"], []).append(float(row["Share"]))
        for parts in shares.values():
            assert sum(parts) == pytest.approx(100, abs=0.1 * len(parts)) or set(parts) == {0.0}


@pytest.mark.slow
@unhurried
@given(boards())
def test_ranks_follow_the_scores(found: list[TeamResult]) -> None:
    """Equal scores have equal ranks; a rank is one more than the number of those who are better."""
    rows = people_rows(found)
    known = [int(row["Score"]) for row in rows if row["Score"] is not None]
    for row in rows:
        if row["Score"] is None:
            assert row["Rank"] is None
        else:
            assert row["Rank"] == 1 + sum(other > int(row["Score"]) for other in known)
    assert known == sorted(known, reverse=True)


@pytest.mark.slow
@unhurried
@given(PEOPLE, st.randoms(use_true_random=False))
def test_the_order_of_people_and_teams_changes_nothing(people: list[Work], random: Any) -> None:
    """Neither ranks nor badges."""
    teams = [team(name, *(each.username for each in people)) for name in "XY"]
    rows = people_rows(results(teams[:1], people))
    mixed = [replace(teams[0], members=tuple(random.sample(teams[0].members, len(people))))]
    assert people_rows(results(mixed, random.sample(people, len(people)))) == rows
    assert team_rows(results(teams, people)) == team_rows(results(teams[::-1], people))


@unhurried
@given(PEOPLE, NUMBERS, NUMBERS, st.data())
def test_nobody_scores_for_what_another_did(
    people: list[Work], commits: int | None, assigned: int | None, data: st.DataObject
) -> None:
    """Whatever one does more of, or is assigned, leaves all others' points as they were."""
    one = data.draw(st.sampled_from(people))
    more = replace(one, commits=commits, mr_assigned=assigned, issues_assigned=assigned)
    changed = [more if each is one else each for each in people]
    board = team("X", *(each.username for each in people))
    before, after = (results([board], each)[0].scores for each in (people, changed))
    for each, old, new in zip(people, before, after, strict=True):
        if each is not one:
            assert old == new
    assert score(replace(one, mr_assigned=assigned, issues_assigned=assigned)) == score(one)
