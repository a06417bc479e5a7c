"""Open work: every open merge request of people, a group or a project, and who has the ball."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gitlab_sync.api import windows
from gitlab_sync.api.facts.graphql import fact_source
from gitlab_sync.api.facts.rest import read_facts
from gitlab_sync.api.graphql.lists import lists_for
from gitlab_sync.api.scope import Scope
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
        completeness, absent = Completeness("open merge requests"), dict[str, str]()
        if query.people is None:
            mrs = _of_scope(session, query.scope, completeness)
        else:
            mrs = _of_people(session, query, run, completeness, absent)
        tracker = run.tracker or ProgressTracker()
        tracker.attach(session)
        wanted = unique_records(mrs)
        tracker.begin(len(wanted))
        completeness.total = len(wanted)
        items = []
        for item, errors in evaluate_open(session, wanted, query.policy, run, query.now):
            items.append(item)
            if item.whole:
                completeness.read += 1
            else:
                completeness.lost[short_reason(errors[0]) if errors else "unclear"] += 1
            tracker.step()
            if run.on_progress is not None:
                run.on_progress(tracker.now())
    items = worklist.in_order(items)
    if query.desk is not None:
        key = username_key(query.desk)
        items = [item for item in items if key in _keys(item)]
    rules = query.policy.merge_requests
    warnings = WaiverNotes(rules.waivers, rules.checks).warnings()
    return OpenReport(items, completeness, absent, warnings)


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


def _of_people(
    session: Session,
    query: OpenQuery,
    run: Run,
    completeness: Completeness,
    absent: dict[str, str],
) -> list[Record]:
    mrs: list[Record] = []
    names = distinct_usernames(query.people or ())
    bulk = query.policy.fits_lists_in_bulk
    lists = lists_for(session, query.scope, run.source, len(names)) if bulk else None
    for person in find_people(session, "merge_requests", names, query.scope, lists):
        errors: Sequence[GitLabSyncError] = person.errors
        if not person.exists:
            missing = None if person.exists is False else person.errors[0]
            absent[person.username] = status_of_absent(person.username, missing)[1]
        if errors and person.exists is not False:
            completeness.lists[short_reason(errors[0])] += 1
        mrs += person.records
    return mrs


def _keys(item: OpenItem) -> set[str]:
    return set(map(username_key, item.turn.who)) if isinstance(item.turn, Turn) else set()
