"""How cells of a table look: what is unknown, and faults as `3 of 12`, with a colour by share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not

from gitlab_sync.reports.shares import NOT_APPLICABLE
from gitlab_sync.reports.text_table import UNKNOWN
from gitlab_sync.rules.scores.wilson import interval, ranks
from gitlab_sync.rules.text import besides
from gitlab_sync.types import Scalar, TableRow

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler  # type: ignore[import-untyped]

UnknownCounts = Callable[[TableRow], Mapping[str, int]]
"""Returns for a row how many items are not in a count, by the column that counts them."""

_BELOW_ALL = -1  # what applies to nothing is sorted below what is 0

RANK = "Rank"
"""The column with the rank of a row by its share of faults."""

NONE = "\N{EN DASH}"
"""The text of a number that is 0 where most are."""

_TINT = "background-color: rgba(245, 158, 11, 0.18)"
_FAULT = "background-color: rgba(213, 94, 0, {:.2f})"
_FAINTEST, _STRONGEST = 0.08, 0.55  # opacities on which text can be read, in both themes


class _ShownInt(int):
    """A whole number that sorts as one and is shown as a text of its own."""

    text: str


class _ShownFloat(float):
    """A number that sorts as one and is shown as a text of its own."""

    text: str


def _text_of(cell: object) -> str:
    return cell.text if isinstance(cell, _ShownInt | _ShownFloat) else UNKNOWN


def _short(number: float) -> str:
    """Return a number with at most two places after the point: `9.6`, `16.95`, `4`."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _series(cells: Sequence[Scalar], texts: Mapping[int, str]) -> pd.Series:
    """Return the numbers of a column with their texts, by place; a number without one has its own.

    It is not of a type for numbers: that would lose the texts.
    """
    is_whole = all(isinstance(cell, int) for cell in cells if cell is not None)
    shown: list[_ShownInt | _ShownFloat | None] = []
    for place, cell in enumerate(cells):
        if isinstance(cell, int | float) or place in texts:
            value = _BELOW_ALL if cell is None else cell
            number = _ShownInt(value) if is_whole else _ShownFloat(value)
            number.text = texts.get(place, f"{cell}")
            shown.append(number)
        else:
            shown.append(None)
    return pd.Series(shown, dtype=object)


