"""Rows as a plain-text table: nothing is cut off, and there are no escape sequences."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.cells import cell_len

from gitlab_sync.reports.cells import visible
from gitlab_sync.types import Scalar, TableRow

UNKNOWN = "?"
_GAP = "  "
_NOTE = "Error"
NOTHING = frozenset({_NOTE})
"""The columns in which null means that there is nothing; in the others it means unknown."""


def shown_columns(columns: Sequence[str], rows: Sequence[TableRow]) -> list[str]:
    """Return the columns to show: all of them, but `Error` only if a row has one."""
    return [
        column
        for column in columns
        if column != _NOTE or any(row.get(_NOTE) is not None for row in rows)
    ]


def text_cell(column: str, cell: Scalar, nothing: Collection[str] = NOTHING) -> str:
    """Return the text of a cell: `?` for the unknown, and never a control character.

    Texts come from servers, and an escape sequence in one could take over a terminal.
    """
    if cell is None:
        return "" if column in nothing else UNKNOWN
    return visible(" ".join(str(cell).split()))


def is_numeric(column: str, rows: Sequence[TableRow]) -> bool:
    """Return whether a column holds numbers, which are aligned to the right."""
    cells = [row.get(column) for row in rows]
    return any(isinstance(cell, int | float) for cell in cells) and not any(
        isinstance(cell, str) for cell in cells
    )


def to_text(
    columns: Sequence[str], rows: Sequence[TableRow], nothing: Collection[str] = NOTHING
) -> str:
    """Return a header, a line of dashes and a line for each row, as wide as needed."""
    shown = shown_columns(columns, rows)
    cells = ([text_cell(column, row.get(column), nothing) for column in shown] for row in rows)
    table = [[text_cell(column, column) for column in shown], *cells]
    right = [is_numeric(column, rows) for column in shown]
    widths = [max(cell_len(line[place]) for line in table) for place in range(len(shown))]
    lines = [_line(line, widths, right) for line in table]
    lines.insert(1, _GAP.join("-" * width for width in widths))
    return "".join(f"{line}\n" for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = []
    for cell, width, to_the_right in zip(cells, widths, right, strict=True):
        space = " " * (width - cell_len(cell))  # East Asian characters are two cells wide
        padded.append(space + cell if to_the_right else cell + space)
    return _GAP.join(padded).rstrip()
