"""A table as Parquet: typed columns, and its origin in the file's metadata."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import Any

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.reports.cells import Kind, Value, as_text, value_of
from gitlab_sync.reports.sheet import Sheet
from gitlab_sync.types import Scalar

KEY_PREFIX = "gitlab_sync."
"""The prefix of the metadata's keys: `gitlab_sync.title`, `gitlab_sync.as_of`, …, as in `Meta`."""


def to_parquet(sheet: Sheet) -> bytes:
    """Return the table as one Parquet file, with nulls as nulls.

    Columns are int64, float64 (a percentage as 75.0), bool, date32, timestamp in UTC, or string; a
    column without known cells and without a declared kind is string. Links are left out. Raises
    ConfigurationError if pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # type: ignore[import-untyped] # noqa: PLC0415 - slow, and optional
        import pyarrow.parquet as pq  # type: ignore[import-untyped] # noqa: PLC0415 - as above
    except ModuleNotFoundError:
        raise ConfigurationError(
            "Parquet needs the package pyarrow, which is not installed",
            hint='Install it with: pip install "gitlab-sync[parquet]"',
        ) from None
    types: dict[Kind, Any] = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "percent": pa.float64(),
        "truth": pa.bool_(),
        "day": pa.date32(),
        "moment": pa.timestamp("us", tz="UTC"),
    }
    kinds = [sheet.kind(column) for column in sheet.columns]
    arrays = [
        pa.array([_cell(row.get(column), kind) for row in sheet.rows], types[kind])
        for column, kind in zip(sheet.columns, kinds, strict=True)
    ]
    table = pa.table(arrays, names=[_whole(column) for column in sheet.columns])
    file = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(_metadata(sheet)), file, compression="zstd")
    return file.getvalue()


def _cell(cell: Scalar, kind: Kind) -> Value:
    """Return a cell as pyarrow expects it: in a text column, everything is text."""
    if kind == "text" and value_of(cell, kind) is not None:
        return _whole(as_text(cell))
    return value_of(cell, kind)


def _metadata(sheet: Sheet) -> dict[str, str]:
    meta = {**asdict(sheet.meta), "as_of": sheet.meta.as_of.isoformat()}
    texts = {"title": sheet.title, **meta}
    return {KEY_PREFIX + name: _whole(text) for name, text in texts.items()}


def _whole(text: str) -> str:
    """Return `text` with a `?` for each half of a surrogate pair, which UTF-8 cannot hold."""
    return text.encode(errors="replace").decode()
