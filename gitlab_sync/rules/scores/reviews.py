"""How merged merge requests were reviewed: responses, rounds, merges, and reviewers and authors.

The measures are those of CHAOSS (*Time to First Response*, *Change Requests Duration*, *Review
Cycle Duration within a Change Request*), over what was there until the merge. Times are working
time. Nothing that came after the merge changes a number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from statistics import fmean, median
from typing import Final

from gitlab_sync.rules import record
from gitlab_sync.rules.dates import day_of
from gitlab_sync.rules.identity.bots import is_bot
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items import item, reviews
from gitlab_sync.rules.items.facts import Facts
from gitlab_sync.rules.items.reviews import Said
from gitlab_sync.rules.items.table import of
from gitlab_sync.rules.items.terms import Terms
from gitlab_sync.rules.items.until_merge import UntilMerge
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.unique import unique
from gitlab_sync.rules.working_time import FIRST_YEAR, LAST_YEAR
from gitlab_sync.types import PartialList, Record, TableRow

QUICK: Final = 300
"""The most seconds of working time that a quick approval takes."""

_PUSH = re.compile(r"added \d+ commits?\b", re.IGNORECASE)
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Review:
    """What one person said about another's merge request. Immutable.

    `seconds` is the working time until the first of it; 0 if it came before the author was ready.
    """

    reviewer: str
    author: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one merged merge request. Immutable.

    `values` has a number for each name in `VALUES`: None does not apply, and one that is missing is
    unknown; then `unread` says why. `merged` is the time of the merge.
    """

    author: str
    project: str
    merged: datetime | None
    values: Mapping[str, int | None]
    reviews: tuple[Review, ...] = ()
    unread: str | None = None


VALUES = (
    *("first_response", "time_to_merge", "rounds"),
    *("merged_by_author", "without_review", "quick_approval", "comments"),
)
"""The names of what is measured of each merge request; times are in seconds, yes is 1."""


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
}
"""What each column says, by title."""


# -- one merge request -----------------------------------------------------------------------------


def measured(mr: Record, facts: Facts, review: Verdict, terms: Terms) -> Measured:
    """Measure one merged merge request; never raises.

    `review` is what the fair policy says of *No Internal Review*. What depends on notes is unknown
    unless all of them could be read.
    """
    author, project = record.author(mr) or "", _project(mr)
    known = UntilMerge.of(mr, facts.notes)
    if review.result == "n/a":
        return Measured(author, project, known.end, dict.fromkeys(VALUES))
    values: dict[str, int | None] = {}
    unread: list[str] = []
    if review.result == "unknown":
        unread.append(review.reason)
    else:
        values["without_review"] = int(review.result == "fail")
    by_author = _merged_by_author(mr)
    if isinstance(by_author, str):
        unread.append(by_author)
    else:
        values["merged_by_author"] = by_author
    doubts = [] if known.notes.whole else [item.not_read("notes", known.notes)]
    said = _said(mr, known.notes, terms.bots, doubts)
    taken = known.taken(terms.working_time)
    given: tuple[Review, ...] = ()
    if isinstance(taken, str):
        doubts.append(taken)
    elif known.start is not None and not doubts:
        values["time_to_merge"] = taken
        given = _reviews(author, said, known.start, terms)
        values |= _values_of_notes(said, given, known.notes, terms)
    reasons = "; ".join(dict.fromkeys([*unread, *doubts]))
    return Measured(author, project, known.end, values, given, reasons or None)


def unreadable(mr: Record, reason: str) -> Measured:
    """Return a merge request of which nothing is known, for this reason."""
    return Measured(record.author(mr) or "", _project(mr), None, {}, (), reason)


def _project(mr: Record) -> str:
    """Return the path of the project; without one, its number or an empty text."""
    path = (record.text(mr.get("references"), "full") or "").rpartition("!")[0]
    return path or str(mr.get("project_id") or "")


def _merged_by_author(mr: Record) -> int | str | None:
    """Return 1 or 0, None if GitLab does not know who merged it, or why it could not be read."""
    # Older servers have only the second one.
    key = "merge_user" if "merge_user" in mr else "merged_by"
    if key not in mr:
        return "merge_user not in the list"
    if mr[key] is None:
        return None
    merger, author = record.text(mr[key], "username"), record.author(mr)
    if not merger or author is None:
        return "merge_user is not a person" if author else "author of the merge request not known"
    return int(username_key(merger) == username_key(author))


def _said(mr: Record, notes: PartialList, bots: Collection[str], doubts: list[str]) -> list[Said]:
    """Return what others said, the first one first; add to `doubts` what else it could be."""
    found: list[Said] = []
    for said in reviews.said_by_others(mr, notes, bots):
        if isinstance(said, str):
            doubts.append(said)
        else:
            found.append(said)
    if any(reviews.is_approval(note) is None for note in notes.rows):
        doubts.append("a note not readable")
    return sorted(found, key=lambda said: (_made(said.note), said.by))


def _made(note: Record) -> datetime:
    """Return when a note was made, in whole seconds; `UntilMerge` has none without a time."""
    return datetime.fromisoformat(note["created_at"]).replace(microsecond=0)


def _reviews(
    author: str, said: Sequence[Said], start: datetime, terms: Terms
) -> tuple[Review, ...]:
    """Return a review for each person who said something, the first one first."""

    def waited(note: Record) -> int:
        return terms.working_time.seconds(start, _made(note)) or 0

    firsts = unique(said, lambda each: username_key(each.by))
    return tuple(Review(each.by, author, waited(each.note)) for each in firsts)


def _values_of_notes(
    said: Sequence[Said], given: Sequence[Review], notes: PartialList, terms: Terms
) -> dict[str, int | None]:
    first = _made(said[0].note) if said else None
    only_approved = all(each.approval for each in said)
    return {
        "first_response": given[0].seconds if given else None,
        "rounds": None
        if first is None
        else sum(_is_push(note) and _made(note) > first for note in notes.rows),
        "quick_approval": int(bool(given) and only_approved and given[0].seconds <= QUICK),
        "comments": sum(
            reviews.is_system(note) is False and not is_bot(record.author(note) or "", terms.bots)
            for note in notes.rows
        ),
    }


def _is_push(note: Record) -> bool:
    return bool(reviews.is_system(note) and _PUSH.match(record.text(note, "body") or ""))


# -- many of them ----------------------------------------------------------------------------------


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
