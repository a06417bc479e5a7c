"""Tables on pages: what is shown, and what the files hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from visiting import shown_texts

from gitlab_sync.pages.widgets import table_view
from gitlab_sync.pages.widgets.cell_looks import NONE, CellLooks
from gitlab_sync.pages.widgets.table_view import TableOptions, _column_config, data_frame
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.types import TableRow

META = Meta(datetime(2026, 3, 5, tzinfo=UTC), "https://gitlab.example", "2 of 2 people read")
SHEET = Sheet(
    "People",
    ("Username", "Status", "Faults", "Score", "Error"),
    [
        {"Username": "ann", "Status": "Success", "Faults": 12, "Score": 50.0, "Error": None},
        {"Username": "bob", "Status": "Error", "Faults": None, "Score": None, "Error": "403 no"},
    ],
    META,
    links={"Username": lambda row: f"https://gitlab.example/{row['Username']}"},
    kinds={"Faults": "integer", "Score": "percent"},
)


def test_a_table_sorts_numbers_as_numbers_and_has_no_value_for_unknown_cells() -> None:
    """Missing texts are empty, counts are integers or missing."""
    table = data_frame(SHEET)
    assert str(table["Faults"].dtype) == "Int64"
    assert table["Faults"].isna().tolist() == [False, True]
    assert table["Error"].tolist() == ["", "403 no"]
    assert table["Open"].tolist() == ["https://gitlab.example/ann", "https://gitlab.example/bob"]


def many_rows() -> None:
    """Show a table of ten people; run by Streamlit, so it brings its own imports."""
    from datetime import UTC, datetime

    import streamlit as st

    from gitlab_sync.pages.widgets.cell_looks import CellLooks
    from gitlab_sync.pages.widgets.table_view import TableOptions, show_table
    from gitlab_sync.reports.sheet import Meta, Sheet

    meta = Meta(datetime(2026, 3, 5, tzinfo=UTC), "https://gitlab.example", "all read")
    rows = [{"Username": f"user{n}", "Faults": n} for n in range(10)]
    sheet = Sheet("People", ("Username", "Faults"), rows, meta)
    looks = CellLooks(lambda row: {"Faults": 2} if row["Faults"] == 3 else {})
    show_table(sheet, "t", "People", TableOptions(looks=looks), selectable=True)
    st.caption("end")


def test_of_a_very_long_table_the_first_rows_are_drawn_and_the_filter_finds_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More cells than these would take too much memory; the page says so."""
    monkeypatch.setattr(table_view, "_MOST_CELLS", 16)
    at = AppTest.from_function(many_rows).run()
    assert len(at.dataframe[0].value) == 8
    told = "The first 8 of 10 rows. The filter finds the others, and files have all of them."
    assert told in [caption.value for caption in at.caption]
    at.text_input(key="filter_t").set_value("user9").run()
    assert at.dataframe[0].value["Username"].tolist() == ["user9"]
    assert told not in [caption.value for caption in at.caption]


def test_all_cells_that_are_drawn_at_once_can_have_looks() -> None:
    """For a table with more, pandas would raise an error."""
    assert pd.options.styler.render.max_elements > table_view._MOST_CELLS


def test_a_filter_leaves_the_rows_that_hold_its_words() -> None:
    """In any cell, without case."""
    at = AppTest.from_function(many_rows).run()
    assert not at.exception
    assert len(at.dataframe[0].value) == 10
    at = at.text_input(key="filter_t").set_value("USER7").run()
    assert at.dataframe[0].value["Username"].tolist() == ["user7"]
    at = at.text_input(key="filter_t").set_value("no one").run()
    assert not at.dataframe
    assert at.caption[0].value == "No rows match the filter."


def test_a_count_says_how_many_items_are_unknown() -> None:
    """`3 (+2 ?)`, and it is still a number to sort by."""
    at = AppTest.from_function(many_rows).run()
    table = at.dataframe[0]
    assert table.value["Faults"].tolist() == list(range(10))
    shown = shown_texts(table)
    assert shown.iloc[3].tolist()[-1] == "3 (+2 ?)"
    assert shown.iloc[4].tolist()[-1] == "4"


