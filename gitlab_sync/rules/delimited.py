"""Text with a record on each line: pasted lists and CSV files, whatever program wrote them."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from dataclasses import dataclass

DELIMITERS = ",;\t|"
"""What may stand between two cells, the likeliest first."""

_QUOTED = re.compile(r'"[^"]*"')
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a text, each with the line it begins on, and what could not be read.

    Cells are stripped; records without any text are left out.
    """

    rows: tuple[tuple[int, tuple[str, ...]], ...]
    faults: tuple[tuple[int, str], ...]


def decoded(data: bytes) -> tuple[str, bool]:
    """Return the text of a file, whatever program of which system wrote it; never raises.

    Also whether it was Unicode: if not, it was read as Windows-1252, as Excel writes its CSV.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # PowerShell does
        return data.decode("utf-16", errors="replace"), True
    try:
        return data.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), False


def lines_of(text: str) -> list[str]:
    """Return the lines of `text`, without their ends and without a byte order mark."""
    return _LINE_BREAK.split(text.removeprefix("\ufeff"))


def delimiter_of(lines: list[str]) -> str:
    """Return what stands between the cells: on most lines it is the first that can.

    So a comma inside a later cell does not hide the semicolons. What is in quotes does not count,
    nor do lines on which a quote is still open. A comma if there is none at all.
    """
    votes: Counter[str | None] = Counter()
    quote_open = False
    for line in lines:
        if not quote_open:
            outside = _QUOTED.sub("", line)
            votes[next((sign for sign in outside if sign in DELIMITERS), None)] += 1
        quote_open ^= line.count('"') % 2 == 1
    return max(DELIMITERS, key=lambda sign: votes[sign])


def records_of(text: str) -> Records:
    """Return the records of delimited text; a cell in quotes may hold anything, even line breaks.

    A quote that is never closed is a fault of its own line and does not swallow those below it.
    Never raises.
    """
    lines = lines_of(text)
    delimiter = delimiter_of(lines)
    rows: list[tuple[int, tuple[str, ...]]] = []
    faults: list[tuple[int, str]] = []
    at, in_vain = 0, False
    while at < len(lines):
        # A record goes on over lines while a quote is open. Of a text that has once been read to
        # its end in vain each line is read on its own: else hostile ones would take for ever.
        end = at + 1 if in_vain else len(lines)
        reader = csv.reader(
            (lines[number] + "\n" for number in range(at, end)),
            delimiter=delimiter,
            skipinitialspace=True,
            strict=True,
        )
        taken = 1
        try:
            cells = tuple(cell.strip() for cell in next(reader))
        except csv.Error as error:
            faults.append((at + 1, f"cannot be read as delimited text: {error}"))
            in_vain = in_vain or at + reader.line_num == len(lines)
        else:
            taken = reader.line_num
            if any(cells):
                rows.append((at + 1, cells))
        at += taken
    return Records(tuple(rows), tuple(faults))
