"""The plain table for people."""

from __future__ import annotations

from datetime import UTC, datetime

from gitlab_sync.reports.formats import FORMATS
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.reports.text_table import shown_columns, text_cell, to_text
from gitlab_sync.types import TableRow

META = Meta(datetime(2024, 1, 5, tzinfo=UTC), "https://gitlab.example", "")
COLUMNS = ("Username", "Closed MRs", "Status", "Error")


def test_numbers_are_aligned_to_the_right_and_text_to_the_left() -> None:
    """And no line has spaces at its end."""
    rows: list[TableRow] = [
        {"Username": "ann", "Closed MRs": 3, "Status": "Success", "Error": None},
        {"Username": "bartholomew", "Closed MRs": 120, "Status": "Success", "Error": None},
    ]
    assert to_text(COLUMNS, rows).splitlines() == [
        "Username     Closed MRs  Status",
        "-----------  ----------  -------",
        "ann                   3  Success",
        "bartholomew         120  Success",
    ]


def test_unknown_is_a_question_mark_and_no_error_is_nothing() -> None:
    """A cell without a number must not read as 0."""
    rows: list[TableRow] = [
        {"Username": "ann", "Closed MRs": None, "Status": "Error", "Error": "403"},
        {"Username": "bob", "Closed MRs": 0, "Status": "Success", "Error": None},
    ]
    ann, bob = (line.split() for line in to_text(COLUMNS, rows).splitlines()[2:])
    assert ann == ["ann", "?", "Error", "403"]
    assert bob == ["bob", "0", "Success"]


def test_the_error_column_is_shown_only_if_somebody_has_one() -> None:
    """An empty column is noise."""
    clean: TableRow = {"Username": "ann", "Closed MRs": 1, "Status": "Success", "Error": None}
    assert "Error" not in shown_columns(COLUMNS, [clean])
    assert "Error" in shown_columns(COLUMNS, [clean, {**clean, "Error": "404"}])


def test_nothing_is_cut_off() -> None:
    """However long a cell is: who pipes wants the data."""
    row: TableRow = {"Username": "a", "Closed MRs": 1, "Status": "Partial", "Error": "x" * 400}
    assert "x" * 400 in to_text(COLUMNS, [row])


def test_control_characters_do_not_reach_a_terminal() -> None:
    """Texts come from servers, and some of those are not friendly."""
    assert text_cell("Error", "a\x1b[2Jb\nc\x00") == "a?[2Jb c?"


STEERING = "a\x1b]0;x\x07b\x9b2Jc\u202ed\ne"
"""A text that sets a title, clears the screen, turns the direction, and ends the line."""


def test_titles_of_columns_and_tables_do_not_reach_a_terminal_as_they_are() -> None:
    """They can be names of teams, or come from a file."""
    sheet = Sheet(STEERING, (STEERING,), [{STEERING: STEERING}], META)
    for data in (FORMATS["table"].write(sheet), _all("table", sheet, sheet), _all("json", sheet)):
        assert data.decode().replace("\n", "").isprintable()
    assert _all("table", sheet).decode().startswith("a?]0;x?b?2Jc?d e\n\n")


def _all(form: str, *sheets: Sheet) -> bytes:
    write_all = FORMATS[form].write_all
    assert write_all is not None
    return write_all(sheets)


def test_wide_characters_are_counted_as_two_cells() -> None:
    """So that columns stay columns."""
    rows: list[TableRow] = [{"Name": "日本", "Status": "x"}, {"Name": "abcd", "Status": "x"}]
    assert to_text(("Name", "Status"), rows).splitlines()[2:] == ["日本  x", "abcd  x"]


def test_no_rows_leave_the_header() -> None:
    """No one was asked about, and the table says so."""
    assert to_text(("Username",), []) == "Username\n--------\n"