LOOKS = CellLooks(lambda row: {"No Desc": int(row["Unknown"])}, {"No Desc": "Ended"})


def row(desc: int | None, ended: int | None, unknown: int = 0, status: str = "Success") -> TableRow:
    """Return a row with faults among so many items, of which some have no answer."""
    return {"No Desc": desc, "Ended": ended, "Unknown": unknown, "Status": status}


def test_faults_are_shown_among_the_items_that_have_an_answer() -> None:
    """The stronger the colour, the larger the share; 0 has none, and a null is a question mark."""
    rows = [row(3, 12), row(12, 12), row(0, 12), row(3, 12, 2), row(0, 0), row(None, 2, 2)]
    data = pd.DataFrame({"No Desc": pd.Series([each["No Desc"] for each in rows], dtype="Int64")})
    styled = LOOKS.styled(data, rows, ())
    body = [cells[1] for cells in styled._translate(False, False)["body"]]
    assert [cell["display_value"] for cell in body] == [
        *("3 of 12", "12 of 12", "0 of 12", "3 of 10 (+2 ?)", NONE, "?"),
    ]
    colours = [styled._compute().ctx[place, 0] for place in range(len(rows))]
    assert len({str(each) for each in colours if each}) == 4
    assert not colours[2]
    assert not colours[4]


def test_the_largest_share_of_faults_is_the_worst_and_the_unknown_comes_last() -> None:
    """Of what has an answer, 3 of 10 is more than 3 of 12; and 30 of 120 are surer than these."""
    rows = [row(None, None, status="Error"), row(0, 12), row(3, 12), row(3, 12, 2), row(30, 120)]
    shares = [LOOKS.share(each) for each in rows]
    assert shares == sorted(shares)
    assert shares[:2] == [-1, 0]
    assert shares[-1] < 30 / 120


def test_a_column_is_empty_if_all_that_is_known_of_it_is_nothing() -> None:
    """Unknown is not nothing, but a row of which nothing could be read says that elsewhere."""
    nothing = {"College"}
    assert LOOKS.is_empty({**row(0, 5), "College": ""}, "No Desc", nothing)
    assert LOOKS.is_empty({**row(0, 5), "College": None}, "College", nothing)
    assert LOOKS.is_empty(row(None, None, status="Not Found"), "No Desc", nothing)
    assert not LOOKS.is_empty(row(0, 5, 1), "No Desc", nothing)
    assert not LOOKS.is_empty(row(None, 5, 5, "Partial"), "No Desc", nothing)


def test_a_number_has_no_more_places_than_people_read() -> None:
    """Two after the point, also next to cells with a look of their own."""
    rows: list[TableRow] = [
        {"Age": 9.6, "No": None},
        {"Age": 16.954, "No": 1},
        {"Age": 4.0, "No": 1},
    ]
    data = pd.DataFrame({"Age": [9.6, 16.954, 4.0], "No": pd.Series([None, 1, 1], dtype="Int64")})
    styled = CellLooks().styled(data, rows, ())
    body = [cells[1] for cells in styled._translate(False, False)["body"]]
    assert [cell["display_value"] for cell in body] == ["9.6", "16.95", "4"]


def test_a_number_that_is_written_with_more_makes_its_column_wide_enough() -> None:
    """Otherwise the beginning of the text, which is the number, is cut."""
    looks = CellLooks(waived=lambda _: {"Faults": 30}, totals={"Faults": "Score"}, exact=True)
    rows: list[TableRow] = [{"Faults": 1, "Score": 9}, {"Faults": 1, "Score": 900}]
    assert looks.longest(rows) == {"Faults": len("1 of 900 (+30 waived)")}
    narrow, wide = (
        _column_config(replace(SHEET, rows=rows), TableOptions(looks=each))["Faults"]["width"]
        for each in (CellLooks(), looks)
    )
    assert isinstance(narrow, int)
    assert isinstance(wide, int)
    assert wide >= 7 * len("1 of 900 (+30 waived)") > narrow
