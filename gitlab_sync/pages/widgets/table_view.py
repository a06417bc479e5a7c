"""A table on a page: filter, links, sortable numbers, marked unknown cells, and downloads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gitlab_sync.pages.widgets.times import today, visitor_zone
from gitlab_sync.reports.cells import Kind, Value, value_of
from gitlab_sync.reports.formats import FORMATS, file_name
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.reports.text_table import UNKNOWN, shown_columns
from gitlab_sync.reports.xlsx_file import to_xlsx
from gitlab_sync.types import Scalar, TableRow

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler  # type: ignore[import-untyped]
    from streamlit.elements.lib.column_types import ColumnConfig

DOWNLOADS = ("csv", "xlsx", "parquet")
"""The formats of the download buttons, as keys of `FORMATS`."""

_ROW_HEIGHT = 35  # pixels
_MOST_ROWS = 20  # a longer table scrolls
_FILTERED_FROM = 8  # rows: a shorter table needs no filter
_CHARACTER, _MARGIN = 7, 28  # pixels, so that every title can be read
_WIDEST = 340
_LINK_WIDTH = 70
_TINT = "background-color: rgba(245, 158, 11, 0.18)"
_LINK = "Open"

UnknownCounts = Callable[[TableRow], Mapping[str, int]]
"""Returns for a row how many items could not be evaluated, by the column that counts them."""


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What a page adds to a table. Immutable.

    `help` explains columns. `pinned` columns stay visible while scrolling (None: the first one).
    `unknown` says what counts leave out. `alt` describes the table for screen readers. With
    `shows_empty` a table without rows shows its header.
    """

    help: Mapping[str, str] = field(default_factory=dict)
    pinned: Sequence[str] | None = None
    unknown: UnknownCounts | None = None
    alt: str = ""
    shows_empty: bool = False


_DEFAULT = TableOptions()


def show_table(
    sheet: Sheet,
    key: str,
    title: str,
    options: TableOptions = _DEFAULT,
    *,
    selectable: bool = False,
) -> TableRow | None:
    """Show a table with its filter and downloads; return the selected row, or None.

    `key` is unique among the page's tables and names the filter in the page's URL. `title` is the
    beginning of the file names. Files contain exactly the rows that are shown.
    """
    rows = _filtered(sheet, key)
    shown = replace(sheet, rows=rows)
    selected: Sequence[int] = ()
    only_header = options.shows_empty and not sheet.rows
    if rows or only_header:
        state = st.dataframe(
            _styled(shown, options.unknown),
            hide_index=True,
            column_config=_column_config(shown, options),
            height=_ROW_HEIGHT * (min(len(rows), _MOST_ROWS) + 1) + 3,
            row_height=_ROW_HEIGHT,
            placeholder=UNKNOWN,
            key=f"table_{key}",
            alt=options.alt or f"{sheet.title}: a table with {len(rows)} rows",
            on_select="rerun" if selectable else "ignore",
            selection_mode="single-row",
        )
        if not isinstance(state, DeltaGenerator):
            selected = state.selection.rows
    else:
        st.caption("No rows match the filter." if sheet.rows else "There are no rows.")
    if not only_header:
        _show_downloads(shown, key, title)
    # A selection can outlive its row for a moment, when a filter has removed it.
    return rows[selected[0]] if selected and selected[0] < len(rows) else None


def show_select_hint(result: str) -> None:
    """Show how to select a row of the table above; `result` is what appears then."""
    st.caption(f"Select a row, with the box at its left, to see {result}.")


def show_workbook_download(sheets: Sequence[Sheet], title: str, help_text: str) -> None:
    """Show the button that downloads these tables as one workbook; `title` begins its file name."""
    xlsx = FORMATS["xlsx"]
    st.download_button(
        "All tables as XLSX",
        partial(to_xlsx, sheets),
        file_name(title, today(), xlsx),
        xlsx.media_type,
        key="workbook",
        on_click="ignore",
        icon=":material/download:",
        help=help_text,
    )


def _filtered(sheet: Sheet, key: str) -> list[TableRow]:
    """Show the filter of a long table; return the rows that contain all its words, in any cell."""
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
    return [row for row in rows if all(_contains(row, sheet.columns, word) for word in words)]


def _contains(row: TableRow, columns: Sequence[str], word: str) -> bool:
    cells = (row.get(column) for column in columns)
    return any(word in str(UNKNOWN if cell is None else cell).casefold() for cell in cells)


