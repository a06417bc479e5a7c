"""Commits by author: each commit, the totals of each person, and those that match no one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Literal, TypeAlias

from gitlab_sync.api.commits import DividedCommits, DividedProject
from gitlab_sync.api.groups import members_at, path_at, projects_of
from gitlab_sync.api.projects import by_id, endpoint
from gitlab_sync.errors import GitLabSyncError, NotFound
from gitlab_sync.reports.cells import Kind
from gitlab_sync.reports.report import Completeness, Report, short_reason
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period
from gitlab_sync.rules.identity.bots import is_bot
from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy
from gitlab_sync.rules.identity.people_input import Person, merged
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items.table import by_username
from gitlab_sync.rules.policy import CLASSIC, Policy
from gitlab_sync.rules.scores.commits import commit_stats
from gitlab_sync.rules.text import first_line, instant, plural
from gitlab_sync.run import Run
from gitlab_sync.services import people_data
from gitlab_sync.services.people_reader import read_commits
from gitlab_sync.services.projects import known_projects
from gitlab_sync.services.rows import profile_links, status_of_absent
from gitlab_sync.session.fetch import fetch_lists
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import Client, Session
from gitlab_sync.session.workflow import whole
from gitlab_sync.types import Record, TableRow

Table: TypeAlias = Literal["Commits", "Totals", "Unmatched"]
"""The tables: a row for each commit, for each person, or for each unmatched signature."""

COLUMNS: Mapping[Table, tuple[str, ...]] = {
    "Commits": ("Username", "Project", "Date", "Time", "Slot", "Commit", "Message", "Author"),
    "Totals": (
        "Username", "Status", "Commits Total", "Commits Morning", "Commits Afternoon",
        "Commits Other", "Morning %", "Afternoon %", "Error",
    ),
    "Unmatched": ("Name", "Address", "Commits"),
}  # fmt: skip
"""The titles of each table. A commit's row also has its `URL`, which no table shows."""

_COUNTS = {
    "Commits Total": "total",
    "Commits Morning": "morning_commits",
    "Commits Afternoon": "afternoon_commits",
    "Commits Other": "other_commits",
    "Morning %": "morning_pct",
    "Afternoon %": "afternoon_pct",
}
_KINDS: Mapping[Table, Mapping[str, Kind]] = {
    "Commits": {"Date": "day"},
    "Totals": {title: "percent" if "%" in title else "integer" for title in _COUNTS},
    "Unmatched": {"Commits": "integer"},
}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CommitsQuery:
    """Commits of which people, in which projects and when. Immutable.

    `people` None: all members of the projects, except bots. `projects` are ids, paths or URLs; the
    projects of `group` (id, path or URL) and its subgroups are added. With neither, all projects of
    each person are meant. `policy` has the bots and the parts of the day. The rest is as in
    `people_data.PeopleRequest`.
    """

    people: Sequence[Person] | None = None
    projects: Sequence[int | str] = ()
    group: str | None = None
    period: Period = field(default_factory=Period)
    known_by: KnownBy = NOBODY_ELSE
    clock: tzinfo | None = None
    policy: Policy = CLASSIC

    @property
    def named_policy(self) -> str:
        """The policy's name if it can change anything here: that of a file."""
        return self.policy.name if self.policy.settings else ""

    def in_words(self) -> str:
        """Return in words what counts, for readers of a file."""
        named = ", ".join(map(str, self.projects))
        where = [f"projects {named}"] if named else []
        where += [f"group {self.group} and its subgroups"] if self.group else []
        whose = "their members" if self.people is None else "people"
        return f"{' and '.join(where) or 'all their projects'}, {whose}{self.period.in_words()}"


@dataclass(frozen=True, slots=True)
class Division:
    """Where the commits of all projects went, each counted once.

    `people` are those of the run, `others` are known people outside it. Only commits that match no
    one in any of the projects are unmatched.
    """

    projects: int
    people: int
    unmatched: int
    bots: int
    others: int
    merges: int

    @property
    def total(self) -> int:
        """The number of commits that were read."""
        return self.people + self.unmatched + self.bots + self.others + self.merges

    def __str__(self) -> str:
        return (
            f"{plural(self.total, 'commit')} in {plural(self.projects, 'project')}: "
            f"{self.people} of these people, {self.unmatched} unmatched, "
            f"{self.bots} of bots, {self.others} of others, {plural(self.merges, 'merge')}"
        )


