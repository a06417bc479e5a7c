"""`weekly`: people's days, as the real command writes them."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from cli_runs import environment, interrupted, of_sandbox, run, shared, stalled

from gitlab_sync.rules.scores.weekly import MEASURES
from gitlab_sync.sandbox import Sandbox, World, demo_world

WEEK = [f"2026-06-{day:02}" for day in range(9, 16)]
LAST_WEEK = ("--until", "2026-06-15", "--timezone", "UTC")
PERSON = ["Team Name", "Full Name", "GitLab Username"]
TITLES = ["Overview", *MEASURES.values()]

# Most happens within a few weeks, the last of them in June 2026.
served, sandbox, world = shared(demo_world)


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox; the token is Amelie's."""
    return of_sandbox(sandbox, tmp_path)


@pytest.fixture
def listed(tmp_path: Path) -> str:
    """Return a file with two teams."""
    path = tmp_path / "class.csv"
    path.write_text(
        "GitLab Username,Full Name,Team Name\n"
        "eli.navarro,Eli N.,Lantern\nbo.lindqvist,Bo L.,Compass\n@AMELIE.LAURENT,,Compass\n",
        encoding="utf-8-sig",
    )
    return str(path)


def tables_of(
    environ: dict[str, str], *arguments: str, code: int = 0, given: bytes = b""
) -> dict[str, list[dict[str, Any]]]:
    """Run the command with JSON as its format, and return the tables."""
    done = run(environ, "weekly", *arguments, "--format", "json", given=given)
    assert done.returncode == code, done.stderr.decode()
    tables: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return tables


def days_of(environ: dict[str, str], *arguments: str) -> list[str]:
    """Return the columns of the days."""
    rows = tables_of(environ, "kira.osei", *arguments)["Commits"]
    return [title for title in rows[0] if title[0].isdigit()]


# -- who -------------------------------------------------------------------------------------------


def test_people_of_a_file_are_shown_by_team(
    environ: dict[str, str], listed: str, world: World
) -> None:
    """With the names of the file, else GitLab's, and the numbers of the world."""
    tables = tables_of(environ, "--people", listed, *LAST_WEEK)
    assert list(tables) == TITLES
    for rows in tables.values():
        assert [[row[title] for title in PERSON] for row in rows] == [
            ["Compass", "Amelie Laurent", "amelie.laurent"],
            ["Compass", "Bo L.", "bo.lindqvist"],
            ["Lantern", "Eli N.", "eli.navarro"],
        ]
    merged = [
        (mr["author"]["username"], mr["merged_at"][:10])
        for mr in world.tables.merge_requests
        if mr["merged_at"]
    ]
    for row in tables["Merge Requests"]:
        counts = [merged.count((row["GitLab Username"], day)) for day in WEEK]
        assert [row[day] for day in WEEK] == counts
        assert row["Total"] == sum(counts)
        assert row["Change"] == row["Total"] - row["Before"]
    assert sum(row["Total"] for row in tables["Merge Requests"]) > 3


def test_arguments_and_groups_name_people_too(environ: dict[str, str], listed: str) -> None:
    """Each once, and what the file says of them stays; bots are left out."""
    rows = tables_of(
        environ, "Eli.Navarro", "--people", listed, "--members-of", "harbour", *LAST_WEEK
    )["Commits"]
    teams = {row["GitLab Username"]: row["Team Name"] for row in rows}
    assert len(teams) == len(rows) == 12
    assert teams["eli.navarro"] == "Lantern"
    assert teams["kira.osei"] == ""


def test_bad_lines_are_named_and_the_rest_is_read(environ: dict[str, str]) -> None:
    """From standard input as well, and in the encoding of a spreadsheet."""
    given = "Red;Zoë;bo.lindqvist\nRed;Bob Ray\nRed;Ann;ann smith\n".encode("cp1252")
    done = run(environ, "weekly", "--people", "-", *LAST_WEEK, "-f", "csv", given=given)
    assert done.returncode == 3
    said = done.stderr.decode()
    assert "standard input, line 2: no username: left out" in said
    assert "standard input, line 3: “ann smith” is not a valid username" in said
    assert "Windows-1252" in said
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))
    assert [row["Full Name"] for row in rows] == ["Zoë"]


