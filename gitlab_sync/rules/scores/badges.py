"""Badges: who was best at what. All who tie for one get it; no one gets more than three."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from gitlab_sync.rules.scores.work import Number

if TYPE_CHECKING:
    from gitlab_sync.rules.scores.work import Work

MOST_BADGES = 3

SCORE = "score"


@dataclass(frozen=True, slots=True)
class Badge:
    """What is compared for a badge.

    `of` names numbers of `Work`, or `score`. `by` is their sum, the highest above 0 winning, or
    how even they are: the lowest ratio of population standard deviation to mean wins, of those who
    have all of them above 0. `among` says who is compared: everybody, or each team in itself.
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
"""The badges in the order in which they are given away."""


def award(
    people: Iterable[Work],
    scores: Mapping[str, Number | None],
    teams: Iterable[Collection[str]],
    badges: Sequence[Badge] = BADGES,
) -> dict[str, tuple[str, ...]]:
    """Return everybody's badges by their key, in the order of `badges`, at most three each.

    `scores` and `teams` name people by their keys (`Work.key`). Who has three already gets no
    more, and passes nothing on to the second best. What is not known wins nothing.
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
    """Return what is compared (the higher, the better), or None if it cannot win."""
    numbers = [score if name == SCORE else work.count(name) for name in badge.of]
    known = [Fraction(number) for number in numbers if number is not None]
    if len(known) < len(numbers):
        return None
    if badge.by == "sum":
        total = sum(known, Fraction())
        return total if total > 0 else None
    return -_unevenness(known) if all(number > 0 for number in known) else None


def _unevenness(numbers: Sequence[Fraction]) -> Fraction:
    """Return the square of (population standard deviation ÷ mean), which orders as the ratio does.

    Fractions compare without rounding, so that who is equally even ties.
    """
    squares = sum((number * number for number in numbers), Fraction())
    total = sum(numbers, Fraction())
    return len(numbers) * squares / (total * total) - 1
