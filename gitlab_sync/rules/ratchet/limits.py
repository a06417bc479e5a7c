"""What a run fails on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from gitlab_sync.rules.ratchet.check_result import CheckResult

FailOn: TypeAlias = Literal["new", "any", "none"]
"""Faults that are not known, all faults, or none."""

Least: TypeAlias = Literal["low", "medium", "high"]
"""The lowest severity of a fault to fail on."""

_RANKS: Mapping[str, int] = {"low": 0, "medium": 1, "high": 2}


def rank(result: CheckResult) -> int:
    """Return a number that is higher for more severe checks."""
    return _RANKS.get(result.check.severity, -1)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run fails on: which faults, and from which severity on. Immutable."""

    fail_on: FailOn = "new"
    least: Least = "low"

    def reaches(self, result: CheckResult) -> bool:
        """Return whether the severity of a check is high enough to fail on it."""
        return rank(result) >= _RANKS[self.least]
