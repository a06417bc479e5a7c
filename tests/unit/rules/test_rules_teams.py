"""The file of teams."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.identity.teams import (
    Member,
    Team,
    first_teams,
    parse_teams,
    teams_to_json,
    usernames_of,
)

BLUE = Team("Blue", "App", (Member("ann", "Ann Lee"), Member("Bob")))
RED = Team("Red", "", (Member("ANN"), Member("cleo")))
TEXT = """\
{
  "teams": [
    {
      "team_name": "Blue",
      "project_name": "App",
      "members": [
        {
          "username": "ann",
          "name": "Ann Lee"
        },
        {
          "username": "Bob"
        }
      ]
    }
  ]
}
"""
TEAMS = st.lists(
    st.builds(
        Team,
        st.text(st.characters(codec="utf-8"), min_size=1).map(str.strip).filter(bool),
        st.text(st.characters(codec="utf-8")).map(str.strip),
        st.lists(
            st.builds(
                Member,
                st.from_regex(r"[A-Za-z0-9_.][A-Za-z0-9_.\-]{0,9}", fullmatch=True),
                st.text(st.characters(codec="utf-8")).map(str.strip),
            ),
            unique_by=lambda member: member.key,
        ).map(tuple),
    ),
    unique_by=lambda team: team.name.lower(),
)


def test_teams_are_read_from_their_file_and_written_back() -> None:
    """The name of a member can be missing or null; further keys are skipped."""
    assert parse_teams(TEXT) == (BLUE,)
    assert teams_to_json([BLUE]) == TEXT
    more = TEXT.replace('"Bob"', '"Bob ", "name": null, "role": "lead"')
    assert parse_teams("\ufeff" + more) == (BLUE,)


@pytest.mark.slow
@settings(deadline=None)
@given(TEAMS)
def test_what_is_written_is_read_as_it_was(teams: list[Team]) -> None:
    """Whatever the names hold."""
    assert parse_teams(teams_to_json(teams)) == tuple(teams)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("[]", ["top level: not an object with the key “teams”"]),
        ("{}", ["teams: missing"]),
        ('{"teams": {}}', ["teams: not a list"]),
        ('{"teams": [1]}', ["teams[0]: not an object"]),
        (
            '{"teams": [{}]}',
            [
                "teams[0].team_name: missing",
                "teams[0].members: missing",
            ],
        ),
        (
            """{"teams": [{"team_name": " ", "project_name": 5, "members": [
                {"username": "a b"}, {"username": "", "name": 1}, "ann"]}]}""",
            [
                "teams[0].team_name: empty",
                "teams[0].project_name: not a text",
                "teams[0].members[0].username: “a b” is not a valid username",
                "teams[0].members[1].username: empty",
                "teams[0].members[1].name: not a text",
                "teams[0].members[2]: not an object",
            ],
        ),
        (
            """{"teams": [
                {"team_name": "A", "project_name": "", "members": [
                    {"username": "ann"}, {"username": "bob"}, {"username": "ANN"}]},
                {"team_name": "a", "project_name": "", "members": []}]}""",
            [
                "teams[0].members[2].username: “ANN” is also at teams[0].members[0].username",
                "teams[1].team_name: “a” is also at teams[0].team_name",
            ],
        ),
    ],
)
def test_every_fault_is_named_with_its_place(text: str, faults: list[str]) -> None:
    """All at once."""
    with pytest.raises(ConfigurationError) as caught:
        parse_teams(text, "teams.json")
    assert sorted(str(caught.value).split("\n")) == sorted(f"teams.json, {each}" for each in faults)


def test_broken_json_is_named_with_line_and_column() -> None:
    """Where the editor can go to."""
    with pytest.raises(ConfigurationError, match=r"teams\.json, line 2, column \d+: "):
        parse_teams('{"teams":\n oops}', "teams.json")


@pytest.mark.parametrize("text", ["", "[" * 100_000, "1" * 100_000, '"\\ud800"', "\ud800", "NaN"])
def test_hostile_texts_are_faults_like_others(text: str) -> None:
    """However deep, long or strange."""
    with pytest.raises(ConfigurationError):
        parse_teams(text)


@settings(deadline=None)
@given(st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(str))
def test_no_text_raises_anything_but_a_configuration_error(text: str) -> None:
    """Nor do texts that are JSON of another form."""
    for tried in (text, f'{{"teams": {text}}}', f'{{"teams": [{{"members": [{text}]}}]}}'):
        with suppress(ConfigurationError):
            parse_teams(tried)


@pytest.mark.parametrize(
    ("people", "names"),
    [(1, [["ann"]]), (2, [["ann", "Bob"]]), (3, [["ann", "Bob"], ["ANN", "cleo"]])],
)
def test_the_first_teams_are_whole_but_for_one_that_is_too_large(
    people: int, names: list[list[str]]
) -> None:
    """A person in two teams counts once."""
    found = first_teams([BLUE, RED], people)
    assert [[member.username for member in team.members] for team in found] == names


def test_everybody_is_named_once_over_all_teams() -> None:
    """As first spelled."""
    assert usernames_of([BLUE, RED]) == ["ann", "Bob", "cleo"]
