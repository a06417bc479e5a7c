"""The leaderboard: teams with their sums, members, scores that open to their terms, and days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from itertools import count

from gitlab_sync.api.commits import DividedCommits, DividedProject
from gitlab_sync.api.period import local_zone
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.http.urls import encode_id
from gitlab_sync.reports.report import Completeness, Report
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period, day_of
from gitlab_sync.rules.identity import teams as team_rules
from gitlab_sync.rules.identity.attribution import Unmatched
from gitlab_sync.rules.identity.bots import DEFAULT_BOTS
from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items.table import POLICY
from gitlab_sync.rules.policy import CLASSIC, FAIR, Policy
from gitlab_sync.rules.scores import contribution
from gitlab_sync.rules.scores import leaderboard as scores
from gitlab_sync.rules.scores.badges import BADGES, Badge
from gitlab_sync.rules.scores.heatmap import first_day, heatmap, heatmap_rows
from gitlab_sync.rules.scores.profile import shown_fields
from gitlab_sync.rules.scores.work import Number, Work
from gitlab_sync.rules.text import plural
from gitlab_sync.rules.unique import unique
from gitlab_sync.run import Run
from gitlab_sync.services.members import people_of_groups
from gitlab_sync.services.people_data import PeopleData, PeopleRequest, person_queries
from gitlab_sync.services.people_parts import read_people
from gitlab_sync.services.projects import known_projects
from gitlab_sync.services.rows import reasons_of_members
from gitlab_sync.services.summary import PersonSummary, summaries_of
from gitlab_sync.session.session import Client
from gitlab_sync.session.workflow import read_one
from gitlab_sync.types import Record, TableRow

LEADERBOARD, INDIVIDUALS, SCORES = "Leaderboard", "Individuals", "Scores"
"""The titles of the tables that are there besides one for each team."""

LEADERBOARD_COLUMNS = (*scores.TEAM_COLUMNS, "Status", "Error", "Unverified")
"""`Unverified` is the number of members with something unknown."""

TEAM_MEMBER_COLUMNS = (*scores.MEMBER_COLUMNS, "Error")
INDIVIDUAL_COLUMNS = (*scores.PEOPLE_COLUMNS, "Status", "Error")

_TEXTS = {"Team", "Project", "Username", "Time Spent", "Badges", "Status", "Error", POLICY}


@dataclass(frozen=True, slots=True)
class LeaderboardQuery:
    """Which teams are compared, by which points, and what of their work counts. Immutable.

    `projects` are ids, paths or URLs (none: all of each person's). A `policy` that rows name leaves
    out its bots, and of the days of people only its working days count. The rest is as in
    `people_data.PeopleRequest`. Raises ConfigurationError for teams that no file may hold; see
    `parse_teams`.
    """

    teams: Sequence[team_rules.Team]
    projects: Sequence[int | str] = ()
    period: Period = field(default_factory=Period)
    known_by: KnownBy = NOBODY_ELSE
    zone: tzinfo | None = None
    clock: tzinfo | None = None
    weights: Mapping[str, Number] = field(default_factory=lambda: scores.DEFAULT_WEIGHTS)
    badges: Sequence[Badge] = BADGES
    policy: Policy = CLASSIC

    def __post_init__(self) -> None:
        team_rules.parse_teams(team_rules.teams_to_json(self.teams))

    def titles(self) -> dict[str, str]:
        """Return the title of each team's table by the team's name.

        It is that name, but for a team that is called as another table is: `Scores (2)`.
        """
        reserved = {title.casefold() for title in (LEADERBOARD, INDIVIDUALS, SCORES)}
        taken = reserved | {team.name.casefold() for team in self.teams}
        titles = {}
        for team in self.teams:
            numbered = (f"{team.name} ({number})" for number in count(2))
            free = (title for title in numbered if title.casefold() not in taken)
            titles[team.name] = next(free) if team.name.casefold() in reserved else team.name
        return titles

    def in_words(self) -> str:
        """Return in words what counts and for how many points, for readers of a file."""
        named = ", ".join(map(str, self.projects))
        where = f"projects {named}" if named else "all their projects"
        counting = [term.heading for term in scores.terms(Work(""), self.weights) if term.weight]
        points = f"score: {' + '.join(counting) or 'nothing counts'}"
        return f"{plural(len(self.teams), 'team')}, {where}{self.period.in_words()}; {points}"


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """One person's numbers in detail. Not to be changed.

    `summary` has the lists of commits, merge requests and issues, and of the latter two what rows
    show (`rules.scores.profile.shown_fields`). `activity` is how much the person
    did on each day, None where nothing of it was read; where only a part was, days can lack
    something, and the `error` of the summary says what. `has_lists` says whether both are there: of
    many people they are not kept.
    """

    summary: PersonSummary
    work: Work
    terms: tuple[scores.Term, ...]
    activity: Mapping[date, int] | None
    index: contribution.ContributionIndex | None
    has_lists: bool = True


@dataclass(frozen=True, slots=True)
class TeamAnswer:
    """One team, and its tables: rows as `Report` has them. Not to be changed.

    `members` has `TEAM_MEMBER_COLUMNS`, `shares` the columns of `leaderboard.share_rows`, `indexes`
    those of `contribution.index_row`; all are sorted by `Username`.
    """

    result: scores.TeamResult
    members: list[TableRow]
    shares: list[TableRow]
    indexes: list[TableRow]


class LeaderboardReport(Report):
    """The rows of the teams, with `LEADERBOARD_COLUMNS`, the best first. Not to be changed.

    `teams` has what is known of each team by its name, in the same order; `people` of each person
    by their `Username`. `individuals` has a row for each of them, with `INDIVIDUAL_COLUMNS`, the
    best first; `scores` the points behind the scores, with `score_columns(question.weights)`.
    `first` and `last` are the days of the contribution index: those of the period, up to today;
    without a beginning the 53 weeks of the heatmap. `unknown_projects` are those that were named
    and could not be found, `unmatched` the signatures of commits that match no one, and `bots` the
    members that the policy leaves out. Without `lists` the people have none.
    """

    def __init__(
        self,
        query: LeaderboardQuery,
        found: Iterable[PersonSummary],
        today: date,
        unknown_projects: Sequence[int | str] = (),
        unmatched: Sequence[Unmatched] = (),
        bots: Sequence[str] = (),
        *,
        lists: bool = True,
    ) -> None:
        self.query = query
        self.bots = bots
        self._lists = lists
        self.unknown_projects = unknown_projects
        self.unmatched = unmatched
        self._since, until = _days(query)
        self.last = today if until is None else min(today, until)
        self.first = self._since or first_day(self.last)
        working = query.policy.terms.working_time.is_working_day
        counts = working if query.policy.base == FAIR.name else None
        self._days = contribution.Days(self.first, self.last, counts)
        people = [self._person(summary) for summary in found]
        self.people = {each.work.username: each for each in people}
        made = scores.results(query.teams, (each.work for each in people), query.weights)
        ranking = [result for _, result in scores.by_rank(made)]
        self.teams = {result.team.name: self._team(result) for result in ranking}
        self.individuals = [
            row | self._state(row) for row in scores.people_rows(ranking, query.badges)
        ]
        self.scores = scores.score_rows(ranking, query.weights)
        rows = [row | self._sums(ranking[at]) for at, row in enumerate(scores.team_rows(ranking))]
        super().__init__(rows, Completeness.of_people(each.work.status for each in people))

    def with_lists_of(self, other: LeaderboardReport) -> LeaderboardReport:
        """Return the report with the people of another one in the place of its own."""
        report = copy(self)
        report.people = self.people | other.people
        return report

    def heatmap(self, username: str) -> list[TableRow]:
        """Return the days of a person's 53 weeks, with `heatmap.HEATMAP_COLUMNS`, for a chart.

        `username` is as in the rows. Empty where nothing of their work was read.
        """
        activity = self.people[username].activity
        if activity is None:
            return []
        return heatmap_rows(heatmap(activity, self.last, self._since))

    def sheets(self, instance: str, *, individuals: bool = False) -> list[Sheet]:
        """Return the tables as exporters take them; `instance` is the URL of the GitLab.

        They are the ranking, one for each team, with `individuals` the list of people, and the
        points behind the scores.
        """
        meta = self.meta(instance)
        titles = self.query.titles()
        tables: list[tuple[str, Sequence[str], Sequence[TableRow]]] = [
            (LEADERBOARD, LEADERBOARD_COLUMNS, self)
        ]
        for name, team in self.teams.items():
            tables.append((titles[name], TEAM_MEMBER_COLUMNS, team.members))
        if individuals:
            tables.append((INDIVIDUALS, INDIVIDUAL_COLUMNS, self.individuals))
        tables.append((SCORES, scores.score_columns(self.query.weights), self.scores))
        return [self._sheet(title, columns, rows, meta) for title, columns, rows in tables]

    def meta(self, instance: str) -> Meta:
        """Return where the numbers come from; `instance` is the URL of the GitLab."""
        left_out = f"; without {plural(len(self.bots), 'bot')}" if self.bots else ""
        scope, policy = f"{self.query.in_words()}{left_out}", self.query.policy.shown_name
        return Meta.of_report(self, instance, scope, policy)

    def _sheet(
        self, title: str, columns: Sequence[str], rows: Sequence[TableRow], meta: Meta
    ) -> Sheet:
        def profile(row: TableRow) -> str | None:
            username = str(row["Username"])
            exists = self.people[username].summary.user is not None
            return f"{meta.instance}/{username}" if exists else None

        if meta.policy:
            columns, rows = (*columns, POLICY), [row | {POLICY: meta.policy} for row in rows]
        return Sheet(
            title,
            columns,
            rows,
            meta,
            links={"Username": profile},
            kinds={column: "integer" for column in columns if column not in _TEXTS},
            repeated={POLICY},
        )

    def _person(self, summary: PersonSummary) -> PersonAnswer:
        work = summary.work
        days = _activity(summary, self.query.zone or local_zone())
        index = None if days is None else contribution.contribution_index(days, self._days, work)
        terms = scores.terms(work, self.query.weights)
        if not self._lists:
            return PersonAnswer(summary.without_lists(), work, terms, None, index, has_lists=False)
        summary = replace(
            summary,
            merge_requests=_shown(summary.merge_requests),
            issues=_shown(summary.issues),
        )
        return PersonAnswer(summary, work, terms, days, index)

    def _team(self, result: scores.TeamResult) -> TeamAnswer:
        members = [row | {"Error": self._error(row)} for row in scores.member_rows(result)]
        names = [str(row["Username"]) for row in members]
        indexes = [contribution.index_row(name, self.people[name].index) for name in names]
        return TeamAnswer(result, members, scores.share_rows(result), indexes)

    def _sums(self, result: scores.TeamResult) -> TableRow:
        members = self.teams[result.team.name].members
        errors = ((str(row["Username"]), self._error(row)) for row in members)
        return {
            "Status": result.status,
            "Error": reasons_of_members(errors),
            "Unverified": result.unverified,
        }

    def _state(self, row: TableRow) -> TableRow:
        work = self.people[str(row["Username"])].work
        return {"Status": work.status, "Error": self._error(row)}

    def _error(self, row: TableRow) -> str | None:
        return self.people[str(row["Username"])].summary.error


def answer(client: Client, query: LeaderboardQuery, run: Run | None = None) -> LeaderboardReport:
    """Read the work of all people in the teams, each person once, and compare the teams.

    Errors of single reads never raise: the rows have them. Raises NotFound if projects are
    named and not one of them is there. Thread-safe.
    """
    run = run or Run()
    with run.context(client) as session:
        ids, unknown = known_projects(session, query.projects)
        read = read_people(session, request_of(query, ids), run)
    return report_of_read(query, [read], datetime.now(UTC), unknown)


def request_of(query: LeaderboardQuery, project_ids: Sequence[int | str]) -> PeopleRequest:
    """Return what has to be read for a query, in the projects with these ids."""
    query, _ = _without_bots(query)
    return PeopleRequest(
        person_queries(team_rules.usernames_of(query.teams)),
        period=query.period,
        projects=project_ids,
        known_by=query.known_by,
        zone=query.zone,
        clock=query.clock,
        bots=query.policy.terms.bots,
        slots=query.policy.terms.slots,
    )


def report_of_read(
    query: LeaderboardQuery,
    parts: Iterable[PeopleData],
    now: datetime,
    unknown_projects: Sequence[int | str] = (),
    *,
    lists: bool = True,
) -> LeaderboardReport:
    """Return the report that `answer` makes, of what was read at `now`, an aware time.

    People come in `parts`: without `lists` no more than one is in memory with all that was read.
    """
    query, bots = _without_bots(query)
    today = now.astimezone(query.zone or local_zone()).date()
    projects: dict[str, DividedProject] = {}

    def noted() -> Iterator[PeopleData]:
        for read in parts:
            found = read.commits.projects
            projects.update(
                {str(each.project.get("id")): replace(each, people={}) for each in found}
            )
            yield read
            del read, found  # before the next part is read

    people = summaries_of(noted())
    report = LeaderboardReport(query, people, today, unknown_projects, (), bots, lists=lists)
    report.unmatched = DividedCommits([*projects.values()]).unmatched
    return report


def _without_bots(query: LeaderboardQuery) -> tuple[LeaderboardQuery, list[str]]:
    """Return the query without members that its policy leaves out, and their usernames."""
    if not query.policy.shown_name:
        return query, []
    teams = team_rules.without_bots(query.teams, query.policy.terms.bots)
    left = {username_key(name) for name in team_rules.usernames_of(teams)}
    names = team_rules.usernames_of(query.teams)
    return replace(query, teams=teams), [each for each in names if username_key(each) not in left]


def teams_of_groups(
    client: Client, groups: Iterable[int | str], bots: Collection[str] = DEFAULT_BOTS
) -> tuple[team_rules.Team, ...]:
    """Return a team for each group, named after it, of its members, inherited ones too; no bots.

    A group that is named twice is there once. Where two have the same name, both are called by
    their paths. Raises NotFound if one of the groups does not exist, and the other errors of
    `gitlab_sync.errors` for what could not be read. Thread-safe.
    """
    brief = {"with_projects": False}
    read = [
        (
            people_of_groups(client, [group], bots),
            read_one(client, f"groups/{encode_id(group)}", brief),
        )
        for group in groups
    ]
    return teams_of(read)


def teams_of(groups: Iterable[tuple[Iterable[Person], Record]]) -> tuple[team_rules.Team, ...]:
    """Return a team for each group, given its people and its record; see `teams_of_groups`."""
    found = unique(groups, lambda pair: record.identity(pair[1]))
    names = Counter(_name(group).lower() for _, group in found)
    return tuple(
        team_rules.Team(
            _name(group) if names[_name(group).lower()] == 1 else _path(group),
            "",
            tuple(team_rules.Member(person.username) for person in people),
        )
        for people, group in found
    )


def _shown(found: UserItems | None) -> UserItems | None:
    """Return items with what rows show of them: reports are kept for long."""
    if found is None:
        return None
    items = (replace(each, record=shown_fields(each.record)) for each in found.items)
    return replace(found, items=tuple(items))


def _activity(summary: PersonSummary, zone: tzinfo) -> Mapping[date, int] | None:
    commits, mrs, issues = summary.commits, summary.merge_requests, summary.issues
    if commits is None and mrs is None and issues is None:
        return None
    return contribution.activity(
        () if commits is None else commits.rows,
        () if mrs is None else mrs.authored,
        () if issues is None else issues.authored,
        zone,
    )


def _name(group: Record) -> str:
    return record.text(group, "name") or _path(group)


def _path(group: Record) -> str:
    return record.text(group, "full_path") or str(record.identity(group))


def _days(query: LeaderboardQuery) -> tuple[date | None, date | None]:
    bounds = (query.period.start, query.period.end)
    zone = query.zone or local_zone()
    first, last = (None if each is None else day_of(each.isoformat(), zone) for each in bounds)
    return first, last
