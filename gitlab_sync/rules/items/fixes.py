"""Collects the faults of a person's work: what to fix, the most severe first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gitlab_sync.rules import record
from gitlab_sync.rules.items.check import Check, Fix, Severity
from gitlab_sync.rules.items.tally import NOT_EVALUATED, Evaluated, distinct
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.text import instant
from gitlab_sync.types import Record

_RANKS: dict[Severity, int] = {"high": 0, "medium": 1, "low": 2, "off": 3}
_TIMES: dict[Fix, int] = {"now": 0, "follow-up": 1, "next time": 2}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EvaluatedItems:
    """Items of one kind with their verdicts.

    `kind` is the noun for one of them: `merge request`, `issue`. `checks` are those of the
    evaluation, in order.
    """

    kind: str
    checks: Sequence[Check]
    evaluated: Sequence[Evaluated]


@dataclass(frozen=True, slots=True)
class Entry:
    """One check of an item that fails, is waived or is unknown."""

    kind: str
    item: Record
    check: Check
    verdict: Verdict

    @property
    def link(self) -> str | None:
        """The address of the item, or None; `verdict.evidence` can point further into it."""
        return record.link(self.item)


@dataclass(frozen=True, slots=True)
class Group:
    """The faults of one check, the newest first, and the number of items with and without answer.

    `known` counts the items that pass or fail, `unknown` those without an answer. `example` is the
    newest item that passes, if there is one.
    """

    kind: str
    check: Check
    faults: Sequence[Entry]
    known: int
    unknown: int
    example: Entry | None = None

    @property
    def share(self) -> float:
        """The share of known items that fail, above 0 and up to 1."""
        return len(self.faults) / self.known


@dataclass(frozen=True, slots=True)
class Doubt:
    """The reason why a check is unknown, and the number of items."""

    kind: str
    check: Check
    reason: str
    number: int


@dataclass(frozen=True, slots=True)
class Fixes:
    """What to fix in a person's work, and what is unknown.

    `faults` are sorted by severity, then the newest item first. `groups` hold the same faults by
    check: by severity, then the most faults first. `unknown` are the checks without an answer, and
    `waived` the faults that do not count. `evaluated` counts the items by kind. With `now_first`,
    what can be fixed now is before the rest.
    """

    faults: Sequence[Entry]
    groups: Sequence[Group]
    unknown: Sequence[Entry]
    evaluated: dict[str, int]
    now_first: bool = False
    waived: Sequence[Entry] = ()

    def of_check(self, kind: str, title: str) -> Fixes:
        """Return what of this is about one check of one kind of item."""

        def is_it(each: Entry | Group) -> bool:
            return (each.kind, each.check.title) == (kind, title)

        faults, groups, unknown, waived = (
            [*filter(is_it, entries)]
            for entries in (self.faults, self.groups, self.unknown, self.waived)
        )
        return Fixes(faults, groups, unknown, self.evaluated, waived=waived)

    @property
    def doubts(self) -> list[Doubt]:
        """The reasons for what is unknown, for each check, in the order of the checks."""
        met: dict[tuple[str, str, str], Check] = {}
        numbers: Counter[tuple[str, str, str]] = Counter()
        for entry in self.unknown:
            key = (entry.kind, entry.check.id, entry.verdict.reason)
            met.setdefault(key, entry.check)
            numbers[key] += 1
        return [Doubt(key[0], check, key[2], numbers[key]) for key, check in met.items()]


def what_to_fix(kinds: Iterable[EvaluatedItems], *, now_first: bool = False) -> Fixes:
    """Return what to fix by the verdicts; each item counts once. Never raises.

    A check without a verdict is unknown, not passed. With `now_first`, what an edit can fix comes
    before what a follow-up can, and that before what can only be done better next time.
    """
    groups: list[Group] = []
    unknown: list[Entry] = []
    waived: list[Entry] = []
    numbers: dict[str, int] = {}
    for each in kinds:
        evaluated = sorted(distinct(each.evaluated), key=lambda pair: _age(pair[0]), reverse=True)
        numbers[each.kind] = len(evaluated)
        for check in each.checks:
            entries = [
                Entry(each.kind, item, check, verdicts.get(check.id, NOT_EVALUATED))
                for item, verdicts in evaluated
            ]
            faults = [entry for entry in entries if entry.verdict.result == "fail"]
            doubtful = [entry for entry in entries if entry.verdict.result == "unknown"]
            unknown += doubtful
            waived += [entry for entry in entries if entry.verdict.result == "waived"]
            if faults:
                known = sum(entry.verdict.result in {"pass", "fail"} for entry in entries)
                passing = (entry for entry in entries if entry.verdict.result == "pass")
                example = next(passing, None)
                groups.append(Group(each.kind, check, faults, known, len(doubtful), example))

    def rank(check: Check) -> tuple[int, int]:
        return _TIMES[check.fix] if now_first else 0, _RANKS[check.severity]

    groups.sort(key=lambda group: (rank(group.check), -len(group.faults)))
    faults = [entry for group in groups for entry in group.faults]
    faults.sort(key=lambda entry: _age(entry.item), reverse=True)
    faults.sort(key=lambda entry: rank(entry.check))
    return Fixes(faults, groups, unknown, numbers, now_first, waived)


def _age(item: Record) -> tuple[datetime, str]:
    """Return the sort key of an item: its age, and its address for a stable order."""
    return instant(record.field(item, "created_at")) or _LONG_AGO, record.link(item) or ""
