"""Usernames from arguments, files and standard input."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from cli_runs import of_sandbox, run

from gitlab_sync.cli.people import read_people
from gitlab_sync.sandbox import Sandbox


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


def write(tmp_path: Path, data: bytes) -> str:
    """Write a file of names and return its path."""
    path = tmp_path / "team.txt"
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize(
    "data",
    [
        b"ann\nbob\n",
        b"ann\r\nbob",
        b"\xef\xbb\xbfann\nbob\n",
        "ann\nbob\n".encode("utf-16"),
        b"# our team\n\n  ann  # lead\n\t\n@bob\n",
    ],
    ids=["plain", "Windows", "byte order mark", "UTF-16", "comments and blanks"],
)
def test_a_file_has_one_name_a_line(data: bytes, tmp_path: Path) -> None:
    """However the editor saved it."""
    people = read_people((), write(tmp_path, data))
    assert people.usernames == ["ann", "bob"]
    assert people.refused == []


@pytest.mark.parametrize(
    "name", ["ann smith", "ann,college", "a/b", "zoë", "x" * 256, "<ann>", "ann\0", "\x1b[2J"]
)
def test_a_name_that_cannot_be_one_is_named_with_its_line(name: str, tmp_path: Path) -> None:
    """The others go on."""
    path = write(tmp_path, f"ann\n\n{name}\nbob\n".encode())
    people = read_people((), path)
    assert people.usernames == ["ann", "bob"]
    assert len(people.refused) == 1
    assert f"{path}, line 3" in people.refused[0]
    assert all(character.isprintable() for character in people.refused[0])


def test_bytes_that_are_no_text_are_refused_line_by_line(tmp_path: Path) -> None:
    """One bad line does not spoil a file."""
    people = read_people((), write(tmp_path, b"ann\n\xff\xfe\xfa\nbob\n"))
    assert people.usernames == ["ann", "bob"]
    assert len(people.refused) == 1


def test_every_shape_that_gitlab_allows_is_taken() -> None:
    """Letters, digits, underscore, hyphen, dot; up to 255 of them."""
    names = ("a", "Ann_B-c.9", "_x", "project_12_bot_3f", "y" * 255)
    assert read_people(names, None).usernames == list(names)


def test_no_name_at_all_differs_from_an_empty_file(tmp_path: Path) -> None:
    """The first is a mistake, the second an answer."""
    assert not read_people((), None).asked
    assert read_people((), write(tmp_path, b"# nobody\n")).asked


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(click.UsageError, match=r"team\.txt"):
        read_people((), str(tmp_path / "team.txt"))


def test_names_of_file_and_arguments_are_read_together(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """Each person once, whatever the case."""
    path = write(tmp_path, b"Alice.Moreau\nbruno.rossi\n")
    done = run(environ, "issues", "alice.moreau", "--users-file", path, "-f", "json")
    names = [row["Username"] for row in json.loads(done.stdout)]
    assert names == ["alice.moreau", "bruno.rossi"]
    assert done.returncode == 0


def test_a_dash_is_standard_input(environ: dict[str, str]) -> None:
    """So that another program can name them."""
    done = run(environ, "issues", "--users-file", "-", "-f", "json", given=b"bruno.rossi\n")
    assert [row["Username"] for row in json.loads(done.stdout)] == ["bruno.rossi"]


def test_wrong_names_end_in_a_3_and_the_rest_is_read(environ: dict[str, str]) -> None:
    """Standard error says which; standard output has the rows of the others."""
    given = b"bruno.rossi\nann smith\n"
    done = run(environ, "issues", "--users-file", "-", "-f", "json", given=given)
    assert [row["Username"] for row in json.loads(done.stdout)] == ["bruno.rossi"]
    assert b"standard input, line 2: 'ann smith'" in done.stderr
    assert done.returncode == 3


@pytest.mark.parametrize(("form", "rows"), [("json", b"[]\n"), ("ndjson", b"")])
def test_an_empty_file_gives_no_rows_and_a_warning(
    form: str, rows: bytes, environ: dict[str, str]
) -> None:
    """It was given on purpose, so it is no mistake of usage."""
    done = run(environ, "mrs", "--users-file", "-", "-f", form)
    assert (done.returncode, done.stdout) == (0, rows)
    assert b"warning" in done.stderr


def test_an_empty_file_gives_a_header_in_csv(environ: dict[str, str]) -> None:
    """So that whatever reads it finds the columns."""
    done = run(environ, "mrs", "--users-file", "-", "-f", "csv")
    assert done.stdout.startswith(b"Username,Closed MRs,")
    assert done.stdout.count(b"\r\n") == 1
