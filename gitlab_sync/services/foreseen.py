"""Requests foreseen: those of lists, of plans, of people, and of projects' commits.

Lists are counted by a page of one row. Plans are followed as long as they ask for lists; the single
records that they want then cost a request each, and are not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from gitlab_sync.api import groups, projects, users
from gitlab_sync.api.facts.rest import LEAST
from gitlab_sync.api.period import active_within
from gitlab_sync.api.projects import endpoint
from gitlab_sync.api.scope import EVERYWHERE, Kind, Scope
from gitlab_sync.api.user_items import Owner
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.http.wire import Reply
from gitlab_sync.rules import record
from gitlab_sync.rules.dates import Period
from gitlab_sync.services.people_data import PeopleRequest
from gitlab_sync.session.fetch import ListResult, attempt, fetch_lists
from gitlab_sync.session.pagination import PageSource, RestList
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.request import Request
from gitlab_sync.session.result import Result
from gitlab_sync.session.session import PER_PAGE, Session, page_params
from gitlab_sync.session.workflow import Workflow, as_result, gather, run_workflows
from gitlab_sync.types import Params, Record, TableRow

T = TypeVar("T")

KINDS: dict[str, Kind] = {"merge requests": "merge_requests", "issues": "issues"}
"""Endpoints of a person's items by what they are called."""

ENDED = ("merged", "closed")
"""The states of merge requests that are judged."""

LAST_COLUMNS = ("Requests", "Status", "Error")
"""The titles that every table of requests ends with."""

_LOOK_UP = 2  # as `users.find` has it: the list, and the fuller record
_UNCOUNTED = "GitLab does not say how many there are, as in lists of more than 10,000"
_HIDDEN = "GitLab does not show this token how many commits there are"


# -- lists and plans -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counted:
    """How many items a list has; None if GitLab does not say, or it could not be read."""

    number: int | None
    error: GitLabSyncError | None = None

    @property
    def reason(self) -> str:
        """Why there is no number."""
        return _UNCOUNTED if self.error is None else self.error.reason


def count(
    session: Session, rest_lists: Sequence[RestList], tracker: ProgressTracker | None = None
) -> list[Counted]:
    """Return how many rows each list has, by a page with one of them. Raises Cancelled."""
    begun = _begun(tracker, session, len(rest_lists), "lists")
    requests = (
        (session, session.page_request(rest_list.endpoint, page_params(rest_list.params, 1), None))
        for rest_list in rest_lists
    )
    counted = []
    for rest_list, outcome in zip(
        rest_lists, session.active.executor.map(attempt, requests), strict=True
    ):
        counted.append(_counted(rest_list, outcome))
        begun.step()
    session.active.cancel.check()
    return counted


def _counted(rest_list: RestList, outcome: Result[Reply]) -> Counted:
    reply = outcome.value
    if reply is None:
        return Counted(None, outcome.error)
    try:
        read = len(rest_list.rows(reply.data))
    except GitLabSyncError as error:
        return Counted(None, error)
    whole = reply.next_page is None and reply.next_link is None
    return Counted(read if whole else reply.total)


