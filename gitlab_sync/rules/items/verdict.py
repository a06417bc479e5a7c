"""The result of a check: pass, fail, unknown or n/a, with the reason and the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Result = Literal["pass", "fail", "unknown", "n/a"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one check on one item.

    `reason` is a short clause for people ("3 notes, all by the author or bots"; for unknown, what
    could not be read; for n/a, why the check does not apply). `evidence` is a link to what shows
    it, or None. `pending` says of an unknown that everything was read, and is not decided yet.
    """

    result: Result
    reason: str
    evidence: str | None = None
    pending: bool = False

    @property
    def flag(self) -> bool | None:
        """True for a fault, False for none, None for unknown and n/a: what flags count."""
        return {"fail": True, "pass": False}.get(self.result)