def data_frame(sheet: Sheet) -> pd.DataFrame:
    """Return the rows as a data frame with typed columns, in which unknown cells are missing.

    A column with links has a second column with their URLs.
    """
    columns: dict[str, pd.Series | list[str | None]] = {}
    for column in _visible(sheet):
        kind = sheet.kind(column)
        values = [value_of(row.get(column), kind) for row in sheet.rows]
        columns[column] = _series(values, kind, null_is_empty=column in sheet.nothing)
        if column in sheet.links:
            columns[_link_title(column, sheet)] = [sheet.link(column, row) for row in sheet.rows]
    return pd.DataFrame(columns)


def _visible(sheet: Sheet) -> list[str]:
    """Return the columns to show: not those with the URLs of links, nor an empty `Error`."""
    urls = {source for source in sheet.links.values() if isinstance(source, str)}
    return [column for column in shown_columns(sheet.columns, sheet.rows) if column not in urls]


def _series(
    values: Sequence[Value], kind: Kind, *, null_is_empty: bool
) -> pd.Series | list[str | None]:
    if kind == "integer":
        return pd.Series(values, dtype="Int64")
    if kind in {"number", "percent"}:
        return pd.Series(values, dtype="Float64")
    if kind in {"day", "moment"}:
        return pd.Series(values, dtype="object" if kind == "day" else None)
    missing = "" if null_is_empty else None
    return [missing if value is None else _as_text(value) for value in values]


def _as_text(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _link_title(column: str, sheet: Sheet) -> str:
    return _LINK if len(sheet.links) == 1 else f"{_LINK} {column}"


def _styled(sheet: Sheet, unknown: UnknownCounts | None) -> pd.DataFrame | Styler:
    """Return the data frame with tinted unknown cells, and counts that say what they leave out.

    Streamlit shows the question mark in a pale colour; the tint makes it visible in both themes.
    """
    data = data_frame(sheet)
    if not sheet.rows:
        return data
    looks = pd.DataFrame("", index=data.index, columns=data.columns)
    texts: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for column in _visible(sheet):
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
    styled = data.style.apply(lambda _: looks, axis=None).format(precision=2)
    for (column, text), places in texts.items():
        cells = pd.IndexSlice[places, [column]]
        styled = styled.format(lambda _, text=text: text, subset=cells)
    return styled


def _column_config(sheet: Sheet, options: TableOptions) -> dict[str, ColumnConfig]:
    config: dict[str, ColumnConfig] = {}
    pinned = sheet.columns[:1] if options.pinned is None else options.pinned
    for column in _visible(sheet):
        kind = sheet.kind(column)
        cells = [row.get(column) for row in sheet.rows]
        config[column] = _column_type(kind, has_unknown=None in cells)(
            column,
            help=options.help.get(column),
            pinned=column in pinned,
            width=_width(column, cells, kind),
        )
        if column in sheet.links:
            title = _link_title(column, sheet)
            config[title] = st.column_config.LinkColumn(
                title,
                display_text=":material/open_in_new:",
                help="Open in GitLab",
                width=max(_LINK_WIDTH, _CHARACTER * len(title) + _MARGIN),
            )
    return config


def _column_type(kind: Kind, *, has_unknown: bool) -> Callable[..., ColumnConfig]:
    types = st.column_config
    if kind == "percent" and not has_unknown:  # a progress bar cannot show an unknown cell
        return partial(types.ProgressColumn, format="%.0f %%", min_value=0, max_value=100)
    if kind == "percent":
        return partial(types.NumberColumn, format="%.0f %%")
    if kind in {"integer", "number"}:
        return types.NumberColumn
    if kind == "day":
        return types.DateColumn
    if kind == "moment":
        return partial(types.DatetimeColumn, timezone=str(visitor_zone()))
    return types.TextColumn


def _width(column: str, cells: Sequence[Scalar], kind: Kind) -> int:
    """Return the width of a column in pixels: enough for its title and for its text."""
    longest = max((len(str(cell)) for cell in cells[:200] if cell is not None), default=0)
    characters = max(len(column), longest if kind in {"text", "day", "moment"} else 0)
    return min(_CHARACTER * characters + _MARGIN, _WIDEST)


def _show_downloads(sheet: Sheet, key: str, title: str) -> None:
    """Show the buttons that download the shown rows; each file is made when it is requested."""
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
