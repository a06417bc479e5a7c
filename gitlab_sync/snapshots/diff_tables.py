"""The changes between two runs as rows of tables."""

from __future__ import annotations

from collections.abc import Mapping

from gitlab_sync.snapshots.counts import Counts
from gitlab_sync.snapshots.diff import TITLES, Cell, Change, Why
from gitlab_sync.types import TableRow

CELLS = (
    "Username", "Table", "Column", "Before", "Before (of)", "After", "After (of)",
    "Unknown Before", "Unknown After", "Waived Before", "Waived After", "Why",
)  # fmt: skip
"""The columns of the table of cells; the numbers of faults are `Before` and `After`."""

NUMBERS, BESIDES = CELLS[3:-1], CELLS[7:-1]
"""Those of them that hold numbers, and those of what is in no number of faults."""

CHANGES = (
    "Username", "Subject", "Item", "What", "Before", "After", "Why", "Reason", "Link",
)  # fmt: skip
"""The columns of the table of what changed."""

SHARES = {"Before": "Before (of)", "After": "After (of)"}
"""The columns of cells that say of how many."""

_CHECKS = {check: title for titles in TITLES.values() for check, title in titles.items()}


def cell_row(cell: Cell) -> TableRow:
    """Return a cell as a row with the columns `CELLS`."""
    sides = {"Before": cell.before, "After": cell.after}
    faults: TableRow = {}
    besides: TableRow = {}
    for side, value in sides.items():
        counts = value if isinstance(value, Counts) else None
        faults[side] = value.failed if isinstance(value, Counts) else value
        faults[f"{side} (of)"] = None if counts is None else counts.known
        besides[f"Unknown {side}"] = None if counts is None else counts.unknown
        besides[f"Waived {side}"] = None if counts is None else counts.waived
    return {
        "Username": cell.person,
        "Table": cell.table.replace("_", " "),
        "Column": cell.column,
        **faults,
        **{name: besides[name] for name in CELLS if name in besides},
        "Why": _in_words(cell.why),
    }


def without_empty_shares(row: TableRow) -> TableRow:
    """Return the row of a cell without the columns `(of)` that do not apply to its numbers."""
    empty = {name for name in SHARES.values() if row[name] is None}
    return {name: cell for name, cell in row.items() if name not in empty}


def change_row(change: Change) -> TableRow:
    """Return a change as a row with the columns `CHANGES`."""
    return {
        "Username": change.person,
        "Subject": change.subject,
        "Item": change.item,
        "What": _CHECKS.get(change.what, change.what.replace("_", " ")),
        "Before": change.before,
        "After": change.after,
        "Why": change.why,
        "Reason": change.reason,
        "Link": change.link,
    }


def _in_words(why: Mapping[Why, int]) -> str:
    """Return reasons with their numbers: `new item (2), waived`."""
    return ", ".join(
        reason if number == 1 else f"{reason} ({number})" for reason, number in sorted(why.items())
    )
