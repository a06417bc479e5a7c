"""Who was best at what."""

from __future__ import annotations

from how_many import examples
from hypothesis import given, settings
from leaderboard_examples import boards, work

from gitlab_sync.rules.scores.badges import BADGES, MOST_BADGES, Badge, award
from gitlab_sync.rules.scores.leaderboard import TeamResult, score
from gitlab_sync.rules.scores.work import Work


def badges_of(*people: Work, teams: list[list[str]] | None = None) -> dict[str, tuple[str, ...]]:
    """Return the badges of these people, who are one team if nothing else is said."""
    scores = {each.key: score(each) for each in people}
    return award(people, scores, teams or [list(scores)])


def test_each_badge_goes_to_the_best_at_it() -> None:
    """In each team, or of all."""
    assert badges_of(
        work("ann", 90, 0, 0, 0),
        work("bob", 1, 9, 9, 0),
        work("cleo", 0, 0, 0, 31),
        work("dan", 2, 2, 2, 2),
        teams=[["ann", "dan"], ["bob"], ["cleo"]],
    ) == {
        "ann": ("Team Player", "Top Committer", "Hackathon Hero"),
        "bob": ("Team Player", "Merge Master"),
        "cleo": ("Team Player", "Sprint Star"),
        "dan": ("Consistency Champ",),
    }


def test_nobody_wears_more_than_three_and_the_fourth_is_passed_to_nobody() -> None:
    """The second best is not the best."""
    won = badges_of(work("ann", 9, 9, 9, 9), work("bob", 1, 1, 1, 2))
    assert won == {"ann": ("Team Player", "Sprint Star", "Top Committer"), "bob": ()}


def test_all_who_tie_for_a_badge_get_it() -> None:
    """Also if they are equally even without being equal."""
    won = badges_of(work("ann", 1, 2, 0, 3), work("bob", 10, 20, 0, 30), teams=[["x"]])
    assert "Consistency Champ" in won["ann"]
    tied = badges_of(work("ann", 3), work("bob", 3))
    assert tied["ann"] == tied["bob"] == ("Team Player", "Sprint Star", "Top Committer")


def test_nothing_wins_nothing() -> None:
    """A badge needs a positive value, and evenness all three above 0."""
    assert badges_of(work("ann"), work("bob", None, 5, 5, 5)) == {
        "ann": (),
        "bob": ("Merge Master",),
    }
    assert "Consistency Champ" not in badges_of(work("ann", 5, 5, 5, 0))["ann"]
    even = award([work("ann", 1, 1, 0, 1)], {}, [], [BADGES[-1]])
    assert even == {"ann": ("Consistency Champ",)}


def test_badges_are_data() -> None:
    """Another one needs no code."""
    helper = Badge("Good Listener", ("mr_assigned",))
    assert award([work("ann", mr_assigned=1)], {}, [], [helper]) == {"ann": ("Good Listener",)}


@settings(max_examples=examples(150), deadline=None)
@given(boards())
def test_badges_go_to_the_best_alone_and_nobody_has_more_than_three(
    found: list[TeamResult],
) -> None:
    """The best who lacks a badge has three others."""
    people = [each for result in found for each in result.members]
    scores = {each.key: score(each) for each in people}
    won = award(people, scores, [[each.key for each in result.members] for result in found])
    assert all(len(set(titles)) == len(titles) <= MOST_BADGES for titles in won.values())
    for title, value in (
        ("Sprint Star", scores),
        ("Top Committer", {each.key: each.commits for each in people}),
        ("Merge Master", {each.key: each.mr_merged for each in people}),
    ):
        best = max((number for number in value.values() if number is not None), default=0)
        for key, titles in won.items():
            wins = best > 0 and value[key] == best
            assert (title in titles) <= wins <= (title in titles or len(titles) == MOST_BADGES)
