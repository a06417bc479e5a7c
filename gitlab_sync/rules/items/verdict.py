"""The result of a check: pass, fail or unknown, with the reason and the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Result = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one check on one item.

    `reason` is a short clause for people ("3 notes, all by the author or bots"; for unknown, what
    could not be read). `evidence` is a link to what shows it, or None.
    """

    result: Result
    reason: str
    evidence: str | None = None

    @property
    def flag(self) -> bool | None:
        """True for a fault, False for none, None for unknown: what cells and flags count."""
        return {"fail": True, "pass": False, "unknown": None}[self.result]