@dataclass(frozen=True, slots=True)
class CellLooks:
    """What is known of the numbers of rows. Immutable.

    `unknown` and `waived` say what counts leave out. `totals` has, for each column that counts
    faults, the column with the number of items; if that is `exact`, it leaves out what is unknown,
    and 0 says that the check applies to nothing. `texts` has, for columns of numbers, how these are
    written.
    """

    unknown: UnknownCounts | None = None
    totals: Mapping[str, str] | None = None
    texts: Mapping[str, Callable[[float], str]] = field(default_factory=dict)
    exact: bool = False
    waived: UnknownCounts | None = None

    def share(self, row: TableRow) -> float:
        """Return which part of all checks of a row's items is a fault, from 0 to 1; -1: unknown.

        It is the lower end of the interval of that rate, so that few items do not come first.
        """
        faults, of = self._sum(row)
        return interval(faults, of)[0] if of else -1.0

    def ranked(self, rows: Sequence[TableRow]) -> Sequence[TableRow]:
        """Return the rows with their `RANK` by that rate, if the totals are exact.

        Rows that cannot be told apart share one; a row without any item has none.
        """
        if not self.exact:
            return rows
        sums = [self._sum(row) for row in rows]
        found = iter(ranks([each for each in sums if each[1]]))
        return [{**row, RANK: next(found) if of else None}
                for row, (_, of) in zip(rows, sums, strict=True)]  # fmt: skip

    def _sum(self, row: TableRow) -> tuple[int, int]:
        """Return the number of all faults of a row, and of how many verdicts that are known."""
        counts = [self._count(row, column) for column in self.totals or ()]
        known = [count for count in counts if count is not None]
        return sum(faults for faults, _ in known), sum(of for _, of in known)

    def _count(self, row: TableRow, column: str) -> tuple[int, int] | None:
        """Return the number of faults and of the items that are known; None if there is none."""
        faults, total = row.get(column), row.get((self.totals or {})[column])
        if not isinstance(faults, int) or not isinstance(total, int):
            return None
        if self.exact:
            return faults, total
        return faults, max(faults, total - self._unknown(row).get(column, 0))

    def _is_not_applicable(self, row: TableRow, column: str) -> bool:
        total = (self.totals or {}).get(column)
        return self.exact and total is not None and row.get(total) == 0

    def _unknown(self, row: TableRow) -> Mapping[str, int]:
        return {} if self.unknown is None else self.unknown(row)

    def _waived(self, row: TableRow) -> Mapping[str, int]:
        return {} if self.waived is None else self.waived(row)

    def is_empty(self, row: TableRow, column: str, nothing: Collection[str]) -> bool:
        """Return whether a row has nothing in a column; what is unknown is not nothing.

        A row of which nothing could be read says that in other columns.
        """
        cell = row.get(column)
        if self._waived(row).get(column):
            return False
        if cell is None:
            if self._is_not_applicable(row, column):
                return True
            return column in nothing or row.get("Status") in {"Not Found", "Error"}
        return cell in {0, ""} and not self._unknown(row).get(column)

    def styled(
        self, data: pd.DataFrame, rows: Sequence[TableRow], nothing: Collection[str]
    ) -> pd.DataFrame | Styler:
        """Return a data frame of `rows` with its looks; a null in `nothing` is not unknown.

        Streamlit shows the question mark in a pale colour; the tint makes it visible in both
        themes.
        """
        row_keys = rows[0].keys() if rows else ()
        looks = {
            column: [
                _TINT if missing and not self._is_not_applicable(row, str(column)) else ""
                for row, missing in zip(rows, cells.isna(), strict=True)
            ]
            for column, cells in data.items()
            if column not in nothing and column in row_keys and cells.isna().any()
        }
        texts: dict[str, dict[int, str]] = {}
        for place, row in enumerate(rows):
            for column, (text, look) in self._cells(row).items():
                if column in data:
                    texts.setdefault(column, {})[place] = text
                    if look:
                        looks.setdefault(column, [""] * len(rows))[place] = look
        if not looks and not texts:
            return data
        numbers = {
            column: _series([row.get(column) for row in rows], places)
            for column, places in texts.items()
        }
        css = pd.DataFrame("", data.index, data.columns).assign(**looks)
        styled = data.assign(**numbers).style.apply(lambda _: css, axis=None)
        # Otherwise pandas would write six places after the point.
        plain = [each for each in data.select_dtypes("float") if each not in texts]
        styled = styled.format(_short, subset=plain, na_rep=UNKNOWN)
        return styled.format(_text_of, subset=[*texts])

    def longest(self, rows: Iterable[TableRow]) -> Mapping[str, int]:
        """Return the number of characters of the longest text of a number, by its column."""
        found: dict[str, int] = {}
        for row in rows:
            for column, (text, _) in self._cells(row).items():
                found[column] = max(found.get(column, 0), len(text))
        return found

    def _cells(self, row: TableRow) -> Mapping[str, tuple[str, str]]:
        """Return the texts of numbers of a row that have one of their own, each with its look."""
        unknown, waived, found = self._unknown(row), self._waived(row), {}
        for column in {**(self.totals or {}), **unknown, **waived, **self.texts}:
            number, missing = row.get(column), unknown.get(column, 0)
            left_out = besides(missing, waived.get(column, 0))
            if self._is_not_applicable(row, column):
                found[column] = f"{NOT_APPLICABLE}{left_out}", ""
            elif isinstance(number, int | float):
                text, look = self._number(row, column, number)
                found[column] = f"{text}{left_out}", look or (_TINT if missing else "")
            elif number is None and waived.get(column):
                found[column] = f"{UNKNOWN}{left_out}", _TINT
        return found

    def _number(self, row: TableRow, column: str, number: float) -> tuple[str, str]:
        """Return the text and the look of a number that is known."""
        count = self._count(row, column) if column in (self.totals or {}) else None
        if count is None:
            return self.texts.get(column, str)(number), ""
        faults, of = count
        if not of:
            return NONE, ""
        opacity = _FAINTEST + (_STRONGEST - _FAINTEST) * faults / of
        return f"{faults} of {of}", _FAULT.format(opacity) if faults else ""
