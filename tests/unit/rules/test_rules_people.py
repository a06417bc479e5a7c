"""Bots and people."""

from __future__ import annotations

import pytest

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
