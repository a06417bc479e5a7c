"""Counts verdicts, from evaluated items to the cells of a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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

    `cells` has a number for each title: of the known faults, or None if there are items but none
    could be evaluated. `unknown` has the number of items that could not, for each check's title.
    """

    cells: Mapping[str, int | None]
    unknown: Mapping[str, int]

    @property
    def unverified(self) -> int:
        """The number of pairs (item, check) that are unknown."""
        return sum(self.unknown.values())


def tally(
    counts: Mapping[str, int], checks: Sequence[Check], evaluated: Sequence[Verdicts]
) -> Tally:
    """Count the faults in `evaluated` for each of `checks`; the cells begin with `counts`.

    A check without a verdict counts as unknown, not as passed.
    """
    cells: dict[str, int | None] = dict(counts)
    unknown: dict[str, int] = {}
    for check in checks:
        results = Counter(verdicts.get(check.id, NOT_EVALUATED).result for verdicts in evaluated)
        unknown[check.title] = results["unknown"]
        all_unknown = bool(evaluated) and results["unknown"] == len(evaluated)
        cells[check.title] = None if all_unknown else results["fail"]
    return Tally(cells, unknown)


def distinct(evaluated: Iterable[Evaluated]) -> list[Evaluated]:
    """Return the first pair of each item `id`, in order; all items without one stay."""
    return unique(evaluated, lambda pair: record.number_id(pair[0]))
