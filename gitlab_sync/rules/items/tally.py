"""Counts verdicts, from evaluated items to the cells of a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gitlab_sync.rules import record
from gitlab_sync.rules.items.check import Check
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.unique import unique
from gitlab_sync.types import Record

Verdicts = Mapping[str, Verdict]
"""The verdicts on one item, by the ids of the checks."""

Evaluated = tuple[Record, Verdicts]
"""An item with its verdicts."""

NOT_EVALUATED = Verdict("unknown", "not evaluated")


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of one person's items.

    `cells` has a number for each title: of the known faults, or None if there are items but the
    check applies to none of them, or none could be evaluated. By the title of each check, `of` has
    the number of items that pass or fail (None if all that it could apply to are unknown),
    `unknown` of those that could not be evaluated, `pending` of those among them for which
    everything was read, and `waived` of those with a fault that a waiver covers: they are in no
    other number.
    """

    cells: Mapping[str, int | None]
    unknown: Mapping[str, int]
    of: Mapping[str, int | None] = field(default_factory=dict)
    pending: Mapping[str, int] = field(default_factory=dict)
    waived: Mapping[str, int] = field(default_factory=dict)

    @property
    def unverified(self) -> int:
        """The number of pairs (item, check) that are unknown."""
        return sum(self.unknown.values())

    @property
    def unread(self) -> int:
        """The number of those for which something could not be read."""
        return self.unverified - sum(self.pending.values())


def tally(
    counts: Mapping[str, int],
    checks: Sequence[Check],
    evaluated: Sequence[Verdicts],
    of_none: int | None = 0,
) -> Tally:
    """Count the faults in `evaluated` for each of `checks`; the cells begin with `counts`.

    A check without a verdict counts as unknown, not as passed. Where nothing is evaluated, or all
    is waived, the cell of a check is `of_none`.
    """
    cells: dict[str, int | None] = dict(counts)
    unknown: dict[str, int] = {}
    of: dict[str, int | None] = {}
    pending: dict[str, int] = {}
    waived: dict[str, int] = {}
    for check in checks:
        found = [verdicts.get(check.id, NOT_EVALUATED) for verdicts in evaluated]
        results = Counter(verdict.result for verdict in found)
        known = results["pass"] + results["fail"]
        unknown[check.title] = results["unknown"]
        pending[check.title] = sum(verdict.pending for verdict in found)
        waived[check.title] = results["waived"]
        rest = len(found) > results["waived"]
        cells[check.title] = results["fail"] if known else None if rest else of_none
        of[check.title] = known if known or not results["unknown"] else None
    return Tally(cells, unknown, of, pending, waived)


def distinct(evaluated: Iterable[Evaluated]) -> list[Evaluated]:
    """Return the first pair of each item `id`, in order; all items without one stay."""
    return unique(evaluated, lambda pair: record.number_id(pair[0]))
