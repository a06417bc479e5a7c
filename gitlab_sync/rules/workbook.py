"""Reads workbooks of Excel and other spreadsheets, which strangers wrote."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from typing import Any

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.bounds import (
    MOST_LINES,
    MOST_LIST_CHARACTERS,
    MOST_WORKBOOK,
    BeyondBounds,
)

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"  # an older Excel, or a workbook with a password
_MOST_ROWS = 1_048_576  # that a sheet of Excel has
_HINT = "Save the list as .xlsx without a password, or as CSV."


def is_workbook(data: bytes) -> bool:
    """Return whether a file has the form of a workbook of any version."""
    return data.startswith((_ZIP, _OLE))


def csv_of_workbook(data: bytes) -> str:
    """Return the first sheet of an XLSX file that is not empty, as CSV.

    Each row is a line, and all cells are quoted. Raises ConfigurationError for a
    workbook that cannot be read, or is larger than any real list.
    """
    import openpyxl  # type: ignore[import-untyped] # noqa: PLC0415 - 0.2 s, needed by few

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            size = sum(part.file_size for part in parts.infolist())
        _require(size <= MOST_WORKBOOK, f"longer than {MOST_WORKBOOK >> 20} MiB unpacked")
        # They are about drawings and styles, which no list needs.
        warnings.filterwarnings("ignore", module="openpyxl")
        book = openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=True, keep_links=False
        )
        return next(filter(None, map(_as_csv, book.worksheets)), "")
    except BeyondBounds as beyond:
        raise ConfigurationError(f"the workbook is too large: {beyond}", hint=_HINT) from None
    except Exception as error:  # noqa: BLE001 - whatever a broken file makes openpyxl raise
        raise ConfigurationError(
            f"the workbook cannot be read ({type(error).__name__})", hint=_HINT
        ) from None


def _as_csv(sheet: Any) -> str:
    """Return a sheet of openpyxl as CSV, without the blank rows at its end."""
    sheet.reset_dimensions()  # a file can claim any size
    text, size, blank = io.StringIO(), 0, 0
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    rows = sheet.iter_rows(max_row=_MOST_ROWS, values_only=True)
    for number, row in enumerate(rows, start=1):
        # Thousands of cells can have one long text, which the file holds once.
        size += len(row) + sum(len(cell) for cell in row if isinstance(cell, str))
        _require(size <= MOST_LIST_CHARACTERS, f"longer than {MOST_LIST_CHARACTERS >> 20} MiB")
        if all(cell is None for cell in row):
            blank += 1
            continue
        _require(number <= MOST_LINES, f"more than {MOST_LINES:,} lines")
        text.write("\n" * blank)
        blank = 0
        # Without line breaks in cells, the number of a row is that of its line.
        writer.writerow("" if cell is None else " ".join(str(cell).split()) for cell in row)
    return text.getvalue()


def _require(is_within: bool, otherwise: str) -> None:
    if not is_within:
        raise BeyondBounds(otherwise)
