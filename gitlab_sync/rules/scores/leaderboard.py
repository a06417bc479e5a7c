"""The leaderboard: scores with their terms, ranks, and the tables of teams and people.

Teams are compared first; the list of individuals is optional.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.identity.teams import Team
from gitlab_sync.rules.items.table import by_username
from gitlab_sync.rules.scores.badges import BADGES, Badge, award
from gitlab_sync.rules.scores.work import TITLES, Number, Work, add
from gitlab_sync.rules.text import did_you_mean, format_hours_minutes
from gitlab_sync.types import Scalar, Status, TableRow

_T = TypeVar("_T")

DEFAULT_WEIGHTS: Mapping[str, Number] = MappingProxyType(
    {"commits": 1, "mr_merged": 5, "mr_created": 2, "issues_closed": 3}
)
"""Points for each commit, merged and authored merge request, and closed authored issue."""

MOST_POINTS = 1000
_DECIMALS = 6

TEAM_COLUMNS = (
    "Rank",
    "Team",
    "Project",
    "Team Score",
    "Total Commits",
    "MR Merged",
    "MR Created",
    "MR Assigned",
    "Issues Closed",
    "Issues Raised",
    "Issues Assigned",
)
MEMBER_COLUMNS = ("Username", "Status", *TITLES.values(), "Score")
PEOPLE_COLUMNS = (
    "Rank",
    "Username",
    "Team",
    "Score",
    "Total Commits",
    "MR Merged",
    "MR Created",
    "Issues Closed",
    "Badges",
)
SHARE_COLUMNS = ("Username", "Measure", "Number", "Share")

SHARED = ("commits", "mr_created", "issues_raised")
"""The numbers that are divided into shares of a team's members."""


@dataclass(frozen=True, slots=True)
class Term:
    """One line of a score: a number, its weight, and the points. None is unknown."""

    title: str
    number: Number | None
    weight: Number

    @property
    def heading(self) -> str:
        """The title of the column of points: `MR Merged x 5`."""
        return f"{self.title} x {self.weight:.15g}"

    @property
    def points(self) -> Number | None:
        """The number times its weight."""
        return None if self.number is None else _exact(self.number * self.weight)


@dataclass(frozen=True, slots=True)
class TeamResult:
    """A team with its members' numbers, in the order of the team."""

    team: Team
    members: tuple[Work, ...]
    scores: tuple[Number | None, ...]

    @property
    def score(self) -> Number | None:
        """The sum of the members' known scores; None if there are members but no score is known."""
        return _exact(add(self.scores))

    @property
    def unverified(self) -> int:
        """The number of members with unknown numbers, which the sums can lack."""
        return sum(
            points is None or work.status != "Success"
            for work, points in zip(self.members, self.scores, strict=True)
        )

    @property
    def status(self) -> Status:
        """Whether the sums cover all of the members' work, a part of it, or nothing."""
        if not self.unverified:
            return "Success"
        statuses = {work.status for work in self.members}
        if statuses <= {"Error", "Not Found"}:
            return "Error" if "Error" in statuses else "Not Found"
        return "Partial"

    def total(self, name: str) -> Number | None:
        """Return the team's sum of one of the numbers in `work.TITLES`, over the known ones."""
        return add([work.count(name) for work in self.members])


def weights_from(
    setting: Mapping[str, object], usual: Mapping[str, Number] = DEFAULT_WEIGHTS
) -> dict[str, Number]:
    """Return the `usual` weights, replaced by those of `setting`.

    Names are those of `work.TITLES`; 0 takes a number out of the score. Raises ConfigurationError
    with every fault: another name, or a value that is not a number from 0 to 1000.
    """
    faults: list[str] = []
    weights = dict(usual)
    for name, weight in setting.items():
        if name not in TITLES:
            known = ", ".join(TITLES)
            faults.append(
                f"a weight must be one of {known}, got “{name}”.{did_you_mean(name, TITLES)}"
            )
        elif not isinstance(weight, int | float) or isinstance(weight, bool):
            faults.append(f"weight “{name}” must be a number, got {weight!r}")
        elif not 0 <= weight <= MOST_POINTS:
            faults.append(f"weight “{name}” must be from 0 to {MOST_POINTS}, got {weight!r}")
        else:
            weights[name] = weight
    if faults:
        raise ConfigurationError("\n".join(faults))
    return weights


def terms(work: Work, weights: Mapping[str, Number] = DEFAULT_WEIGHTS) -> tuple[Term, ...]:
    """Return the terms of a person's score, one for each weight."""
    return tuple(Term(TITLES[name], work.count(name), weight) for name, weight in weights.items())


def score(work: Work, weights: Mapping[str, Number] = DEFAULT_WEIGHTS) -> Number | None:
    """Return the sum of the terms' points; None if a number with a weight is unknown.

    The sum of the others would look like the score of a person who did less. Points have at most
    six decimals.
    """
    points = [term.points for term in terms(work, weights) if term.weight]
    return None if None in points else _exact(add(points))


def results(
    teams: Iterable[Team],
    work: Iterable[Work],
    weights: Mapping[str, Number] = DEFAULT_WEIGHTS,
) -> list[TeamResult]:
    """Return each team with the numbers of its members, in the order of the teams.

    `work` has each person once; a person who is not in it was not read. A person in several teams
    has the same numbers in each.
    """
    known = {each.key: each for each in work}
    found: list[TeamResult] = []
    for team in teams:
        members = tuple(
            known.get(member.key) or Work(member.username, "Error") for member in team.members
        )
        found.append(TeamResult(team, members, tuple(score(each, weights) for each in members)))
    return found


