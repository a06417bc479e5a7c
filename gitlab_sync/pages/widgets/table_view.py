"""A table on a page: filter, links, sortable numbers, marked unknown cells, and downloads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gitlab_sync.pages.state.downloads import File
from gitlab_sync.pages.widgets.cell_looks import RANK, CellLooks
from gitlab_sync.pages.widgets.download_links import FileLink, show_files
from gitlab_sync.pages.widgets.markdown import escaped
from gitlab_sync.pages.widgets.times import today, visitor_zone
from gitlab_sync.reports.cells import Kind, Value, value_of
from gitlab_sync.reports.formats import FORMATS, file_name
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.reports.text_table import UNKNOWN, shown_columns
from gitlab_sync.reports.xlsx_file import to_xlsx
from gitlab_sync.types import Scalar, TableRow

if TYPE_CHECKING:
    from streamlit.elements.arrow import DataframeSelectionState
    from streamlit.elements.lib.column_types import ColumnConfig

DOWNLOADS = {"csv": "CSV", "xlsx": "XLSX", "parquet": "Parquet"}
"""The formats of the links to files, as keys of `FORMATS`, and their texts."""

NAME_WIDTH = 115
"""The pixels of a username where all columns should be seen next to it, also on a phone."""

_ROW_HEIGHT, _LINE = 35, 18  # pixels
_MOST_ROWS = 20  # a longer table scrolls
_FILTERED_FROM = 8  # rows: a shorter table needs no filter

_MOST_CELLS = 100_000
"""Cells that are drawn at once: these take 100 MB, and pandas styles no more than 262,144."""
_CHARACTER, _MARGIN = 7, 20  # pixels, so that every title can be read
_WIDEST = 340
_MEASURED = 200  # rows
_WIDEST_PINNED = 220  # it takes room from the other columns
_LINK_WIDTH = 62
_LINK = "Open"
_DETAILS = "details"
_SELECTED = "_selected_in_"
_SCROLL = f"""<script>/* {{}} */
document.querySelector(".st-key-{_DETAILS}")?.scrollIntoView({{{{block: "start"}}}});
</script>"""


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What a page adds to a table. Immutable.

    `help` explains columns. `pinned` columns stay visible while scrolling (None: the first one).
    `looks` says what is known of numbers; with its `totals` the worst rows come first, and if these
    are exact, there is a column `RANK`. `columns` come first on the page, in this order. Of the
    columns in `hides_empty`, those in which no row has anything are left out, and named below the
    table. `app_links` are columns with links to pages of this app, or to what their `help` says.
    `shown` returns a row as the page shows it. `titles` and `widths` (pixels) are those of columns
    on the page, and `lines` is the number of lines of a row. `alt` describes the table for screen
    readers. With `shows_empty` a table without rows shows its header. None of this changes files.
    """

    help: Mapping[str, str] = field(default_factory=dict)
    pinned: Sequence[str] | None = None
    looks: CellLooks = field(default_factory=CellLooks)
    columns: Sequence[str] = ()
    hides_empty: Collection[str] = ()
    app_links: Mapping[str, Callable[[TableRow], str | None]] = field(default_factory=dict)
    shown: Callable[[TableRow], TableRow] | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)
    lines: int = 1
    alt: str = ""
    shows_empty: bool = False


class Picked(NamedTuple):
    """What a visitor selected: a row, or one cell of it in `column`. `number` counts selections."""

    row: TableRow
    column: str | None
    number: int


_DEFAULT = TableOptions()

_Mode: TypeAlias = tuple[Literal["single-row", "single-cell", "multi-row"], ...]
"""What can be selected; nothing if it is empty."""


def show_table(
    sheet: Sheet,
    key: str,
    title: str,
    options: TableOptions = _DEFAULT,
    *,
    selectable: bool = False,
) -> Picked | None:
    """Show a table with its filter and downloads; return what is selected, or None.

    `key` is unique among the page's tables and names the filter in the page's URL. `title` is the
    beginning of the file names. Files contain exactly the rows that are shown.
    """
    mode: _Mode = ("single-row", "single-cell")
    found = _show(sheet, key, title, options, mode if selectable else (), f"table_{key}")
    return None if found is None else _picked(key, *found)


