"""The reports of services, made of a snapshot: the same rows as of GitLab at that moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from sys import intern
from typing import TypeVar, cast

from gitlab_sync.api.scope import EVERYWHERE, Kind, Scope
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.api.users import distinct_usernames
from gitlab_sync.errors import ConfigurationError, GitLabSyncError
from gitlab_sync.reports.report import Report
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.people_input import merged
from gitlab_sync.rules.identity.teams import Team, usernames_of
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items.as_of import item_key
from gitlab_sync.rules.items.worklist import OpenItem
from gitlab_sync.rules.policy import Policy
from gitlab_sync.rules.projects.standards import standards_of
from gitlab_sync.run import Run
from gitlab_sync.services import leaderboard as service
from gitlab_sync.services import people
from gitlab_sync.services import reviews as measures
from gitlab_sync.services import weekly as week
from gitlab_sync.services.commits import CommitsQuery, CommitsReport, request_of
from gitlab_sync.services.compliance import ComplianceQuery
from gitlab_sync.services.evaluation_table import EvaluationTable
from gitlab_sync.services.identities import IdentitiesQuery, IdentitiesReport
from gitlab_sync.services.open_work import OpenQuery, OpenReport, report_of_read
from gitlab_sync.services.people_data import PeopleData, PeopleRequest
from gitlab_sync.services.people_report import PeopleQuery, PeopleReport, PersonAnswer
from gitlab_sync.services.profile import ProfileQuery, ProfileReport
from gitlab_sync.services.project_report import ComplianceReport, OnChecked
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.snapshots.people import (
    SnapshotVerdicts,
    known_projects,
    projects_of_group,
    read_people,
    readme_of,
)
from gitlab_sync.snapshots.projects import read_compliance
from gitlab_sync.snapshots.snapshot import KeptRecord, Snapshot
from gitlab_sync.types import Record

_AT_ONCE = 100
"""People with items in memory together."""

_OPEN_AT_ONCE = 1000
"""People with their open merge requests in memory together: they have few of them."""

_TOGETHER = 20
"""People with everything in memory together; the first rows come after so many."""


P = TypeVar("P")
R = TypeVar("R", bound=Report)


def _at(snapshot: Snapshot, report: R) -> R:
    """Return a report that says it is of the moment of a snapshot.

    What it says about the policy can name anyone, so those who do not see everyone are not told.
    """
    report.as_of = snapshot.info.moment
    if snapshot.seen is not None:
        report.warnings = ()
    return report


def joined(reports: Sequence[R]) -> R:
    """Return the reports about different people as one; a warning counts if all of them have it."""
    report = copy(reports[0])
    for other in reports[1:]:
        report.extend(other)
        report.completeness = report.completeness.with_other(other.completeness)
        report.doubts = {**report.doubts, **other.doubts}
        report.waived = {**report.waived, **other.waived}
        report.warnings = [text for text in report.warnings if text in other.warnings]
        report.as_of = max(report.as_of, other.as_of)
        if isinstance(report, PeopleReport) and isinstance(other, PeopleReport):
            report.people = {**report.people, **other.people}
            report.remarks = list(dict.fromkeys([*report.remarks, *other.remarks]))
            unknown = [*report.unknown_projects, *other.unknown_projects]
            report.unknown_projects = list(dict.fromkeys(unknown))
    report.sort(key=lambda row: username_key(str(row["Username"])))
    return report


def evaluate(
    snapshot: Snapshot,
    kind: Kind,
    usernames: Iterable[str],
    policy: Policy,
    scope: Scope = EVERYWHERE,
    run: Run | None = None,
) -> Report:
    """Return what `services.evaluation` says of these people's merge requests or issues.

    Rows come a few people at a time. Raises ConfigurationError for another policy than that of the
    snapshot, and for a project or a group that it does not know.
    """
    policy = snapshot.require_policy(policy)
    rules = policy.merge_requests if kind == "merge_requests" else policy.issues
    table = EvaluationTable(kind.replace("_", " "), rules, policy.name, scope, run or Run())
    names = distinct_usernames(usernames)
    # An item has one author, but several assignees: each is to be counted once.
    size = _AT_ONCE if scope.role == "author" else max(1, len(names))
    for start in range(0, len(names), size):
        people = snapshot.items_in(kind, names[start : start + size], scope)
        wanted = table.begin(people)
        verdicts = snapshot.verdicts(kind, wanted)
        for item in wanted:
            kept = cast("KeptRecord", item)
            table.take(item, verdicts[kept.row], kept.errors)
    return _at(snapshot, table.report())


def users(
    snapshot: Snapshot,
    query: PeopleQuery,
    run: Run | None = None,
    keep: Callable[[PersonAnswer], PersonAnswer] = lambda person: person,
) -> PeopleReport:
    """Return what `services.people.answer` says of these people.

    Rows come a few people at a time, and of each person `keep` says what stays in memory. Raises
    ConfigurationError as `evaluate` does, and for a quick query.
    """
    query, ids, unknown = _asked(snapshot, query)
    parts = _evaluated(snapshot, _parts(snapshot, people.request_of(query, ids), run or Run()))
    return _at(snapshot, people.report_of_read(query, parts, unknown, run, keep))


def _evaluated(
    snapshot: Snapshot, parts: Iterable[PeopleData]
) -> Iterator[tuple[PeopleData, SnapshotVerdicts]]:
    """Yield people with the verdicts on their items."""
    for part in parts:
        yield part, SnapshotVerdicts(snapshot, part)
        del part  # before the next one is read


def _parts(snapshot: Snapshot, request: PeopleRequest, run: Run) -> Iterator[PeopleData]:
    """Yield a few of the people of a request at a time, with everything about them."""
    for part in _in_parts(snapshot, request.queries, _TOGETHER, run):
        yield read_people(snapshot, replace(request, queries=part))


def _asked(
    snapshot: Snapshot, query: PeopleQuery
) -> tuple[PeopleQuery, list[int | str], list[int | str]]:
    """Return a query with its people and its policy of then, and its projects, known or not."""
    if query.quick:
        raise ConfigurationError(
            "A snapshot has what a whole run found, so a query of it cannot be quick",
            hint="Leave out --quick.",
        )
    query = replace(query, policy=snapshot.require_policy(query.policy))
    return with_members(snapshot, query), *known_projects(snapshot, query.projects)


def with_members(snapshot: Snapshot, query: PeopleQuery) -> PeopleQuery:
    """Return a query with the members of its groups among its people.

    Raises ConfigurationError for a group that the snapshot does not have.
    """
    if not query.groups:
        return query
    members = snapshot.people_of_groups(map(str, query.groups), query.policy.terms.bots)
    return replace(query, people=merged([*query.people, *members]))


def profile(snapshot: Snapshot, query: ProfileQuery) -> ProfileReport:
    """Return what `services.profile.answer` says of a person; raises as `users`."""
    query = replace(query, policy=snapshot.require_policy(query.policy))
    of_people, ids, unknown = _asked(snapshot, query.of_people())
    read = read_people(snapshot, people.request_of(of_people, ids))
    parts = [(read, SnapshotVerdicts(snapshot, read))]
    found = _at(snapshot, people.report_of_read(of_people, parts, unknown))
    (person,) = read.people
    written = person.items("merge_requests")
    items = _known_open(snapshot, written.authored if written else ())
    return _at(snapshot, ProfileReport(query, found, read, readme_of(snapshot, person), items))


def leaderboard(
    snapshot: Snapshot,
    query: service.LeaderboardQuery,
    run: Run | None = None,
    *,
    lists: bool = True,
) -> service.LeaderboardReport:
    """Return what `services.leaderboard.answer` says of these teams; `lists` as in its report.

    Raises ConfigurationError as `evaluate` does.
    """
    query = replace(query, policy=snapshot.require_policy(query.policy))
    ids, unknown = known_projects(snapshot, query.projects)
    parts = _parts(snapshot, service.request_of(query, ids), run or Run())
    moment = snapshot.info.moment
    return _at(snapshot, service.report_of_read(query, parts, moment, unknown, lists=lists))


def teams_of_groups(
    snapshot: Snapshot, groups: Iterable[str], bots: Collection[str]
) -> tuple[Team, ...]:
    """Return a team for each group, as `services.leaderboard` does.

    Raises ConfigurationError for a group that the snapshot does not have.
    """
    return service.teams_of(
        (snapshot.people_of_groups([group], bots), snapshot.group(group)) for group in groups
    )


def weekly(
    snapshot: Snapshot, query: week.WeeklyQuery, run: Run | None = None
) -> week.WeeklyReport:
    """Return what `services.weekly.answer` says of these people's days."""
    ids, unknown = known_projects(snapshot, query.projects)
    parts = _parts(snapshot, week.request_of(query, ids), run or Run())
    return _at(snapshot, week.report_of_read(query, parts, unknown))


