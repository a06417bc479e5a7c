"""What a run would take, in requests, found out with a few small ones; the run itself is not made.

It is the least that the run takes over REST, and what GraphQL may spare of that. What is needed
twice counts once, with the first who needs it, since identical requests that are under way at once
become one. What only reading can show comes on top: notes and pipelines of merge requests where the
list does not decide, commits that are not on the default branch and pages of commits that are asked
for in vain, members where a name has to decide whose a commit is, what a pipeline includes, and
lists longer than a page of time logs and of what belongs to a single merge request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gitlab_sync.api import users
from gitlab_sync.api.facts.rest import LEAST
from gitlab_sync.api.graphql.lists import lists_for
from gitlab_sync.api.period import LOCAL
from gitlab_sync.api.projects import by_id, endpoint, extract_path_from_url
from gitlab_sync.api.scope import Scope
from gitlab_sync.api.user_items import Owner
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.http.urls import encode_id
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.bots import is_bot
from gitlab_sync.rules.identity.teams import usernames_of
from gitlab_sync.rules.scores.weekly import time_of
from gitlab_sync.rules.text import plural
from gitlab_sync.services import commits, compliance, leaderboard, profile, weekly
from gitlab_sync.services import people as people_table
from gitlab_sync.services.estimate import Estimate, Table, spared
from gitlab_sync.services.foreseen import (
    ENDED,
    KINDS,
    LAST_COLUMNS,
    Counted,
    Followed,
    Work,
    carry_out,
    commit_rows,
    count,
    follow,
    pages,
    people_rows,
    read_people,
)
from gitlab_sync.services.people_data import PeopleRequest, person_queries
from gitlab_sync.services.project_report import ProjectRead, of_project
from gitlab_sync.services.projects import known_projects
from gitlab_sync.session.fetch import ListResult, fetch_lists
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.result import Result
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import as_result, whole
from gitlab_sync.types import DEFAULT_SOURCE, Record, Source, TableRow

# -- items of people -------------------------------------------------------------------------------


def of_judging(
    session: Session,
    what: str,
    usernames: Iterable[str],
    scope: Scope,
    tracker: ProgressTracker | None = None,
    source: Source = DEFAULT_SOURCE,
) -> Estimate:
    """Return what judging these people's `merge requests` or `issues` (`what`) would take.

    Counted are the pages of each list, the look-up of a person who has none, and what each ended
    merge request costs. What cannot be counted is null, and so are the requests then.

    Here and in all that follows, `session` has a context, and what it asked before counts as
    what it takes to find whom the run is about. Errors of single reads never raise: they stand in
    the rows. Raises Cancelled, since half an estimate is none, and whatever the run raises
    before it reads its first person or project. Thread-safe.
    """
    before = session.active.requests
    names = sorted(users.distinct_usernames(usernames), key=str.lower)
    states = ("all", *(ENDED if what == "merge requests" else ()))
    rest_lists = [
        scope.rest_list(KINDS[what], {**Owner(None, name).filter(scope.role), "state": state})
        for name in names
        for state in states
    ]
    counted = count(session, rest_lists, tracker)
    rows = [
        _judging_row(what, name, counted[place * len(states) :][: len(states)])
        for place, name in enumerate(names)
    ]
    ended = ("Ended",) if what == "merge requests" else ()
    lists = lists_for(session, scope, source, len(names)) is not None
    less, queries = spared(rows, source, lists=lists, shared=scope.by == "assignee")
    table = Table(("Username", what.title(), *ended, *LAST_COLUMNS), rows)
    return Estimate(
        f"judge the {what} of {_persons(len(rows))}",
        {f"Dry run of {what}": table},
        before,
        "none was judged",
        less,
        queries,
        [each.error for each in counted if each.error is not None],
    )


def _judging_row(what: str, username: str, counted: Sequence[Counted]) -> TableRow:
    numbers = [each.number for each in counted]
    found, ended = numbers[0], _sum(numbers[1:])
    unknown = [each for each in counted if each.number is None]
    lost = min(unknown, key=lambda each: each.error is None, default=None)  # an error goes first
    requests = None
    if found is not None and ended is not None:
        requests = pages(found) + (0 if found else 1) + LEAST * ended
    status = "Success" if lost is None else "Partial" if lost.error is None else "Error"
    return {
        "Username": username,
        what.title(): found,
        **({"Ended": ended} if what == "merge requests" else {}),
        "Requests": requests,
        "Status": status,
        "Error": None if lost is None else lost.reason,
    }


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


# -- whole people ----------------------------------------------------------------------------------


def of_people(
    session: Session,
    query: people_table.PeopleQuery,
    tracker: ProgressTracker | None = None,
    source: Source = DEFAULT_SOURCE,
) -> Estimate:
    """Return what the table of these people would take; `query.groups` are left out."""
    ids, unknown = known_projects(session, query.projects)
    names = [person.username for person in query.people]
    batch = PeopleRequest(person_queries(names), period=query.period, projects=ids)
    work = Work(batch, judged=not query.quick)
    doing = f"show {_persons(len(batch.queries))}"
    return _estimate(session, work, doing, tracker, unknown, source=source)


def of_profile(
    session: Session,
    query: profile.ProfileQuery,
    tracker: ProgressTracker | None = None,
    source: Source = DEFAULT_SOURCE,
) -> Estimate:
    """Return what a person's profile would take."""
    ids, unknown = known_projects(session, query.projects)
    batch = PeopleRequest(person_queries([query.username]), period=query.period, projects=ids)
    work = Work(batch, judged=not query.quick, readme=True)
    doing = f"show the profile of {query.username}"
    return _estimate(session, work, doing, tracker, unknown, source=source)


