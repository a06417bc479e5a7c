"""CSV that spreadsheets read and do not run."""

from __future__ import annotations

import csv
import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlab_sync.reports.csv_file import guarded, neutral, to_csv
from gitlab_sync.types import TableRow

COLUMNS = ("Username", "Count", "Error")
CELLS = st.one_of(
    st.none(),
    st.integers(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
)


def read(data: bytes) -> list[list[str]]:
    """Read CSV as any other program does."""
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def test_no_rows_leave_the_header() -> None:
    """A reader finds the columns, even if no one was named."""
    assert to_csv(COLUMNS, []) == b"Username,Count,Error\r\n"


def test_null_is_an_empty_cell_and_zero_is_a_zero() -> None:
    """What is not known must not look like what is known to be none."""
    rows: list[TableRow] = [{"Username": "a", "Count": None, "Error": None},
                       {"Username": "b", "Count": 0, "Error": None}]  # fmt: skip
    assert read(to_csv(COLUMNS, rows))[1:] == [["a", "", ""], ["b", "0", ""]]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx"])
def test_text_that_could_be_a_formula_is_neutralised(text: str) -> None:
    """A username or message must not become code in a spreadsheet."""
    assert read(to_csv(("Error",), [{"Error": text}]))[1] == [f"'{text}"]


@pytest.mark.parametrize(
    "blank", [" ", "\0", "\x1b", "\xa0", "\u3000", "\u200b", "\u202e", "\ufeff", "\x85", " \0 "]
)
def test_a_formula_behind_what_does_not_show_is_neutralised(blank: str) -> None:
    """Some programs leave such characters out before they look for a formula."""
    assert neutral(f"{blank}=1+1") == guarded(f"{blank}=1+1") == f"'{blank}=1+1"
    assert neutral(f"{blank}1") == f"{blank}1"


@pytest.mark.parametrize("separator", [";", "; ", ";\xa0", "x\t", "x\n", "x\r\n", 'x";'])
def test_a_formula_behind_another_separator_is_neutralised(separator: str) -> None:
    """Where decimals have a comma, Excel splits at semicolons, and our quotes are mere text."""
    data = to_csv(("A", "B"), [{"A": "a,b", "B": f"{separator}=1+1"}]).decode()
    for cell in re.split(r"[;\t\r\n]+", data):
        assert not cell.strip('\xa0 "').startswith("=")
    assert "'" not in str(neutral("Fix x; then y, z=1\n\n2 - 1"))


@pytest.mark.parametrize("sign", "=+-@")
def test_the_full_width_form_of_a_sign_is_as_dangerous(sign: str) -> None:
    """A program for East Asian text takes both for the same."""
    wide = chr(ord(sign) - ord("!") + ord("\uff01"))
    assert unicodedata.normalize("NFKC", wide) == sign
    assert read(to_csv(("Error",), [{"Error": f"{wide}1"}]))[1] == [f"'{wide}1"]


def test_numbers_stay_numbers() -> None:
    """A negative number is no formula."""
    rows: list[TableRow] = [{"Count": -5}, {"Count": -0.5}, {"Count": True}]
    assert read(to_csv(("Count",), rows))[1:] == [["-5"], ["-0.5"], ["true"]]


def test_quotes_commas_and_line_breaks_are_quoted() -> None:
    """As RFC 4180 has it."""
    assert to_csv(("Error",), [{"Error": 'a "b", c\r\nd'}]) == b'Error\r\n"a ""b"", c\r\nd"\r\n'


def test_titles_are_neutralised_too() -> None:
    """A column can be named after something that a person typed."""
    assert to_csv(("=A1",), []) == b"'=A1\r\n"


@given(st.lists(st.tuples(CELLS, CELLS, CELLS)))
def test_whatever_goes_in_comes_out(cells: list[tuple[str | int | None, ...]]) -> None:
    """Each cell is read back as it was, but for the sign that neutralises it."""
    rows: list[TableRow] = [dict(zip(COLUMNS, line, strict=True)) for line in cells]
    wanted = [["" if cell is None else str(neutral(cell)) for cell in line] for line in cells]
    assert read(to_csv(COLUMNS, rows))[1:] == wanted
