"""People with numbers and their teams, for the tests of scores and badges."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from gitlab_sync.rules.identity.teams import Member, Team
from gitlab_sync.rules.scores.leaderboard import TeamResult, results
from gitlab_sync.rules.scores.work import TITLES, Work


def work(username: str, *numbers: int | None, **more: int | None) -> Work:
    """Return a person's commits, merged and created merge requests, and closed issues."""
    names = ("commits", "mr_merged", "mr_created", "issues_closed")
    zeros: dict[str, Any] = dict.fromkeys(TITLES, 0)
    return Work(username, **{**zeros, **dict(zip(names, numbers, strict=False)), **more})


def team(name: str, *usernames: str) -> Team:
    """Return a team of these people."""
    return Team(name, f"{name} App", tuple(map(Member, usernames)))


NUMBERS = st.none() | st.integers(0, 4)
PEOPLE = st.lists(
    st.builds(work, st.sampled_from("abcdefgh"), NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    unique_by=lambda each: each.key,
    min_size=1,
)


@st.composite
def boards(draw: st.DrawFn) -> list[TeamResult]:
    """Return results in which everybody is in exactly one team."""
    people = draw(PEOPLE)
    cut = draw(st.integers(0, len(people)))
    parts = [people[:cut], people[cut:]]
    teams = [
        team(name, *(each.username for each in part))
        for name, part in zip("XY", parts, strict=True)
    ]
    return results(teams, people)