class CommitsReport(Report):
    """A row for each person, sorted by username, with the totals.

    `commits` has a row for each commit of theirs, the newest first; `unmatched` one for each
    unmatched signature, most commits first. `unknown_projects` were named and could not
    be found; `unread` says of which projects the members could not be read, and why.
    """

    def __init__(
        self,
        read: people_data.PeopleData,
        unknown_projects: Sequence[int | str],
        unread: Sequence[str],
    ) -> None:
        answers = [_PersonAnswer(read, person) for person in read.people]
        super().__init__(by_username(each.row for each in answers), _completeness(answers))
        divided = settled(read.commits)
        self.commits = _newest_first(answers)
        self.unmatched: list[TableRow] = [
            {"Name": each.name, "Address": each.address, "Commits": each.number}
            for each in divided.unmatched
        ]
        self.division = _division(divided)
        self.unknown_projects = unknown_projects
        self.unread = unread

    def sheet(self, query: CommitsQuery, instance: str, table: Table = "Commits") -> Sheet:
        """Return a table as exporters take it; `instance` is the URL of the GitLab."""
        rows: Mapping[Table, Sequence[TableRow]] = {
            "Commits": self.commits,
            "Totals": self,
            "Unmatched": self.unmatched,
        }

        return Sheet(
            table,
            COLUMNS[table],
            rows[table],
            Meta.of_report(self, instance, query.in_words(), query.named_policy),
            links={**profile_links(instance), "Commit": "URL"},
            kinds=_KINDS[table],
        )


def answer(client: Client, query: CommitsQuery, run: Run | None = None) -> CommitsReport:
    """Read the commits of these people, each project's once however many they are.

    Errors of single reads never raise: the rows have them. Raises NotFound if none of the projects
    exists, the error of a group if its list of projects could not be read, and the first error if
    no membership could be read. Thread-safe.
    """
    return CommitsReport(*read(client, query, run))


def read(
    client: Client, query: CommitsQuery, run: Run | None = None, *, keeps_apart: bool = False
) -> tuple[people_data.PeopleData, list[int | str], list[str]]:
    """Read what `answer` does: the people with their commits, the unknown projects, and what not.

    With `keeps_apart`, the commits that no person has are kept, too. Raises as `answer`.
    """
    run = run or Run(tracker=ProgressTracker())
    with run.context(client) as session:
        ids, unknown = known_projects(session, query.projects)
        records = _projects_of_group(session, query.group) if query.group else {}
        ids = list(dict.fromkeys([*ids, *records]))
        people, unread = query.people, list[str]()
        if people is None:
            people, unread = _members(session, ids, records, run, query.policy.terms.bots)
        request = replace(request_of(query, people, ids), records=records, keeps_apart=keeps_apart)
        return read_commits(session, request, run), unknown, unread


def request_of(
    query: CommitsQuery, people: Iterable[Person], project_ids: Sequence[int | str]
) -> people_data.PeopleRequest:
    """Return what has to be read for a query about these people, in the projects with these ids."""
    return people_data.PeopleRequest(
        people_data.person_queries(person.username for person in people),
        period=query.period,
        projects=project_ids,
        known_by=query.known_by,
        clock=query.clock,
        bots=query.policy.terms.bots,
        slots=query.policy.terms.slots,
    )


def _projects_of_group(session: Session, group: str) -> dict[int | str, Record]:
    rest_list = projects_of(path_at(session, group))
    found = by_id(whole(next(fetch_lists(session, [("projects", rest_list)]))))
    if not found:
        raise NotFound(f"404 the group {group} has no projects that the token may see", status=404)
    return found


def _members(
    session: Session,
    ids: Sequence[int | str],
    records: Mapping[int | str, Record],
    run: Run,
    bots: Collection[str],
) -> tuple[list[Person], list[str]]:
    """Return the members of the projects without bots, and of which they could not be read."""
    if run.tracker is not None:
        run.tracker.attach(session)
        run.tracker.begin(len(ids), "projects' members")
    names: list[str] = []
    errors: list[tuple[str, GitLabSyncError]] = []
    for found in fetch_lists(session, ((key, members_at(endpoint(key))) for key in ids)):
        names += [record.text(row, "username") or "" for row in found.reading.rows]
        if found.error is not None:
            errors.append((_path(records.get(found.key, {"id": found.key})), found.error))
        if run.tracker is not None:
            run.tracker.step()
    if errors and not names:
        raise errors[0][1]
    people = merged(Person(name) for name in names if name and not is_bot(name, bots))
    return people, _by_reason("members", errors)