def reviews(
    snapshot: Snapshot, query: measures.ReviewsQuery, run: Run | None = None
) -> measures.ReviewsReport:
    """Return what `services.reviews.answer` says of these teams.

    Raises ConfigurationError as `evaluate` does.
    """
    query = replace(query, policy=snapshot.require_policy(query.policy))
    names = distinct_usernames(usernames_of(query.teams))
    among: list[measures.PersonItems] = []
    every: list[measures.MeasuredItem] = []
    for part in _in_parts(snapshot, names, _AT_ONCE, run or Run()):
        people = snapshot.items_in("merge_requests", part, query.scope)
        merged = {item_key(mr): mr for person in people for mr in measures.merged_of(person)}
        known = snapshot.measured(merged.values())
        kept = {key: cast("KeptRecord", mr) for key, mr in merged.items()}
        found = {key: (known[mr.row], mr.errors) for key, mr in kept.items()}
        among += measures.by_person(people, found)
        every += found.values()
    return _at(snapshot, measures.report_of_read(query, among, every))


def _in_parts(
    snapshot: Snapshot, people: Sequence[P], number: int, run: Run
) -> Iterator[Sequence[P]]:
    """Yield so many people at a time, no one if there are none, unless the run is cancelled."""
    tracker = run.tracker or ProgressTracker()
    tracker.begin(len(people), "people")
    for start in range(0, max(1, len(people)), number):
        if run.cancel is not None:
            run.cancel.check()
        snapshot.give_way()
        part = people[start : start + number]
        yield part
        tracker.step(len(part))


