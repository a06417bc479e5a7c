"""What to fix: the faults of a person's work, each with what to do about it, the worst first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitlab_sync.rules import record
from gitlab_sync.rules.items.tally import NOT_EVALUATED, Evaluated, distinct
from gitlab_sync.rules.text import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitlab_sync.rules.items.check import Check, Severity
    from gitlab_sync.rules.items.verdict import Verdict
    from gitlab_sync.types import Record

_RANKS: dict[Severity, int] = {"high": 0, "medium": 1, "low": 2}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EvaluatedItems:
    """Items of one kind with what the rules say of each.

    `kind` is what one of them is called: `merge request`, `issue`. `checks` are those that were
    asked, in order.
    """

    kind: str
    checks: Sequence[Check]
    evaluated: Sequence[Evaluated]


@dataclass(frozen=True, slots=True)
class Entry:
    """One check that an item fails, or that is unknown for it. Immutable."""

    kind: str
    item: Record
    check: Check
    verdict: Verdict

    @property
    def link(self) -> str | None:
        """Where the item is, or None; `verdict.evidence` may lead further into it."""
        return record.link(self.item)


@dataclass(frozen=True, slots=True)
class Group:
    """The faults of one check, the newest first, and how many items it was asked about.

    `known` counts the items that pass or fail, `unknown` the others.
    """

    kind: str
    check: Check
    faults: Sequence[Entry]
    known: int
    unknown: int

    @property
    def share(self) -> float:
        """How many of the known items fail, from above 0 to 1."""
        return len(self.faults) / self.known


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a check is unknown, and for how many items."""

    kind: str
    check: Check
    reason: str
    number: int


@dataclass(frozen=True, slots=True)
class Fixes:
    """What is wrong with a person's work, and what is unknown. Immutable.

    `faults` are sorted by severity, then the newest item first. `groups` hold the same faults by
    check: severity first, then the most faults. `unknown` are the unknown checks, which could be
    faults or not; `evaluated` counts the items by kind.
    """

    faults: Sequence[Entry]
    groups: Sequence[Group]
    unknown: Sequence[Entry]
    evaluated: dict[str, int]

    @property
    def doubts(self) -> list[Doubt]:
        """The reasons of what is unknown, for each check, in the order of the checks."""
        met: dict[tuple[str, str, str], Check] = {}
        numbers: Counter[tuple[str, str, str]] = Counter()
        for entry in self.unknown:
            key = (entry.kind, entry.check.id, entry.verdict.reason)
            met.setdefault(key, entry.check)
            numbers[key] += 1
        return [Doubt(key[0], check, key[2], numbers[key]) for key, check in met.items()]


def what_to_fix(ruled: Iterable[EvaluatedItems]) -> Fixes:
    """Return what to fix, by the verdicts; each item counts once. Never raises.

    A check without a verdict is unknown: what was not evaluated is not clean.
    """
    groups: list[Group] = []
    unknown: list[Entry] = []
    numbers: dict[str, int] = {}
    for each in ruled:
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
            if faults:
                known = len(entries) - len(doubtful)
                groups.append(Group(each.kind, check, faults, known, len(doubtful)))
    groups.sort(key=lambda group: (_RANKS[group.check.severity], -len(group.faults)))
    faults = [entry for group in groups for entry in group.faults]
    faults.sort(key=lambda entry: _age(entry.item), reverse=True)
    faults.sort(key=lambda entry: _RANKS[entry.check.severity])
    return Fixes(faults, groups, unknown, numbers)


def _age(item: Record) -> tuple[datetime, str]:
    """Return what items are sorted by; the address, so that the order is always the same."""
    return instant(record.field(item, "created_at")) or _LONG_AGO, record.link(item) or ""
