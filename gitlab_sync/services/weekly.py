"""What people recorded day by day, compared with as many days just before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from gitlab_sync.api.period import local_zone
from gitlab_sync.errors import BadResponse
from gitlab_sync.reports.cells import Kind
from gitlab_sync.reports.report import Completeness, Report
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy
from gitlab_sync.rules.scores import weekly as rules
from gitlab_sync.rules.text import instant, plural
from gitlab_sync.rules.unique import unique
from gitlab_sync.run import Run
from gitlab_sync.services.people_data import PeopleData, PeopleRequest, person_queries
from gitlab_sync.services.people_parts import read_people
from gitlab_sync.services.projects import known_projects
from gitlab_sync.services.rows import profile_links
from gitlab_sync.services.summary import PersonSummary, summaries_of
from gitlab_sync.session.session import Client
from gitlab_sync.types import Status, TableRow

_USERNAME = rules.PERSON_COLUMNS[-1]


@dataclass(frozen=True, slots=True)
class WeeklyQuery:
    """Which people's days, in which projects, and who is shown with hours. Immutable.

    `days` are days in `zone` (None: the machine's), and those of commits go by `clock` (None: each
    commit's own). `projects` are ids, paths or URLs (none: all of each person's). `with_hours` has
    the keys of the people who are shown with their hours of the day.
    """

    people: Sequence[rules.WeekPerson]
    days: rules.Days
    projects: Sequence[int | str] = ()
    known_by: KnownBy = NOBODY_ELSE
    zone: tzinfo | None = None
    clock: tzinfo | None = None
    with_hours: Collection[str] = frozenset()

    def in_words(self) -> str:
        """Return in words what counts, for readers of a file."""
        named = ", ".join(map(str, self.projects))
        where = f"projects {named}" if named else "all their projects"
        zone = "" if self.zone is None else f" in {self.zone}"
        return f"work by day, {where}, {self.days[0]} to {self.days[-1]}{zone}"


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """One person's days, and in `recorded` the items behind them. Not to be changed.

    `status` is `Success`, `Partial`, `Not Found` or `Error`; `error` says what is missing, and why.
    """

    week: rules.PersonWeek
    recorded: rules.Recorded
    status: Status
    error: str | None


class WeeklyReport(Report):
    """How much was read of each person (`Username, Status, Error`), and in `people` their days.

    Both are sorted by team, then by username; who has no team comes last. `unknown_projects` are
    those that were named and could not be found.
    """

    def __init__(
        self,
        people: Sequence[PersonAnswer],
        unknown_projects: Sequence[int | str],
    ) -> None:
        self.people = sorted(people, key=_place)
        rows: list[TableRow] = [
            {"Username": each.week.person.username, "Status": each.status, "Error": each.error}
            for each in self.people
        ]
        super().__init__(rows, Completeness.of_people(each.status for each in people))
        self.unknown_projects = unknown_projects

    def sheets(self, query: WeeklyQuery, instance: str) -> list[Sheet]:
        """Return the tables as exporters take them: the one to read, then one for each measure.

        `instance` is the URL of the GitLab.
        """
        meta = Meta.of_report(self, instance, query.in_words())
        weeks = [each.week for each in self.people]
        days = [day.isoformat() for day in query.days]
        overview = rules.overview_rows(weeks, query.with_hours)
        tables = [self._sheet(rules.OVERVIEW, overview, [*days, "Total", "Change"], "text", meta)]
        for measure, title in rules.MEASURES.items():
            rows, columns = rules.measure_rows(weeks, measure), [*days, "Total", "Before", "Change"]
            tables.append(self._sheet(title, rows, columns, "integer", meta))
        return tables

    def _sheet(
        self, title: str, rows: Sequence[TableRow], columns: Sequence[str], kind: Kind, meta: Meta
    ) -> Sheet:
        kept = [
            {**row, "Status": each.status, "Error": each.error}
            for row, each in zip(rows, self.people, strict=True)
        ]
        return Sheet(
            title,
            [*rules.PERSON_COLUMNS, *columns, "Status", "Error"],
            kept,
            meta,
            links=profile_links(meta.instance, _USERNAME),
            kinds=dict.fromkeys(columns, kind),
        )


def answer(client: Client, query: WeeklyQuery, run: Run | None = None) -> WeeklyReport:
    """Read what these people recorded on the days, and on as many before.

    A person named twice counts at the first place. Errors of single reads never raise: the rows
    have them. Raises NotFound if not one of the projects is there. Thread-safe.
    """
    run = run or Run()
    with run.context(client) as session:
        ids, unknown = known_projects(session, query.projects)
        read = read_people(session, request_of(query, ids), run)
    return report_of_read(query, [read], unknown)


def request_of(query: WeeklyQuery, project_ids: Sequence[int | str]) -> PeopleRequest:
    """Return what has to be read for a query, in the projects with these ids."""
    return PeopleRequest(
        person_queries(person.username for person in query.people),
        # A merge request counts by its merge, however long ago it was created.
        moment="active",
        roles=("author",),
        groups=False,
        period=rules.time_of(query.days, query.zone or local_zone()),
        projects=project_ids,
        known_by=query.known_by,
        zone=query.zone,
        clock=query.clock,
    )


def report_of_read(
    query: WeeklyQuery, parts: Iterable[PeopleData], unknown_projects: Sequence[int | str] = ()
) -> WeeklyReport:
    """Return the report that `answer` makes, of what was read before, some people in each part."""
    people, zone = unique(query.people, lambda person: person.key), query.zone or local_zone()
    answers = []
    found = map(_with_merges, summaries_of(parts))
    for person, summary in zip(people, found, strict=True):
        recorded = _recorded(summary)
        week = rules.person_week(_named(person, summary), query.days, recorded, zone)
        answers.append(PersonAnswer(week, recorded, summary.status, summary.error))
    return WeeklyReport(answers, unknown_projects)


def _named(person: rules.WeekPerson, summary: PersonSummary) -> rules.WeekPerson:
    """Return a person as GitLab spells them, with its name where the list has none."""
    name = person.name or record.text(summary.user, "name") or ""
    return replace(person, name=name, username=summary.username)


def _with_merges(summary: PersonSummary) -> PersonSummary:
    """Return a summary that says so if it is unknown when a merge request was merged."""
    mrs = [] if summary.merge_requests is None else summary.merge_requests.authored
    merged = (mr for mr in mrs if record.state(mr) == "merged")
    unknown = sum(instant(record.field(mr, "merged_at")) is None for mr in merged)
    if not unknown:
        return summary
    error = BadResponse(f"merged_at of {plural(unknown, 'merge request')} is not a time")
    text = f"merge requests: {error.reason}"
    return replace(
        summary,
        status="Partial",
        error=text if summary.error is None else f"{summary.error}; {text}",
        errors={**summary.errors, "merge requests": [error]},
    )


def _recorded(summary: PersonSummary) -> rules.Recorded:
    """Return what was read of a person, and of which measures something is missing."""
    if summary.user is None:
        return rules.Recorded()
    mrs, issues, commits = summary.merge_requests, summary.issues, summary.commits
    lacks: dict[rules.Measure, bool] = {
        "merge_requests": mrs is None or "merge requests" in summary.errors,
        "issues": issues is None or "issues" in summary.errors,
        "commits": commits is None or "commits" in summary.errors,
    }
    # Where an item is missing, the time spent on it can be missing, too.
    lacks["time_spent"] = lacks["merge_requests"] or lacks["issues"]
    times_are_read = "time logs" not in summary.errors and "time" not in summary.errors
    return rules.Recorded(
        None if mrs is None else mrs.authored,
        None if issues is None else issues.authored,
        None if commits is None else commits.rows,
        summary.daily_time if times_are_read else None,
        frozenset(measure for measure, some in lacks.items() if some),
    )


def _place(person: PersonAnswer) -> tuple[bool, str, str]:
    who = person.week.person
    return not who.team, who.team.lower(), who.key
