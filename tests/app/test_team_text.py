"""Teams as text: written, read, and taken from files and groups."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlab_sync.pages.team_text import EXAMPLE, read_teams, teams_as_text, with_teams
from gitlab_sync.rules.identity.teams import Member, Team


def words(**more: int) -> st.SearchStrategy[str]:
    """Make names with single spaces."""
    letters = st.sampled_from('aB9é#"():, .-') | st.characters(exclude_categories=("Cs",))
    return (
        st.text(letters, max_size=12)
        .map(lambda text: " ".join(text.split()))
        .filter(lambda text: len(text) >= more.get("least", 0))
    )


USERNAMES = st.from_regex(r"[A-Za-z0-9_.][A-Za-z0-9_.\-]{0,8}", fullmatch=True)
TEAMS = st.lists(
    st.builds(
        Team,
        words(least=1),
        words(),
        st.lists(
            st.builds(Member, USERNAMES, words()), max_size=4, unique_by=lambda each: each.key
        ).map(tuple),
    ),
    max_size=4,
    unique_by=lambda team: team.name.lower(),
)


@given(TEAMS)
def test_whatever_is_written_reads_back(teams: list[Team]) -> None:
    """Names may hold any sign, even those that the text itself is made of."""
    found = read_teams(teams_as_text(teams))
    assert found.faults == ()
    assert list(found.teams) == teams


@given(st.text(st.sampled_from('ab:(),"# \n@é'), max_size=60))
def test_any_text_is_read_or_its_faults_are_named(text: str) -> None:
    """What was read can be written and read again; nothing raises."""
    found = read_teams(text)
    assert all(fault.startswith("line ") for fault in found.faults)
    if not found.faults:
        assert read_teams(teams_as_text(found.teams)) == found


def test_the_example_is_one() -> None:
    """With a project and a full name in brackets."""
    found = read_teams(EXAMPLE)
    assert found.teams == (
        Team("Red", "Red App", (Member("alice"), Member("bob"))),
        Team("Blue", "", (Member("carol", "Carol Smith"), Member("dave"))),
    )


def test_people_write_as_they_like() -> None:
    """Remarks, empty lines, `@`, commas at the end and in names, and white space are no faults."""
    text = " # mine\n\nRed,  White ( App: 2, beta ) :@alice ,, bob(Smith, Bob),\r\nBlue:"
    found = read_teams(text)
    assert found.faults == ()
    assert found.teams == (
        Team("Red, White", "App: 2, beta", (Member("alice"), Member("bob", "Smith, Bob"))),
        Team("Blue", "", ()),
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Red alice, bob", "line 1: “Red alice, bob” is not a team"),
        ("\n: alice", "line 2: the team has no name"),
        ("Red: alice\nred: bob", "line 2: the team “red” is already on line 1"),
        ("Red: alice, bob, ALICE", "line 1: “ALICE” is twice in this team"),
        ("Red: alice smith, a/b", "line 1: “alice smith” is not a valid username"),
        ("Red: alice smith, a/b", "line 1: “a/b” is not a valid username"),
        ("Red: (Alice)", "line 1: no username"),
        (
            "Red: alice (Alice, bob",
            "line 1: “alice (Alice, bob” has an unmatched parenthesis or quote",
        ),
        ("Red (App: alice", "line 1: “Red (App: alice” is not a team"),
    ],
)
def test_each_fault_is_named_with_its_line(text: str, fault: str) -> None:
    """So that it can be fixed there."""
    assert any(each.startswith(fault) for each in read_teams(text).faults)


def test_a_hostile_line_does_not_take_for_ever() -> None:
    """With parentheses, quotes and spaces in any order."""
    for line in ("(" * 50_000, '"' * 50_001, "a: " + "b(" * 20_000, "a" + " " * 50_000 + "("):
        assert read_teams(line).faults


def test_a_team_that_comes_again_takes_the_place_of_the_older_one() -> None:
    """All other lines stay, comments and faults included."""
    text = "# mine\nRed (Old): alice\n\nno team\nBlue: bob"
    new = [Team("RED", "New", (Member("carol"),)), Team("Green", "", ())]
    assert with_teams(text, new) == "# mine\nno team\nBlue: bob\nRED (New): carol\nGreen:"
