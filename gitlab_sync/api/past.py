"""Items as they were at a moment: which requests that takes, and where it enters a run.

Only items that changed after the moment cost requests: their state events if the record does not
say what state they were in, and then what the rules need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gitlab_sync.api.facts.rest import FactSource, FactsRead
from gitlab_sync.api.scope import Kind
from gitlab_sync.api.timeline import TODAY, Timeline
from gitlab_sync.api.user_items import UserItems
from gitlab_sync.errors import ChangedSince, GitLabSyncError
from gitlab_sync.rules import record
from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.rules.items import history as rules_of_history
from gitlab_sync.rules.items.as_of import AS_OF, LATE, LATE_COLUMNS, AsOf, in_iso, item_key
from gitlab_sync.rules.items.history import NOTES, STATE_EVENTS, History
from gitlab_sync.rules.items.references import reference
from gitlab_sync.rules.items.roles import UserItem
from gitlab_sync.rules.items.rule_set import RuleSet
from gitlab_sync.rules.unique import unique
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.workflow import Workflow, gather
from gitlab_sync.types import PartialList, Record, TableRow


@dataclass(frozen=True, slots=True)
class LateItem:
    """An item that ended after the moment of a person, and within the grace. Immutable."""

    username: str
    item: Record
    at: str

    @property
    def row(self) -> TableRow:
        """The row of a table of late items, with `LATE_COLUMNS`."""
        link = record.link(self.item)
        cells = (self.username, reference(self.item) or link, record.state(self.item), self.at)
        return dict(zip(LATE_COLUMNS, (*cells, link), strict=True))


@dataclass(slots=True)
class _Past:
    """An item as it was: its record of today, its moment, and what was read of its past."""

    record: Record
    present: Record
    when: datetime
    history: History
    errors: list[GitLabSyncError]


class Past:
    """Items as they were at the moments of an `AsOf`. For one run and one thread.

    `rules` are those that evaluate the items, by kind. The records that it returns are its own:
    what facts tell of a merge request is added to its record when they were read.
    """

    milestones: str | None = "GitLab does not tell which were active then"

    def __init__(self, as_of: AsOf, rules: Mapping[Kind, RuleSet]) -> None:
        self._as_of = as_of
        self._rules = rules
        self._items: dict[int, _Past] = {}
        self._late: dict[str, list[LateItem]] = {}
        self._found: set[str] = set()

    def reading(self, rules: RuleSet) -> RuleSet:
        """Return the rules by which facts are read that decide what was then."""
        return rules_of_history.reading_rules(rules)

    def of_person(self, kind: Kind, name: str, found: UserItems) -> Workflow[UserItems]:
        """Return the workflow that returns the items that a person had, as they were."""
        when, later = self._as_of.of(name), self._as_of.grace
        self._found |= {username_key(name)} if found.exists else set()
        end = when if later is None else _sum(when, self._as_of)
        each = {str(at): self._past(kind, name, item, when, end)
                for at, item in enumerate(found.items)
                if rules_of_history.was_there(item.record, end)}  # fmt: skip
        read = yield from gather(each)
        items = [read[at] for at in each]
        return replace(found, items=tuple(item for item in items if item is not None))

    def source(self, inner: FactSource) -> FactSource:
        """Return the source of facts as they were; `inner` reads those of today."""
        return _PastFacts(inner, self)

    def errors_of(self, item: Record) -> Sequence[GitLabSyncError]:
        """Return why something of an item is not known: it could not be read, or it changed."""
        past = self._items[id(item)]
        return [*past.errors, *map(ChangedSince, rules_of_history.doubts(item))]

    def cells(self, username: str) -> TableRow:
        """Return the moment of a person and, where there is a grace, how many items were late."""
        found: TableRow = {AS_OF: in_iso(self._as_of.of(username))}
        if self._as_of.grace is not None:
            known = username_key(username) in self._found
            found[LATE] = len(self._late_of(username)) if known else None
        return found

    def moment(self) -> datetime:
        """Return the last moment that the rows depend on."""
        return self._as_of.last.astimezone(UTC)

    def late(self) -> list[TableRow]:
        """Return a row for each late item, by person, the earliest first."""
        return [each.row for name in sorted(self._late) for each in self._late_of(name)]

    def of(self, item: Record) -> _Past:
        """Return what is known of an item that `of_person` returned."""
        return self._items[id(item)]

    def _late_of(self, username: str) -> list[LateItem]:
        found = unique(self._late.get(username_key(username), ()), lambda late: item_key(late.item))
        return sorted(found, key=lambda late: (late.at, str(late.item.get("web_url"))))

    def _past(
        self, kind: Kind, name: str, item: UserItem, when: datetime, end: datetime
    ) -> Workflow[UserItem | None]:
        present, rules = item.record, self._rules[kind]
        errors: list[GitLabSyncError] = []
        read: dict[str, PartialList] = {}
        if not rules_of_history.is_settled(present, when):
            read |= yield from _read(kind, present, (STATE_EVENTS,), errors)
        events = read.get(STATE_EVENTS, PartialList())
        was_there = rules_of_history.was_there(present, when)
        past = rules_of_history.with_state(present, events, when)
        self._note_late(kind, name, present, events, end, was_due=was_there and rules.is_due(past))
        if not was_there:
            return None
        needed = rules_of_history.lists_needed(past, present, rules, when)
        read |= yield from _read(kind, present, needed, errors)
        history = History(**read)
        past = rules_of_history.with_fields(past, present, history, when)
        self._items[id(past)] = _Past(past, present, when, history, errors)
        return replace(item, record=past)

    def _note_late(
        self,
        kind: Kind,
        name: str,
        present: Record,
        events: PartialList,
        end: datetime,
        *,
        was_due: bool,
    ) -> None:
        if was_due or self._as_of.grace is None:
            return
        then = rules_of_history.with_state(present, events, end)
        state = record.state(then)
        if state in self._rules[kind].states:
            at = str(record.field(then, f"{state}_at"))
            self._late.setdefault(username_key(name), []).append(LateItem(name, then, at))


def timeline_of(as_of: AsOf, rules: Mapping[Kind, RuleSet]) -> Timeline:
    """Return how a run sees items that these rules evaluate: as of then, or as they are."""
    return Past(as_of, rules) if as_of else TODAY


class _PastFacts:
    """A source of facts of merge requests as they were, from one that reads those of today."""

    def __init__(self, inner: FactSource, past: Past) -> None:
        self._inner = inner
        self._past = past
        self._asked: dict[int, tuple[Record, _Past]] = {}

    def workflows(self, mrs: Sequence[Record]) -> Iterator[tuple[int, Workflow[list[FactsRead]]]]:
        """Return the workflows of the other source, with results as they were."""
        present = [self._ask(self._past.of(mr)) for mr in mrs]
        for number, workflow in self._inner.workflows(present):
            yield number, self._then(workflow)

    def _ask(self, past: _Past) -> Record:
        """Return the record that facts are read for, and remember which it is."""
        present = rules_of_history.to_ask(past.present, past.when)
        self._asked[id(present)] = present, past
        return present

    def _then(self, workflow: Workflow[list[FactsRead]]) -> Workflow[list[FactsRead]]:
        return list(map(self._as_it_was, (yield from workflow)))

    def _as_it_was(self, found: FactsRead) -> FactsRead:
        past = self._asked[id(found.mr)][1]
        mr, when = past.record, past.when
        if rules_of_history.has_changed(mr, when):
            mr.update(rules_of_history.texts(past.present, found.facts.notes, when))
        facts = rules_of_history.facts_then(found.facts, mr, past.history, when)
        pushed = rules_of_history.pushed(past.history, when)
        doubts = rules_of_history.doubts(mr, facts)
        reasons = [*doubts, *(() if pushed is None else (pushed.reason,))]
        errors = [*found.errors, *past.errors, *map(ChangedSince, reasons)]
        return FactsRead(mr, facts, errors)


def _read(
    kind: Kind, item: Record, names: Iterable[str], errors: list[GitLabSyncError]
) -> Workflow[dict[str, PartialList]]:
    """Return the workflow that reads lists of an item, by name; errors are added to `errors`."""
    wanted = tuple(names)
    place = [record.number_id(item, key) for key in ("project_id", "iid")]
    if None in place:
        return dict.fromkeys(wanted, PartialList((), "the record lacks its project or number"))
    base = f"projects/{place[0]}/{kind}/{place[1]}"
    only = {NOTES: {"activity_filter": "only_activity"}}
    lists = {name: RestList(f"{base}/{name}", only.get(name, {}), once=True) for name in wanted}
    if not lists:
        return {}
    found = yield lists
    errors += [each.error for each in found.values() if each.error is not None]
    return {name: each.reading for name, each in found.items()}


def _sum(when: datetime, as_of: AsOf) -> datetime:
    try:
        return when + as_of.grace if as_of.grace is not None else when
    except OverflowError:  # the last day of the calendar
        return when
