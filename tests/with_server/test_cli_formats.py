"""The formats of a report: which one it gets, and what is in the files."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path

import openpyxl
import pytest
from cli_runs import of_sandbox, run, run_process, shared

from gitlab_sync.cli.options import BINARY, SUFFIXES
from gitlab_sync.reports.formats import FORMATS
from gitlab_sync.rules.items.table import ISSUE_COLUMNS
from gitlab_sync.sandbox import Sandbox

PEOPLE = ("alice.moreau", "bruno.rossi")

served, sandbox, world = shared()


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


def names_in(data: bytes, form: str) -> list[object]:
    """Return the usernames that a binary file holds, in order."""
    if form == "xlsx":
        rows = openpyxl.load_workbook(io.BytesIO(data))["Issues"].iter_rows(values_only=True)
        return [row[0] for row in rows][1:]
    parquet = pytest.importorskip("pyarrow.parquet")
    names: list[object] = parquet.read_table(io.BytesIO(data))["Username"].to_pylist()
    return names


def test_the_options_know_the_formats_of_the_exporters() -> None:
    """Help cannot load those, so it has a list of its own."""
    assert {form.suffix: name for name, form in FORMATS.items()}.items() <= SUFFIXES.items()
    assert set(SUFFIXES.values()) == set(FORMATS)
    assert {name for name, form in FORMATS.items() if form.binary} == set(BINARY)


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("rows.json", b"[\n"),
        ("rows.NDJSON", b'{"Username"'),
        ("rows.jsonl", b'{"Username"'),
        ("rows.csv", b"Username,"),
        ("rows.xlsx", b"PK"),
        ("rows.parquet", b"PAR1"),
        ("rows.html", b"<!doctype html>"),
        ("rows.htm", b"<!doctype html>"),
        ("rows.txt", b"Username  "),
        ("rows", b"Username  "),
    ],
)
def test_the_format_follows_the_name_of_the_file(
    name: str, begins: bytes, environ: dict[str, str], tmp_path: Path
) -> None:
    """Whatever the case of its ending."""
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    path = tmp_path / name
    done = run(environ, "issues", *PEOPLE, "--output", str(path))
    assert (done.returncode, done.stdout) == (0, b"")
    assert path.read_bytes().startswith(begins)


def test_a_format_that_is_given_goes_before_the_name(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """A person could want JSON in a file with another name."""
    path = tmp_path / "rows.csv"
    run(environ, "issues", *PEOPLE, "--output", str(path), "--format", "json")
    assert [row["Username"] for row in json.loads(path.read_bytes())] == list(PEOPLE)


@pytest.mark.parametrize("form", BINARY)
def test_a_binary_format_may_go_into_a_pipe(form: str, environ: dict[str, str]) -> None:
    """Byte by byte as into a file."""
    if form == "parquet":
        pytest.importorskip("pyarrow")
    done = run(environ, "issues", *PEOPLE, "--format", form)
    assert done.returncode == 0
    assert names_in(done.stdout, form) == list(PEOPLE)


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
@pytest.mark.parametrize("form", BINARY)
@pytest.mark.parametrize("command", [("issues", *PEOPLE), ("members", "a")])
def test_a_binary_format_on_a_terminal_is_wrong_usage(
    form: str, command: tuple[str, ...], environ: dict[str, str], sandbox: Sandbox
) -> None:
    """It would spoil the terminal; the message says what to give."""
    import pty

    ours, its = pty.openpty()
    with os.fdopen(ours, "rb"), os.fdopen(its, "wb") as terminal:
        done = run(environ, *command, "--format", form, terminal=terminal)
    assert done.returncode == 2
    assert b"--output" in done.stderr
    assert sandbox.traffic.total == 0


def test_a_workbook_has_numbers_links_and_a_sheet_about_them(
    environ: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    """When, from where, how complete, what was asked, and by which rules."""
    path = tmp_path / "rows.xlsx"
    given = b"username,id\nalice.moreau,=1+1\nno-such-person,7\n"
    done = run(environ, "issues", "--users-file", "-", "-o", str(path), "--group", "1",
               "--project", "101", given=given)  # fmt: skip
    assert done.returncode == 3
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Issues", "About"]
    header, alice, nobody = book["Issues"].iter_rows()
    assert [cell.value for cell in header] == [*ISSUE_COLUMNS, "id"]
    assert isinstance(alice[1].value, int)
    assert alice[0].hyperlink.target == f"{sandbox.url}/alice.moreau"
    assert nobody[0].hyperlink is None
    assert nobody[1].value is None
    assert alice[len(ISSUE_COLUMNS)].value == "'=1+1"
    about = {row[0]: row[1] for row in book["About"].iter_rows(values_only=True)}
    assert about["GitLab"] == sandbox.url
    assert about["Scope"] == "issues by author, project 101"
    assert "issues read" in about["Completeness"]
    assert about["Rules"].startswith("version ")
    assert about["Data as of"].endswith(" UTC")


def test_parquet_says_in_itself_where_it_comes_from(
    environ: dict[str, str], sandbox: Sandbox
) -> None:
    """And counts are integers, even if no one has one."""
    parquet = pytest.importorskip("pyarrow.parquet")
    done = run(environ, "issues", "no-such-person", "-f", "parquet", "--group", "harbour")
    table = parquet.read_table(io.BytesIO(done.stdout))
    assert str(table.schema.field("Closed Issues").type) == "int64"
    said = {key.decode(): text.decode() for key, text in table.schema.metadata.items()}
    assert said["gitlab_sync.instance"] == sandbox.url
    assert said["gitlab_sync.scope"] == "issues by author, group harbour and its subgroups"


def test_a_page_says_below_the_table_where_it_comes_from(environ: dict[str, str]) -> None:
    """And shows what is not known as a question mark."""
    done = run(environ, "issues", *PEOPLE, "no-such-person", "-f", "html")
    text = done.stdout.decode()
    assert re.search(r"<dt>Completeness</dt><dd>\d+ of \d+ issues read</dd>", text)
    assert "issues by author, the whole instance" in text
    assert text.rindex("alice.moreau") < text.index("no-such-person") < text.rindex("?</abbr>")


@pytest.mark.parametrize("form", FORMATS)
def test_a_run_that_fails_leaves_the_old_file_as_it_was(
    form: str, environ: dict[str, str], tmp_path: Path
) -> None:
    """And no other one next to it."""
    if form == "parquet":
        pytest.importorskip("pyarrow")
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "rows"
    path.write_bytes(b"old")
    done = run(environ, "members", "no/such/group", "-f", form, "-o", str(path))
    assert done.returncode == 4
    assert path.read_bytes() == b"old"
    assert list(folder.iterdir()) == [path]


def test_parquet_without_its_library_is_wrong_usage_before_anything_is_asked(
    environ: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    """And says what to install."""
    hidden = tmp_path / "pyarrow"
    hidden.mkdir()
    text = "raise ModuleNotFoundError('hidden by a test')\n"
    (hidden / "__init__.py").write_text(text, encoding="utf-8")
    path = tmp_path / "rows.parquet"
    told = {**environ, "PYTHONPATH": str(tmp_path)}
    done = run_process(told, "issues", *PEOPLE, "-o", str(path))
    assert done.returncode == 2
    assert b"pip install" in done.stderr
    assert not path.exists()
    assert sandbox.traffic.total == 0