def ranked(
    items: Iterable[_T], score_of: Callable[[_T], Number | None], name_of: Callable[[_T], str]
) -> list[tuple[int | None, _T]]:
    """Return the items with their ranks, the best first; ties share a rank: 1, 2, 2, 4.

    Items of one rank are sorted by name. Items without a score have no rank and come last.
    """
    scored = [(score_of(item), item) for item in items]
    ordered = sorted(
        scored,
        key=lambda pair: (pair[0] is None, -(pair[0] or 0), name_of(pair[1]).lower()),
    )
    ranks: dict[Number, int] = {}
    for position, (points, _) in enumerate(ordered, start=1):
        if points is not None:
            ranks.setdefault(points, position)
    return [(None if points is None else ranks[points], item) for points, item in ordered]


def by_rank(found: Iterable[TeamResult]) -> list[tuple[int | None, TeamResult]]:
    """Return the teams with their ranks, as `ranked` does."""
    return ranked(found, lambda each: each.score, lambda each: each.team.name)


def team_rows(found: Iterable[TeamResult]) -> list[TableRow]:
    """Return the table of teams, with `TEAM_COLUMNS`, the best first."""
    return [
        _cells(
            TEAM_COLUMNS,
            {
                "Rank": rank,
                "Team": result.team.name,
                "Project": result.team.project,
                "Team Score": result.score,
            },
            result.total,
        )
        for rank, result in by_rank(found)
    ]


def member_rows(result: TeamResult) -> list[TableRow]:
    """Return a team's table, with `MEMBER_COLUMNS`, sorted by `Username`; unknown cells are null.

    `Time Spent` is written as `3h 20m`.
    """
    rows = [
        _cells(
            MEMBER_COLUMNS,
            {
                "Username": work.username,
                "Status": work.status,
                "Time Spent": None
                if work.time_spent is None
                else format_hours_minutes(work.time_spent),
                "Score": points,
            },
            work.count,
        )
        for work, points in zip(result.members, result.scores, strict=True)
    ]
    return by_username(rows)


def people_rows(found: Sequence[TeamResult], badges: Sequence[Badge] = BADGES) -> list[TableRow]:
    """Return the table of individuals, with `PEOPLE_COLUMNS`, the best first, each person once.

    A person in several teams has all of them in `Team`, and is compared in each for a team's badge.
    """
    people: dict[str, tuple[Work, Number | None, list[str]]] = {}
    for result in found:
        for work, points in zip(result.members, result.scores, strict=True):
            people.setdefault(work.key, (work, points, []))[2].append(result.team.name)
    scores = {key: points for key, (_, points, _) in people.items()}
    teams = [[work.key for work in result.members] for result in found]
    won = award([work for work, _, _ in people.values()], scores, teams, badges)
    by_score = ranked(people.values(), lambda each: each[1], lambda each: each[0].username)
    return [
        _cells(
            PEOPLE_COLUMNS,
            {
                "Rank": rank,
                "Username": work.username,
                "Team": ", ".join(names),
                "Score": points,
                "Badges": ", ".join(won[work.key]),
            },
            work.count,
        )
        for rank, (work, points, names) in by_score
    ]


def share_rows(result: TeamResult) -> list[TableRow]:
    """Return each member's share of the team's work, with `SHARE_COLUMNS`, for charts.

    There is a row for each member and each number of `SHARED`; its title is the `Measure`. `Share`
    is in percent of the team's sum: 0 if that is 0, null if a part of it is unknown, since all
    shares would be too high. A person who does not exist did nothing.
    """
    members = sorted(result.members, key=lambda work: work.key)
    existing = [work for work in members if work.status != "Not Found"]
    rows: list[TableRow] = []
    for name in SHARED:
        total = result.total(name) or 0
        whole = all(work.is_whole(name) for work in existing)
        for work in members:
            number = work.count(name)
            share = None
            if whole and number is not None:
                share = round(100 * number / total, 1) if total else 0.0
            cells = (work.username, TITLES[name], number, share)
            rows.append(dict(zip(SHARE_COLUMNS, cells, strict=True)))
    return rows


def score_columns(weights: Mapping[str, Number] = DEFAULT_WEIGHTS) -> tuple[str, ...]:
    """Return the columns of `score_rows`, with one for each number that counts: `MR Merged x 5`."""
    counting = terms(Work(""), weights)
    return ("Team", "Username", *(term.heading for term in counting if term.weight), "Score")


def score_rows(
    found: Iterable[TeamResult], weights: Mapping[str, Number] = DEFAULT_WEIGHTS
) -> list[TableRow]:
    """Return the points that make up each score, with `score_columns`: a row for each member.

    `weights` are those of the results. The teams are sorted by rank, their members by `Username`.
    """
    return [
        {
            "Team": result.team.name,
            "Username": work.username,
            **{term.heading: term.points for term in terms(work, weights) if term.weight},
            "Score": points,
        }
        for _, result in by_rank(found)
        for points, work in sorted(
            zip(result.scores, result.members, strict=True), key=lambda pair: pair[1].key
        )
    ]


_NAMES = {title: name for name, title in TITLES.items()}


def _cells(
    columns: Iterable[str],
    fixed: Mapping[str, Scalar],
    count: Callable[[str], Number | None],
) -> TableRow:
    """Return a row of `columns`: the `fixed` cells, and for the others the number of the title."""
    return {
        column: fixed[column] if column in fixed else count(_NAMES[column]) for column in columns
    }


def _exact(points: Number | None) -> Number | None:
    """Return points without rounding errors, which would separate people who tie."""
    return round(points, _DECIMALS) if isinstance(points, float) else points
