"""Badges for the best in each category; ties share a badge, and a person has at most three."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from gitlab_sync.rules.scores.work import Number, Work

MOST_BADGES = 3

SCORE = "score"


@dataclass(frozen=True, slots=True)
class Badge:
    """The comparison behind a badge.

    `of` names numbers of `Work`, or `score`. With `by` = `sum` the highest sum above 0 wins; with
    `evenness` the lowest ratio of population standard deviation to mean, among the people with all
    numbers above 0. `among` is `all` people, or the people of each `team`.
    """

    title: str
    of: tuple[str, ...]
    by: Literal["sum", "evenness"] = "sum"
    among: Literal["all", "team"] = "all"


BADGES = (
    Badge("Team Player", (SCORE,), among="team"),
    Badge("Sprint Star", (SCORE,)),
    Badge("Top Committer", ("commits",)),
    Badge("Merge Master", ("mr_merged",)),
    Badge("Hackathon Hero", ("commits", "mr_merged", "issues_closed")),
    Badge("Consistency Champ", ("commits", "mr_merged", "issues_closed"), by="evenness"),
)
"""The badges in the order in which they are awarded."""


def award(
    people: Iterable[Work],
    scores: Mapping[str, Number | None],
    teams: Iterable[Collection[str]],
    badges: Sequence[Badge] = BADGES,
) -> dict[str, tuple[str, ...]]:
    """Return the badges of each person by key, in the order of `badges`, at most three each.

    `scores` and `teams` identify people by key (`Work.key`). A person with three badges gets no
    more, and the second best does not get theirs. Unknown numbers win nothing.
    """
    by_key = {work.key: work for work in people}
    groups = {"all": [list(by_key)], "team": [list(team) for team in teams]}
    won: dict[str, list[str]] = {key: [] for key in by_key}
    for badge in badges:
        values = {key: _value(badge, work, scores.get(key)) for key, work in by_key.items()}
        best = {key for group in groups[badge.among] for key in _best(group, values)}
        for key in best:
            if len(won[key]) < MOST_BADGES:
                won[key].append(badge.title)
    return {key: tuple(titles) for key, titles in won.items()}


def _best(group: Iterable[str], values: Mapping[str, Fraction | None]) -> list[str]:
    known = {key: value for key in group if (value := values.get(key)) is not None}
    return [key for key, value in known.items() if value == max(known.values())]


def _value(badge: Badge, work: Work, score: Number | None) -> Fraction | None:
    """Return the value to compare (the highest wins), or None if it cannot win."""
    numbers = [score if name == SCORE else work.count(name) for name in badge.of]
    known = [Fraction(number) for number in numbers if number is not None]
    if len(known) < len(numbers):
        return None
    if badge.by == "sum":
        total = sum(known, Fraction())
        return total if total > 0 else None
    return -_unevenness(known) if all(number > 0 for number in known) else None


def _unevenness(numbers: Sequence[Fraction]) -> Fraction:
    """Return the square of (population standard deviation ÷ mean), which has the same order.

    Fractions compare without rounding, so people with the same ratio tie.
    """
    squares = sum((number * number for number in numbers), Fraction())
    total = sum(numbers, Fraction())
    return len(numbers) * squares / (total * total) - 1
