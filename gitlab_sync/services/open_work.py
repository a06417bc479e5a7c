"""Open work: every open merge request of people, a group or a project, and who has the ball."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from gitlab_sync.api import windows
from gitlab_sync.api.facts.graphql import fact_source
from gitlab_sync.api.facts.rest import read_facts
from gitlab_sync.api.graphql.lists import lists_for
from gitlab_sync.api.scope import Scope
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.api.users import distinct_usernames
from gitlab_sync.errors import ConfigurationError, GitLabSyncError
from gitlab_sync.reports.report import Completeness, Report, short_reason
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items import worklist
from gitlab_sync.rules.items.open_work import Turn
from gitlab_sync.rules.items.while_open import rules_if_merged
from gitlab_sync.rules.items.worklist import OpenItem
from gitlab_sync.rules.policy import FAIR, Policy
from gitlab_sync.rules.unique import unique_records
from gitlab_sync.run import Run
from gitlab_sync.services.evaluation import find_people
from gitlab_sync.services.rows import profile_links, status_of_absent
from gitlab_sync.services.waiver_notes import WaiverNotes
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import Client, Session
from gitlab_sync.session.workflow import run_workflows
from gitlab_sync.types import Record, TableRow

WORKLIST, SUMS, DESKS = TITLES = ("Open Work", "Waiting", "Desks")
"""The titles of the tables, in order."""


@dataclass(frozen=True, slots=True)
class OpenQuery:
    """Which open merge requests: of which people, where, by which policy. Immutable.

    Without `people` they are all of `project` or `group` (ids or paths; the project wins). `desk`
    is the username of the one person that they must wait for (None: anyone). `now`, aware, is when
    the merge requests would be merged (None: when they are read).
    """

    people: Sequence[str] | None = None
    project: int | str | None = None
    group: int | str | None = None
    policy: Policy = FAIR
    desk: str | None = None
    now: datetime | None = None

    def __post_init__(self) -> None:
        if self.people is None and self.project is None and self.group is None:
            raise ConfigurationError(
                "Open work must be that of people, a project or a group, got none of them"
            )

    @property
    def scope(self) -> Scope:
        """Where the merge requests are listed."""
        return Scope(self.project, self.group, state="opened")

    def in_words(self) -> str:
        """Return in words what counts, for readers of a file."""
        where = "the whole instance"
        if self.project is not None:
            where = f"project {self.project}"
        elif self.group is not None:
            where = f"group {self.group} and its subgroups"
        desk = "" if self.desk is None else f", waiting for {self.desk}"
        return f"open merge requests, {where}{desk}, policy {self.policy.name}"


class OpenReport(Report):
    """A row for each open merge request, the longest idle first. Not to be changed.

    `items` has them with what they wait for, in the order of the rows. `absent` says, by username,
    why a person has no rows: there is no such person, or the list could not be read.
    """

    def __init__(
        self,
        items: Sequence[OpenItem],
        completeness: Completeness,
        absent: dict[str, str],
        warnings: Sequence[str] = (),
    ) -> None:
        super().__init__([item.row for item in items], completeness, warnings=warnings)
        self.items = items
        self.absent = absent

    def sheets(self, query: OpenQuery, instance: str) -> list[Sheet]:
        """Return the worklist, the sums and the table by person as exporters take them."""
        meta = Meta.of_report(self, instance, query.in_words())
        sums, desks = worklist.sums(self.items), worklist.desks(self.items)
        return [
            worklist_sheet(WORKLIST, self, meta),
            Sheet(SUMS, worklist.SUM_COLUMNS, sums, meta, nothing=worklist.NOTHING),
            Sheet(
                DESKS,
                worklist.DESK_COLUMNS,
                desks,
                meta,
                links=profile_links(instance),
                nothing=worklist.NOTHING,
            ),
        ]


def worklist_sheet(title: str, rows: Sequence[TableRow], meta: Meta) -> Sheet:
    """Return the worklist as exporters take it."""
    return Sheet(
        title,
        worklist.COLUMNS,
        rows,
        meta,
        links={"Merge Request": "Link"},
        kinds={"Age": "number", "Idle": "number", "Since": "moment"},
        nothing=worklist.NOTHING,
    )


def answer(client: Client, query: OpenQuery, run: Run | None = None) -> OpenReport:
    """Read the open merge requests and find out who has the ball in each.

    Errors of single reads never raise: rows and completeness have them. Raises the error of the
    list of a project or a group if nothing of it could be read. Thread-safe.
    """
    run = run or Run()
    with run.context(client) as session:
        table = _OpenTable(query, run)
        table.tracker.attach(session)
        if query.people is None:
            mrs = _of_scope(session, query.scope, table.completeness)
        else:
            mrs = table.records_of(_of_people(session, query, run))
        for item, errors in evaluate_open(session, table.begin(mrs), query.policy, run, query.now):
            table.take(item, errors)
    return table.report()


def report_of_read(
    query: OpenQuery, people: Iterable[UserItems], known: KnownItem, run: Run | None = None
) -> OpenReport:
    """Return the report that `answer` makes of people and their `known` open merge requests."""
    table = _OpenTable(query, run or Run())
    for mr in table.begin(table.records_of(people)):
        table.take(*known(mr))
    return table.report()


KnownItem: TypeAlias = Callable[[Record], tuple[OpenItem, Sequence[GitLabSyncError]]]
"""Returns an open merge request with its row, and the errors met."""


class _OpenTable:
    """The worklist as it grows, and how complete it is. For the thread that answers."""

    def __init__(self, query: OpenQuery, run: Run) -> None:
        self.completeness = Completeness("open merge requests")
        self.tracker = run.tracker or ProgressTracker()
        self._query = query
        self._on_progress = run.on_progress
        self._absent: dict[str, str] = {}
        self._items: list[OpenItem] = []

    def records_of(self, people: Iterable[UserItems]) -> list[Record]:
        """Return the merge requests of people, and note who is absent."""
        mrs: list[Record] = []
        for person in people:
            errors: Sequence[GitLabSyncError] = person.errors
            if not person.exists:
                missing = None if person.exists is False else person.errors[0]
                self._absent[person.username] = status_of_absent(person.username, missing)[1]
            if errors and person.exists is not False:
                self.completeness.lists[short_reason(errors[0])] += 1
            mrs += person.records
        return mrs

    def begin(self, mrs: Iterable[Record]) -> list[Record]:
        """Return the merge requests, each once."""
        wanted = unique_records(mrs)
        self.tracker.begin(len(wanted))
        self.completeness.total = len(wanted)
        return wanted

    def take(self, item: OpenItem, errors: Sequence[GitLabSyncError]) -> None:
        """Take one of them with its row."""
        self._items.append(item)
        if item.whole:
            self.completeness.read += 1
        else:
            self.completeness.lost[short_reason(errors[0]) if errors else "unclear"] += 1
        self.tracker.step()
        if self._on_progress is not None:
            self._on_progress(self.tracker.now())

    def report(self) -> OpenReport:
        """Return all rows."""
        items = worklist.in_order(self._items)
        if self._query.desk is not None:
            key = username_key(self._query.desk)
            items = [item for item in items if key in _keys(item)]
        rules = self._query.policy.merge_requests
        warnings = WaiverNotes(rules.waivers, rules.checks).warnings()
        return OpenReport(items, self.completeness, self._absent, warnings)


def evaluate_open(
    session: Session,
    mrs: Sequence[Record],
    policy: Policy,
    run: Run,
    now: datetime | None = None,
) -> Iterator[tuple[OpenItem, Sequence[GitLabSyncError]]]:
    """Read the facts of these open merge requests; yield each with its row, and the errors met.

    They come in any order. `now` is as in an `OpenQuery`.
    """
    now = now or datetime.now(UTC)
    rules = rules_if_merged(policy.merge_requests, now)
    for read in read_facts(session, mrs, fact_source(session, run.source, rules)):
        yield worklist.open_item(read.mr, read.facts, rules, policy.terms, now), read.errors


def _of_scope(session: Session, scope: Scope, completeness: Completeness) -> Sequence[Record]:
    workflow = windows.reading(scope.rest_list("merge_requests", {}))
    ((_, found),) = run_workflows(session, [(None, workflow)])
    if found.error is not None:
        if not found.reading.rows:
            raise found.error
        completeness.lists[short_reason(found.error)] += 1
    return found.reading.rows


def _of_people(session: Session, query: OpenQuery, run: Run) -> list[UserItems]:
    names = distinct_usernames(query.people or ())
    bulk = query.policy.fits_lists_in_bulk
    lists = lists_for(session, query.scope, run.source, len(names)) if bulk else None
    return find_people(session, "merge_requests", names, query.scope, lists)


def _keys(item: OpenItem) -> set[str]:
    return set(map(username_key, item.turn.who)) if isinstance(item.turn, Turn) else set()
