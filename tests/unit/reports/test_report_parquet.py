"""Parquet files, read back."""

from __future__ import annotations

import io
import sys
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.reports.parquet_file import to_parquet
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.types import Scalar, TableRow

META = Meta(
    datetime(2024, 1, 5, 9, 30, tzinfo=UTC), "https://gitlab.example", "3 of 3, 0 Fehler für Tür"
)
CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates().map(str),
    st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
)  # fmt: skip


def read(sheet: Sheet) -> Any:
    """Write the table and read it."""
    return pq.read_table(io.BytesIO(to_parquet(sheet)))


def column(cells: list[Scalar], **more: Any) -> Any:
    """Return a column of these cells as it is read."""
    sheet = Sheet("T", ("Cell",), [{"Cell": cell} for cell in cells], META, **more)
    return read(sheet).column("Cell")


@pytest.mark.parametrize(
    ("cells", "wanted", "values"),
    [
        ([1, None, 0], pa.int64(), [1, None, 0]),
        ([0.5, 1, float("nan")], pa.float64(), [0.5, 1.0, None]),
        ([True, None], pa.bool_(), [True, None]),
        (["a", None, ""], pa.string(), ["a", None, ""]),
        (["a", 1, True], pa.string(), ["a", "1", "true"]),
        ([2**70], pa.string(), [str(2**70)]),
        (["2024-01-05", None], pa.date32(), [date(2024, 1, 5), None]),
        (
            ["2024-01-05T00:30:00+05:30"],
            pa.timestamp("us", tz="UTC"),
            [datetime(2024, 1, 4, 19, tzinfo=UTC)],
        ),
        ([None], pa.string(), [None]),
    ],
)
def test_columns_have_types_and_nulls_stay(
    cells: list[Scalar], wanted: Any, values: list[Any]
) -> None:
    """A count with a null in it is still a column of integers."""
    found = column(cells)
    assert found.type == wanted
    assert found.to_pylist() == values


def test_a_declared_kind_types_a_column_of_nulls() -> None:
    """So that the files of all weeks fit together."""
    assert column([None], kinds={"Cell": "integer"}).type == pa.int64()


def test_texts_are_not_changed() -> None:
    """No spreadsheet opens this, so nothing is neutralised; only half a character is replaced."""
    assert column(["=1+1", "a\x00b", "\ud800"]).to_pylist() == ["=1+1", "a\x00b", "?"]


def test_the_file_says_where_it_comes_from() -> None:
    """In its own metadata, as UTF-8."""
    found = read(Sheet("Türen", ("A",), [], META)).schema.metadata
    assert found[b"gitlab_sync.title"].decode() == "Türen"
    assert found[b"gitlab_sync.as_of"] == b"2024-01-05T09:30:00+00:00"
    assert found[b"gitlab_sync.completeness"].decode() == "3 of 3, 0 Fehler für Tür"
    assert {b"gitlab_sync.rules_version", b"gitlab_sync.program_version"} <= set(found)


def test_no_rows_leave_the_columns() -> None:
    """A reader finds what it looks for."""
    table = read(Sheet("T", ("A", "B"), [], META))
    assert (table.column_names, table.num_rows) == (["A", "B"], 0)


@settings(deadline=None)
@given(st.lists(CELLS))
def test_whatever_goes_in_can_be_read(cells: list[Scalar]) -> None:
    """And what was null is null."""
    found = column(cells).to_pylist()
    assert len(found) == len(cells)
    assert all(value is None for value, cell in zip(found, cells, strict=True) if cell is None)


@pytest.mark.slow
def test_ten_thousand_people() -> None:
    """Thirty columns of them."""
    columns = [f"C{number}" for number in range(30)]
    rows: list[TableRow] = [dict.fromkeys(columns, line) for line in range(10_000)]
    table = read(Sheet("T", columns, rows, META))
    assert (table.num_rows, table.num_columns) == (10_000, 30)
    assert table.column("C29")[9_999].as_py() == 9_999


def test_without_pyarrow_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is large, and not everybody needs it."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match="pyarrow") as caught:
        to_parquet(Sheet("T", (), [], META))
    assert "gitlab-sync[parquet]" in caught.value.hint
