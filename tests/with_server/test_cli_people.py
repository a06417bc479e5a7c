"""People from arguments, lists, CSV files and standard input."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import click
import openpyxl
import pytest
from cli_runs import of_sandbox, run, shared

from gitlab_sync.cli.messages import printable
from gitlab_sync.cli.people import Further, People, read_people
from gitlab_sync.sandbox import Sandbox

served, sandbox, world = shared()


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


def read(tmp_path: Path, data: bytes) -> People:
    """Return the people of a file with these bytes, `team.txt`."""
    path = tmp_path / "team.txt"
    path.write_bytes(data)
    return read_people((), [str(path)])


def joined(people: People, columns: tuple[str, ...] = ("Username",)) -> list[dict[str, object]]:
    """Return a row for each person with the further columns of a report that has `columns`."""
    further = Further(people, columns)
    return [further.join({"Username": name}) for name in people.usernames]


# -- lists -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"ann\nbob\n",
        b"ann\r\nbob",
        b"ann\rbob\r",
        b"\xef\xbb\xbfann\nbob\n",
        "ann\nbob\n".encode("utf-16"),
        b"# our team, first half\n\n  ann  # lead; since May\n\t\n@bob\n",
        b"username\nann\nbob\n",
    ],
    ids=["plain", "Windows", "old Mac", "byte order mark", "UTF-16", "comments", "header"],
)
def test_a_list_has_one_name_a_line(data: bytes, tmp_path: Path) -> None:
    """However the editor saved it."""
    people = read(tmp_path, data)
    assert people.usernames == ["ann", "bob"]
    assert people.refused == []
    assert people.titles == []


@pytest.mark.parametrize(
    "name", ["ann smith", "a/b", "zoë", "x" * 256, "<ann>", "ann\0", "\x1b[2J", "-ann"]
)
def test_a_name_that_cannot_be_one_is_named_with_its_line(name: str, tmp_path: Path) -> None:
    """The others go on."""
    people = read(tmp_path, f"ann\n\n{name}\nbob\n".encode())
    assert people.usernames == ["ann", "bob"]
    assert len(people.refused) == 1
    assert "team.txt, line 3: " in people.refused[0]
    assert printable(people.refused[0]).isprintable()


def test_bytes_that_are_no_utf_8_are_read_as_a_spreadsheet_writes_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And standard error says so, since it could be wrong; one bad line does not spoil a file."""
    people = read(tmp_path, "username;college\nann;Universität\nzoë;x\n".encode("cp1252"))
    assert joined(people) == [{"Username": "ann", "College": "Universität"}]
    assert len(people.refused) == 1
    assert "Windows-1252" in capsys.readouterr().err


def test_every_shape_that_gitlab_allows_is_taken() -> None:
    """Letters, digits, underscore, hyphen, dot; up to 255 of them."""
    names = ("a", "Ann_B-c.9", "_x", "project_12_bot_3f", "y" * 255)
    assert read_people(names).usernames == list(names)


def test_an_argument_that_is_no_name_is_named_with_its_place() -> None:
    """An `@` before a name is left out."""
    people = read_people(("@ann", "bob smith"))
    assert people.usernames == ["ann"]
    assert people.refused[0].startswith("argument 2: “bob smith” is not a valid username")


def test_no_name_at_all_differs_from_an_empty_file(tmp_path: Path) -> None:
    """The first is a mistake, the second an answer."""
    assert not read_people(()).asked
    assert read(tmp_path, b"# nobody\n").asked


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(click.UsageError, match=r"team\.txt"):
        read_people((), [str(tmp_path / "team.txt")])


def test_the_address_of_a_profile_is_a_person(environ: dict[str, str], sandbox: Sandbox) -> None:
    """As it is copied from a browser, by any command; a project's address is none."""
    address = f"{sandbox.url}/bruno.rossi"
    for command in ("issues", "commits", "profile", "weekly"):
        done = run(environ, command, address, "-f", "json")
        assert done.returncode == 0, done.stderr
        assert b"bruno.rossi" in done.stdout
    assert read_people((f"{sandbox.url}/a/b",)).refused


