"""People as a snapshot has them: what `services.people_reader` reads of GitLab."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from gitlab_sync.api.commits import DividedCommits, DividedProject
from gitlab_sync.api.period import local_zone
from gitlab_sync.api.profile_readme import ProfileReadme
from gitlab_sync.api.projects import UserProjects, extract_path_from_url
from gitlab_sync.api.scope import Kind, Scope
from gitlab_sync.errors import BadResponse, ConfigurationError, GitLabSyncError
from gitlab_sync.rules.dates import Period, day_of
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items.tally import Verdicts
from gitlab_sync.rules.scores.time_logs import without_stats
from gitlab_sync.rules.text import plural
from gitlab_sync.services.people_data import (
    DailyTime,
    PeopleData,
    PeopleRequest,
    PersonData,
    PersonQuery,
)
from gitlab_sync.services.people_reader import authored_of, seconds_by_day
from gitlab_sync.session.result import Result
from gitlab_sync.snapshots import faults, records
from gitlab_sync.snapshots.database import columns_of
from gitlab_sync.snapshots.snapshot import KeptRecord, NotInSnapshot, Snapshot
from gitlab_sync.types import Record, RecordList

_Row = Mapping[str, Any]
_KINDS: tuple[Kind, ...] = ("merge_requests", "issues")


def known_projects(
    snapshot: Snapshot, names: Iterable[int | str]
) -> tuple[list[int | str], list[int | str]]:
    """Return the ids of the projects that the snapshot knows by these names, and the other names.

    Raises ConfigurationError if projects are named and it knows none of them.
    """
    ids: list[int | str] = []
    unknown: list[int | str] = []
    for name in names:
        path = extract_path_from_url(name).strip("/")
        found = snapshot.rows(
            "SELECT id FROM projects WHERE key = ? OR lower(path_with_namespace) = ?",
            [path, path.lower()],
            ["projects"],
        )
        known = [each["id"] for each in found if each["id"] is not None]
        (ids if known else unknown).append(known[0] if known else name)
    if unknown and not ids:
        raise ConfigurationError(
            f"The snapshot {snapshot.run} knows no project {', '.join(map(str, unknown[:3]))}",
            hint="Name a project of its people, or ask GitLab itself.",
        )
    return list(dict.fromkeys(ids)), unknown


def projects_of_group(snapshot: Snapshot, group: str) -> tuple[list[int], list[str]]:
    """Return the ids of the projects of a group with commits, and what the snapshot lacks of it.

    Raises ConfigurationError if no one of the snapshot has work in the group.
    """
    path = snapshot.group_path(group)
    found = snapshot.rows(
        "SELECT id FROM projects WHERE commits_read AND id IS NOT NULL "
        "AND starts_with(lower(path_with_namespace), ?) ORDER BY file_row_number",
        [f"{path.lower()}/"],
        ["projects"],
    )
    ids = [each["id"] for each in found]
    if not ids:
        raise ConfigurationError(
            f"The snapshot {snapshot.run} knows no group {group}: it has no commits there",
            hint="Check the name. What it does not have, GitLab itself can tell.",
        )
    evaluated = [name for name in snapshot.groups if snapshot.group_path(name) == path]
    if not evaluated or any(snapshot.left_out(name) for name in evaluated):
        return ids, [f"projects of {group} in which no one of the snapshot has work are left out"]
    rows = snapshot.rows(
        'SELECT DISTINCT coalesce(project, asked) AS name FROM project_checks WHERE "group" = ? '
        "AND coalesce(project_id NOT IN (SELECT unnest(?)), true) ORDER BY name",
        [evaluated[0], ids],
        ["project_checks"],
    )
    return ids, [f"commits of {each['name']} are not in the snapshot" for each in rows]


def read_people(snapshot: Snapshot, request: PeopleRequest, *, others: bool = False) -> PeopleData:
    """Return everything about the people of a request, as it was read for the snapshot.

    Commits of `others` in their projects are counted only if that is asked for.
    """
    names = [query.username for query in request.queries]
    rows = snapshot.people(names)
    projects = _projects(snapshot, rows.values(), request.projects)
    people = [_person(snapshot, query, rows, projects) for query in request.queries]
    inside = {int(each) for each in request.projects} or None
    scope = Scope(period=request.period)
    for kind in _KINDS:
        found = snapshot.items(kind, names, scope, request.roles, request.moment, inside)
        for person, items in zip(people, found, strict=True):
            if person.user is not None:
                row = rows[username_key(person.query.username)]
                error = faults.first_of(row[f"{kind}_errors"])
                read = row[f"{kind}_read"]
                setattr(person, kind, Result(items) if read else Result(error=error))
    logs = _time_logs(snapshot, list(rows), request)
    for person in people:
        if person.user is not None:
            row = rows[username_key(person.query.username)]
            _add_time(person, row, logs.get(row["key"], []), request)
            if request.groups:
                person.groups = _groups(row)
    return PeopleData(request, people, _commits(snapshot, people, request, projects, others))


class SnapshotVerdicts:
    """The verdicts on the items of people, before waivers."""

    def __init__(self, snapshot: Snapshot, read: PeopleData) -> None:
        self._found: dict[Kind, Mapping[int, Verdicts]] = {
            kind: snapshot.verdicts(
                kind,
                (
                    item
                    for person in read.people
                    if (items := person.items(kind)) is not None
                    for item in items.authored
                ),
            )
            for kind in _KINDS
        }

    def of(self, kind: Kind, item: Record) -> tuple[Record, Verdicts, Sequence[GitLabSyncError]]:
        """Return an item, its verdicts, and the errors met."""
        if not isinstance(item, KeptRecord):
            return item, {}, ()
        return item, self._found[kind].get(item.row, {}), item.errors


def _projects(
    snapshot: Snapshot, people: Iterable[_Row], further: Iterable[int | str]
) -> dict[str, tuple[Record, _Row]]:
    """Return the projects of people and those that are named, with their rows, by key."""
    parts = ("personal_projects", "contributed_projects")
    keys = {str(each) for row in people for part in parts for each in row[part] or ()}
    names = ["key", *records.PROJECT.columns, "commits_read", "commits_doubt", "commits_errors"]
    rows = snapshot.rows(
        f"SELECT {columns_of('projects', names)} FROM projects WHERE key IN (SELECT unnest(?))",
        [sorted(keys | set(map(str, further)))],
        ["projects"],
    )
    return {each["key"]: (records.PROJECT.unpacked(each), each) for each in rows}


def _person(
    snapshot: Snapshot,
    query: PersonQuery,
    rows: Mapping[str, _Row],
    projects: Mapping[str, tuple[Record, _Row]],
) -> PersonData:
    row = rows.get(username_key(query.username))
    if row is None:
        return PersonData(query, error=snapshot.not_asked(query.username))
    if not row["found"]:
        return PersonData(query, error=faults.first_of(row["errors"]))
    person = PersonData(query, records.USER.unpacked(row))
    errors = faults.unpacked(row["projects_errors"])
    if row["personal_projects"] is None:
        person.projects = Result(error=next(iter(errors), None))
    else:
        personal, contributed = (
            [projects[str(each)][0] for each in row[part]]
            for part in ("personal_projects", "contributed_projects")
        )
        person.projects = Result(UserProjects(personal, contributed, errors))
    return person


def readme_of(snapshot: Snapshot, person: PersonData) -> Result[ProfileReadme]:
    """Return the README of a person's profile."""
    row = snapshot.people([person.query.username]).get(username_key(person.query.username))
    if row is None or (row["projects_errors"] and row["personal_projects"] is None):
        return Result(error=person.projects.error)
    error = faults.first_of(row["readme_errors"])
    if row["readme_text"] is None:
        return Result(error=error)
    parts = ("text", "path", "link", "public")
    return Result(ProfileReadme(*(row[f"readme_{name}"] for name in parts)))


