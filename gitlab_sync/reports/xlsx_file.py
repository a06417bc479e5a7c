"""Tables as an Excel workbook: typed numbers, dates and links, and no text that runs."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter  # type: ignore[import-untyped] # it has no types
from rich.cells import cell_len

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.reports.cells import Kind, Value, as_text, legal, shown_moment, value_of
from gitlab_sync.reports.csv_file import guarded
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.types import TableRow

# Limits of Excel: Microsoft, "Excel specifications and limits".
MOST_LINKS = 65_530
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384
_LONGEST_TEXT = 32_767  # UTF-16 units
_LONGEST_LINK = 2_079
_LONGEST_NAME = 31
_EXACT = 10**15  # it keeps 15 digits of a number
_FIRST_YEAR = 1901  # its 1900 has a 29 February that never existed

ABOUT = "About"
"""The name of the last sheet, which tells where the numbers come from."""

_NO_NAME = re.compile(r"[\[\]:*?/\\]")
_RESERVED = {"history"}
_FORMATS: dict[Kind, str] = {
    "percent": "0.0%",
    "day": "yyyy-mm-dd",
    "moment": 'yyyy-mm-dd hh:mm:ss "UTC"',
}
_WIDTHS: dict[Kind, int] = {"percent": 8, "truth": 7, "day": 11, "moment": 24}
_WIDEST = 60
_BUTTON = 4  # characters that the filter arrow covers, and a margin
_MEASURED = 500  # rows that decide how wide a column is
_HEADER = {"bold": True, "bg_color": "#E8E6F0", "bottom": 1, "valign": "top"}
_LINK: dict[str, object] = {"font_color": "#0563C1", "underline": 1}
_NOTES = {
    "Empty cells": "Unknown, since it could not be read; or there is nothing.",
    "Leading '": "Put before texts that a spreadsheet could treat as a formula.",
    "Times": "In UTC.",
}


def to_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Return a workbook with a sheet for each table, and a last one about all of them.

    Null is an empty cell. Titles become the names of the sheets, as far as Excel allows. The same
    tables give the same bytes. Rows are written through temporary files, so memory does not grow
    with them, except for links and the result itself. Raises ConfigurationError for a table that is
    larger than a sheet can be.
    """
    for sheet in sheets:
        if len(sheet.rows) >= _MOST_ROWS or len(sheet.columns) > _MOST_COLUMNS:
            raise ConfigurationError(
                f"“{sheet.title}” is larger than a sheet of Excel can be",
                hint="Take CSV or Parquet, or ask for less at once.",
            )
    file = io.BytesIO()
    with TemporaryDirectory(prefix="gitlab-sync-") as folder:
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        with xlsxwriter.Workbook(file, options) as workbook:
            if sheets:
                first = sheets[0].meta
                # Otherwise the library uses the clock, and no two files are alike.
                workbook.set_properties({"created": first.as_of.replace(tzinfo=None)})
            names = legal_names([*(sheet.title for sheet in sheets)], taken=[ABOUT])
            styles = _Styles(workbook)
            for name, sheet in zip(names, sheets, strict=True):
                _write_sheet(workbook.add_worksheet(name), sheet, styles)
            _write_about(workbook, names, [sheet.meta for sheet in sheets])
    return file.getvalue()