def _brief(person: UserItems) -> UserItems:
    """Return a person with what tells their merge requests apart, and nothing else of them."""
    items = (replace(item, record=_mark(item.record)) for item in person.items)
    return replace(person, items=tuple(items))


def _mark(mr: Record) -> Record:
    """Return what tells a merge request from others, and its state."""
    if record.number_id(mr) is None:
        return mr  # it is told from others by its record itself
    state = record.state(mr)
    return {"id": mr["id"], "state": mr.get("state") if state is None else intern(state)}


def open_work(snapshot: Snapshot, query: OpenQuery, run: Run | None = None) -> OpenReport:
    """Return what `services.open_work.answer` says; without people it is about all of the snapshot.

    Ages are those of the snapshot's moment. Raises ConfigurationError as `evaluate` does.
    """
    query = replace(query, policy=snapshot.require_policy(query.policy))
    names = open_people(snapshot, query)
    among: list[UserItems] = []
    known: dict[object, tuple[OpenItem, Sequence[GitLabSyncError]]] = {}
    run = run or Run()
    for part in _in_parts(
        snapshot, names, _OPEN_AT_ONCE, run
    ):  # a place is checked for no one, too
        people = [
            replace(person, items=tuple(each for each in person.items if _is_open(each.record)))
            for person in snapshot.items_in("merge_requests", part, query.scope)
        ]
        for item, errors in _known_open(snapshot, mrs_of(people)):
            known[item_key(item.mr)] = replace(item, mr=_mark(item.mr)), errors
        among += map(_brief, people)
    return _at(snapshot, report_of_read(query, among, lambda mr: known[item_key(mr)], run))


def open_people(snapshot: Snapshot, query: OpenQuery) -> list[str]:
    """Return the usernames of the people that open work is asked for, each once."""
    if query.people is None:
        return [each.username for each in snapshot.everyone()]
    return distinct_usernames(query.people)


def mrs_of(people: Iterable[UserItems]) -> list[Record]:
    """Return the merge requests of people, each as often as it is there."""
    return [mr for person in people for mr in person.records]


def _known_open(
    snapshot: Snapshot, mrs: Iterable[Record]
) -> list[tuple[OpenItem, Sequence[GitLabSyncError]]]:
    """Return those of the merge requests that are open, with their rows."""
    kept = [cast("KeptRecord", mr) for mr in mrs if _is_open(mr)]
    known = snapshot.open_items(kept)
    return [(known[mr.row], mr.errors) for mr in kept]


def _is_open(mr: Record) -> bool:
    return record.state(mr) == "opened"


def compliance(
    snapshot: Snapshot, query: ComplianceQuery, policy: Policy, on_checked: OnChecked
) -> ComplianceReport:
    """Return what `services.compliance.answer` says; `policy` is the one that `query` follows from.

    Raises ConfigurationError as `read_compliance` does, for another policy than that of the
    snapshot, and for other licences.
    """
    standards = standards_of(snapshot.require_policy(policy))
    if query.policy.licences != standards.licences:
        raise ConfigurationError(
            "A snapshot has verdicts by the licences of its policy, got others",
            hint="Leave out the licences, or ask GitLab itself.",
        )
    report = read_compliance(snapshot, replace(query, policy=standards))
    for each in report.checked:
        on_checked(each)
    return _at(snapshot, report)


def commits(snapshot: Snapshot, query: CommitsQuery) -> CommitsReport:
    """Return what `services.commits.answer` says; without people it is about all of the snapshot.

    Of a group there are the projects in which people of the snapshot have work; the report says
    what is missing. Raises ConfigurationError as `evaluate` does.
    """
    return _at(snapshot, CommitsReport(*_commits(snapshot, query)))


def identities(snapshot: Snapshot, query: IdentitiesQuery) -> IdentitiesReport:
    """Return what `services.identities.answer` says, as `commits` does.

    A snapshot does not have who committed a commit, so that suggests no one.
    """
    return _at(snapshot, IdentitiesReport(query, *_commits(snapshot, query)))


def _commits(
    snapshot: Snapshot, query: CommitsQuery
) -> tuple[PeopleData, list[int | str], list[str]]:
    query = replace(query, policy=snapshot.require_policy(query.policy))
    among = snapshot.everyone() if query.people is None else query.people
    ids, unknown = known_projects(snapshot, query.projects)
    unread: list[str] = []
    if query.group is not None:
        of_group, unread = projects_of_group(snapshot, query.group)
        ids = list(dict.fromkeys([*ids, *of_group]))
    read = read_people(snapshot, request_of(query, among, ids), others=True)
    return read, unknown, unread
