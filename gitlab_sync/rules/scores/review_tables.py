"""The tables of reviews: what many merge requests have in common, by team, person and week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from statistics import fmean, median

from gitlab_sync.rules.dates import day_of
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items.table import WAIVED, of
from gitlab_sync.rules.scores.reviews import Measured, Review
from gitlab_sync.rules.working_time import FIRST_YEAR, LAST_YEAR
from gitlab_sync.types import TableRow

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Measure:
    """A column about many merge requests: how it is made from one of `VALUES`. Immutable.

    `of` names the measure that has the column with their number, if it is another one.
    """

    name: str
    value: str
    made: Callable[[Sequence[int]], float]
    meaning: str
    hours: bool = False
    of: str = ""

    @property
    def title(self) -> str:
        """The title of the column."""
        return f"{self.name} (h)" if self.hours else self.name

    @property
    def base(self) -> str:
        """The title of the column with the number of merge requests that it is made of."""
        return of(self.of or self.name)

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of its columns."""
        return (self.title,) if self.of else (self.title, self.base)

    @property
    def counts(self) -> bool:
        """Whether it is a number of merge requests."""
        return self.made is sum


def _ninety(values: Sequence[int]) -> int:
    """Return the smallest value that is at least as high as 90 % of them."""
    return sorted(values)[-(-9 * len(values) // 10) - 1]


MEASURES = (
    Measure(
        "First Response",
        "first_response",
        median,
        "Median time from being ready to the first comment or approval of another person, of those "
        "that had one. Earlier ones count 0. Bots do not count.",
        hours=True,
    ),
    Measure(
        "First Response 90 %",
        "first_response",
        _ninety,
        "The time in which 9 of 10 first responses came.",
        hours=True,
        of="First Response",
    ),
    Measure(
        "Time to Merge",
        "time_to_merge",
        median,
        "Median time from being ready to the merge.",
        hours=True,
    ),
    Measure(
        "Rounds",
        "rounds",
        median,
        "Median number of times that commits were added after the first response, of those that "
        "had one.",
    ),
    Measure(
        "Merged by Author",
        "merged_by_author",
        sum,
        "How many were merged by their author, of those with a known merger.",
    ),
    Measure(
        "Without Review",
        "without_review",
        sum,
        "How many fail No Internal Review of the fair policy.",
    ),
    Measure(
        "Approved in 5 min",
        "quick_approval",
        sum,
        "How many were approved within five minutes of being ready, without a comment by anyone "
        "but the author.",
    ),
    Measure(
        "Comments per MR",
        "comments",
        fmean,
        "Comments by people, the author included, divided by the number of merge requests.",
    ),
)
"""The measures, in the order of the columns."""

MERGED, UNVERIFIED = "MR Merged", "Unverified"
MEASURE_COLUMNS = (MERGED, *(title for each in MEASURES for title in each.titles))
GIVEN_COLUMNS = ("Reviews Given", "People Helped", "Response (h)")
SHARE = "Share of Reviews"
SPREAD_COLUMNS = ("Reviews Given", "Reviewers", "Concentration")
BASES = {GIVEN_COLUMNS[2]: GIVEN_COLUMNS[0], SPREAD_COLUMNS[2]: SPREAD_COLUMNS[0]}
"""The columns that have no number where the number of reviews is 0, with that of the latter."""

WEEK_COLUMNS = ("Week", *MEASURES[0].titles, *MEASURES[1].titles)
PAIR_COLUMNS = ("Reviewer", "Author", "Reviews")

MEANINGS = {
    MERGED: "Merged merge requests. Those that a label exempts from No Internal Review count here "
    "alone.",
    **{each.title: each.meaning for each in MEASURES},
    "Reviews Given": "Merge requests of others that the person, or a person of the team, commented "
    "on or approved, of those that were read. A merge request counts once for each reviewer.",
    "People Helped": "The number of their authors.",
    "Response (h)": "Median time from being ready to the person's first comment or approval.",
    SHARE: "The person's reviews in percent of the team's.",
    "Reviewers": "People with at least one review.",
    "Concentration": "The Herfindahl-Hirschman index of the shares, the sum of their squares: 1 if "
    "one person gives all reviews, 1/n if n people give as many each.",
    UNVERIFIED: "Merge requests about which something could not be read.",
    WAIVED: "Merge requests without a review that do not count as such: a waiver covers them.",
}
"""What each column says, by title."""


def measure_cells(found: Sequence[Measured]) -> TableRow:
    """Return the cells of `MEASURE_COLUMNS`, and `Unverified`.

    A number is None if it applies to no merge request; where all that it could apply to are
    unknown, the number of merge requests is None, too.
    """
    cells: TableRow = {MERGED: len(found)}
    for measure in MEASURES:
        known = [each.values[measure.value] for each in found if measure.value in each.values]
        numbers = [number for number in known if number is not None]
        made = measure.made(numbers) if numbers else None
        cells[measure.title] = _shown(made, 1 / _HOUR if measure.hours else 1)
        if not measure.of:
            unknown = len(known) < len(found)
            cells[measure.base] = len(numbers) if numbers or not unknown else None
    cells[UNVERIFIED] = sum(bool(each.unread) for each in found)
    return cells


def _shown(number: float | None, factor: float = 1) -> float | None:
    return None if number is None else round(number * factor, 2)


def given_cells(given: Sequence[Review]) -> TableRow:
    """Return the cells of `GIVEN_COLUMNS` for the reviews of one person."""
    helped = {username_key(review.author) for review in given}
    response = median([review.seconds for review in given]) if given else None
    return dict(
        zip(GIVEN_COLUMNS, (len(given), len(helped), _shown(response, 1 / _HOUR)), strict=True)
    )


def share(part: int, whole: int, *, is_known: bool) -> float | None:
    """Return the percentage; None if there is nothing to divide, or if a part is unknown."""
    return round(100 * part / whole, 1) if whole and is_known else None


def spread_cells(given: Iterable[Review], *, is_known: bool) -> TableRow:
    """Return the cells of `SPREAD_COLUMNS` for the reviews of a team or in a project.

    Without all reviews (`is_known`) their concentration is unknown.
    """
    numbers = Counter(username_key(review.reviewer) for review in given).values()
    whole = sum(numbers)
    index = sum((number / whole) ** 2 for number in numbers) if whole and is_known else None
    return dict(zip(SPREAD_COLUMNS, (whole, len(numbers), _shown(index)), strict=True))


def week_rows(found: Iterable[Measured], zone: tzinfo) -> list[TableRow]:
    """Return the time to first response by week of the merge, with `WEEK_COLUMNS`.

    Weeks begin on Monday in `zone`, and there is a row for each from the first to the last. A week
    of merges does not change later, as one of creations would.
    """
    weeks: dict[date, list[Measured]] = {}
    for each in found:
        day = None if each.merged is None else day_of(each.merged.isoformat(), zone)
        if day is not None and FIRST_YEAR <= day.year <= LAST_YEAR:
            weeks.setdefault(day - timedelta(days=day.weekday()), []).append(each)
    if not weeks:
        return []
    first, last = min(weeks), max(weeks)
    every = (first + timedelta(weeks=number) for number in range((last - first).days // 7 + 1))
    return [
        {
            "Week": week.isoformat(),
            **{
                column: cell
                for column, cell in measure_cells(weeks.get(week, [])).items()
                if column in WEEK_COLUMNS
            },
        }
        for week in every
    ]


def pair_rows(
    found: Iterable[Measured], shown: Callable[[str], str] = username_key
) -> list[TableRow]:
    """Return who reviewed how many merge requests of which author, with `PAIR_COLUMNS`, by name.

    `shown` returns how a person is named, such as by their team.
    """
    pairs = Counter(
        (shown(review.reviewer), shown(review.author)) for each in found for review in each.reviews
    )
    return [
        dict(zip(PAIR_COLUMNS, (*pair, number), strict=True))
        for pair, number in sorted(pairs.items())
    ]
