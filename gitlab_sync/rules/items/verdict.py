"""The result of a check: pass, fail, waived, unknown or n/a, with reason and evidence."""

from __future__ import annotations

from typing import Literal, NamedTuple

from gitlab_sync.rules.waiver import Waiver

Result = Literal["pass", "fail", "waived", "unknown", "n/a"]


class Verdict(NamedTuple):
    """The result of one check on one item. Immutable.

    `reason` is a short clause for people ("3 notes, all by the author or bots"; for unknown, what
    could not be read; for n/a, why the check does not apply). `evidence` is a link to what shows
    it, or None. `pending` says of an unknown that everything was read, and is not decided yet. A
    fault that a `waiver` covers is waived, and its reason says so.
    """

    result: Result
    reason: str
    evidence: str | None = None
    pending: bool = False
    waiver: Waiver | None = None

    @property
    def flag(self) -> bool | None:
        """True for a fault, False for none, None for all else: what flags count."""
        return {"fail": True, "pass": False}.get(self.result)
