"""Reads text with a record on each line: pasted lists, and CSV and XLSX files of any program."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from dataclasses import dataclass

from gitlab_sync.rules.bounds import (
    MOST_COLUMNS,
    MOST_LINES,
    MOST_LIST_CHARACTERS,
    BeyondBounds,
    within,
)
from gitlab_sync.rules.workbook import csv_of_workbook, is_workbook

DELIMITERS = ",;\t|"
"""The possible delimiters, the most likely first."""

_QUOTED = re.compile(r'"[^"]*"')
_LINE_BREAK = re.compile(r"\r\n|\r|\n")

# `#` before a delimiter is the title of a column of numbers, not a comment.
_COMMENT_LINE = re.compile(r"\s*#(?![,;\t|])")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a text, each with its first line number, and what could not be read.

    Cells are stripped. Records without text are left out.
    """

    rows: tuple[tuple[int, tuple[str, ...]], ...]
    faults: tuple[tuple[int, str], ...]


def decoded(data: bytes) -> tuple[str, bool]:
    """Return the text of a file of any program, and whether it is Unicode.

    A file that is not Unicode is read as Windows-1252, as Excel writes its CSV. Of a workbook it is
    the first sheet as CSV; raises the errors of `csv_of_workbook`.
    """
    if is_workbook(data):
        return csv_of_workbook(data), True
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # PowerShell does
        return data.decode("utf-16", errors="replace"), True
    if 0 in data[:2]:  # UTF-16 without its mark: half of each Latin letter
        return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le", errors="replace"), True
    try:
        return data.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), False


def lines_of(text: str) -> list[str]:
    """Return the lines of `text`, without their ends and without a byte order mark."""
    return _LINE_BREAK.split(text.removeprefix("\ufeff"))


def list_lines(text: str) -> list[str]:
    """Return the lines of a list; raises BeyondBounds if it is longer than any real one."""
    within(text, MOST_LIST_CHARACTERS)
    if text.count("\n") + text.count("\r") - text.count("\r\n") >= MOST_LINES:
        raise BeyondBounds(f"more than {MOST_LINES:,} lines")
    return lines_of(text)


def delimiter_of(lines: list[str]) -> str:
    """Return the delimiter: the one that comes first on most lines.

    So a comma inside a later cell does not hide the semicolons. Quoted text does not count, nor do
    lines inside an open quote. Without any sign it is a comma.
    """
    votes: Counter[str | None] = Counter()
    quote_open = False
    for line in lines:
        if not quote_open:
            outside = _QUOTED.sub("", line)
            votes[next((sign for sign in outside if sign in DELIMITERS), None)] += 1
        quote_open ^= line.count('"') % 2 == 1
    return max(DELIMITERS, key=lambda sign: votes[sign])


def without_comments(lines: list[str]) -> list[str]:
    """Return the lines with nothing in place of comments.

    In a table only a whole line is a comment, since its cells can hold `Section #2`. In a plain
    list a comment can also follow a name.
    """
    lines = ["" if _COMMENT_LINE.match(line) else line for line in lines]
    plain = [_COMMENT.sub("", line).strip() for line in lines]
    is_table = any(sign in line for line in plain for sign in f'{DELIMITERS}"')
    return lines if is_table else plain


def records_of(text: str, *, comments: bool = False) -> Records:
    """Return the records of delimited text; a quoted cell can hold anything, even line breaks.

    A quote that is never closed is a fault of its own line; the lines below are still read. Beyond
    the bounds of size and columns are faults, too. With `comments` the text can have some, see
    `without_comments`. Never raises.
    """
    try:
        lines = list_lines(text)
        if comments:
            lines = without_comments(lines)
    except BeyondBounds as beyond:
        return Records((), ((1, f"not read: {beyond}"),))
    delimiter = delimiter_of(lines)
    rows: list[tuple[int, tuple[str, ...]]] = []
    faults: list[tuple[int, str]] = []
    at, by_line = 0, False
    while at < len(lines):
        # A record continues over lines while a quote is open. After one quote that is open to the
        # end of the text, each line with quotes is read on its own: a hostile text would take too
        # long.
        start, end = at, _without_quotes(lines, at) if by_line else len(lines)
        reader = csv.reader(
            (lines[number] + "\n" for number in range(start, end)),
            delimiter=delimiter,
            skipinitialspace=True,
            strict=True,
        )
        try:
            for record in reader:
                cells = tuple(cell.strip() for cell in record)
                if len(cells) > MOST_COLUMNS:
                    faults.append((at + 1, f"more than {MOST_COLUMNS:,} columns"))
                elif any(cells):
                    rows.append((at + 1, cells))
                at = start + reader.line_num
        except csv.Error as error:
            faults.append((at + 1, f"cannot be read as delimited text: {error}"))
            by_line = by_line or start + reader.line_num == len(lines)
            at += 1
    return Records(tuple(rows), tuple(faults))


def _without_quotes(lines: list[str], at: int) -> int:
    """Return the end of the lines from `at` on that can be read together: they have no quotes."""
    end = at
    while end < len(lines) and '"' not in lines[end]:
        end += 1
    return max(end, at + 1)