# -- CSV -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_further_columns_stand_in_the_order_of_the_file(sign: str, tmp_path: Path) -> None:
    """Whatever separates the cells, and wherever the username is; ids keep their zeros."""
    lines = ["Student ID,GitLab Username,Team", "0012,ann,", "0013,bob,A"]
    people = read(tmp_path, "\n".join(lines).replace(",", sign).encode())
    assert people.titles == ["Student ID", "Team"]
    assert joined(people) == [
        {"Username": "ann", "Student ID": "0012", "Team": ""},
        {"Username": "bob", "Student ID": "0013", "Team": "A"},
    ]


def test_a_csv_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    """The first is the username, the second the college."""
    people = read(tmp_path, b"ann,Delft,,x\nbob,,y,\n")
    assert joined(people) == [
        {"Username": "ann", "College": "Delft", "Column 3": "", "Column 4": "x"},
        {"Username": "bob", "College": "", "Column 3": "y", "Column 4": ""},
    ]


def test_an_at_sign_before_a_name_is_left_out_in_a_cell_as_in_a_list(tmp_path: Path) -> None:
    """And a comment behind a name in a list, too."""
    assert read(tmp_path, b"username,team\n@ann,A\n").usernames == ["ann"]
    assert read(tmp_path, b"\t@ann  # lead\n@bob\n").usernames == ["ann", "bob"]


def test_a_college_comes_first_under_the_title_that_reports_have(tmp_path: Path) -> None:
    """Whatever the file calls it."""
    people = read(tmp_path, b"username,team,University\nann,A,Delft\n")
    assert people.titles == ["College", "team"]


def test_a_title_that_the_report_has_gets_a_number(tmp_path: Path) -> None:
    """Without regard to case, so that no file has two columns of one name."""
    people = read(tmp_path, b"username,status,Status (2)\nann,x,y\n")
    assert joined(people, ("Username", "Status")) == [
        {"Username": "ann", "status (2)": "x", "Status (2) (2)": "y"}
    ]


def test_a_hash_in_a_csv_is_a_comment_only_at_the_start_of_a_line(tmp_path: Path) -> None:
    """A cell can hold one, and a column of numbers can be called so."""
    people = read(tmp_path, b"# made in May\n#,username,section\n1,ann,Section #2\n")
    assert joined(people) == [{"Username": "ann", "#": "1", "section": "Section #2"}]


def test_lines_of_a_csv_keep_their_numbers(tmp_path: Path) -> None:
    """Comments and blank lines count."""
    people = read(tmp_path, b"# x\nusername,team\n\nann,A\n,B\nbob smith,C\n")
    assert [fault.partition("team.txt, ")[2][:7] for fault in people.refused] == [
        "line 5:", "line 6:",
    ]  # fmt: skip


def test_a_file_beyond_the_bounds_of_lists_is_refused_by_its_name(tmp_path: Path) -> None:
    """It is not a list of people, and reading it would take long."""
    with pytest.raises(click.UsageError, match=r"team.txt is too large: more than 250,000 lines"):
        read(tmp_path, b"\r" * 1_000_000)


def test_who_is_in_two_files_has_the_columns_of_both(tmp_path: Path) -> None:
    """And is there once, as first spelled."""
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("username,team\nAnn,A\n", encoding="utf-8")
    second.write_text("username,section\nann,3\nbob,4\n", encoding="utf-8")
    people = read_people(("ann",), [str(first), str(second)])
    assert joined(people) == [
        {"Username": "ann", "team": "A", "section": "3"},
        {"Username": "bob", "team": "", "section": "4"},
    ]


def test_the_demos_people_have_no_further_columns() -> None:
    """No one was named, and rows stay as they are."""
    assert Further(People(), ("Username",)).join({"Username": "ann"}) == {"Username": "ann"}


# -- with the command ------------------------------------------------------------------------------