def test_an_empty_file_gives_empty_tables_and_a_warning(environ: dict[str, str]) -> None:
    """It was given on purpose, so it is no mistake of usage."""
    assert tables_of(environ, "--people", "-", *LAST_WEEK) == {title: [] for title in TITLES}
    done = run(environ, "weekly", "--people", "-", *LAST_WEEK, "-f", "csv")
    assert done.stdout.decode() == ",".join(
        [*PERSON, *WEEK, "Total", "Change", "Status", "Error\r\n"]
    )
    assert b"warning" in done.stderr


def test_somebody_has_to_be_named_but_for_the_demo(environ: dict[str, str], tmp_path: Path) -> None:
    """There everybody is shown, in its last week."""
    assert run(environ, "weekly").returncode == 2
    assert run(environ, "weekly", "--people", str(tmp_path / "none.csv")).returncode == 2
    rows = tables_of(environment(tmp_path), "--demo", "--timezone", "UTC")["Commits"]
    assert len(rows) > 10
    assert list(rows[0])[3:10] == WEEK
    assert sum(row["Total"] for row in rows) > 10


# -- when ------------------------------------------------------------------------------------------


def test_without_days_it_is_the_week_up_to_today(environ: dict[str, str]) -> None:
    """In the named zone, where it can be tomorrow already."""
    zone = ZoneInfo("Pacific/Kiritimati")
    earliest = datetime.now(zone).date()
    found = days_of(environ, "--timezone", zone.key)
    latest = datetime.now(zone).date()
    weeks = [
        [str(today - timedelta(days=back)) for back in range(6, -1, -1)]
        for today in (earliest, latest)
    ]
    assert found in weeks


def test_days_are_a_day_a_range_or_a_week_up_to_one(environ: dict[str, str]) -> None:
    """A time counts as its day in the zone."""
    zone = ("--timezone", "Asia/Kolkata")
    assert days_of(environ, "--day", "2026-06-15", *zone) == ["2026-06-15"]
    assert days_of(environ, "--day", "2026-06-14T20:00:00Z", *zone) == ["2026-06-15"]
    assert days_of(environ, "--until", "2026-06-15", *zone) == WEEK
    assert days_of(environ, "--since", "2026-06-09", "--until", "2026-06-15", *zone) == WEEK
    range_of_45 = days_of(environ, "--since", "2026-05-02", "--until", "2026-06-15", *zone)
    assert (len(range_of_45), range_of_45[0]) == (45, "2026-05-02")
    assert days_of(environ, "--until", "9999-12-31", *zone)[-1] == "9999-12-31"


