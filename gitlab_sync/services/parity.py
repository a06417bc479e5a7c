"""A table of the older program next to ours under the policy `classic`, cell by cell.

Everyone is evaluated as `mrs`, `issues` and `users` do it. Items and facts are read again only for
people with other numbers, over REST: explanations depend on the order of its lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import cast

from gitlab_sync.api import groups
from gitlab_sync.api.facts.rest import FactsRead, facts_of
from gitlab_sync.api.scope import EVERYWHERE, Scope
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.reports.cells import Kind
from gitlab_sync.reports.report import Completeness, Report
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.facts import NOTHING
from gitlab_sync.rules.items.merge_request import completed
from gitlab_sync.rules.items.tally import Evaluated
from gitlab_sync.rules.parity.columns import GROUPS, RULES, Column, ItemKind
from gitlab_sync.rules.parity.comparison import (
    CellResult,
    ComparedCell,
    Comparison,
    Ours,
    counts_of,
    in_words,
    worst_first,
)
from gitlab_sync.rules.parity.older_item import OlderItem
from gitlab_sync.rules.parity.older_table import OlderTable
from gitlab_sync.rules.policy import CLASSIC
from gitlab_sync.rules.text import instant
from gitlab_sync.run import Run
from gitlab_sync.services import people
from gitlab_sync.services.evaluation import evaluate_issues, evaluate_merge_requests, find_people
from gitlab_sync.services.people_report import PeopleQuery, PersonAnswer
from gitlab_sync.session.session import Client, Session
from gitlab_sync.session.workflow import Workflow, read_all, run_workflows
from gitlab_sync.types import Record, Status, TableRow

COLUMNS = ("Result", "Username", "Column", "Older", "Ours", "Differences", "Items", "Reason")
_KINDS: Mapping[str, Kind] = {"Older": "integer", "Ours": "integer"}
_MOST_ITEMS = 20  # in one cell
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ParityQuery:
    """The table to compare, and which items count in ours. Immutable.

    `written` is when its file was written, an aware time (None: not known). Days are days in `zone`
    (None: the machine's). A table of whole people can have a project and a period in its scope.
    """

    older: OlderTable
    scope: Scope = EVERYWHERE
    written: datetime | None = None
    zone: tzinfo | None = None


class ParityReport(Report):
    """A row for each cell that is not equal, the worst first. Not to be changed.

    `ours` are our rows, and `numbers` say how many cells have each result.
    """

    def __init__(self, cells: Sequence[ComparedCell], ours: Report) -> None:
        numbers = counts_of(cells)
        unknown = numbers.get("unknown", 0)
        whole = Completeness("cells", len(cells) - unknown, len(cells))
        super().__init__(map(_row, worst_first(cells)), whole)
        self.ours = ours
        self.numbers: Mapping[CellResult, int] = numbers

    @property
    def summary(self) -> str:
        """The numbers in words."""
        return in_words(self.numbers)

    def sheet(self, query: ParityQuery, instance: str) -> Sheet:
        """Return the table as exporters take it; `instance` is the URL of the GitLab."""
        words = f"{query.older.kind.what}, {_where(query)}"
        meta = Meta(self.as_of, instance, self.summary, words, CLASSIC.name)
        nothing = {"Differences", "Items", "Reason"}
        return Sheet("Parity", COLUMNS, self, meta, nothing=nothing, kinds=_KINDS)


def _where(query: ParityQuery) -> str:
    scope = query.scope
    period = scope.period.in_words().replace(",", f", {scope.dated}", 1)
    return f"by {scope.by}, {scope.in_words()}{period}"


def _row(cell: ComparedCell) -> TableRow:
    more = len(cell.why.items) - _MOST_ITEMS
    items = ", ".join(cell.why.items[:_MOST_ITEMS]) + (f" and {more} more" if more > 0 else "")
    return {
        "Result": cell.result,
        "Username": cell.username,
        "Column": cell.title,
        "Older": cell.older,
        "Ours": cell.ours,
        "Differences": ", ".join(cell.why.differences) or None,
        "Items": items or None,
        "Reason": cell.why.reason or None,
    }


def answer(client: Client, query: ParityQuery, run: Run | None = None) -> ParityReport:
    """Read our numbers of the people in the table, and compare each cell.

    What could not be read is unknown, and never raises. Raises the errors of `services.people` for
    a project that is not there, if the table is of whole people. Thread-safe.
    """
    run = run or Run()
    with run.context(client) as session:
        of = _people if query.older.kind.command == "users" else _items
        report, ours = of(session, query, run)
    comparison = Comparison(query.older.kind, query.written)
    cells = [cell for row in query.older.rows for cell in comparison.compare(row, ours[row.key])]
    return ParityReport(cells, report)


# -- merge requests, issues ------------------------------------------------------------------------


@dataclass(slots=True)
class _Wanted:
    """What to read again of a person: for which columns, and of which checks the facts."""

    username: str
    columns: list[Column] = field(default_factory=list)

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks to explain."""
        return tuple({c.check.id: c.check for c in self.columns if c.check is not None}.values())


def _items(session: Session, query: ParityQuery, run: Run) -> tuple[Report, dict[str, Ours]]:
    older, kind = query.older, _kind(query)
    evaluate = evaluate_issues if kind == "issues" else evaluate_merge_requests
    report = evaluate(session, older.usernames, query.scope, run, CLASSIC)
    ours = {username_key(str(row["Username"])): _ours(row) for row in report}
    comparison = Comparison(older.kind, query.written)
    wanted: dict[str, _Wanted] = {}
    for row in older.rows:
        theirs = ours[row.key]
        columns = comparison.differing(row, theirs)
        if theirs.status == "Partial":
            columns = list(older.kind.columns)
        if columns:
            wanted.setdefault(row.key, _Wanted(row.username)).columns += columns
    for key, items in _read_again(session, query, kind, wanted).items():
        ours[key] = _counted_again(ours[key], wanted[key].columns, items)
    return report, ours


def _kind(query: ParityQuery) -> ItemKind:
    return "issues" if query.older.kind.command == "issues" else "merge_requests"


def _ours(row: TableRow) -> Ours:
    numbers = {title: cell for title, cell in row.items() if not isinstance(cell, str)}
    return Ours(cast("Status", row["Status"]), numbers)


def _counted_again(ours: Ours, columns: Iterable[Column], items: list[OlderItem] | None) -> Ours:
    """Return what is known after the second reading; the first could have lacked more, or less."""
    cells, doubtful = dict(ours.cells), set()
    for column in columns:
        found = [item.counts(column) for item in items or () if item.in_scope]
        if items is None or None in found:
            doubtful.add(column.title)
        else:
            cells[column.title] = found.count(True)
    return replace(ours, cells=cells, doubtful=doubtful, items=items)


def _read_again(
    session: Session, query: ParityQuery, kind: ItemKind, wanted: Mapping[str, _Wanted]
) -> dict[str, list[OlderItem] | None]:
    """Return the items of these people, by their keys; None where the lists are not whole."""
    names = [each.username for each in wanted.values()]
    scope = query.scope
    inside = find_people(session, kind, names, scope)
    anywhere: Sequence[UserItems] = inside
    if scope.place:
        anywhere = find_people(session, kind, names, replace(scope, project=None, group=None))
    people_items: dict[str, list[OlderItem]] = {}
    workflows: list[tuple[tuple[str, int], Workflow[FactsRead]]] = []
    for (key, each), own, wide in zip(wanted.items(), inside, anywhere, strict=True):
        items = people_items[key] = _of_person(kind, own, wide)
        if kind == "merge_requests" and each.checks:
            needed = {fact for check in each.checks for fact in check.needs} - {"time_stats"}
            rules = replace(RULES[kind], checks=each.checks, always=tuple(sorted(needed)))
            due = (n for n, item in enumerate(items) if rules.is_due(item.record))
            workflows += [((key, n), facts_of(items[n].record, rules)) for n in due]
    for (key, n), read in run_workflows(session, workflows):
        item = people_items[key][n]
        facts = read.facts
        people_items[key][n] = replace(item, record=completed(item.record, facts), facts=facts)
    broken = {key for key, own in zip(wanted, inside, strict=True) if own.problems}
    return {key: None if key in broken else items for key, items in people_items.items()}


def _of_person(kind: ItemKind, inside: UserItems, anywhere: UserItems) -> list[OlderItem]:
    """Return all items of a person, the newest first, and which of them are in the scope."""
    known = {record.identity(each) for each in inside.records}
    outside = [each for each in anywhere.records if record.identity(each) not in known]
    items = [OlderItem(kind, each) for each in inside.records]
    items += [OlderItem(kind, each, in_scope=False) for each in outside]
    return sorted(items, key=lambda item: _age(item.record), reverse=True)


def _age(item: Record) -> datetime:
    return instant(record.field(item, "created_at")) or _LONG_AGO


# -- whole people ----------------------------------------------------------------------------------


def _people(session: Session, query: ParityQuery, run: Run) -> tuple[Report, dict[str, Ours]]:
    older, scope = query.older, query.scope
    asked = PeopleQuery(
        [Person(name) for name in older.usernames],
        projects=[] if scope.project is None else [scope.project],
        period=scope.period,
        zone=query.zone,
        policy=CLASSIC,
    )
    report = people.answer(session, asked, run)
    ours: dict[str, Ours] = {}
    for row in report:
        name = str(row["Username"])
        found = report.people.get(name)
        ours[username_key(name)] = _ours(row) if found is None else _of_answer(row, found, query)
    comparison = Comparison(older.kind, query.written)
    differing = (
        column for row in older.rows for column in comparison.differing(row, ours[row.key])
    )
    if any(column.title == GROUPS for column in differing):
        number = _groups_of_owner(session)
        ours = {key: replace(each, groups_of_owner=number) for key, each in ours.items()}
    return report, ours


def _of_answer(row: TableRow, found: PersonAnswer, query: ParityQuery) -> Ours:
    summary = found.summary
    work = summary.work
    items = [
        *_with_verdicts("merge_requests", summary.merge_requests, found.mrs),
        *_with_verdicts("issues", summary.issues, found.issues),
    ]
    totals = {"merge_requests": "mr_created", "issues": "issues_raised"}
    doubtful = {
        column.title
        for column in query.older.kind.columns
        if column.title in found.unknown
        or (column.number or totals.get(column.kind or "")) in work.partial
    }
    cut_short = summary.groups is not None and not summary.groups.complete
    least = {GROUPS} if cut_short else set()
    return replace(_ours(row), doubtful=doubtful, least=least, items=items)


def _with_verdicts(
    kind: ItemKind, found: UserItems | None, evaluated: Iterable[Evaluated]
) -> list[OlderItem]:
    """Return what the person wrote, with what the rules say of it."""
    known = {record.identity(each): verdicts for each, verdicts in evaluated}
    return [
        OlderItem(
            kind,
            each.record,
            NOTHING,
            known.get(record.identity(each.record)),
            authored=each.authored,
            assigned=each.assigned,
        )
        for each in (() if found is None else found.items)
        if each.authored
    ]


def _groups_of_owner(session: Session) -> int | None:
    try:
        return len(read_all(session, groups.of_caller()))
    except GitLabSyncError:
        return None
