"""A table on a page: filter, links, numbers that sort, unknown shown as unknown, downloads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not
import streamlit as st

from gitlab_sync.pages.widgets.times import today, visitors_zone
from gitlab_sync.reports.cells import Kind, value_of
from gitlab_sync.reports.formats import FORMATS, file_name
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.reports.text_table import UNKNOWN, shown_columns
from gitlab_sync.reports.xlsx_file import to_xlsx
from gitlab_sync.types import Scalar, TableRow

DOWNLOADS = ("csv", "xlsx", "parquet")

_ROW_HEIGHT = 35
_MOST_ROWS = 20
_FILTERED_FROM = 8  # fewer rows are seen at a glance
_LETTER, _MARGIN = 7, 28  # pixels, such that every title can be read
_WIDEST = 340
_LINK_WIDTH = 70
_TINT = "background-color: rgba(245, 158, 11, 0.18)"
_LINK = "Open"

UnknownCells = Callable[[TableRow], Mapping[str, int]]
"""For a row: how many items each of its counts could not judge."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What a page adds to a table. Immutable.

    `help` explains columns; `pinned` ones stay in view (None: the first). `unknown` says what
    counts leave out. `alt` describes the table for whoever does not see it. The headings of one
    that is `growing` stand there before its first row.
    """

    help: Mapping[str, str] = field(default_factory=dict)
    pinned: Sequence[str] | None = None
    unknown: UnknownCells | None = None
    alt: str = ""
    growing: bool = False


_PLAIN = Extras()


def show_sheet(
    sheet: Sheet, key: str, title: str, extras: Extras = _PLAIN, *, selectable: bool = False
) -> TableRow | None:
    """Show a table with its filter and its downloads; return the row that was picked, if any.

    `key` tells the tables of a page apart; the filter stands under it in the page's address.
    `title` begins the names of files, which hold exactly the rows that are shown.
    """
    rows = _filtered(sheet, key)
    shown = replace(sheet, rows=rows)
    picked = None
    picking: Any = {"on_select": "rerun", "selection_mode": "single-row"} if selectable else {}
    still_empty = extras.growing and not sheet.rows
    if rows or still_empty:
        event: Any = st.dataframe(
            _styled(shown, extras.unknown),
            hide_index=True,
            column_config=_column_config(shown, extras),
            height=_ROW_HEIGHT * (min(len(rows), _MOST_ROWS) + 1) + 3,
            row_height=_ROW_HEIGHT,
            placeholder=UNKNOWN,
            key=f"table_{key}",
            alt=extras.alt or f"{sheet.title}: a table with {len(rows)} rows",
            **picking,
        )
        places = event["selection"]["rows"] if selectable else []
        picked = rows[places[0]] if places and places[0] < len(rows) else None
    else:
        st.caption("No row fits the filter." if sheet.rows else "There are no rows.")
    if not still_empty:
        _offer_files(shown, key, title)
    return picked


def offer_workbook(sheets: Sequence[Sheet], title: str, help_text: str) -> None:
    """Offer these tables as one workbook, whose name begins with `title`."""
    form = FORMATS["xlsx"]
    st.download_button(
        "All tables as XLSX",
        partial(to_xlsx, sheets),
        file_name(title, today(), form),
        form.media_type,
        key="workbook",
        on_click="ignore",
        icon=":material/download:",
        help=help_text,
    )


def _filtered(sheet: Sheet, key: str) -> list[TableRow]:
    """Return the rows that hold all words of the filter, in any of their cells."""
    rows = list(sheet.rows)
    if len(rows) < _FILTERED_FROM:
        return rows
    text = st.text_input(
        "Filter",
        key=f"filter_{key}",
        type="search",
        placeholder="Filter rows",
        label_visibility="collapsed",
        bind="query-params",
        live=True,
    )
    words = (text or "").casefold().split()
    return [row for row in rows if all(_holds(row, sheet.columns, word) for word in words)]


def _holds(row: TableRow, columns: Sequence[str], word: str) -> bool:
    cells = (row.get(column) for column in columns)
    return any(word in str(UNKNOWN if cell is None else cell).casefold() for cell in cells)


def frame(sheet: Sheet) -> pd.DataFrame:
    """Return the rows as a data frame: typed, missing where unknown; links in columns of theirs."""
    columns: dict[str, Any] = {}
    for column in _shown(sheet):
        kind = sheet.kind(column)
        values = [value_of(row.get(column), kind) for row in sheet.rows]
        columns[column] = _series(values, kind, nothing=column in sheet.nothing)
        if column in sheet.links:
            columns[_link_title(column, sheet)] = [sheet.link(column, row) for row in sheet.rows]
    return pd.DataFrame(columns)


def _shown(sheet: Sheet) -> list[str]:
    """Return the columns that are for eyes: not those that only hold the address of a link.

    `Error` is there if somebody has one.
    """
    addresses = {source for source in sheet.links.values() if isinstance(source, str)}
    return [
        column for column in shown_columns(sheet.columns, sheet.rows) if column not in addresses
    ]


def _series(values: list[Any], kind: Kind, *, nothing: bool) -> Any:
    if kind == "integer":
        return pd.array(values, dtype="Int64")
    if kind in {"number", "percent"}:
        return pd.array(values, dtype="Float64")
    if kind in {"day", "moment"}:
        return pd.Series(values, dtype="object" if kind == "day" else None)
    missing = "" if nothing else None
    return [missing if value is None else _as_text(value) for value in values]


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _link_title(column: str, sheet: Sheet) -> str:
    return _LINK if len(sheet.links) == 1 else f"{_LINK} {column}"


def _styled(sheet: Sheet, unknown: UnknownCells | None) -> Any:
    """Return the data frame with a tint on what is not known, and counts that say what they miss.

    The question mark alone is pale; a tint, in either theme, makes it stand out.
    """
    data = frame(sheet)
    if not sheet.rows:
        return data
    looks = pd.DataFrame("", index=data.index, columns=data.columns)
    texts: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for column in _shown(sheet):
        if column not in sheet.nothing:
            looks.loc[data[column].isna(), column] = _TINT
    for place, row in enumerate(sheet.rows) if unknown else ():
        for column, number in (unknown(row) if unknown else {}).items():
            value = row.get(column)
            if column in looks and value is not None:
                looks.loc[place, column] = _TINT
                texts[column, f"{value} (+{number} {UNKNOWN})"].append(place)
    if not looks.to_numpy().any():
        return data
    styled = data.style.apply(lambda _: looks, axis=None)
    for (column, text), places in texts.items():
        styled = styled.format(partial(_constant, text), subset=pd.IndexSlice[places, [column]])
    return styled


def _constant(text: str, _value: object) -> str:
    return text


def _column_config(sheet: Sheet, extras: Extras) -> dict[str, Any]:
    config: dict[str, Any] = {}
    pinned = sheet.columns[:1] if extras.pinned is None else extras.pinned
    for column in _shown(sheet):
        kind = sheet.kind(column)
        common: dict[str, Any] = {
            "help": extras.help.get(column),
            "pinned": column in pinned,
            "width": _width(column, [row.get(column) for row in sheet.rows], kind),
        }
        if kind == "percent" and all(row.get(column) is not None for row in sheet.rows):
            config[column] = st.column_config.ProgressColumn(
                column, format="%.0f %%", min_value=0, max_value=100, **common
            )
        elif kind == "percent":  # a bar has no way to say that something is not known
            config[column] = st.column_config.NumberColumn(column, format="%.0f %%", **common)
        elif kind in {"integer", "number"}:
            config[column] = st.column_config.NumberColumn(column, **common)
        elif kind == "day":
            config[column] = st.column_config.DateColumn(column, **common)
        elif kind == "moment":
            config[column] = st.column_config.DatetimeColumn(
                column, timezone=str(visitors_zone()), **common
            )
        else:
            config[column] = st.column_config.TextColumn(column, **common)
        if column in sheet.links:
            title = _link_title(column, sheet)
            config[title] = st.column_config.LinkColumn(
                title,
                display_text=":material/open_in_new:",
                help="Open it in GitLab",
                width=max(_LINK_WIDTH, _LETTER * len(title) + _MARGIN),
            )
    return config


def _width(column: str, cells: Sequence[Scalar], kind: Kind) -> int:
    """Return the pixels that a column needs: for its title and, if it holds text, for that."""
    longest = max((len(str(cell)) for cell in cells[:200] if cell is not None), default=0)
    letters = max(len(column), longest if kind in {"text", "day", "moment"} else 0)
    return min(_LETTER * letters + _MARGIN, _WIDEST)


def _offer_files(sheet: Sheet, key: str, title: str) -> None:
    """Offer exactly the rows that are shown, as files; each is made when it is asked for."""
    day = today()
    with st.container(horizontal=True):
        for name in DOWNLOADS:
            form = FORMATS[name]
            st.download_button(
                name.upper() if name != "parquet" else "Parquet",
                partial(form.write, sheet),
                file_name(title, day, form),
                form.media_type,
                key=f"{name}_{key}",
                on_click="ignore",
                icon=":material/download:",
                help=f"Download these {len(sheet.rows)} rows as {name}",
                disabled=not sheet.rows,
            )
