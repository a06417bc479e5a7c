"""Writes tables in one format, to standard output or to a file."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from types import TracebackType
from typing import Self

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gitlab_sync.cli.files import open_file
from gitlab_sync.cli.messages import note
from gitlab_sync.cli.options import Target
from gitlab_sync.cli.signals import Interruption
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.reports.atomic import AtomicFile
from gitlab_sync.reports.cells import STEERING
from gitlab_sync.reports.formats import FORMATS, policy_line
from gitlab_sync.reports.json_file import to_ndjson
from gitlab_sync.reports.shares import readable
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.reports.text_table import NOTHING, is_numeric, shown_columns, text_cell
from gitlab_sync.types import TableRow

_WIDE = 10_000  # characters; within the real width rich would break words into letters
_FOR_PEOPLE = frozenset({"table", "html", "xlsx"})
_STYLES = {"Partial": "yellow", "Not Found": "red", "Error": "red"}


# All but tabs and line breaks.
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\r(?!\n)|" + STEERING)


class StandardOutput:
    """Writes bytes to standard output unchanged, whatever the locale and the platform.

    A terminal gets a `?` for each control character: a CSV, for example, can hold any text.
    """

    def write(self, data: bytes) -> None:
        """Write all of them at once."""
        sys.stdout.buffer.write(_CONTROLS.sub(b"?", data) if sys.stdout.isatty() else data)
        sys.stdout.buffer.flush()


MOST_ROWS = 100_000
"""The rows of tables that can be of any length, where the format is not one row per line."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The rows to show, how many rows there are, and how many of them are left out. Immutable."""

    rows: Sequence[TableRow]
    number: int
    left_out: int


class Output:
    """Writes the tables of a run. A context manager: a file is replaced if its block ends well.

    On entry it raises ConfigurationError if the file or its format cannot be written, before any
    work is done. Not thread-safe.
    """

    def __init__(self, target: Target, interruption: Interruption) -> None:
        self._target = target
        self._interruption = interruption
        self._stack = ExitStack()
        self._sink: StandardOutput | AtomicFile = StandardOutput()
        self._streamed = False

    @property
    def shows_rows(self) -> bool:
        """Whether `row` writes to a terminal, where a progress line would be in the way."""
        return self.streams and self._to_terminal

    @property
    def streams(self) -> bool:
        """Whether `row` writes: the format is one row per line."""
        return self._target.format == "ndjson"

    @property
    def holds_objects(self) -> bool:
        """Whether the cells of the format can be lists and objects."""
        return self._target.format in {"json", "ndjson"}

    @property
    def holds_tables(self) -> bool:
        """Whether the format is one for people to read that holds several tables."""
        return self._target.format in _FOR_PEOPLE

    @property
    def _to_terminal(self) -> bool:
        return self._target.path is None and sys.stdout.isatty()

    def __enter__(self) -> Self:
        form = FORMATS[self._target.format]
        if form.binary:
            # An empty table shows whether the libraries for the format are installed.
            form.write(Sheet("", (), (), Meta(datetime.now(UTC), "", "")))
        if self._target.path is not None:
            file = open_file(self._target.path, "--output", self._interruption)
            self._sink = self._stack.enter_context(file)
        return self

    def row(self, row: TableRow) -> None:
        """Write a row that has just become known, if the format is one row per line."""
        if self.streams:
            self._streamed = True
            self.write(to_ndjson([row]))

    def take(self, rows: Iterable[TableRow]) -> Taken:
        """Return as many rows as a table can have; rows of lines are written as they come."""
        if self.streams:
            self._streamed = True
            number = 0
            for row in rows:
                self.write(to_ndjson([row]))
                number += 1
            return Taken((), number, 0)
        coming = iter(rows)
        shown = [*islice(coming, MOST_ROWS)]
        left_out = sum(1 for _ in coming)
        return Taken(shown, len(shown) + left_out, left_out)

    def write(self, data: bytes) -> None:
        """Write finished content instead of a table, such as a report in words."""
        self._sink.write(data)

    def finish(self, sheet: Sheet) -> None:
        """Write the table, unless `row` has written its rows."""
        if self._streamed or self._shown(sheet):
            return
        self.write(FORMATS[self._target.format].write(sheet))

    def finish_all(self, sheets: Sequence[Sheet], part: str | None = None) -> None:
        """Write several tables, or only the one with the title `part`.

        A format that holds one table gets the first, and standard error says how to get the others.
        Raises ConfigurationError if there is no table with that title.
        """
        chosen = [sheet for sheet in sheets if part in {None, sheet.title}]
        titles = ", ".join(sheet.title for sheet in sheets)
        if not chosen:
            raise ConfigurationError(
                f"there is no table “{part}”", hint=f"--part must be one of these: {titles}."
            )
        write_all = FORMATS[self._target.format].write_all
        if len(chosen) == 1 or write_all is None:
            self.finish(chosen[0])
            if len(chosen) > 1:
                others = ", ".join(sheet.title for sheet in chosen[1:])
                note(f"{self._target.format} holds one table: --part shows another: {others}")
        elif self._to_terminal and self._target.format == "table":
            for sheet in chosen:
                self.write(f"\n{text_cell('', sheet.title)}\n\n".encode(errors="replace"))
                self.finish(sheet)
        else:
            self.write(write_all(chosen))

    def _shown(self, sheet: Sheet) -> bool:
        """Show a table with lines and colours and return True, if there is room on the terminal."""
        if self._target.format != "table" or not self._to_terminal:
            return False
        if os.environ.get("TERM") == "dumb":
            return False
        shown = readable(sheet)
        console, table = Console(), rich_table(shown.columns, shown.rows, shown.nothing)
        anywhere = console.options.update(max_width=_WIDE)
        if console.measure(table, options=anywhere).minimum > console.width:
            return False
        console.print(table)
        console.out(policy_line(sheet), end="")
        return True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)


def rich_table(
    columns: Sequence[str], rows: Sequence[TableRow], nothing: Collection[str] = NOTHING
) -> Table:
    """Return the table for a terminal: titles and errors wrap, other cells do not."""

    def shown_cell(column: str, row: TableRow) -> str:
        return text_cell(column, row.get(column), nothing)

    table = Table()
    shown = shown_columns(columns, rows)
    for column in shown:
        cells = [shown_cell(column, row) for row in rows]
        pieces = column.split() if column == "Error" else [*column.split(), *cells]
        table.add_column(
            Text(text_cell(column, column)),
            justify="right" if is_numeric(column, rows) else "left",
            overflow="fold",
            min_width=max(map(cell_len, pieces), default=1),
        )
    for row in rows:
        style = _STYLES.get(str(row.get("Status")))
        table.add_row(*(Text(shown_cell(column, row)) for column in shown), style=style)
    return table
