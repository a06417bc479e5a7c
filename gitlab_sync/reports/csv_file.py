"""Rows as CSV (RFC 4180) that a spreadsheet can open without running what a cell holds."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from gitlab_sync.types import Scalar, TableRow

# A spreadsheet treats a cell that begins so as a formula: OWASP, "CSV Injection". The last four are
# the full-width forms of the first four, which programs for East Asian text treat alike.
_SIGNS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
_DANGEROUS = ("\t", "\r", "\n")

# Where programs of some countries begin a new cell. They do not know our quotes, since for them
# those are in the middle of a cell, so neither a tab nor a line break is protected by them.
_BREAK = re.compile(r"(?<=[;\t\r\n])")


def neutral(cell: Scalar) -> Scalar:
    """Return the cell so that no spreadsheet runs it: text that could be a formula gets a `'`.

    So does each part of it after a semicolon, a tab or a line break, where some programs split.
    Numbers stay as they are, including negative ones.
    """
    if not isinstance(cell, str):
        return cell
    first, *others = _BREAK.split(cell)
    return "".join([guarded(first), *(f"'{part}" if _runs(part) else part for part in others)])


def guarded(text: str) -> str:
    """Return the text with a `'` before it if a spreadsheet could run it as it is, not split."""
    return f"'{text}" if text.startswith(_DANGEROUS) or _runs(text) else text


def _runs(text: str) -> bool:
    """Return whether the first character that shows is one that begins a formula."""
    return next((mark for mark in text if mark.isprintable() and mark != " "), "") in _SIGNS


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