def show_choice(
    sheet: Sheet, key: str, title: str, options: TableOptions = _DEFAULT, *, generation: int = 0
) -> list[TableRow]:
    """Show a table as `show_table` does, in which several rows can be ticked; return these.

    With another `generation` nothing is ticked.
    """
    found = _show(sheet, key, title, options, ("multi-row",), f"table_{key}_{generation}")
    if found is None:
        return []
    selection, rows = found
    return [rows[row] for row in selection.rows if row < len(rows)]


def _show(
    sheet: Sheet, key: str, title: str, options: TableOptions, mode: _Mode, place: str
) -> tuple[DataframeSelectionState, Sequence[TableRow]] | None:
    """Show a table with its key `place`; return what is selected, and the rows as shown.

    None if nothing can be selected.
    """
    sheet = replace(sheet, rows=options.looks.ranked(sheet.rows))
    rows = _filtered(sheet, key)
    shown = _on_page(replace(sheet, rows=rows), options)
    most = _MOST_CELLS // max(1, len(shown.columns))
    shown = replace(shown, rows=shown.rows[:most])
    only_header = options.shows_empty and not sheet.rows
    row_height = _ROW_HEIGHT + _LINE * (options.lines - 1)
    found = None
    if rows or only_header:
        data = data_frame(shown, options.app_links)
        first = [column for column in options.columns if column in data]
        data = data[[*first, *(column for column in data if column not in first)]]
        state = st.dataframe(
            options.looks.styled(data, shown.rows, shown.nothing),
            hide_index=True,
            column_config=_column_config(shown, options),
            height=min(row_height * len(shown.rows), _ROW_HEIGHT * _MOST_ROWS) + _ROW_HEIGHT + 3,
            row_height=row_height,
            placeholder=UNKNOWN,
            key=place,
            alt=options.alt or f"{sheet.title}: a table with {len(shown.rows)} rows",
            on_select="rerun" if mode else "ignore",
            selection_mode=mode or "single-row",
        )
        if not isinstance(state, DeltaGenerator):
            found = state.selection, shown.rows
    else:
        st.caption("No rows match the filter." if sheet.rows else "There are no rows.")
    if len(rows) > most:
        st.caption(
            f"The first {most:,} of {len(rows):,} rows. The filter finds the others, and files "
            "have all of them."
        )
    if not only_header:
        _show_downloads(replace(sheet, rows=rows), key, title)
    elsewhere = {*shown.columns, *sheet.shares.values(), *sheet.repeated}
    hidden = [each for each in shown_columns(sheet.columns, rows) if each not in elsewhere]
    if hidden and not options.shows_empty:
        st.caption(f"Not shown, since no one here has any: {escaped(', '.join(hidden))}.")
    return found


def _on_page(sheet: Sheet, options: TableOptions) -> Sheet:
    """Return a table as the page shows it: the worst rows first, and no empty columns."""
    behind = {*sheet.shares.values(), *sheet.repeated}
    rows, columns = sheet.rows, [each for each in sheet.columns if each not in behind]
    if options.shown is not None:
        rows = [options.shown(row) for row in rows]
    if options.looks.totals:
        rows = sorted(rows, key=options.looks.share, reverse=True)
    if options.looks.exact:
        columns.append(RANK)
    if rows:
        columns = [
            column
            for column in columns
            if column not in options.hides_empty
            or any(not options.looks.is_empty(row, column, sheet.nothing) for row in rows)
        ]
    return replace(sheet, rows=rows, columns=columns)


def _picked(
    key: str, selection: DataframeSelectionState, rows: Sequence[TableRow]
) -> Picked | None:
    """Return what was selected last: a row and a cell can be selected at the same time."""
    now = ([(row, None) for row in selection.rows], [*selection.cells])
    number, last, before = st.session_state.get(_SELECTED + key, (0, 0, ([], [])))
    for kind in (0, 1):
        if now[kind] != before[kind]:
            number, last = number + 1, kind
    st.session_state[_SELECTED + key] = (number, last, now)
    for row, column in now[last]:
        if row < len(rows):  # a selection can outlive its row for a moment: a filter removes it
            return Picked(rows[row], column, number)
    return None


