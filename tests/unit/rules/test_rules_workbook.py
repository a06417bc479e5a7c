"""Lists of people in workbooks, and workbooks that are none or are meant to harm."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from datetime import date

import openpyxl
import pytest

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules import workbook
from gitlab_sync.rules.delimited import decoded
from gitlab_sync.rules.identity.people_input import Person, parse_people


def made(*sheets: Iterable[Iterable[object]]) -> bytes:
    """Return a workbook with these rows in its sheets."""
    book = openpyxl.Workbook()
    for number, rows in enumerate(sheets):
        sheet = book.active if not number else book.create_sheet()
        assert sheet is not None
        for row in rows:
            sheet.append(list(row))  # type: ignore[union-attr]
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def changed(data: bytes, change: Callable[[str], str]) -> bytes:
    """Return a workbook with its first sheet changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", 8) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part = change(part.decode()).encode()
            new.writestr(name, part)
    return file.getvalue()


def test_a_workbook_is_read_as_the_csv_that_it_could_be() -> None:
    """Numbers and dates as text, cells with delimiters and line breaks, rows with their numbers."""
    rows = [
        ["Student ID", "Username", "Since", "Section #"],
        [17, "ann", date(2026, 1, 5), "North, West; East"],
        [],
        [18, "Bob Ray", None, "a\nb"],
        [19, "@cleo", None, 2.5],
    ]
    found = parse_people(decoded(made([], rows))[0], "class.xlsx")
    assert found.people == (
        Person("ann", extra={"Student ID": "17", "Since": "2026-01-05 00:00:00",
                             "Section #": "North, West; East"}),
        Person("cleo", extra={"Student ID": "19", "Section #": "2.5"}),
    )  # fmt: skip
    assert found.faults[0].startswith("class.xlsx, line 4: “Bob Ray”")


def test_a_workbook_can_be_a_plain_list() -> None:
    """One username in each row."""
    assert [each.username for each in parse_people(decoded(made([["ann"], ["@bob"]]))[0]).people] \
        == ["ann", "bob"]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [b"PK\x03\x04 and then something else", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)],
)
def test_a_workbook_that_cannot_be_read_is_refused_with_what_to_do(data: bytes) -> None:
    """Those of an older Excel too, and those with a password."""
    with pytest.raises(ConfigurationError, match="the workbook cannot be read") as caught:
        decoded(data)
    assert "CSV" in caught.value.hint


def test_entities_of_a_workbook_are_refused() -> None:
    """A few lines of them can become any number of characters."""
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    data = changed(made([["ann"]]), lambda xml: bomb + xml.replace("ann", "&b;"))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        decoded(data)


def test_a_workbook_beyond_the_bounds_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size after decompression, its cells, and its rows."""
    data = made([["ann", "x"]] * 50)
    for name in ("MOST_WORKBOOK", "MOST_LIST_CHARACTERS", "MOST_LINES"):
        with monkeypatch.context() as patched:
            patched.setattr(workbook, name, 20)
            with pytest.raises(ConfigurationError, match="the workbook is too large"):
                decoded(data)


@pytest.mark.slow
def test_a_text_that_many_cells_share_counts_for_each() -> None:
    """A small file would fill the memory."""
    data = made([["a" * 1_000] * 100] * 180)
    assert len(data) < 200_000
    with pytest.raises(ConfigurationError, match="too large: longer than 16 MiB"):
        decoded(data)


@pytest.mark.slow
def test_rows_and_columns_that_a_sheet_only_claims_cost_nothing() -> None:
    """A dense copy of such a sheet would not fit into any memory."""

    def claim(xml: str) -> str:
        xml = re.sub(r'<dimension ref="[^"]*"', '<dimension ref="A1:XFD1048576"', xml)
        last = '<row r="1048576"><c r="XFD1048576"/></row>'
        return xml.replace("</sheetData>", f"{last}</sheetData>")

    data = changed(made([["username"], ["ann"]]), claim)
    assert [each.username for each in parse_people(decoded(data)[0]).people] == ["ann"]


def test_utf_16_is_known_without_its_mark() -> None:
    """As some programs write it."""
    for name in ("utf-16-le", "utf-16-be", "utf-16"):
        assert decoded("ann,Zürich\n".encode(name)) == ("ann,Zürich\n", True)
