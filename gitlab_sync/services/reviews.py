"""How the merged merge requests of teams were reviewed: by team, project, week and person.

It is read like the rows of merge requests (`services.evaluation`), at no further request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import TypeAlias

from gitlab_sync.api.facts.choose import facts_for
from gitlab_sync.api.facts.rest import FactsRead, read_facts
from gitlab_sync.api.period import local_zone
from gitlab_sync.api.scope import EVERYWHERE, Scope
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.reports.cells import Kind
from gitlab_sync.reports.report import Completeness, Report, short_reason
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.bounds import joined
from gitlab_sync.rules.identity.teams import Team, usernames_of
from gitlab_sync.rules.identity.usernames import HasUsername, username_key
from gitlab_sync.rules.items import fair_merge_request
from gitlab_sync.rules.items.as_of import item_key
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.items.table import POLICY, waived_column
from gitlab_sync.rules.items.tally import Verdicts
from gitlab_sync.rules.policy import FAIR, Policy
from gitlab_sync.rules.scores import review_tables as tables
from gitlab_sync.rules.scores import reviews as rules
from gitlab_sync.rules.scores.reviews import Measured, Review
from gitlab_sync.rules.text import plural
from gitlab_sync.run import Run
from gitlab_sync.services.evaluation import find_authors
from gitlab_sync.services.rows import (
    profile_links,
    reasons_in_words,
    reasons_of_members,
    status_of_absent,
)
from gitlab_sync.services.waiver_notes import WaiverNotes
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import Client
from gitlab_sync.types import Record, Status, TableRow

TEAMS, PROJECTS, WEEKS, PEOPLE, PAIRS = (
    "Teams",
    "Projects",
    "Weeks",
    "People",
    "Reviewers and Authors",
)
"""The titles of the tables; the last two are about people, and are there when asked for."""

_REVIEW = "no_internal_review"

OTHERS = "(no team)"
"""The name for people who are in no team."""

_STATE = ("Status", "Error", tables.UNVERIFIED, POLICY)
TEAM_COLUMNS = ("Team", *tables.MEASURE_COLUMNS, *tables.SPREAD_COLUMNS, *_STATE)
PROJECT_COLUMNS = ("Project", *TEAM_COLUMNS[1:])
PERSON_COLUMNS = (
    *("Team", "Username", *tables.MEASURE_COLUMNS),
    *(*tables.GIVEN_COLUMNS, tables.SHARE, *_STATE),
)


@dataclass(frozen=True, slots=True)
class ReviewsQuery:
    """Which merge requests are measured: those that the members of teams wrote. Immutable.

    `scope` says where, and when they were merged. `policy` has working days and bots; `zone` is the
    time zone of weeks (None: the machine's).
    """

    teams: Sequence[Team]
    scope: Scope = EVERYWHERE
    policy: Policy = FAIR
    zone: tzinfo | None = None

    def in_words(self) -> str:
        """Return in words what counts, for readers of a file."""
        where = f"{self.scope.in_words()}{self.scope.period.in_words()}"
        return f"merged merge requests of {plural(len(self.teams), 'team')}, {where}"


@dataclass(frozen=True, slots=True)
class PersonReviews(HasUsername):
    """A person's merged merge requests, and the reviews that the person gave. Not to be changed.

    `status` is `Success`, `Partial`, `Not Found` or `Error`; `error` says what is missing, and why.
    """

    username: str
    status: Status
    error: str | None
    measured: Sequence[Measured]
    given: Sequence[Review]


class ReviewsReport(Report):
    """How much was read of each person (`Username, Status, Error`), and all tables.

    `people` has each person by key, `measured` all merge requests. With a policy that has waivers,
    rows of tables have a last column `Waived`: the merge requests without a review that do not
    count as such. Not to be changed.
    """

    def __init__(
        self, query: ReviewsQuery, people: Iterable[PersonReviews], completeness: Completeness
    ) -> None:
        self.query = query
        self.people = {person.key: person for person in people}
        self.measured = [each for person in self.people.values() for each in person.measured]
        self._is_known = completeness.whole
        self._behind = waived_column(query.policy.merge_requests)
        rows: list[TableRow] = [
            {"Username": each.username, "Status": each.status, "Error": each.error}
            for each in self.people.values()
        ]
        policy = query.policy
        checks = (each for each in policy.merge_requests.checks if each.id == _REVIEW)
        warnings = WaiverNotes(policy.waivers_of_day, checks).warnings()
        super().__init__(rows, completeness, warnings=warnings)

    def members(self, team: Team) -> list[PersonReviews]:
        """Return the members of a team, in its order."""
        return [self.people[member.key] for member in team.members]

    def team_rows(self) -> list[TableRow]:
        """Return a row for each team, with `TEAM_COLUMNS`, in the order of the teams."""
        return [self._team_row(team) for team in self.query.teams]

    def project_rows(self) -> list[TableRow]:
        """Return a row for each project, with `PROJECT_COLUMNS`, by name."""
        projects: dict[str, list[Measured]] = {}
        for each in self.measured:
            projects.setdefault(each.project, []).append(each)
        lists = ["not all lists could be read"] if self.completeness.lists else []
        return [
            self._row(
                {"Project": name or None},
                self._measures(found)
                | self._spread(review for each in found for review in each.reviews),
                [*(each.unread for each in found if each.unread), *lists],
            )
            for name, found in sorted(projects.items())
        ]

    def week_rows(self) -> list[TableRow]:
        """Return the time to first response by week; see `review_tables.week_rows`."""
        return tables.week_rows(self.measured, self.query.zone or local_zone())

    def person_rows(self) -> list[TableRow]:
        """Return a row for each member of each team, with `PERSON_COLUMNS`."""
        return [
            row
            for team in self.query.teams
            for row in self._member_rows(team.name, self.members(team))
        ]

    def pair_rows(self) -> list[TableRow]:
        """Return who reviewed how much of which author's; see `review_tables.pair_rows`."""
        names = {
            username_key(name): name
            for each in self.measured
            for name in (each.author, *(review.reviewer for review in each.reviews))
        }
        return tables.pair_rows(self.measured, lambda name: names[username_key(name)])

    def team_pair_rows(self) -> list[TableRow]:
        """Return the same by team; a person in several teams is in the first of them."""
        teams = {
            member.key: team.name for team in reversed(self.query.teams) for member in team.members
        }
        return tables.pair_rows(self.measured, lambda name: teams.get(username_key(name), OTHERS))

    def sheets(self, instance: str, *, people: bool = False) -> list[Sheet]:
        """Return the tables as exporters take them; those about people only with `people`.

        `instance` is the URL of the GitLab.
        """
        meta = self.meta(instance)
        parts: list[tuple[str, Sequence[str], list[TableRow]]] = [
            (TEAMS, (*TEAM_COLUMNS, *self._behind), self.team_rows()),
            (PROJECTS, (*PROJECT_COLUMNS, *self._behind), self.project_rows()),
            (WEEKS, tables.WEEK_COLUMNS, self.week_rows()),
        ]
        if people:
            parts.append((PEOPLE, (*PERSON_COLUMNS, *self._behind), self.person_rows()))
            parts.append((PAIRS, tables.PAIR_COLUMNS, self.pair_rows()))
        return [sheet_of(title, columns, rows, meta) for title, columns, rows in parts]

    def meta(self, instance: str) -> Meta:
        """Return where the numbers come from; `instance` is the URL of the GitLab."""
        return Meta.of_report(self, instance, self.query.in_words(), self.query.policy.name)

    def _team_row(self, team: Team) -> TableRow:
        members = self.members(team)
        found = [each for person in members for each in person.measured]
        given = [review for person in members for review in person.given]
        row = self._row({"Team": team.name}, self._measures(found) | self._spread(given), ())
        statuses = {person.status for person in members}
        if statuses and statuses <= {"Error", "Not Found"}:
            unknown = (*TEAM_COLUMNS[1 : -len(_STATE)], tables.UNVERIFIED, *self._behind)
            row |= dict.fromkeys(unknown)
            row["Status"] = "Error" if "Error" in statuses else "Not Found"
        elif not statuses <= {"Success"}:
            row["Status"] = "Partial"
        row["Error"] = reasons_of_members((each.username, each.error) for each in members)
        return row

    def _member_rows(self, team: str, members: Sequence[PersonReviews]) -> list[TableRow]:
        whole = sum(len(person.given) for person in members)
        rows = []
        for person in members:
            cells: TableRow = dict.fromkeys((*PERSON_COLUMNS, *self._behind))
            if person.status in {"Success", "Partial"}:
                cells |= self._measures(person.measured) | tables.given_cells(person.given)
                cells[tables.SHARE] = tables.share(
                    len(person.given), whole, is_known=self._is_known
                )
            cells |= {"Team": team, "Username": person.username, POLICY: self.query.policy.name}
            rows.append(cells | {"Status": person.status, "Error": person.error})
        return rows

    def _row(self, name: TableRow, cells: TableRow, unread: Iterable[str]) -> TableRow:
        error = joined(unread) or None
        status = "Success" if error is None else "Partial"
        return {**name, **cells, "Status": status, "Error": error, POLICY: self.query.policy.name}

    def _measures(self, found: Sequence[Measured]) -> TableRow:
        waived = sum(each.waived for each in found)
        return {**tables.measure_cells(found), **dict.fromkeys(self._behind, waived)}

    def _spread(self, given: Iterable[Review]) -> TableRow:
        return tables.spread_cells(given, is_known=self._is_known)


def sheet_of(title: str, columns: Sequence[str], rows: Sequence[TableRow], meta: Meta) -> Sheet:
    """Return one of the tables. A number that applies to no merge request is an empty cell."""
    kinds: dict[str, Kind] = {column: "integer" for column in columns if column not in _TEXTS}
    kinds |= {each.title: "number" for each in tables.MEASURES if not each.counts}
    kinds |= {"Response (h)": "number", "Concentration": "number", tables.SHARE: "percent"}
    kinds |= {"Week": "day"}
    return Sheet(
        title,
        columns,
        [{column: row[column] for column in columns} for row in rows],
        meta,
        links=profile_links(meta.instance) if "Username" in columns else {},
        kinds=kinds,
        nothing={"Error", *_without_unknown(rows)},
        shares={each.title: each.base for each in tables.MEASURES if each.title in columns},
        repeated={POLICY},
    )


_TEXTS = {"Team", "Project", "Username", "Reviewer", "Author", "Week", "Status", "Error", POLICY}


def _without_unknown(rows: Sequence[TableRow]) -> list[str]:
    """Return the columns in which each missing number is one of nothing."""
    bases = {each.title: each.base for each in tables.MEASURES} | tables.BASES
    return [
        title
        for title, base in bases.items()
        if all(row.get(title) is not None or row.get(base) == 0 for row in rows)
    ]


def answer(client: Client, query: ReviewsQuery, run: Run | None = None) -> ReviewsReport:
    """Read the merge requests of all members, each person once, and measure the merged ones.

    Errors of single reads never raise: the rows have them. When `run.cancel` ends it, the rows say
    what was not read. Raises ConfigurationError for input that cannot work. Thread-safe.
    """
    run = run or Run()
    rule_set = review_rules(query.policy)
    with run.context(client) as session:
        source = facts_for(session, run, rule_set)
        tracker = run.tracker or ProgressTracker()
        tracker.attach(session)
        people = find_authors(session, usernames_of(query.teams), query.scope, run, query.policy)
        merged = {item_key(mr): mr for person in people for mr in merged_of(person)}
        tracker.begin(len(merged))
        found: dict[object, MeasuredItem] = {}
        for facts in read_facts(session, list(merged.values()), source):
            found[item_key(facts.mr)] = measured_of(facts, rule_set, query.policy), facts.errors
            tracker.step()
            if run.on_progress is not None:
                run.on_progress(tracker.now())
    return report_of_read(query, by_person(people, found), [*found.values()])


MeasuredItem: TypeAlias = tuple[Measured, Sequence[GitLabSyncError]]
"""What is known of a merge request, and the errors met where something is not."""

PersonItems: TypeAlias = tuple[UserItems, Sequence[MeasuredItem]]
"""A person without items, and the merged merge requests they wrote."""


def by_person(
    people: Iterable[UserItems], found: Mapping[object, MeasuredItem]
) -> list[PersonItems]:
    """Return each person with their part of the merge requests, which have keys as items."""
    return [
        (replace(person, items=()), [found[item_key(mr)] for mr in merged_of(person)])
        for person in people
    ]


def report_of_read(
    query: ReviewsQuery, people: Sequence[PersonItems], found: Collection[MeasuredItem]
) -> ReviewsReport:
    """Return the report that `answer` makes, of what was read before: `found`, each once."""
    given: dict[str, list[Review]] = {}
    for measured, _ in found:
        for review in measured.reviews:
            given.setdefault(username_key(review.reviewer), []).append(review)
    return ReviewsReport(
        query,
        [_person(person, theirs, given) for person, theirs in people],
        _completeness((person for person, _ in people), found),
    )


def merged_of(person: UserItems) -> list[Record]:
    """Return a person's merged ones, and those with a state that is not readable."""
    return [mr for mr in person.records if record.state(mr) in {"merged", None}]


def review_rules(policy: Policy) -> RuleSet:
    """Return the fair rules under the terms and the waivers of a policy: what reviews go by."""
    return replace(fair_merge_request.rules_for(policy.terms), waivers=policy.waivers_of_day)


def measured_of(
    found: FactsRead, rule_set: RuleSet, policy: Policy, verdicts: Verdicts | None = None
) -> Measured:
    """Measure a merge request that is merged, or has no readable state; never raises.

    `rule_set` are the rules of `review_rules`, and `verdicts` what their `rule` says of it, if that
    is known already.
    """
    if verdicts is None:
        verdicts = rule_set.rule(found.mr, found.facts)
    review = rule_set.with_waivers(found.mr, verdicts, None)[_REVIEW]
    if record.state(found.mr) is None:
        return rules.unreadable(found.mr, review.reason)
    return rules.measured(found.mr, found.facts, review, policy.terms)


def _person(
    person: UserItems, found: Sequence[MeasuredItem], given: Mapping[str, Sequence[Review]]
) -> PersonReviews:
    measured = [each for each, _ in found]
    status: Status = "Success"
    error = None
    unread = [each.unread for each in measured if each.unread]
    errors = [*person.problems, *(error for each, met in found if each.unread for error in met)]
    if not person.exists:
        missing = None if person.exists is False else person.errors[0]
        status, error = status_of_absent(person.username, missing)
    elif errors or unread:
        status, error = "Partial", reasons_in_words(errors) if errors else joined(unread)
    theirs = given.get(username_key(person.username), ())
    return PersonReviews(person.username, status, error, measured, theirs)


def _completeness(people: Iterable[UserItems], found: Collection[MeasuredItem]) -> Completeness:
    lost = Counter(
        short_reason(errors[0]) if errors else "unclear" for each, errors in found if each.unread
    )
    lists = Counter(
        short_reason(person.problems[0])
        for person in people
        if person.exists is not False and person.problems
    )
    read = len(found) - lost.total()
    return Completeness("merge requests", read, len(found), lost, lists)