def test_a_day_can_be_a_week_or_a_word(environ: dict[str, str]) -> None:
    """In the demo by its own calendar."""
    for day, first, number in (("2026-W23", "2026-06-01", 7), ("yesterday", "2026-06-14", 1)):
        rows = tables_of(environ, "--demo", "--day", day)["Commits"]
        days = [title for title in rows[0] if re.fullmatch(r"[0-9]{4}-[0-9-]{5}", title)]
        assert (days[0], len(days)) == (first, number)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "2026-05-01", "--until", "2026-06-15"), ("2026-05-01 to 2026-06-15", "46")),
        (("--since", "2026-06-15", "--until", "2026-06-01"), ("2026-06-15", "2026-06-01")),
        (("--since", "2023-01-01"), ("2023-01-01 to ", "at most 45 days")),
        (("--day", "someday"), ("someday",)),
        (("--day", "0001-01-01"), ("0001-01-01",)),
        (("--until", "0001-01-03"), ("0001-01-03",)),
        (("--day", "2026-06-15", "--until", "2026-06-15"), ("--day excludes",)),
        (("--part", "Lines of Code"), ("time spent",)),
        (("--timezone", "Mars/Base"), ("Mars/Base",)),
    ],
)
def test_days_that_cannot_be_are_refused_with_what_was_given(
    arguments: tuple[str, ...], words: tuple[str, ...], environ: dict[str, str], sandbox: Sandbox
) -> None:
    """Before anything is asked."""
    done = run(environ, "weekly", "kira.osei", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert all(word in done.stderr.decode() for word in words)
    assert not sandbox.traffic.total


# -- hours -----------------------------------------------------------------------------------------


def test_hours_are_the_token_owners_alone_unless_everybodys_are_asked_for(
    environ: dict[str, str], listed: str, sandbox: Sandbox
) -> None:
    """If GitLab does not say who owns the token, no one is shown with them."""

    def with_hours(*arguments: str) -> list[str]:
        rows = tables_of(environ, "--people", listed, *LAST_WEEK, *arguments)["Overview"]
        return [row["GitLab Username"] for row in rows if ", at " in str(row)]

    assert with_hours() == ["amelie.laurent"]
    assert with_hours("--hours") == ["amelie.laurent", "bo.lindqvist", "eli.navarro"]
    sandbox.faults.add("status", status=403, path="/user", times=None)
    assert with_hours() == []


# -- formats ---------------------------------------------------------------------------------------


def test_a_table_is_the_overview_or_the_part_that_is_named(
    environ: dict[str, str], listed: str
) -> None:
    """In whatever case it is."""
    done = run(environ, "weekly", "--people", listed, *LAST_WEEK)
    header, _, *rows = done.stdout.decode().splitlines()
    assert header.split() == [*" ".join(PERSON).split(), *WEEK, "Total", "Change", "Status"]
    assert len(rows) == 3
    assert all(" MR" in row and " commit" in row and row.endswith("Success") for row in rows)
    done = run(environ, "weekly", "--people", listed, *LAST_WEEK, "--part", "time spent")
    header, _, *rows = done.stdout.decode().splitlines()
    assert header.split()[-4:] == ["Total", "Before", "Change", "Status"]
    assert all(cell.lstrip("-").isdigit() for row in rows for cell in row.split()[-11:-1])


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_a_format_that_holds_one_table_has_the_overview_or_the_part(
    form: str, environ: dict[str, str], listed: str, tmp_path: Path
) -> None:
    """And standard error says how to have the others."""

    def titles(*arguments: str) -> tuple[list[str], str]:
        path = tmp_path / f"week.{form}"
        done = run(environ, "weekly", "--people", listed, *LAST_WEEK, *arguments, "-o", str(path))
        assert done.returncode == 0
        if form == "parquet":
            parquet = pytest.importorskip("pyarrow.parquet")
            return parquet.read_table(path).column_names, done.stderr.decode()
        text = path.read_text(encoding="utf-8")
        first = text.splitlines()[0]
        return (first.split(",") if form == "csv" else list(json.loads(first))), (
            done.stderr.decode()
        )

    overview, said = titles()
    assert overview == [*PERSON, *WEEK, "Total", "Change", "Status", "Error"]
    assert "--part" in said
    numbers, said = titles("--part", "Issues")
    assert numbers == [*PERSON, *WEEK, "Total", "Before", "Change", "Status", "Error"]
    assert "--part" not in said


def test_a_workbook_has_a_sheet_for_each_table(
    environ: dict[str, str], listed: str, tmp_path: Path
) -> None:
    """Numbers are numbers, usernames lead to GitLab, and the last sheet says what was asked."""
    path = tmp_path / "week.xlsx"
    done = run(environ, "weekly", "--people", listed, *LAST_WEEK, "--output", str(path))
    assert (done.returncode, done.stdout) == (0, b"")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [*TITLES, "About"]
    sheet = book["Time Spent"]
    assert all(isinstance(cell.value, int) for cell in sheet[2][3:13])
    assert sheet["C2"].hyperlink.target == f"{environ['GITLAB_URL']}/amelie.laurent"
    about = str(list(book["About"].values))
    assert "work by day, all their projects, 2026-06-09 to 2026-06-15 in UTC" in about


def test_a_page_holds_all_tables(environ: dict[str, str], listed: str) -> None:
    """Each with its title."""
    done = run(environ, "weekly", "--people", listed, *LAST_WEEK, "-f", "html")
    page = done.stdout.decode()
    assert page.count("<table>") == len(TITLES)
    assert all(f">{title}<" in page for title in TITLES)


# -- what could not be read ------------------------------------------------------------------------


def test_what_is_not_known_is_a_question_mark_or_null_and_never_nothing(
    environ: dict[str, str], sandbox: Sandbox
) -> None:
    """Of a person who does not exist, and if commits are denied."""
    sandbox.faults.add("status", status=403, path="/projects/:id/repository/commits", times=None)
    tables = tables_of(environ, "eli.navarro", "no-such-person", *LAST_WEEK, code=3)
    eli, nobody = tables["Overview"]
    assert (eli["Status"], nobody["Status"]) == ("Partial", "Not Found")
    assert all("? commits" in eli[day] and "? MRs" not in eli[day] for day in WEEK)
    assert nobody["Total"] == nobody[WEEK[0]] == "? MRs, ? issues, ? commits, ? h"
    for row in tables["Commits"]:
        assert [row[title] for title in (*WEEK, "Total", "Change")] == [None] * 9
    done = run(environ, "weekly", "eli.navarro", *LAST_WEEK, "--part", "commits")
    assert done.stdout.decode().splitlines()[2].split().count("?") == 10
    assert b"1 in part" in done.stderr
    assert b"commits: 403" in done.stderr


def test_where_graphql_is_off_time_is_not_known(world: World, tmp_path: Path) -> None:
    """And the row says why."""
    with Sandbox(world, graphql=False) as older:
        tables = tables_of(of_sandbox(older, tmp_path), "eli.navarro", *LAST_WEEK, code=3)
    assert tables["Overview"][0]["Total"].endswith(", ? h")
    assert tables["Time Spent"][0]["Total"] is None
    assert "time logs: 404" in tables["Time Spent"][0]["Error"]


def test_a_project_that_is_not_there_is_said(environ: dict[str, str]) -> None:
    """The others count; with none left there is nothing to show."""
    done = run(environ, "weekly", "kira.osei", *LAST_WEEK, "--project", "no/such", "-f", "json")
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"no/such" in done.stderr
    two = ("--project", "no/such", "--project", "harbour/route-planner")
    tables_of(environ, "kira.osei", *LAST_WEEK, *two, code=3)


def test_without_a_valid_token_nothing_can_be_read(sandbox: Sandbox, tmp_path: Path) -> None:
    """Every row says so."""
    environ = environment(tmp_path, GITLAB_URL=sandbox.url, GITLAB_TOKEN="of-nobody")
    tables = tables_of(environ, "kira.osei", *LAST_WEEK, code=4)
    assert tables["Overview"][0]["Status"] == "Error"
    assert tables["Issues"][0]["Total"] is None


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("path", ["/merge_requests", "/projects/:id/repository/commits"])
def test_an_interrupted_run_gives_rows_that_say_what_was_not_read(
    path: str, sandbox: Sandbox, environ: dict[str, str], listed: str
) -> None:
    """Whatever it was just reading."""
    question = ("weekly", "--people", listed, *LAST_WEEK, "-f", "json")
    done = interrupted(environ, *question, when=stalled(sandbox, path))
    assert done.returncode == 130, done.stderr.decode()
    rows = json.loads(done.stdout)["Overview"]
    assert len(rows) == 3
    assert all("Ctrl-C" in row["Error"] for row in rows)
