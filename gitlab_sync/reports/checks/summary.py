"""What every report on a check is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitlab_sync.rules.ratchet.check_result import CheckResult
from gitlab_sync.rules.ratchet.comparison import Comparison, State
from gitlab_sync.rules.ratchet.limits import Limits
from gitlab_sync.rules.text import plural


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """A check that has ended. Immutable.

    `subject` says in words what was checked, `policy` by which rules, `completeness` how much was
    read. `unread` says what could not be read as a whole, and `remarks` what else to know.
    """

    subject: str
    policy: str
    comparison: Comparison
    limits: Limits
    completeness: str
    unread: Sequence[str] = ()
    remarks: Sequence[str] = ()

    @property
    def reported(self) -> list[CheckResult]:
        """The faults that reports are about: the new ones, or all if any is enough to fail."""
        states: tuple[State, ...] = ("new", "known") if self.limits.fail_on == "any" else ("new",)
        return self.comparison.those(*states)

    @property
    def counts(self) -> str:
        """How many faults are new, known and so on, in words."""
        comparison = self.comparison
        new = plural(len(comparison.those("new")), "new fault")
        others = {
            "known": len(comparison.those("known")),
            "gone": len(comparison.gone),
            "waived": len(comparison.those("waived")),
            "not yet": len(comparison.those("not yet")),
            "unknown": len(comparison.those("unknown")) + len(self.unread),
        }
        return ", ".join([new, *(f"{number} {name}" for name, number in others.items() if number)])
