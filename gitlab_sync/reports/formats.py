"""The formats of tables, and the names of their files."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from gitlab_sync.reports.csv_file import to_csv
from gitlab_sync.reports.html_file import to_html
from gitlab_sync.reports.json_file import json_document, to_json, to_ndjson
from gitlab_sync.reports.parquet_file import to_parquet
from gitlab_sync.reports.shares import readable
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.reports.text_table import text_cell, to_text

_LONGEST_STEM = 150  # bytes; file systems take 255 for a whole name


@dataclass(frozen=True, slots=True)
class Format:
    """One format. Immutable.

    `write` turns one table into a file, `write_all` several (None: the format holds only one).
    `suffix` includes the dot. A `binary` format is not for terminals.
    """

    name: str
    media_type: str
    suffix: str
    binary: bool
    write: Callable[[Sheet], bytes]
    write_all: Callable[[Sequence[Sheet]], bytes] | None = None


def _write_table(sheet: Sheet) -> bytes:
    shown = readable(sheet)
    text = to_text(shown.columns, shown.rows, shown.nothing)
    return f"{text}{policy_line(sheet)}".encode(errors="replace")


def policy_line(sheet: Sheet) -> str:
    """Return the lines below a table that name its policy and its moments, if it has them."""
    told = {"Policy": sheet.meta.policy, "As it was at": sheet.meta.then}
    lines = "".join(f"{label}: {text_cell('', text)}\n" for label, text in told.items() if text)
    return f"\n{lines}" if lines else ""


def _write_tables(sheets: Sequence[Sheet]) -> bytes:
    titled = (
        f"{text_cell('', sheet.title)}\n\n".encode() + _write_table(sheet) for sheet in sheets
    )
    return b"\n".join(titled)


def _write_json(sheet: Sheet) -> bytes:
    return to_json(sheet.rows)


def _write_jsons(sheets: Sequence[Sheet]) -> bytes:
    return json_document({sheet.title: list(sheet.rows) for sheet in sheets})


def _write_ndjson(sheet: Sheet) -> bytes:
    return to_ndjson(sheet.rows)


def _write_csv(sheet: Sheet) -> bytes:
    return to_csv(sheet.columns, sheet.rows)


def _write_workbook(sheets: Sequence[Sheet]) -> bytes:
    from gitlab_sync.reports.xlsx_file import to_xlsx  # noqa: PLC0415 - 0.04 s, needed by few

    return to_xlsx(sheets)


_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        made.name: made
        for made in (
            Format(
                "table", "text/plain; charset=utf-8", ".txt", False, _write_table, _write_tables
            ),
            Format("json", "application/json", ".json", False, _write_json, _write_jsons),
            Format("ndjson", "application/x-ndjson", ".ndjson", False, _write_ndjson),
            Format("csv", "text/csv; charset=utf-8", ".csv", False, _write_csv),
            Format(
                "xlsx", _EXCEL, ".xlsx", True, lambda one: _write_workbook([one]), _write_workbook
            ),
            Format("parquet", "application/vnd.apache.parquet", ".parquet", True, to_parquet),
            Format(
                "html",
                "text/html; charset=utf-8",
                ".html",
                False,
                lambda one: to_html(readable(one)),
                lambda all_: to_html(*map(readable, all_)),
            ),
        )
    }
)
"""All formats by name. Rows in JSON have their own keys; the others have the columns."""


def file_name(title: str, day: date, form: Format) -> str:
    """Return the name of a file, such as `Unified_Batch_Report_2024-01-05.xlsx`.

    Letters and digits of any language, `_` and `-` are kept; anything between them becomes one `_`,
    so that no name leads into another folder, is hidden, or looks like an option.
    """
    plain = "".join(mark if _is_safe(mark) else " " for mark in unicodedata.normalize("NFC", title))
    safe = "_".join(plain.split()).strip("_-")
    short = safe.encode()[:_LONGEST_STEM].decode(errors="ignore").strip("_-")
    return f"{short or 'Report'}_{day:%Y-%m-%d}{form.suffix}"


def _is_safe(mark: str) -> bool:
    # Vowels of Indian scripts and accents are marks (category M), not letters, in Python.
    return mark.isalnum() or mark in "_-" or unicodedata.category(mark).startswith("M")