def of_leaderboard(
    session: Session, query: leaderboard.LeaderboardQuery, tracker: ProgressTracker | None = None
) -> Estimate:
    """Return what comparing these teams would take."""
    ids, unknown = known_projects(session, query.projects)
    batch = PeopleRequest(
        person_queries(usernames_of(query.teams)), period=query.period, projects=ids
    )
    doing = f"compare {plural(len(query.teams), 'team')} of {_persons(len(batch.queries))}"
    return _estimate(session, Work(batch), doing, tracker, unknown)


def of_weekly(
    session: Session, query: weekly.WeeklyQuery, tracker: ProgressTracker | None = None
) -> Estimate:
    """Return what these people's days would take."""
    ids, unknown = known_projects(session, query.projects)
    batch = PeopleRequest(
        person_queries(person.username for person in query.people),
        moment="active",
        roles=("author",),
        groups=False,
        period=time_of(query.days, query.zone or LOCAL),
        projects=ids,
    )
    doing = f"show the days of {_persons(len(batch.queries))}"
    return _estimate(session, Work(batch), doing, tracker, unknown)


def of_commits(
    session: Session, query: commits.CommitsQuery, tracker: ProgressTracker | None = None
) -> Estimate:
    """Return what these people's commits would take."""
    ids, unknown = known_projects(session, query.projects)
    records: dict[int | str, Record] = {}
    if query.group is not None:
        records = by_id(whole(_listed(session, _of_group(session, query.group))))
    ids = list(dict.fromkeys([*ids, *records]))
    names, unread = [person.username for person in query.people or ()], list[str]()
    if query.people is None:
        names, unread = _members(session, ids)
    batch = PeopleRequest(person_queries(names), projects=ids, records=records)
    work = Work(batch, items=False, known=query.people is None)
    doing = f"show the commits of {_persons(len(batch.queries))}"
    return _estimate(session, work, doing, tracker, unknown, unread)


def _estimate(
    session: Session,
    work: Work,
    doing: str,
    tracker: ProgressTracker | None,
    unknown_projects: Sequence[int | str],
    unread: Sequence[str] = (),
    source: Source = DEFAULT_SOURCE,
) -> Estimate:
    """Return what reading a batch takes, when it is known what it is about."""
    before = session.active.requests
    people = read_people(session, work, tracker)
    batch = work.batch
    known = {str(each): batch.records.get(each, {"id": each}) for each in batch.projects}
    for person in () if known else people:
        for project in person.projects:
            known.setdefault(str(project["id"]), project)
    if not any(person.found for person in people):
        known = {}
    listed = people_rows(people, work.columns)
    less, queries = spared(listed, source)
    rows, errors = commit_rows(session, known, tracker)
    return Estimate(
        doing,
        {
            "People": Table(work.columns, listed),
            "Projects": Table(("Project", "Commits", *LAST_COLUMNS), rows),
        },
        before,
        spared=less,
        queries=queries,
        errors=[*(error for person in people for error in person.errors), *errors],
        unknown_projects=unknown_projects,
        unread=unread,
    )


