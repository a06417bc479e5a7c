"""Tables on pages: what is shown, and what the files hold."""

from __future__ import annotations

from datetime import UTC, datetime

from streamlit.testing.v1 import AppTest
from visiting import shown_texts

from gitlab_sync.pages.widgets.table_view import data_frame
from gitlab_sync.reports.sheet import Meta, Sheet

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
