"""The items behind numbers: each fault, waived or not, and each unknown answer, with its reason."""

from __future__ import annotations

from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.items.fixes import Fixes
from gitlab_sync.rules.scores import profile as tables
from gitlab_sync.rules.scores.profile import TO_FIX

RESULT = "Result"


def items_sheet(title: str, fixes: Fixes, meta: Meta) -> Sheet:
    """Return the faults of a person's work, the worst first, then what is not known or waived.

    The columns of `To_Fix` of a profile, with `Result` (`fault`, `unknown` or `waived`) before
    them.
    """
    entries = {"fault": fixes.faults, "unknown": fixes.unknown, "waived": fixes.waived}
    when = fixes.now_first
    rows = [
        {RESULT: result, **tables.entry_row(entry, says_when=when)}
        for result, found in entries.items()
        for entry in found
    ]
    columns = tables.entry_columns(says_when=when)
    return Sheet(
        title,
        (RESULT, *columns),
        rows,
        meta,
        links=tables.links(TO_FIX, columns),
        nothing=tables.NOTHING,
    )