def _groups(row: _Row) -> Result[RecordList]:
    if row["groups"] is None:
        return Result(error=faults.first_of(row["groups_errors"]))
    groups = RecordList(row["groups"])
    groups.complete = row["groups_whole"]
    groups.total = len(groups) if groups.complete else None
    return Result(groups)


def _time_logs(
    snapshot: Snapshot, keys: Collection[str], request: PeopleRequest
) -> dict[str, list[Record]]:
    """Return the time logs of each person, by key, in the order of GitLab."""
    zone = request.zone or local_zone()
    found: dict[str, list[Record]] = {}
    rows = snapshot.rows(
        f"SELECT {columns_of('time_logs', ['person', *records.TIME_LOG.columns])} FROM time_logs "
        "WHERE person IN (SELECT unnest(?)) ORDER BY file_row_number",
        [list(keys)],
        ["time_logs"],
    )
    for cells in rows:
        log = records.TIME_LOG.unpacked(cells)
        day = day_of(log.get("spent_at"), zone)
        log["date"] = None if day is None else day.isoformat()
        found.setdefault(cells["person"], []).append(log)
    return found


def _add_time(
    person: PersonData, row: _Row, logs: Iterable[Record], request: PeopleRequest
) -> None:
    period = person.query.time_period or request.period
    if row["time_logs_read"]:
        found = RecordList(log for log in logs if period.contains(log["spent_at"]))
        found.total = len(found)
        person.time_logs = Result(found)
    else:
        person.time_logs = Result(error=faults.first_of(row["time_logs_errors"]))
    mrs, issues = person.items("merge_requests"), person.items("issues")
    if person.time_logs.error is not None and mrs is None and issues is None:
        return
    try:
        person.daily_time = Result(_daily_time(person, row, request, period))
    except GitLabSyncError as error:
        person.daily_time = Result(error=error)