def test_names_of_file_and_arguments_are_read_together(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """Each person once, whatever the case."""
    path = tmp_path / "team.txt"
    path.write_bytes(b"Alice.Moreau\nbruno.rossi\n")
    done = run(environ, "issues", "alice.moreau", "--users-file", str(path), "-f", "json")
    names = [row["Username"] for row in json.loads(done.stdout)]
    assert names == ["alice.moreau", "bruno.rossi"]
    assert done.returncode == 0


@pytest.mark.parametrize("command", ["mrs", "issues"])
@pytest.mark.parametrize("form", ["json", "ndjson", "csv", "table"])
def test_further_columns_come_behind_those_of_the_report(
    command: str, form: str, environ: dict[str, str]
) -> None:
    """Also for who is spelled otherwise, and for who does not exist."""
    given = b"Status;Username;Team\nx;BRUNO.ROSSI;A 1\ny;no-such-person;\n"
    done = run(environ, command, "--users-file", "-", "-f", form, given=given)
    text = done.stdout.decode()
    if form == "table":
        lines = text.splitlines()
        assert lines[0].endswith("Unverified  Status (2)  Team")
        assert lines[2].endswith("  x           A 1")
        assert lines[3].endswith("  y")
        return
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    else:
        rows = json.loads(text) if form == "json" else [*map(json.loads, text.splitlines())]
    further = {row["Username"]: list(row.items())[-2:] for row in rows}
    assert further == {
        "bruno.rossi": [("Status (2)", "x"), ("Team", "A 1")],
        "no-such-person": [("Status (2)", "y"), ("Team", "")],
    }


def test_wrong_names_end_in_a_3_and_the_rest_is_read(environ: dict[str, str]) -> None:
    """Standard error says which; standard output has the rows of the others."""
    given = b"bruno.rossi\nann smith\n"
    done = run(environ, "issues", "--users-file", "-", "-f", "json", given=given)
    assert [row["Username"] for row in json.loads(done.stdout)] == ["bruno.rossi"]
    assert "standard input, line 2: “ann smith”" in done.stderr.decode()
    assert done.returncode == 3


@pytest.mark.parametrize(("form", "rows"), [("json", b"[]\n"), ("ndjson", b"")])
def test_an_empty_file_gives_no_rows_and_a_warning(
    form: str, rows: bytes, environ: dict[str, str]
) -> None:
    """It was given on purpose, so it is no mistake of usage."""
    done = run(environ, "mrs", "--users-file", "-", "-f", form)
    assert (done.returncode, done.stdout) == (0, rows)
    assert b"warning" in done.stderr


def test_a_file_without_a_column_of_usernames_is_refused_with_its_columns(
    environ: dict[str, str],
) -> None:
    """By every command, before anything is read."""
    given = b"Last Name,First Name,Email Address\nMoreau,Alice,a@b.example\n"
    for command in ("mrs", "users", "commits", "weekly"):
        done = run(environ, command, "--users-file", "-", given=given)
        assert (done.returncode, done.stdout) == (2, b"")
        assert (
            "standard input has no column of usernames (username, login, user, …), only: "
            "Last Name, First Name, Email Address" in done.stderr.decode()
        )


def test_a_workbook_is_a_list_of_people(environ: dict[str, str], tmp_path: Path) -> None:
    """Its further columns follow, as those of a CSV; a broken one is refused by its name."""
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Student ID", "GitLab Username"])
    book.worksheets[0].append([17, "bruno.rossi"])
    book.save(path := tmp_path / "class.xlsx")
    (row,) = json.loads(run(environ, "mrs", "--users-file", str(path), "-f", "json").stdout)
    assert (row["Username"], row["Student ID"]) == ("bruno.rossi", "17")
    path.write_bytes(path.read_bytes()[:500])
    done = run(environ, "mrs", "--users-file", str(path))
    assert done.returncode == 2
    assert "class.xlsx: the workbook cannot be read" in done.stderr.decode()


def test_an_empty_file_gives_a_header_in_csv(environ: dict[str, str]) -> None:
    """So that whatever reads it finds the columns."""
    done = run(environ, "mrs", "--users-file", "-", "-f", "csv")
    assert done.stdout.startswith(b"Username,Closed MRs,")
    assert done.stdout.count(b"\r\n") == 1