def pages(number: int) -> int:
    """Return how many requests it takes to read a list of so many rows."""
    return max(1, -(-number // PER_PAGE))


@dataclass(slots=True)
class Followed(Generic[T]):
    """How a plan went that was followed: its result, if it came to its end.

    `requests` has the first request for each list that it asked for, with the number of its pages,
    and for each of the `records` that it was about to ask for. `errors` are those it was given.
    """

    value: T | None = None
    requests: dict[Request, int] = field(default_factory=dict)
    records: int = 0
    errors: list[GitLabSyncError] = field(default_factory=list)


def follow(
    session: Session, workflow: Workflow[T], *, to_the_end: bool = False
) -> Workflow[Followed[T]]:
    """Return a plan that follows another one up to where it wants nothing but single records."""
    followed = Followed[T]()
    try:
        wanted = next(workflow)
        while True:
            asked = {name: each.first(session) for name, each in wanted.items()}
            if wanted and not to_the_end and all(map(_is_record, wanted.values())):
                workflow.close()
                followed.requests |= dict.fromkeys(asked.values(), 1)
                followed.records = len(asked)
                return followed
            found = yield wanted
            for name, each in found.items():
                followed.requests[asked[name]] = pages(len(each.reading.rows))
                followed.errors += [] if each.error is None else [each.error]
            wanted = workflow.send(found)
    except StopIteration as end:
        followed.value = end.value
        return followed


def _is_record(wanted: PageSource) -> bool:
    return isinstance(wanted, RestList) and wanted.single


def carry_out(
    session: Session,
    workflows: Iterable[tuple[str, Workflow[T]]],
    total: int,
    what: str,
    tracker: ProgressTracker | None,
) -> list[tuple[str, T]]:
    """Return what plans give, by their names. Raises Cancelled."""
    begun = _begun(tracker, session, total, what)
    results = []
    for result in run_workflows(session, workflows):
        results.append(result)
        begun.step()
    session.active.cancel.check()
    return results


def _begun(
    tracker: ProgressTracker | None, session: Session, total: int, what: str
) -> ProgressTracker:
    tracker = tracker or ProgressTracker()
    tracker.attach(session)
    tracker.begin(total, what)
    return tracker


# -- people ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Work:
    """What a run reads of the people of a batch. Immutable.

    `items`: merge requests, issues, time and groups, and not commits alone; `judged`: the facts of
    ended merge requests; `readme`: that of the profile. `known`: that there are these people is
    known already.
    """

    batch: PeopleRequest
    items: bool = True
    judged: bool = False
    readme: bool = False
    known: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The titles of the table of people."""
        shown = {
            "Projects": self.items or not self.batch.projects,
            "Groups": self.items and self.batch.groups,
            "Merge Requests": self.items,
            "Ended": self.judged,
            "Issues": self.items,
        }
        return ("Username", *(title for title in shown if shown[title]), *LAST_COLUMNS)

    def lists(self, username: str) -> Iterator[tuple[str, str | None, RestList]]:
        """Yield a person's lists that are counted: what of, in which column, and the list."""
        batch = self.batch
        within = active_within(batch.period) if batch.moment == "active" else _created(batch.period)
        for what, kind in KINDS.items() if self.items else ():
            for role in batch.roles:
                rest_list = EVERYWHERE.rest_list(
                    kind, {**Owner(None, username).filter(role), **within}
                )
                yield what, what.title() if role == "author" else None, rest_list
        scopes = [Scope(project) for project in batch.projects] or [Scope()]
        for scope in scopes if self.judged else ():
            for state in ENDED:
                by = Owner(None, username).filter("author")
                rest_list = scope.rest_list("merge_requests", {**by, **within, "state": state})
                yield "merge requests", "Ended", rest_list


def _created(period: Period) -> Params:
    """Return the filters for what counts, and no more: what lies outside is not judged."""
    bounds = {"created_after": period.start, "created_before": period.end}
    return {name: None if moment is None else moment.isoformat() for name, moment in bounds.items()}


@dataclass(slots=True)
class Person:
    """One person under way: what was found, and what reading them takes.

    `asked` has the requests that may be needed twice, for others or another part, with their pages;
    `own` is the number of all others.
    `reasons` say what could not be counted, or that there is nobody.
    """

    username: str
    status: str = "Success"
    own: int = 0
    asked: dict[Request, int] = field(default_factory=dict)
    numbers: dict[str, int | None] = field(default_factory=dict)
    projects: list[Record] = field(default_factory=list)
    reasons: dict[str, None] = field(default_factory=dict)
    errors: list[GitLabSyncError] = field(default_factory=list)

    @property
    def found(self) -> bool:
        """Whether there is somebody of that name."""
        return self.status not in {"Not ListResult", "Error"}

    def miss(self, status: str, reason: str, error: GitLabSyncError | None = None) -> None:
        """Note what could not be counted, and why."""
        self.status = status
        self.reasons[reason] = None
        self.errors += [] if error is None else [error]

    def take(self, column: str, outcome: Result[Followed[Any]]) -> None:
        """Take how the plan for `Projects` or `Groups` went."""
        followed, error = outcome.value, outcome.error
        if error is not None:
            self.miss("Partial", f"{column.lower()}: {error.reason}", error)
        elif followed is not None:
            self.asked |= followed.requests
            self.numbers[column] = followed.records
            if column == "Projects":
                self.projects = [] if followed.value is None else followed.value.all
                self.numbers[column] = len(self.projects)

    def count(self, what: str, column: str | None, counted: Counted) -> None:
        """Take the length of one list; that of `Ended` is what is judged."""
        number = counted.number
        if number is None:
            self.miss("Partial", f"{what}: {counted.reason}", counted.error)
        self.own += LEAST * (number or 0) if column == "Ended" else pages(number or 0)
        if column is not None:
            before = self.numbers.get(column, 0)
            self.numbers[column] = None if number is None or before is None else before + number

    def row(self, columns: Sequence[str], requests: int) -> TableRow:
        """Return the person's row; `requests` are those that nobody before them needs."""
        numbers: TableRow = {column: self.numbers.get(column) for column in columns}
        return numbers | {
            "Username": self.username,
            "Requests": None if self.status == "Error" else requests,
            "Status": self.status,
            "Error": "; ".join(self.reasons) or None,
        }


def read_people(session: Session, work: Work, tracker: ProgressTracker | None) -> list[Person]:
    """Return the people of a batch, sorted by username. Raises Cancelled."""
    names = sorted((query.username for query in work.batch.queries), key=str.lower)
    if work.known:
        return [Person(name, own=_LOOK_UP) for name in names]
    workflows = ((name, _person(session, name, work)) for name in names)
    found = dict(carry_out(session, workflows, len(names), "people", tracker))
    people = [found[name] for name in names]
    lists = [
        (person, *each) for person in people if person.found for each in work.lists(person.username)
    ]
    counted = count(session, [rest_list for *_, rest_list in lists], tracker)
    for (person, what, column, _), number in zip(lists, counted, strict=True):
        person.count(what, column, number)
    return people


def _person(session: Session, name: str, work: Work) -> Workflow[Person]:
    """Return the plan that finds one person, and follows their projects and groups."""
    person = Person(name)
    finding = follow(session, users.find(name), to_the_end="Projects" in work.columns)
    looked_up = yield from as_result(finding)
    if looked_up.value is None:
        reason = "" if looked_up.error is None else looked_up.error.reason
        person.miss("Error", reason, looked_up.error)
        return person
    person.asked |= looked_up.value.requests
    user = looked_up.value.value
    if user is None:
        if not looked_up.value.records:
            person.miss("Not ListResult", f"404 there is no user {name!r}")
        return person
    person.username = record.text(user, "username") or name
    number = users.user_number(user.get("id"))
    workflows: dict[str, Workflow[Result[Followed[Any]]]] = {}
    if "Projects" in work.columns:
        theirs = projects.of_user(number, person.username)
        workflows["Projects"] = as_result(follow(session, theirs, to_the_end=True))
    if "Groups" in work.columns:
        workflows["Groups"] = as_result(follow(session, groups.of_user(number)))
    for column, outcome in (yield from gather(workflows)).items():
        person.take(column, outcome)
    person.own += int(work.items) + int(work.readme and _may_have_readme(person))
    return person


def _may_have_readme(person: Person) -> bool:
    """Say whether a README is asked for: unless it is known that there is no project for it."""
    path = f"{person.username}/{person.username}".lower()
    paths = [(record.text(each, "path_with_namespace") or "").lower() for each in person.projects]
    return person.numbers.get("Projects") is None or path in paths


def people_rows(people: Iterable[Person], columns: Sequence[str]) -> list[TableRow]:
    """Return a row for each person; what several need is in the row of the first of them."""
    rows, known = [], set[Request]()
    for person in people:
        new = {request: number for request, number in person.asked.items() if request not in known}
        known |= new.keys()
        rows.append(person.row(columns, person.own + sum(new.values())))
    return rows


# -- commits ---------------------------------------------------------------------------------------


def commit_rows(
    session: Session, known: Mapping[str, Record], tracker: ProgressTracker | None
) -> tuple[list[TableRow], list[GitLabSyncError]]:
    """Return a row for each project with what its commits take, and the errors. Raises Cancelled.

    `known` has by id the records of the projects as the run knows them: of a bare one it reads the
    rest. GitLab counts no list of commits, but it does count those of the default branch for
    whoever may see it; the run takes at least the pages of these.
    """
    begun = _begun(tracker, session, len(known), "projects")
    # GitLab says at once that a repository is empty, and then its commits are not asked for.
    lists = (
        (key, RestList(endpoint(project["id"]), {"statistics": True}, single=True))
        for key, project in known.items()
        if not project.get("empty_repo")
    )
    rows, errors = [], []
    for found in fetch_lists(session, lists):
        rows.append(_commit_row(known[found.key], found))
        errors += [] if found.error is None else [found.error]
        begun.step()
    session.active.cancel.check()
    return sorted(rows, key=lambda row: str(row["Project"]).lower()), errors


def _commit_row(known: Record, found: ListResult[str]) -> TableRow:
    read = found.reading.rows[0] if found.error is None else known
    commits = record.number(record.field(read, "statistics"), "commit_count")
    look_up = 0 if known.get("name") else 1
    row: TableRow = {
        "Project": record.text(read, "path_with_namespace") or str(known["id"]),
        "Commits": commits,
        "Requests": look_up + pages(int(commits or 0)),
        "Status": "Success",
        "Error": None,
    }
    if found.error is not None:
        return row | {"Requests": None, "Status": "Error", "Error": found.error.reason}
    if commits is None:
        return row | {"Status": "Partial", "Error": _HIDDEN}
    return row