class _PersonAnswer:
    """One person's row of totals, their commits with the moment of each, and what was missing."""

    def __init__(self, read: people_data.PeopleData, person: people_data.PersonData) -> None:
        self.commits: list[tuple[datetime, TableRow]] = []
        self.errors: list[GitLabSyncError] = []
        where = read.projects_of(person)
        if person.user is None:
            self._count_nothing(person, person.error)
        elif where is None:
            self._count_nothing(person, person.projects.error, "projects: ")
        else:
            self._count(person, read.commits, where, read.doubts_about_commits(person))

    def _count_nothing(
        self, person: people_data.PersonData, error: GitLabSyncError | None, what: str = ""
    ) -> None:
        status, reason = status_of_absent(person.username, error)
        self.errors = [NotFound(reason, status=404) if error is None else error]
        self.row = _total_row(person.username, status, {}, f"{what}{reason}")

    def _count(
        self,
        person: people_data.PersonData,
        divided: DividedCommits,
        where: Collection[object],
        doubts: Sequence[GitLabSyncError],
    ) -> None:
        counted: list[TableRow] = []
        for project, commit in divided.credited(person.username, where):
            row = divided.row(commit, _path(project.project))
            counted.append(row)
            moment = instant(record.field(commit, "authored_date")) or _LONG_AGO
            self.commits.append((moment, _shown(person.username, row)))
        looked_at = [each for each in divided.projects if each.project.get("id") in where]
        errors = [(each, error) for each in looked_at for error in each.errors]
        self.errors = [*(error for _, error in errors), *doubts]
        reasons = _by_reason("commits", [(_path(each.project), error) for each, error in errors])
        reasons += dict.fromkeys(error.reason for error in doubts)
        # Where not one project showed a commit, no number is known, not even a least one.
        nothing = bool(self.errors) and not any(map(_shows_any, looked_at))
        status = "Error" if nothing else "Partial" if self.errors else "Success"
        stats = {} if nothing else commit_stats(counted, whole=not self.errors)
        self.row = _total_row(person.username, status, stats, "; ".join(reasons) or None)


def _total_row(
    username: str, status: str, stats: Mapping[str, int | float | None], error: str | None
) -> TableRow:
    counts = {title: stats.get(key) for title, key in _COUNTS.items()}
    return {"Username": username, "Status": status, **counts, "Error": error}


def _shown(username: str, row: TableRow) -> TableRow:
    return {
        "Username": username,
        "Project": row["project_name"],
        "Date": row["date"],
        "Time": row["time"],
        "Slot": row["slot"],
        "Commit": row["short_id"],
        "Message": first_line(str(row["message"])),
        "Author": row["author_name"],
        "URL": row["web_url"],
    }


def _newest_first(answers: Iterable[_PersonAnswer]) -> list[TableRow]:
    """Return everybody's commits by the moment of writing; one without a moment comes last."""
    ordered = sorted(answers, key=lambda each: username_key(str(each.row["Username"])))
    timed = [commit for each in ordered for commit in each.commits]
    return [row for _, row in sorted(timed, key=lambda commit: commit[0], reverse=True)]


def _completeness(answers: Sequence[_PersonAnswer]) -> Completeness:
    completeness = Completeness("people", total=len(answers))
    for each in answers:
        if each.errors:
            completeness.lost[short_reason(each.errors[0])] += 1
        else:
            completeness.read += 1
    return completeness


def _by_reason(what: str, errors: Iterable[tuple[str, GitLabSyncError]]) -> list[str]:
    """Return each reason once: `commits of a/b: 403 Forbidden`, or `commits of 3 projects: …`."""
    met: dict[str, dict[str, None]] = {}
    for path, error in errors:
        met.setdefault(error.reason, {})[path] = None
    return [
        f"{what} of {next(iter(paths)) if len(paths) == 1 else plural(len(paths), 'project')}: "
        f"{reason}"
        for reason, paths in met.items()
    ]


def _path(project: Record) -> str:
    return record.text(project, "path_with_namespace") or str(project.get("id"))


def settled(divided: DividedCommits) -> DividedCommits:
    """Return the commits, with none unmatched that matches a person in another project (a fork).

    The members of one project can be known, and those of the other not.
    """
    known = _ids_of_people(divided).union(*(each.bots | each.others for each in divided.projects))
    return DividedCommits(
        [
            replace(each, unmatched={k: v for k, v in each.unmatched.items() if k not in known})
            for each in divided.projects
        ],
        divided.zone,
        divided.slots,
    )


def _division(divided: DividedCommits) -> Division:
    projects = divided.projects
    people = _ids_of_people(divided)
    bots = {sha for each in projects for sha in each.bots} - people
    others = {sha for each in projects for sha in each.others} - people - bots
    return Division(
        projects=len(projects),
        people=len(people),
        unmatched=len({sha for each in projects for sha in each.unmatched}),
        bots=len(bots),
        others=len(others),
        merges=len({sha for each in projects for sha in each.merges}),
    )


def _ids_of_people(divided: DividedCommits) -> set[object]:
    return {
        record.identity(commit)
        for each in divided.projects
        for theirs in each.people.values()
        for commit in theirs
    }


def _shows_any(project: DividedProject) -> bool:
    apart = (project.merges, project.unmatched, project.bots, project.others)
    places = (*apart, *project.people.values())
    return any(map(len, places))
