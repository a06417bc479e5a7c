"""The table of a report on the page: numbers that sort as numbers, and unknown shown as unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd  # type: ignore[import-untyped] # it comes with streamlit, its stubs do not
import streamlit as st

from gitlab_sync.api.scope import Kind
from gitlab_sync.rules import issue, merge_request
from gitlab_sync.rules.check import Check
from gitlab_sync.rules.table import ISSUE_COLUMNS, MERGE_REQUEST_COLUMNS
from gitlab_sync.types import Row

TITLES: dict[Kind, str] = {"merge_requests": "Merge requests", "issues": "Issues"}
NOUNS: dict[Kind, str] = {"merge_requests": "merge requests", "issues": "issues"}

_COLUMNS: dict[Kind, tuple[str, ...]] = {
    "merge_requests": MERGE_REQUEST_COLUMNS,
    "issues": ISSUE_COLUMNS,
}
_CHECKS: dict[Kind, tuple[Check, ...]] = {
    "merge_requests": merge_request.CHECKS,
    "issues": issue.CHECKS,
}
_TEXTS = ("Username", "Status", "Error")
_HELP = {
    "Status": "Success: everything was read. Partial: some of it, so counts may be too low. "
    "Not Found: there is no such user. Error: nothing could be read.",
    "Unverified": "How many checks of single items have no answer, since something was not read.",
    "Closed MRs": "Merge requests that were merged or closed; only those are judged.",
    "Total Assigned": "All issues, open and closed.",
}
_ROW_HEIGHT = 35
_MOST_ROWS = 25
_LETTER, _MARGIN = 7, 20  # pixels, such that every title can be read
_WIDTHS = {"Username": 150, "Error": 320}
_TINT = "background-color: rgba(245, 158, 11, 0.18)"
UNKNOWN = "?"


def columns_of(kind: Kind) -> tuple[str, ...]:
    """Return the table's columns, in order."""
    return _COLUMNS[kind]


def frame(kind: Kind, rows: Sequence[Row]) -> Any:
    """Return the rows as a data frame: counts are integers or missing, texts are never missing."""
    return pd.DataFrame(
        {
            column: [str(row[column] or "") for row in rows]
            if column in _TEXTS
            else pd.array([row[column] for row in rows], dtype="Int64")
            for column in columns_of(kind)
        }
    )


def _tint(column: Any) -> list[str]:
    return [_TINT if missing else "" for missing in column.isna()]


def show_table(kind: Kind, rows: Sequence[Row]) -> None:
    """Show the rows; what nobody knows is a question mark."""
    help_texts = _HELP | {check.title: f"{check.why} {check.how_to_fix}" for check in _CHECKS[kind]}
    config: dict[str, Any] = {}
    for column in columns_of(kind):
        text = column in _TEXTS
        make = st.column_config.TextColumn if text else st.column_config.NumberColumn
        config[column] = make(
            column,
            help=help_texts.get(column),
            pinned=column == "Username",
            width=_WIDTHS.get(column, _LETTER * len(column) + _MARGIN),
        )
    shown = frame(kind, rows)
    if shown.isna().any(axis=None):
        # The question mark alone is pale; a tint, in either theme, makes it stand out.
        shown = shown.style.apply(_tint)
    st.dataframe(
        shown,
        hide_index=True,
        column_config=config,
        height=_ROW_HEIGHT * (min(len(rows), _MOST_ROWS) + 1) + 3,
        row_height=_ROW_HEIGHT,
        placeholder=UNKNOWN,
        key=f"table_{kind}",
        alt=f"{TITLES[kind]}: a row for each person, with the number of faults by kind",
    )
