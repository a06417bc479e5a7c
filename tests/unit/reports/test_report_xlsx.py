"""Workbooks that spreadsheets read and do not run, read back by another program."""

from __future__ import annotations

import io
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.reports import xlsx_file
from gitlab_sync.reports.cells import kind_of, legal, value_of
from gitlab_sync.reports.sheet import Meta, Sheet
from gitlab_sync.reports.xlsx_file import legal_names, to_xlsx
from gitlab_sync.types import Scalar, TableRow

META = Meta(datetime(2024, 1, 5, 9, 30, tzinfo=UTC), "https://gitlab.example", "3 of 3 read", "=x")
CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates().map(str),
    st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
)  # fmt: skip


def table(cells: list[Scalar], **more: Any) -> Sheet:
    """Return a table of one column that holds these cells."""
    return Sheet("T", ("Cell",), [{"Cell": cell} for cell in cells], META, **more)


def read(*sheets: Sheet) -> Any:
    """Write the tables and open the workbook."""
    return openpyxl.load_workbook(io.BytesIO(to_xlsx(sheets)))


def column(sheet: Sheet) -> list[Any]:
    """Return what another program finds in the cells of the only column."""
    cells = [row[0] for row in read(sheet).worksheets[0].iter_rows(min_row=2, values_only=True)]
    return cells + [None] * (len(sheet.rows) - len(cells))


def test_numbers_and_truths_are_such_and_null_is_an_empty_cell() -> None:
    """So that a spreadsheet can add and sort; 0 is not null."""
    assert column(table([0, None, -7])) == [0, None, -7]
    assert column(table([0.5, 2, float("nan")])) == [0.5, 2, None]
    assert column(table([True, False])) == [True, False]


def test_a_number_with_more_digits_than_excel_keeps_is_a_text() -> None:
    """Else its last digits would silently become zeros."""
    assert column(table([123_456_789_012_345_678, 1])) == ["123456789012345678", 1]
    assert column(table([10**400])) == [str(10**400)]


def test_days_and_moments_are_dates() -> None:
    """Moments in UTC, and their cells say so."""
    sheet = table(["2024-01-05T00:30:00+05:30", None])
    assert column(sheet) == [datetime(2024, 1, 4, 19), None]  # noqa: DTZ001 - Excel has no zones
    assert "UTC" in read(sheet).worksheets[0]["A2"].number_format
    assert column(table(["2024-01-05"])) == [datetime(2024, 1, 5)]  # noqa: DTZ001 - as above


def test_a_date_before_the_first_of_excel_is_a_text() -> None:
    """It counts from 1900, and that year wrongly."""
    assert column(table(["1815-12-10"])) == ["1815-12-10"]
    assert column(table(["1815-12-10T09:00:00Z"])) == ["1815-12-10 09:00:00 UTC"]


def test_percentages_are_such() -> None:
    """What we call 66.7 is 0.667 to Excel, and is shown as 66.7%."""
    cell = read(table([66.7], kinds={"Cell": "percent"})).worksheets[0]["A2"]
    assert cell.value == pytest.approx(0.667)
    assert cell.number_format == "0.0%"


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\nx"),
        *("\uff1d1", "\uff0b1", "\uff0d1", "\uff20A1", "\x00=1", "{=1}"),
        *("\xa0=1", " =1", "\u200b=1"),
    ],
)
def test_no_text_is_a_formula(text: str) -> None:
    """Not even one that hides behind a character that no workbook can hold."""
    cell = read(table([text])).worksheets[0]["A2"]
    assert cell.data_type in {"s", "inlineStr"}
    assert cell.value == ("{=1}" if text == "{=1}" else f"'{legal(text)}")


def test_a_text_is_not_changed_behind_a_semicolon() -> None:
    """A cell of a workbook is not split."""
    assert column(table(["a;=1"])) == ["a;=1"]


def test_titles_and_the_scope_are_neutralised_too() -> None:
    """They may hold what a person typed."""
    book = read(Sheet("=A1", ("=B1",), [], META))
    assert book.worksheets[0]["A1"].value == "'=B1"
    assert "'=x" in [row[1] for row in book["About"].iter_rows(values_only=True)]


def test_links_can_be_followed_and_keep_the_type_of_the_cell() -> None:
    """Also on a number; a cell with nothing in it has none."""
    rows: list[TableRow] = [{"Id": 7, "url": "https://gitlab.example/a?b=1&c=2#note_3"},
                       {"Id": None, "url": "https://gitlab.example/b"}]  # fmt: skip
    sheet = read(Sheet("T", ("Id",), rows, META, {"Id": "url"})).worksheets[0]
    link = sheet["A2"].hyperlink
    assert sheet["A2"].value == 7
    assert f"{link.target}#{link.location}" == "https://gitlab.example/a?b=1&c=2#note_3"
    assert sheet["A3"].hyperlink is None


