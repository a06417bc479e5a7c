"""Bots and people."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlab_sync.rules.identity.bots import DEFAULT_BOTS, is_bot


@pytest.mark.parametrize(
    "username",
    [
        "project_12_bot",
        "project_12_bot_3fa0",
        "group_7_bot",
        "GROUP_7_BOT_x",
        "release-bot",
        "release_bot",
        "release[bot]",
        "Release-Bot",
        "dependabot",
        "Renovate",
        "copilot-swe-agent",
    ],
)
def test_bots_are_known_by_their_names(username: str) -> None:
    """Users of access tokens, names that end like one, and the default list; without case."""
    assert is_bot(username)


@pytest.mark.parametrize(
    "username",
    [
        "ghost",
        "ann",
        "bot",
        "robot",
        "abbot",
        "bot-ann",
        "project_x_bot_ann",
        "my_project_12_bot_ann",
        "renovate2",
        "",
    ],
)
def test_who_only_resembles_a_bot_is_a_person(username: str) -> None:
    """`ghost`, which stands for deleted accounts, is one, too."""
    assert not is_bot(username)


def test_a_list_of_ones_own_takes_the_place_of_the_default_one() -> None:
    """The shapes of names still count."""
    assert is_bot("marge", ["Marge"])
    assert is_bot("release-bot", ())
    assert not is_bot("renovate", ["marge"])
    assert is_bot("renovate", {"marge", *DEFAULT_BOTS})


@pytest.mark.parametrize(
    ("pattern", "bots", "people"),
    [
        ("*-ci", ["build-ci", "-CI"], ["ci", "build-ci2"]),
        ("svc-*", ["svc-deploy", "svc-"], ["svc"]),
        ("a*b*c", ["abc", "a-b-c", "abbcc"], ["ab", "acb"]),
        ("ab*ba", ["abba", "ab-ba"], ["aba"]),
        ("*", ["ann", ""], []),
        ("[x]*", ["[x]y"], ["xy"]),
    ],
)
def test_a_list_can_have_patterns(pattern: str, bots: list[str], people: list[str]) -> None:
    """A star is any text; nothing else has a meaning of its own."""
    assert all(is_bot(name, [pattern]) for name in bots)
    assert not any(is_bot(name, [pattern]) for name in people)


@given(st.text("ab*", max_size=12), st.text("ab", max_size=12))
def test_a_pattern_is_what_the_shells_say(pattern: str, name: str) -> None:
    """As the standard library has it."""
    assert is_bot(name, [pattern]) == fnmatch.fnmatchcase(name, pattern)