def _daily_time(person: PersonData, row: _Row, request: PeopleRequest, period: Period) -> DailyTime:
    items = authored_of(person.items("merge_requests"), person.items("issues"))
    lacking = sum(map(len, without_stats(*items, period)))
    if lacking:
        missing = faults.first_of(row["time_errors"])
        raise missing or BadResponse(f"the time spent on {plural(lacking, 'item')} is not known")
    return seconds_by_day(person.time_logs.value, *items, request, period)


def _commits(
    snapshot: Snapshot,
    people: Sequence[PersonData],
    request: PeopleRequest,
    projects: Mapping[str, tuple[Record, _Row]],
    others: bool,
) -> DividedCommits:
    """Return the commits of the projects of a request, divided among its people."""
    if request.projects:
        keys = [*dict.fromkeys(map(str, request.projects))]
    else:
        own = chain.from_iterable(person.own_projects for person in people)
        keys = [*dict.fromkeys(str(project["id"]) for project in own)]
    among = {username_key(person.username) for person in people if person.user is not None}
    parts = {key: _Divided(among) for key in keys}
    columns = ["project_key", "credit", "person", "author_email", *records.COMMIT.columns]
    rows = snapshot.rows(
        f"SELECT {columns_of('commits', columns)} FROM commits "
        f"WHERE project_key IN (SELECT unnest(?)) AND {'true' if others else _COUNTED} "
        "ORDER BY file_row_number",
        [keys] if others else [keys, list(among)],
        ["commits"],
    )
    for cells in rows:
        commit = records.COMMIT.unpacked(cells)
        if request.period.contains(commit.get("authored_date")):
            parts[cells["project_key"]].add(cells, commit)
    found = []
    for place, key in enumerate(keys):
        project, row = projects.get(key, ({"id": key}, {}))
        errors = faults.unpacked(row.get("commits_errors"))
        if not row.get("commits_read"):
            errors = (NotInSnapshot("commits are not in the snapshot"),)
        found.append(parts[key].project(place, project, row.get("commits_doubt"), errors))
    return DividedCommits(found, request.clock, request.slots)


_COUNTED = "(person IN (SELECT unnest(?)) OR credit IN ('merge', 'unmatched'))"
"""The condition for commits that the numbers of a person speak of."""


class _Divided:
    """The commits of one project, each in one part; see `DividedProject`."""

    def __init__(self, people: Collection[str]) -> None:
        self._people: dict[str, list[Record]] = {key: [] for key in people}
        self._apart: dict[str, set[object]] = {"merge": set(), "bot": set(), "other": set()}
        self._unmatched: dict[object, tuple[str, str]] = {}
        self._kept: dict[object, Record] = {}

    def add(self, cells: _Row, commit: Record) -> None:
        """Take one commit; a person outside the request is one of the others."""
        mark = commit.get("id") or object()
        if cells["credit"] == "person":
            if cells["person"] in self._people:
                self._people[cells["person"]].append(commit)
            else:
                self._apart["other"].add(mark)
        elif cells["credit"] == "unmatched":
            self._unmatched[mark] = (cells["author_name"] or "", cells["author_email"] or "")
            self._kept[mark] = {**commit, "author_email": cells["author_email"]}
        else:
            self._apart[cells["credit"]].add(mark)

    def project(
        self, place: int, project: Record, missing: str | None, errors: tuple[GitLabSyncError, ...]
    ) -> DividedProject:
        """Return the project."""
        sets = (frozenset(self._apart[name]) for name in ("merge", "bot", "other"))
        merges, bots, others = sets
        return DividedProject(
            place,
            project,
            self._people,
            merges,
            self._unmatched,
            bots,
            others,
            missing,
            errors,
            self._kept,
        )
