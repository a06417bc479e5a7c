"""Kinds of columns, and cells with their types."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.reports.cells import Kind, as_text, kind_of, legal, value_of
from gitlab_sync.types import Scalar

CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([], None),
        ([None, None], None),
        ([float("nan")], None),
        ([1, None, -3], "integer"),
        ([1, 2.5], "number"),
        ([True, None], "truth"),
        ([True, 1], "text"),
        (["a", 1], "text"),
        ([2**63], "text"),
        (["2024-01-05", None], "day"),
        (["2024-02-30"], "text"),
        (["2024-01-05T09:00:00Z", "2024-01-05T09:00:00.123+05:30"], "moment"),
        (["2024-01-05T09:00:00"], "text"),
        (["2024-01-05", "2024-01-05T09:00:00Z"], "text"),
        (["2024-W01-1T09:00Z"], "text"),
        (["2024-01-05x0900-0100"], "text"),
        ([""], "text"),
    ],
)
def test_a_column_is_of_the_kind_that_all_its_known_cells_share(
    cells: list[Scalar], kind: Kind | None
) -> None:
    """A date that is none, or a time without an offset, is text: nothing is guessed."""
    assert kind_of(cells) == kind


def test_days_and_moments_become_such() -> None:
    """A moment is in UTC, whatever offset it was written with."""
    assert value_of("2024-01-05", "day") == date(2024, 1, 5)
    moment = value_of("2024-01-05T00:30:00+05:30", "moment")
    assert moment == datetime(2024, 1, 4, 19, tzinfo=UTC)
    assert isinstance(moment, datetime)
    assert moment.tzinfo is UTC


def test_what_looks_like_a_date_in_a_column_of_texts_stays_a_text() -> None:
    """One odd cell must not have a type of its own."""
    assert value_of("2024-01-05", "text") == "2024-01-05"


def test_a_float_that_is_no_number_is_unknown() -> None:
    """As in JSON, which has neither."""
    assert value_of(float("nan"), "number") is None
    assert value_of(float("inf"), "percent") is None


def test_truth_is_in_lower_case_as_text() -> None:
    """As JSON and CSV have it."""
    assert (as_text(True), as_text(False), as_text(0)) == ("true", "false", "0")


def test_what_no_document_may_hold_is_taken_out() -> None:
    """Tabs and line breaks stay."""
    assert legal("a\x00b\x1bc\ud800d\ufffee\t\r\nf") == "abcde\t\r\nf"


@settings(deadline=None)
@given(st.lists(CELLS))
def test_every_cell_has_a_value_of_its_columns_kind(cells: list[Scalar]) -> None:
    """Whatever comes: no cell breaks its column, and none is lost."""
    kind = kind_of(cells)
    values = [value_of(cell, kind or "text") for cell in cells]
    assert any(value is not None for value in values) == (kind is not None)
    types: dict[Kind, type] = {"integer": int, "number": float, "truth": bool, "day": date}
    if kind in types:
        assert {type(value) for value in values if value is not None} == {types[kind]}
