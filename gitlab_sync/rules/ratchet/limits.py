"""What a run fails on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from gitlab_sync.rules.items.check import Severity

if TYPE_CHECKING:
    from gitlab_sync.rules.ratchet.check_result import CheckResult

FailOn: TypeAlias = Literal["new", "any", "none"]
"""Faults that are not known, all faults, or none."""

RANKS: dict[Severity, int] = {"low": 0, "medium": 1, "high": 2}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run fails on: which faults, and from which severity on. Immutable."""

    fail_on: FailOn = "new"
    least: Severity = "low"

    def reaches(self, result: CheckResult) -> bool:
        """Return whether the severity of a check is high enough to fail on it."""
        return RANKS[result.check.severity] >= RANKS[self.least]
