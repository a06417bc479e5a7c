"""Rows on their way out: in one format, to standard output or into a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Protocol, Self

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gitlab_sync.cli.options import Target
from gitlab_sync.cli.signals import Interruption
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.reports.atomic import AtomicFile
from gitlab_sync.reports.csv_file import to_csv
from gitlab_sync.reports.json_file import to_json, to_ndjson
from gitlab_sync.reports.text_table import is_numeric, shown_columns, text_cell, to_text
from gitlab_sync.types import Row

_WIDE = 10_000  # characters; within the true width rich would squeeze words to single letters
_STYLES = {"Partial": "yellow", "Not Found": "red", "Error": "red"}


class _Sink(Protocol):
    def write(self, data: bytes) -> None: ...


class _StandardOutput:
    """Bytes straight to standard output, so that no locale and no platform changes them."""

    def write(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


class Output:
    """Where a run's rows go. A context manager: a file takes its place when it ends well.

    `columns` are those of table and CSV; JSON has the rows' own keys. Raises ConfigurationError if
    the file cannot be written, before any work was done for it. Not thread-safe.
    """

    def __init__(self, columns: Sequence[str], target: Target, interruption: Interruption) -> None:
        self._columns = columns
        self._target = target
        self._interruption = interruption
        self._stack = ExitStack()
        self._sink: _Sink = _StandardOutput()

    @property
    def streams(self) -> bool:
        """Whether rows are written as they come, by `row`."""
        return self._target.format == "ndjson"

    @property
    def to_terminal(self) -> bool:
        """Whether a person sees the rows at once."""
        return self._target.path is None and sys.stdout.isatty()

    def __enter__(self) -> Self:
        if self._target.path is not None:
            file = AtomicFile(self._target.path)
            try:
                self._stack.enter_context(file)
            except OSError as error:
                raise ConfigurationError(
                    f"{self._target.path} cannot be written: {error.strerror}",
                    hint="Give --output a file in a folder that exists and may be written.",
                ) from None
            self._interruption.last_words.append(file.discard)
            self._sink = file
        return self

    def row(self, row: Row) -> None:
        """Write one row that has just become known."""
        self._sink.write(to_ndjson([row]))

    def finish(self, rows: Sequence[Row]) -> None:
        """Write all rows, sorted as they are, unless they went out one by one."""
        form = self._target.format
        if form == "csv":
            self._sink.write(to_csv(self._columns, rows))
        elif form == "json":
            self._sink.write(to_json(rows))
        elif form == "table":
            self._table(rows)

    def _table(self, rows: Sequence[Row]) -> None:
        if self.to_terminal and os.environ.get("TERM") != "dumb":
            console, table = Console(), rich_table(self._columns, rows)
            anywhere = console.options.update(max_width=_WIDE)
            if console.measure(table, options=anywhere).minimum <= console.width:
                console.print(table)
                return
        self._sink.write(to_text(self._columns, rows).encode(errors="replace"))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)


def rich_table(columns: Sequence[str], rows: Sequence[Row]) -> Table:
    """Return the table for a terminal: titles and errors wrap, other cells stay in one piece."""
    table = Table()
    shown = shown_columns(columns, rows)
    for column in shown:
        cells = [text_cell(column, row.get(column)) for row in rows]
        pieces = column.split() if column == "Error" else [*column.split(), *cells]
        table.add_column(
            Text(column),
            justify="right" if is_numeric(column, rows) else "left",
            overflow="fold",
            min_width=max(map(cell_len, pieces)),
        )
    for row in rows:
        style = _STYLES.get(str(row.get("Status")))
        table.add_row(*(Text(text_cell(column, row.get(column))) for column in shown), style=style)
    return table