def legal_names(titles: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    r"""Return a name for each title that Excel accepts, unique without regard to case.

    At most 31 characters, none of `[]:*?/\`, no apostrophe at either end; none in `taken`.
    """
    used = {name.casefold() for name in taken} | _RESERVED
    names = []
    for title in titles:
        plain = _NO_NAME.sub("-", " ".join(legal(title).split()))
        name = _cut_name(plain, _LONGEST_NAME) or "Sheet"
        number = 2
        while name.casefold() in used:
            ending = f" ({number})"
            name = (_cut_name(plain, _LONGEST_NAME - len(ending)) or "Sheet") + ending
            number += 1
        used.add(name.casefold())
        names.append(name)
    return names


class _Styles:
    """The cell formats of one workbook, each made once."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self._made: dict[tuple[Kind, bool], Any] = {}
        self.header = workbook.add_format(_HEADER)

    def cell(self, kind: Kind, *, linked: bool) -> Any:
        """Return the format of a cell in such a column; None if it needs none."""
        if (kind, linked) not in self._made:
            look: dict[str, object] = dict(_LINK) if linked else {}
            if kind in _FORMATS:
                look["num_format"] = _FORMATS[kind]
            self._made[kind, linked] = self._workbook.add_format(look) if look else None
        return self._made[kind, linked]


def _write_sheet(worksheet: Any, sheet: Sheet, styles: _Styles) -> None:
    kinds = [sheet.kind(column) for column in sheet.columns]
    for place, (column, kind) in enumerate(zip(sheet.columns, kinds, strict=True)):
        worksheet.set_column(place, place, _width(column, kind, sheet.rows))
        worksheet.write_string(0, place, _text(column), styles.header)
    worksheet.freeze_panes(1, 1)  # the first column names what a row is about
    if sheet.columns:
        worksheet.autofilter(0, 0, len(sheet.rows), len(sheet.columns) - 1)
    worksheet.repeat_rows(0)
    worksheet.set_landscape()
    links = 0
    for line, row in enumerate(sheet.rows, start=1):
        for place, (column, kind) in enumerate(zip(sheet.columns, kinds, strict=True)):
            value = value_of(row.get(column), kind)
            if value is None or value == "":
                continue
            url = sheet.link(column, row) if links < MOST_LINKS else None
            linked = url is not None and len(url) <= _LONGEST_LINK
            style = styles.cell(kind, linked=linked)
            if linked:
                links += 1
                worksheet.write_url(line, place, url, style)  # its text is overwritten below
            _write_value(worksheet, (line, place), value, kind, style)


def _write_value(worksheet: Any, at: tuple[int, int], value: Value, kind: Kind, style: Any) -> None:
    if isinstance(value, bool):
        worksheet.write_boolean(*at, value, style)
    elif isinstance(value, date) and value.year >= _FIRST_YEAR:
        if isinstance(value, datetime):
            value = value.replace(tzinfo=None)  # Excel knows no zones; the format says UTC
        worksheet.write_datetime(*at, value, style)
    elif isinstance(value, int | float) and abs(value) < _EXACT:
        worksheet.write_number(*at, value / 100 if kind == "percent" else value, style)
    else:
        text = shown_moment(value) if isinstance(value, datetime) else str(value)
        worksheet.write_string(*at, _text(text) if isinstance(value, str) else text, style)


def _write_about(workbook: Any, names: Sequence[str], metas: Sequence[Meta]) -> None:
    worksheet = workbook.add_worksheet(ABOUT)
    bold = workbook.add_format({"bold": True, "valign": "top"})
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    worksheet.set_column(0, 0, 16)
    worksheet.set_column(1, 1, 80)
    groups: dict[Meta, list[str]] = {}  # the sheets with the same origin
    for name, meta in zip(names, metas, strict=True):
        groups.setdefault(meta, []).append(name)
    about = [{"Sheets": ", ".join(group)} | meta.lines() for meta, group in groups.items()]
    line = 0
    for lines in [*about, _NOTES]:
        for label, text in lines.items():
            worksheet.write_string(line, 0, label, bold)
            worksheet.write_string(line, 1, _text(text), wrapped)
            line += 1
        line += 1


def _text(text: str) -> str:
    """Return the text so that Excel can hold it and does not run it."""
    # In this order: a formula can hide behind characters that are removed.
    safe = guarded(legal(text)).replace("\r\n", "\n").replace("\r", "\n")
    return _cut(safe, _LONGEST_TEXT)


def _cut(text: str, most: int) -> str:
    """Return `text`, or as much of it as fits in `most` UTF-16 units, with an ellipsis."""
    if len(text) <= most // 2:  # for speed: a character is two units at most
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * most:
        return text
    return units[: 2 * (most - 1)].decode("utf-16-le", errors="ignore") + "…"


def _cut_name(name: str, most: int) -> str:
    return _cut(name.strip(" '"), most).strip(" '")


def _width(column: str, kind: Kind, rows: Sequence[TableRow]) -> int:
    """Return the width of a column in characters, by its title and its first rows."""
    cells = _WIDTHS.get(kind, 0)
    if kind not in _WIDTHS:
        known = (row[column] for row in rows[:_MEASURED] if row.get(column) is not None)
        cells = max((cell_len(legal(as_text(cell))) + 1 for cell in known), default=0)
    return min(max(cells, cell_len(legal(column)) + _BUTTON), _WIDEST)