@pytest.mark.filterwarnings("error")
def test_links_beyond_the_limits_of_excel_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that Excel calls broken would be worse; the texts stay."""
    monkeypatch.setattr(xlsx_file, "MOST_LINKS", 2)
    long = "https://x/" + "a" * 3000
    rows: list[TableRow] = [
        {"A": "a", "u": url} for url in (long, "http://x", "http://x", "http://x")
    ]
    sheet = read(Sheet("T", ("A",), rows, META, {"A": "u"})).worksheets[0]
    links = [sheet.cell(row, 1).hyperlink is not None for row in range(2, 6)]
    assert links == [False, True, True, False]
    assert sheet["A5"].value == "a"


def test_the_header_stays_in_sight_and_can_filter() -> None:
    """As does the first column, which names what a row is about."""
    rows: list[TableRow] = [{"Username": "a" * 40, "Count": 1}]
    sheet = read(Sheet("T", ("Username", "Count"), rows, META)).worksheets[0]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", "A1:B2")
    assert sheet["A1"].font.bold
    assert sheet.column_dimensions["A"].width > 40 > 15 > sheet.column_dimensions["B"].width


def test_the_last_sheet_says_where_the_numbers_come_from() -> None:
    """Once for all sheets of the same reading, and apart for another."""
    other = Meta(META.as_of, META.instance, "1 of 2 read")
    book = read(
        *(Sheet(name, (), [], meta) for name, meta in zip("abc", (META, META, other), strict=True))
    )
    assert book.sheetnames == ["a", "b", "c", "About"]
    lines = [row for row in book["About"].iter_rows(values_only=True) if row[0]]
    assert ("Data as of", "2024-01-05 09:30:00 UTC") in lines
    assert [text for label, text in lines if label == "Sheets"] == ["a, b", "c"]
    assert [text for label, text in lines if label == "Completeness"] == [
        "3 of 3 read",
        "1 of 2 read",
    ]


def test_no_rows_no_columns_and_no_tables_make_a_workbook() -> None:
    """An empty table is no error."""
    assert list(read(Sheet("T", ("A",), [], META)).worksheets[0].values) == [("A",)]
    assert read(Sheet("T", (), [{"A": 1}], META)).sheetnames == ["T", "About"]
    assert read().sheetnames == ["About"]


def test_names_of_sheets_are_legal_and_unique() -> None:
    """Whatever teams call themselves."""
    titles = ["a/b", "A-B", "", "'quoted'", "x" * 40, "X" * 40, "History", "about", "a\x00\n b"]
    assert legal_names(titles, taken=["About"]) == [
        "a-b", "A-B (2)", "Sheet", "quoted", "x" * 30 + "…", "X" * 26 + "… (2)",
        "History (2)", "about (2)", "a b",
    ]  # fmt: skip


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("aAİß'[]:*?/\\ \0😀x" + "y" * 3), max_size=40), max_size=6))
def test_any_titles_make_a_workbook_that_opens(titles: list[str]) -> None:
    """Each with a sheet of its own, in the same order."""
    names = read(*(Sheet(title, (), [], META) for title in titles)).sheetnames
    assert len({name.lower() for name in names}) == len(titles) + 1
    for name in names:
        assert 0 < len(name.encode("utf-16-le")) // 2 <= 31
        assert not set(name) & set("[]:*?/\\\0")
        assert name.strip("'") == name


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=5))
def test_whatever_goes_in_the_workbook_opens_and_no_cell_runs(cells: list[Scalar]) -> None:
    """And texts come out as they went in, but for what no workbook can hold."""
    book = read(table(cells))
    kind = kind_of(cells) or "text"
    found = [book.worksheets[0].cell(line, 1) for line in range(2, len(cells) + 2)]
    assert all(cell.data_type != "f" for cell in found)
    for cell, given_cell in zip(found, cells, strict=True):
        is_text = isinstance(given_cell, str) and value_of(given_cell, kind) == given_cell
        if is_text and cell.value is not None:
            wanted = legal(given_cell).replace("\r\n", "\n").replace("\r", "\n")
            assert unescape(cell.value).removeprefix("'") == wanted.removeprefix("'")


def test_a_text_longer_than_a_cell_ends_with_an_ellipsis() -> None:
    """A cell holds 32,767 UTF-16 units."""
    (text,) = column(table(["😀" * 20_000]))
    assert len(text.encode("utf-16-le")) // 2 <= 32_767
    assert text.endswith("😀…")


def test_the_same_table_gives_the_same_bytes() -> None:
    """So that files can be compared."""
    assert to_xlsx([table([1])]) == to_xlsx([table([1])])


def test_a_table_larger_than_a_sheet_is_refused() -> None:
    """Rather than cut off without a word."""
    with pytest.raises(ConfigurationError, match="larger"):
        to_xlsx([Sheet("T", ("A",), [{}] * 1_048_576, META)])


@pytest.mark.slow
def test_ten_thousand_people_and_no_temporary_file_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows wait in a file while they are written, which is gone afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    columns = [f"C{number}" for number in range(30)]
    rows: list[TableRow] = [dict.fromkeys(columns, line) for line in range(10_000)]
    data = to_xlsx([Sheet("T", columns, rows, META)])
    assert list(tmp_path.iterdir()) == []
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        xml = parts.read("xl/worksheets/sheet1.xml")
    assert xml.count(b"<row ") == 10_001
    assert b'<c r="AD10001"><v>9999</v></c>' in xml
