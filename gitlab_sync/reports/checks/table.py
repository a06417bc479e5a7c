"""The result of a check as rows, for all formats of tables."""

from __future__ import annotations

from gitlab_sync.reports.checks.summary import CheckSummary
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.ratchet.baseline import KnownFault
from gitlab_sync.rules.ratchet.check_result import CheckResult
from gitlab_sync.rules.ratchet.comparison import State
from gitlab_sync.types import TableRow

COLUMNS = (
    *("State", "Severity", "Check", "Place", "Title", "Reason", "Evidence", "How to fix"),
    *("File", "Line", "Id", "Fingerprint"),
)

_SHOWN: tuple[State, ...] = ("new", "known", "unknown", "not yet", "waived")


def check_sheet(summary: CheckSummary, meta: Meta) -> Sheet:
    """Return a row for each fault, and for each check that is unknown, not there yet or waived.

    The most severe come first, within each state. Known faults that are gone come last.
    """
    comparison = summary.comparison
    rows = [_row(each, state) for state in _SHOWN for each in comparison.those(state)]
    return Sheet(
        "Check",
        COLUMNS,
        [*rows, *map(_gone, comparison.gone)],
        meta,
        links={"Reason": "Evidence"},
        kinds={**dict.fromkeys(COLUMNS, "text"), "Line": "integer"},
        nothing=frozenset(COLUMNS),
    )


def _row(result: CheckResult, state: State) -> TableRow:
    check = result.check
    return {
        "State": state,
        "Severity": check.severity,
        "Check": check.title,
        "Place": str(result.place),
        "Title": result.title or None,
        "Reason": result.verdict.reason,
        "Evidence": result.verdict.evidence,
        "How to fix": check.how_to_fix,
        "File": result.file,
        "Line": result.line,
        "Id": check.id,
        "Fingerprint": result.fingerprint,
    }


def _gone(fault: KnownFault) -> TableRow:
    return {
        **dict.fromkeys(COLUMNS),
        "State": "gone",
        "Place": fault.place,
        "Id": fault.check,
        "Fingerprint": fault.fingerprint,
    }
