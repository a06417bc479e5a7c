"""Tables in which a count says of how many it is: `3 of 12` for people, two columns in files."""

from __future__ import annotations

from dataclasses import replace

from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.types import Scalar, TableRow

NOT_APPLICABLE = "n/a"


def readable(sheet: Sheet) -> Sheet:
    """Return the table for people to read: shares in their cells, and no columns for them.

    A cell is `3 of 12`, with `(+2 ?)` for items that are unknown; `2.5 (of 12)` in a column of the
    kind `number`; `n/a` if it applies to nothing, and null if all of it is unknown. What all rows
    repeat is left out. Tables without either stay as they are.
    """
    if not (sheet.shares or sheet.repeated):
        return sheet
    behind = {*sheet.shares.values(), *sheet.repeated}
    columns = [column for column in sheet.columns if column not in behind]
    return replace(sheet, columns=columns, rows=[readable_row(sheet, row) for row in sheet.rows])


def readable_row(sheet: Sheet, row: TableRow) -> TableRow:
    """Return a row of the table with shares in their cells; see `readable`."""
    doubts = sheet.doubts.get(str(row.get("Username")), {})
    return {
        column: _cell(
            cell,
            row.get(sheet.shares[column]),
            doubts.get(column, 0),
            "{:g} (of {})" if sheet.kinds.get(column) == "number" else "{} of {}",
        )
        if column in sheet.shares and sheet.shares[column] in row
        else cell
        for column, cell in row.items()
    }


def _cell(count: Scalar, of: Scalar, unknown: int, form: str) -> Scalar:
    if not of:
        return None if of is None else NOT_APPLICABLE
    text = form.format(count, of)
    return f"{text} (+{unknown} ?)" if unknown else text
