"""What is new, known or gone, and whether that is something to fail on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gitlab_sync.rules.ratchet.baseline import Baseline, KnownFault
from gitlab_sync.rules.ratchet.check_result import CheckResult, Outcome
from gitlab_sync.rules.ratchet.limits import Limits, rank
from gitlab_sync.rules.unique import unique

State: TypeAlias = Literal["new", "known", "waived", "unknown", "not yet", "pass", "n/a"]
"""What a result means for a run: faults are new or known, the rest is its outcome."""

_UNDECIDED: frozenset[Outcome] = frozenset({"unknown", "not yet"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """The results of a run, compared with the known faults. Immutable.

    Each result is there once, by its fingerprint. `gone` are known faults of which the run found
    that they are none any more; a fault that it did not look at, or could not decide, is not gone.
    """

    results: Sequence[CheckResult]
    known: frozenset[str] = frozenset()
    gone: Sequence[KnownFault] = field(default_factory=tuple)

    @classmethod
    def of(cls, results: Iterable[CheckResult], baseline: Baseline | None = None) -> Comparison:
        """Compare the results of a run with a baseline (None: nothing is known)."""
        distinct = unique(results, lambda result: result.fingerprint)
        if baseline is None:
            return cls(distinct)
        faults = {each.fingerprint for each in distinct if each.outcome == "fault"}
        settled = decided(distinct) - faults
        gone = sorted(fault for fault in baseline.faults if fault.fingerprint in settled)
        return cls(distinct, baseline.fingerprints, gone)

    def state(self, result: CheckResult) -> State:
        """Return what a result means for the run."""
        outcome = result.outcome
        if outcome == "fault":
            return "known" if result.fingerprint in self.known else "new"
        return outcome

    def those(self, *states: State) -> list[CheckResult]:
        """Return the results that mean one of these, the most severe first, then by place."""
        found = [each for each in self.results if self.state(each) in states]
        return sorted(found, key=lambda each: (-rank(each), each.place, each.fingerprint))

    def failing(self, limits: Limits) -> list[CheckResult]:
        """Return the faults that the run fails on."""
        if limits.fail_on == "none":
            return []
        among = self.those("new") if limits.fail_on == "new" else self.those("new", "known")
        return list(filter(limits.reaches, among))

    def unread(self, limits: Limits) -> list[CheckResult]:
        """Return what could not be read, and could be something to fail on."""
        return list(filter(limits.reaches, self.those("unknown")))


def decided(results: Iterable[CheckResult]) -> set[str]:
    """Return the fingerprints of all results that say whether there is a fault."""
    return {each.fingerprint for each in results if each.outcome not in _UNDECIDED}


def known_faults(results: Iterable[CheckResult]) -> list[KnownFault]:
    """Return the faults among results, as a baseline keeps them."""
    return [
        KnownFault(str(each.place), each.check.id, each.fingerprint)
        for each in results
        if each.outcome == "fault"
    ]
