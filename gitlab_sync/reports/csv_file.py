"""Rows as CSV (RFC 4180) that a spreadsheet can open without running what a cell holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from gitlab_sync.types import Scalar, TableRow

# A spreadsheet treats a cell that begins so as a formula: OWASP, "CSV Injection". The last four are
# the full-width forms of the first four, which programs for East Asian text treat alike.
_DANGEROUS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def neutral(cell: Scalar) -> Scalar:
    """Return the cell so that no spreadsheet runs it: text that could be a formula gets a `'`.

    Numbers stay as they are, including negative ones.
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_DANGEROUS) else cell


def to_csv(columns: Sequence[str], rows: Iterable[TableRow]) -> bytes:
    """Return a header and the rows in UTF-8, with CRLF after each line; null is an empty cell.

    A column that a row lacks is null.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([neutral(column) for column in columns])
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return text.getvalue().encode(errors="replace")


def _cell(cell: Scalar) -> Scalar:
    if cell is None:
        return ""
    return str(cell).lower() if isinstance(cell, bool) else neutral(cell)