def show_select_hint(result: str) -> None:
    """Show how to select a row of the table above; `result` is what appears then."""
    st.caption(f"Tick a row to see {result}.")


@contextmanager
def details_of(picked: Picked | None) -> Iterator[None]:
    """Show what a selection has opened, and bring it into view; None: it was opened otherwise."""
    with st.container(key=_DETAILS):
        yield
    if picked is not None:
        # It runs once for each text.
        st.html(_SCROLL.format(picked.number), unsafe_allow_javascript=True)


def show_workbook_download(sheets: Sequence[Sheet], title: str, help_text: str) -> None:
    """Show the link to a workbook with these tables; `title` begins its file name."""
    form = FORMATS["xlsx"]
    file = File(file_name(title, today(), form), form.media_type, partial(to_xlsx, sheets))
    show_files([FileLink("All tables as XLSX", "workbook", file, help_text)])


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


def data_frame(
    sheet: Sheet, app_links: Mapping[str, Callable[[TableRow], str | None]] = _DEFAULT.app_links
) -> pd.DataFrame:
    """Return the rows as a data frame with typed columns, in which unknown cells are missing.

    A column with links has a second column with their URLs; so has each of `app_links`.
    """
    columns: dict[str, pd.Series | list[str | None]] = {}
    for column in _visible(sheet):
        kind = sheet.kind(column)
        values = [value_of(row.get(column), kind) for row in sheet.rows]
        columns[column] = _series(values, kind, null_is_empty=column in sheet.nothing)
        if column in sheet.links:
            columns[_link_title(column, sheet)] = [sheet.link(column, row) for row in sheet.rows]
    for title, link in app_links.items():
        columns[title] = [link(row) for row in sheet.rows]
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


def _column_config(sheet: Sheet, options: TableOptions) -> dict[str, ColumnConfig]:
    config: dict[str, ColumnConfig] = {}
    pinned = sheet.columns[:1] if options.pinned is None else options.pinned
    texts = options.looks.longest(sheet.rows[:_MEASURED])
    for column in _visible(sheet):
        kind = sheet.kind(column)
        cells = [row.get(column) for row in sheet.rows]
        title = options.titles.get(column, column)
        width = options.widths.get(column) or _width(title, cells, kind, texts.get(column, 0))
        config[column] = _column_type(kind, has_unknown=None in cells)(
            title,
            help=options.help.get(column),
            pinned=column in pinned,
            width=min(width, _WIDEST_PINNED) if column in pinned else width,
        )
        if column in sheet.links:
            link = _link_title(column, sheet)
            config[link] = _link_column(link, "Open in GitLab")
    for title in options.app_links:
        config[title] = _link_column(title, options.help.get(title, "Open in this app"))
    return config


def _link_column(title: str, help_text: str) -> ColumnConfig:
    return st.column_config.LinkColumn(
        title,
        display_text=":material/open_in_new:",
        help=help_text,
        width=max(_LINK_WIDTH, _CHARACTER * len(title) + _MARGIN),
    )


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


def _width(title: str, cells: Sequence[Scalar], kind: Kind, text: int) -> int:
    """Return the width of a column in pixels: enough for its title and for its text.

    `text` is the number of characters of its longest number that is written in another way.
    """
    longest = max((len(str(cell)) for cell in cells[:_MEASURED] if cell is not None), default=0)
    characters = max(len(title), text, longest if kind in {"text", "day", "moment"} else 0)
    return min(_CHARACTER * characters + _MARGIN, _WIDEST)


def _show_downloads(sheet: Sheet, key: str, title: str) -> None:
    """Show the links to files of the shown rows; each file is made when it is fetched."""
    if not sheet.rows:
        return

    def link(name: str, label: str) -> FileLink:
        form = FORMATS[name]
        content = partial(form.write, sheet)
        file = File(file_name(title, today(), form), form.media_type, content)
        text = f"Download these {len(sheet.rows)} rows as {label}"
        return FileLink(label, f"{name}_{key}", file, text)

    show_files(link(name, label) for name, label in DOWNLOADS.items())