def _members(session: Session, ids: Sequence[int | str]) -> tuple[list[str], list[str]]:
    """Return the members of projects without bots, and of which they could not be read.

    Raises the first error if nobody's membership could be.
    """
    names: list[str] = []
    errors: dict[int | str, GitLabSyncError] = {}
    for found in fetch_lists(
        session, ((key, RestList(endpoint(key, "members/all"))) for key in ids)
    ):
        names += [record.text(row, "username") or "" for row in found.reading.rows]
        if found.error is not None:
            errors[found.key] = found.error
    if errors and not names:
        raise next(iter(errors.values()))
    unread = [f"members of project {key}: {error.reason}" for key, error in errors.items()]
    return [name for name in names if not is_bot(name)], unread


def _persons(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


# -- projects --------------------------------------------------------------------------------------


def of_compliance(
    session: Session, query: compliance.ComplianceQuery, tracker: ProgressTracker | None = None
) -> Estimate:
    """Return what judging these projects would take: lists of files are read, and no file is."""
    named = (extract_path_from_url(_below(session, name)).strip("/") for name in query.projects)
    wanted = {name.lower(): name for name in named if name}
    read: list[tuple[str, Result[Followed[ProjectRead]]]] = []
    if query.everything:
        everything = RestList("projects", {"order_by": "id", "sort": "asc"})
        wanted = _paths(whole(_listed(session, everything)))
    if query.group is not None:
        found = _listed(session, _of_group(session, query.group))
        theirs = _paths(filter(_is_judged, found.reading.rows))
        wanted |= {key: path for key, path in theirs.items() if path.lower() not in wanted}
        if found.error is not None:
            read.append((str(query.group), Result(error=found.error)))
    before = session.active.requests
    # As the run does: those of a list are asked for by id.
    workflows = (
        (name, as_result(follow(session, of_project(key if key.isdigit() else name, query.ref))))
        for key, name in wanted.items()
    )
    read += carry_out(session, workflows, len(wanted), "projects", tracker)
    read.sort(key=lambda each: each[0].lower())
    rows = [_compliance_row(name, outcome) for name, outcome in read]
    return Estimate(
        f"judge {plural(len(wanted), 'project')}",
        {"Dry run of compliance": Table(("Project", "Files", *LAST_COLUMNS), rows)},
        before,
        instead="none was judged",
        errors=[error for _, outcome in read for error in _errors(outcome)],
    )


def _compliance_row(name: str, outcome: Result[Followed[ProjectRead]]) -> TableRow:
    followed, errors = outcome.value or Followed[ProjectRead](), _errors(outcome)
    denied = not followed.requests or (followed.value is not None and followed.value.facts is None)
    return {
        "Project": name,
        "Files": None if errors and not followed.records else followed.records,
        "Requests": None if denied else sum(followed.requests.values()),
        "Status": "Error" if denied else "Partial" if errors else "Success",
        "Error": errors[0].reason if errors else None,
    }


def _errors(outcome: Result[Followed[ProjectRead]]) -> Sequence[GitLabSyncError]:
    """Return what was met that lets something be unknown: of a whole plan, what it says itself."""
    if outcome.value is None:
        return [] if outcome.error is None else [outcome.error]
    read = outcome.value.value
    return outcome.value.errors if read is None else read.errors


def _is_judged(project: Record) -> bool:
    """Say whether a project of a group is judged, though nobody named it."""
    lies_still = record.field(project, "archived") is True
    goes = record.field(project, "marked_for_deletion_on")
    return not (lies_still or goes or record.field(project, "forked_from_project"))


def _paths(listed: Iterable[Record]) -> dict[str, str]:
    """Return the paths of projects by their ids."""
    return {
        str(number): record.text(project, "path_with_namespace") or str(number)
        for number, project in by_id(listed).items()
    }


def _of_group(session: Session, group: int | str) -> RestList:
    """Return the list of the projects of a group and its subgroups, archived ones included."""
    path = extract_path_from_url(_below(session, group)).strip("/").removeprefix("groups/")
    return RestList(
        f"groups/{encode_id(path)}/projects",
        {"include_subgroups": True, "with_shared": False, "order_by": "id", "sort": "asc"},
    )


def _below(session: Session, name: int | str) -> str:
    """Return a name without the URL of the instance, below which GitLab may lie."""
    return str(name).strip().removeprefix(f"{session.base_url}/")


def _listed(session: Session, rest_list: RestList) -> ListResult[str]:
    return next(fetch_lists(session, [("rows", rest_list)]))
