"""Formats by name, and the names of files."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlab_sync.cli import options
from gitlab_sync.reports.formats import FORMATS, file_name
from gitlab_sync.reports.sheet import Meta, Sheet

META = Meta(datetime(2024, 1, 5, tzinfo=UTC), "https://gitlab.example", "1 of 1 read")
SHEET = Sheet("T", ("Username", "N"), [{"Username": "ann", "N": 3, "Error": None}], META)
DAY = date(2024, 1, 5)

BEGINNINGS = {
    "table": b"Username  N\n",
    "json": b'[\n  {\n    "Username": "ann"',
    "ndjson": b'{"Username":"ann","N":3,"Error":null}\n',
    "csv": b"Username,N\r\nann,3\r\n",
    "xlsx": b"PK\x03\x04",
    "parquet": b"PAR1",
    "html": b"<!doctype html>",
}


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_writes_what_its_name_says(name: str) -> None:
    """By the first bytes that programs know it by."""
    form = FORMATS[name]
    data = form.write(SHEET)
    assert form.name == name
    assert data.startswith(BEGINNINGS[name])


@pytest.mark.parametrize("name", FORMATS)
def test_only_what_is_not_binary_is_text(name: str) -> None:
    """A terminal can show the others."""
    form = FORMATS[name]
    try:
        form.write(SHEET).decode()
    except UnicodeDecodeError:
        assert form.binary
    else:
        assert not form.binary


def test_the_command_line_has_no_format_that_is_missing_here() -> None:
    """One place knows them all."""
    assert set(get_args(options.Format)) <= set(FORMATS)


def test_a_file_is_named_after_its_title_and_day() -> None:
    """As people know it from older reports."""
    name = file_name("Unified Batch Report", DAY, FORMATS["xlsx"])
    assert name == "Unified_Batch_Report_2024-01-05.xlsx"


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("--help", "help"),
        (".hidden", "hidden"),
        ('a"b\r\nc', "a_b_c"),
        ("टीम", "टीम"),
        ("", "Report"),
        ("???", "Report"),
    ],
)  # fmt: skip
def test_no_title_makes_an_unsafe_name(title: str, stem: str) -> None:
    """No folder, no option, no hidden file, no header of another line."""
    assert file_name(title, DAY, FORMATS["csv"]) == f"{stem}_2024-01-05.csv"


@settings(deadline=None)
@given(st.text())
def test_any_title_makes_a_name_that_file_systems_take(title: str) -> None:
    """Of at most 255 bytes, and of harmless characters only."""
    name = file_name(title, DAY, FORMATS["parquet"])
    assert len(name.encode()) <= 255
    stem = name.removesuffix("_2024-01-05.parquet")
    assert stem.replace("_", "").replace("-", "").isalnum() or not stem.isascii()
    assert not set(name) & set('/\\:*?"<>|\0\r\n')


OTHER = Sheet("Others", ("Name", "Note"), [{"Name": "b", "Note": None}], META, nothing={"Note"})


def test_several_tables_go_into_one_file_where_the_format_has_room() -> None:
    """A workbook has a sheet for each; a format of rows alone says that it holds but one."""
    several = {name: form.write_all for name, form in FORMATS.items()}
    assert {name for name, write in several.items() if write is None} == {
        "ndjson",
        "csv",
        "parquet",
    }
    for name in ("table", "html", "json"):
        write = several[name]
        assert write is not None
        text = write([SHEET, OTHER]).decode()
        assert text.index("T") < text.index("ann") < text.index("Others") < text.index("Note")


def test_several_tables_of_json_are_one_object_by_their_titles() -> None:
    """A program finds each by its name."""
    write = FORMATS["json"].write_all
    assert write is not None
    assert json.loads(write([SHEET, OTHER])) == {
        "T": [{"Username": "ann", "N": 3, "Error": None}],
        "Others": [{"Name": "b", "Note": None}],
    }


def test_a_table_in_text_has_nothing_where_null_means_that_there_is_nothing() -> None:
    """A question mark would say that it could not be read."""
    text = FORMATS["table"].write(OTHER).decode()
    assert text.splitlines()[-1] == "b"
