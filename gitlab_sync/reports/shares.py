"""Tables in which a count says of how many it is: `3 of 12` for people, two columns in files."""

from __future__ import annotations

from dataclasses import replace

from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.reports.text_table import UNKNOWN
from gitlab_sync.rules.text import besides
from gitlab_sync.types import Scalar, TableRow

NOT_APPLICABLE = "n/a"


def readable(sheet: Sheet) -> Sheet:
    """Return the table for people to read: shares in their cells, and no columns for them.

    A cell is `3 of 12`, with `(+2 ?, +1 waived)` for items that are unknown and faults that do not
    count; `2.5 (of 12)` in a column of the kind `number`; `n/a` if it applies to nothing, and null
    if all of it is unknown and nothing waived. What all
    rows repeat is left out. Tables without either stay as they are.
    """
    if not (sheet.shares or sheet.repeated):
        return sheet
    behind = {*sheet.shares.values(), *sheet.repeated}
    columns = [column for column in sheet.columns if column not in behind]
    return replace(sheet, columns=columns, rows=[readable_row(sheet, row) for row in sheet.rows])


def readable_row(sheet: Sheet, row: TableRow) -> TableRow:
    """Return a row of the table with shares in their cells; see `readable`."""
    name = str(row.get("Username"))
    doubts, waived = sheet.doubts.get(name, {}), sheet.waived.get(name, {})
    return {
        column: _cell(
            cell,
            row.get(sheet.shares[column]),
            doubts.get(column, 0),
            waived.get(column, 0),
            "{:g} (of {})" if sheet.kinds.get(column) == "number" else "{} of {}",
        )
        if column in sheet.shares and sheet.shares[column] in row
        else cell
        for column, cell in row.items()
    }


def _cell(count: Scalar, of: Scalar, unknown: int, waived: int, form: str) -> Scalar:
    if of is None and not waived:
        return None
    known = UNKNOWN if of is None else form.format(count, of) if of else NOT_APPLICABLE
    return f"{known}{besides(unknown, waived)}"
