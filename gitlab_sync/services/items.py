"""The items behind numbers: each fault, and each answer that nobody knows, with its reason."""

from __future__ import annotations

from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.rules.items.fixes import Mending
from gitlab_sync.rules.scores import profile as tables
from gitlab_sync.rules.scores.profile import TO_MEND

RESULT = "Result"


def items_sheet(title: str, mending: Mending, meta: Meta) -> Sheet:
    """Return the faults of a person's work, the worst first, then what is not known.

    The columns of `To_Mend` of a profile, with `Result` (`fault` or `unknown`) before them.
    """
    rows = [{RESULT: "fault", **tables.entry_row(entry)} for entry in mending.faults]
    rows += [{RESULT: "unknown", **tables.entry_row(entry)} for entry in mending.unknown]
    columns = tables.columns(TO_MEND, {})
    return Sheet(
        title,
        (RESULT, *columns),
        rows,
        meta,
        links=tables.links(TO_MEND, columns),
        nothing=tables.NOTHING,
    )
