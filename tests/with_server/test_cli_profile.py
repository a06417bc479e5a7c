"""`profile`: one whole person, as the real command writes it."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from cli_runs import environment, interrupted, of_sandbox, run, shared, stalled

from gitlab_sync.rules.scores.profile import TABLES, TITLES
from gitlab_sync.sandbox import Sandbox, World, demo_world

CAREFUL, CARELESS = "amelie.laurent", "ivo.brandt"
ADDRESS = re.compile(r"https?://\S+")

served, sandbox, world = shared(demo_world)


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


def text_of(environ: dict[str, str], *arguments: str, code: int = 0) -> str:
    """Run the command and return its text table."""
    done = run(environ, "profile", *arguments)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode()


def tables_of(environ: dict[str, str], *arguments: str, code: int = 0) -> dict[str, list[Any]]:
    """Run the command with JSON as its format, and return the rows by title."""
    done = run(environ, "profile", *arguments, "--format", "json")
    assert done.returncode == code, done.stderr.decode()
    tables: dict[str, list[Any]] = json.loads(done.stdout)
    return tables


def line_of(text: str, label: str) -> str:
    """Return the text after a label."""
    (line,) = [line for line in text.splitlines() if line.startswith(label)]
    return line.removeprefix(label).strip()


# -- the profile in words --------------------------------------------------------------------------


def test_the_numbers_are_those_that_the_world_was_made_with(
    world: World, environ: dict[str, str]
) -> None:
    """Below who it is, and with the profile README."""
    text = text_of(environ, CAREFUL)
    assert text.startswith("Amelie Laurent (@amelie.laurent, id 1)\nhttps://gitlab.demo.example/")
    mrs = [one for one in world.tables.merge_requests if one["author"]["username"] == CAREFUL]
    merged = sum(one["state"] == "merged" for one in mrs)
    assert line_of(text, "Merge requests").startswith(f"{len(mrs)} written, {merged} merged, ")
    issues = world.truth.issues()[CAREFUL]
    assert line_of(text, "Issues  ") == (
        f"{issues['Total Assigned']} written, {issues['Opened Issues']} open, "
        f"{issues['Closed Issues']} closed"
    )
    assert line_of(text, "Projects") == "1 personal, 3 contributed to"
    assert re.fullmatch(r"\d+h \d+m", line_of(text, "Time spent"))
    assert line_of(text, "Profile README").startswith("shown  https://")
    assert "no fault was found" in text


def test_what_to_mend_stands_there_the_worst_first(world: World, environ: dict[str, str]) -> None:
    """Each check with its count, its share, what to do, and links to the newest items."""
    text = text_of(environ, CARELESS)
    truth = world.truth.merge_requests()[CARELESS]
    ended = truth["Closed MRs"]
    for check in ("No Unit Tests", "No Internal Review", "No Semantic Commits"):
        share = f"{truth[check] / ended:.0%}"
        assert f"{check}: {truth[check]} of {ended} merge requests ({share})" in text
    severities = re.findall(r"^(high|medium|low) ", text, re.MULTILINE)
    assert severities == sorted(severities, key=("high", "medium", "low").index)
    addresses = {one["web_url"] for one in (*world.tables.merge_requests, *world.tables.issues)
                 if one["author"]["username"] == CARELESS}  # fmt: skip
    _, mend = text.split("What to fix", 1)
    assert set(ADDRESS.findall(mend)) <= addresses
    groups = mend.split("To do: ")[1:]
    assert len(groups) == len(severities)
    for group in groups:
        assert 1 <= len(ADDRESS.findall(group)) <= 3
    faults = sum(truth.values()) - ended
    issues = world.truth.issues()[CARELESS]
    faults += sum(issues.values()) - sum(issues[title] for title in list(issues)[:3])
    assert f"the most severe first: {faults} faults" in text


@pytest.mark.parametrize("name", [CAREFUL, CARELESS])
def test_the_text_fits_into_a_hundred_columns(name: str, environ: dict[str, str]) -> None:
    """Only URLs can be longer."""
    for line in text_of(environ, name).splitlines():
        assert len(ADDRESS.sub("", line)) <= 100
        assert len(line) <= 100 or ADDRESS.search(line)


def test_what_a_server_wrote_neither_breaks_lines_nor_takes_over_the_terminal(
    tmp_path: Path,
) -> None:
    """Long titles are cut, addresses are not."""
    world = demo_world()
    for mr in world.tables.merge_requests:
        mr["title"] = "\x1b[2Jgone\nagain " + "很长" * 80
    world.changed()
    with Sandbox(world) as strange:
        text = text_of(of_sandbox(strange, tmp_path), CARELESS)
    assert "\x1b" not in text
    assert "gone again" in text
    assert "…" in text
    addresses = {mr["web_url"] for mr in world.tables.merge_requests}
    assert addresses & set(ADDRESS.findall(text))


def test_somebody_without_ended_work_has_nothing_to_mend_yet(tmp_path: Path) -> None:
    """That is not the same as being without faults."""
    world = demo_world()
    for one in (*world.tables.merge_requests, *world.tables.issues):
        one["state"] = "opened"
    world.changed()
    with Sandbox(world) as open_alone:
        text = text_of(of_sandbox(open_alone, tmp_path), CARELESS)
    assert "nothing yet, since no merge request has ended" in text


def test_answers_that_nobody_knows_stand_apart(sandbox: Sandbox, environ: dict[str, str]) -> None:
    """With their number and the reason, and no fault is made of them."""
    sandbox.faults.add("status", status=403, path="/projects/:id/merge_requests/:iid/diffs",
                       times=None)  # fmt: skip
    text = text_of(environ, CAREFUL, "--source", "rest", code=3)
    mend, unknown = text.split("\nNot known", 1)
    assert "no fault is known" in mend
    assert "No Unit Tests: 18 merge requests: diffs not read: 403" in unknown


def test_a_part_that_cannot_be_read_is_a_question_mark(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """In the numbers and in the list of tables; the reason is at the top and on stderr."""
    sandbox.faults.add("status", status=403, path="/projects/:id/repository/commits", times=None)
    done = run(environ, "profile", CARELESS)
    text = done.stdout.decode()
    assert done.returncode == 3
    assert line_of(text, "Commits   ") == "?, ? in the morning, ? in the afternoon"
    assert line_of(text, "  Commits") == "?"
    assert line_of(text, "Error").startswith("commits: 403")
    assert b"7 of 8 parts of the profile read, 1 denied" in done.stderr
    assert b"hint: " in done.stderr


def test_a_number_that_may_be_higher_says_so(sandbox: Sandbox, environ: dict[str, str]) -> None:
    """And the faults are those that are known."""
    sandbox.faults.add("status", status=403, path="/issues", query={"assignee_id": "9"},
                       times=None)  # fmt: skip
    text = text_of(environ, CARELESS, code=3)
    assert line_of(text, "Issues  ").startswith("5 or more written, ")
    assert "There could be more: not all issues could be read" in text


# -- tables ----------------------------------------------------------------------------------------


def test_json_has_all_tables_and_they_agree(world: World, environ: dict[str, str]) -> None:
    """One object of titles and rows."""
    tables = tables_of(environ, CARELESS)
    assert tuple(tables) == TITLES
    (row,) = tables["Profile"]
    assert (row["Username"], row["Status"]) == (CARELESS, "Success")
    assert len(tables["Commits"]) == row["Commits Total"]
    assert len(tables["Contributed_Projects"]) == row["Projects (Contr)"]
    truth = world.truth.merge_requests()[CARELESS]
    for check in list(truth)[1:]:
        faults = [one for one in tables["To_Fix"]
                  if (one["Kind"], one["Check"]) == ("merge request", check)]  # fmt: skip
        cells = [one for one in tables["MergeRequests"] if one[check] == "fail"]
        assert len(faults) == len(cells) == truth[check]
        assert {one["Link"] for one in faults} == {one["Link"] for one in cells}
        assert all(one["How to Fix"] for one in faults)
    assert tables["Not_Known"] == []


def test_a_workbook_has_exactly_six_tables_and_says_where_they_come_from(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """Reopened, numbers are numbers and links lead to the items."""
    target = tmp_path / "profile.xlsx"
    done = run(environ, "profile", CARELESS, "--output", str(target))
    assert (done.returncode, done.stdout) == (0, b"")
    book = openpyxl.load_workbook(target)
    assert book.sheetnames == [*TABLES, "About"]
    tables = tables_of(environ, CARELESS)
    for title in TABLES:
        header, *rows = book[title].values
        assert len(rows) == len(tables[title])
        assert header[-2:] == ("Link", "Error")
        for place, row in enumerate(tables[title], start=2):
            assert book[title].cell(place, 1).hyperlink.target == row["Link"]
    (spent,) = book["Issues"].iter_cols(9, 9, 1, values_only=True)
    assert spent[0] == "Time Spent"
    assert all(isinstance(cell, int) for cell in spent[1:])
    about = dict(row[:2] for row in book["About"].values if row[0])
    assert about["Scope"] == f"profile of {CARELESS}, all their projects"
    assert about["Completeness"] == "8 of 8 parts of the profile read"


@pytest.mark.parametrize("title", TITLES)
def test_each_table_can_be_had_alone(title: str, environ: dict[str, str]) -> None:
    """In whatever case its title is typed; as JSON it is the list that the whole has."""
    alone = tables_of(environ, CAREFUL, "--part", title.lower())
    assert alone == tables_of(environ, CAREFUL)[title]


def test_a_format_that_holds_one_table_names_the_others(environ: dict[str, str]) -> None:
    """The first is the row with all numbers."""
    done = run(environ, "profile", CAREFUL, "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(done.stdout.decode(), newline=""))
    assert (row["Username"], row["README Text"][:8]) == (CAREFUL, "# Amelie")
    assert b"--part" in done.stderr
    assert b"To_Fix" in done.stderr
    done = run(environ, "profile", CARELESS, "--part", "To_Fix", "--format", "ndjson")
    faults = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(faults) == 110
    assert b"--part" not in done.stderr


def test_parquet_and_html_hold_the_tables(environ: dict[str, str], tmp_path: Path) -> None:
    """HTML all of them, with links; Parquet one, with types."""
    page, file = tmp_path / "profile.html", tmp_path / "issues.parquet"
    assert run(environ, "profile", CARELESS, "-o", str(page)).returncode == 0
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"<h[12] [^>]*>([^<]+)</h", text) == list(TITLES)
    assert "/-/merge_requests/" in text
    done = run(environ, "profile", CARELESS, "--part", "Issues", "-o", str(file))
    assert done.returncode == 0
    table = pq.read_table(file)
    assert table.num_rows == 7
    assert str(table.schema.field("Time Spent").type) == "int64"


@pytest.mark.parametrize("form", ["json", "csv", "html", "table"])
def test_a_table_that_cannot_be_read_is_not_empty(
    form: str, sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """It says why there is nothing in it."""
    sandbox.faults.add("status", status=403, path="/merge_requests", times=None)
    done = run(environ, "profile", CARELESS, "--part", "MergeRequests", "--format", form)
    assert done.returncode == 3
    assert b"not read: 403" in done.stdout
    assert b"merge requests: 403" in done.stderr


# -- who, and how it ends --------------------------------------------------------------------------


def test_somebody_who_does_not_exist_is_not_found(environ: dict[str, str]) -> None:
    """With the exit code that a missing person has everywhere."""
    done = run(environ, "profile", "no-such-person")
    assert done.returncode == 3
    assert b"Not Found" in done.stdout
    assert b"404 there is no user 'no-such-person'" in done.stderr
    (row,) = tables_of(environ, "no-such-person", code=3)["Profile"]
    assert (row["Status"], row["Commits Total"], row["Profile README"]) == ("Not Found", None, None)


def test_without_a_valid_token_nothing_can_be_read(sandbox: Sandbox, tmp_path: Path) -> None:
    """It is said, and the numbers are unknown."""
    environ = environment(tmp_path, GITLAB_URL=sandbox.url, GITLAB_TOKEN="of-nobody")
    (row,) = tables_of(environ, CAREFUL, code=4)["Profile"]
    assert (row["Status"], row["MR Total (Authored)"]) == ("Error", None)
    assert "401" in row["Error"]


def test_a_project_that_is_not_there_is_said(environ: dict[str, str]) -> None:
    """The others count; with none left there is nothing to show."""
    done = run(environ, "profile", CARELESS, "--project", "no/such")
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"no/such" in done.stderr
    both = ("--project", "no/such", "--project", "harbour/route-planner")
    tables = tables_of(environ, CARELESS, *both, code=3)
    items = {one["Merge Request"].split("!")[0] for one in tables["MergeRequests"]}
    assert items == {"harbour/route-planner"}


def test_quick_asks_nothing_about_single_merge_requests(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """What lists do not say is told, and is no failure."""
    text = text_of(environ, CARELESS, "--quick")
    assert "Failed Pipeline: 13 merge requests: " in text.split("\nNot known", 1)[1]
    assert "No Unit Tests" not in text
    assert not sandbox.traffic.count("/projects/:id/merge_requests/:iid/notes")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("",),
        ("a b",),
        ("glpat-0123456789abcdefghij",),
        (CAREFUL, CARELESS),
        (CAREFUL, "--part", "Nothing"),
    ],
)
def test_one_person_has_to_be_named(arguments: tuple[str, ...], environ: dict[str, str]) -> None:
    """By what can be a username; a token is none, and is not repeated."""
    done = run(environ, "profile", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"glpat-0123" not in done.stderr


def test_the_demo_shows_the_first_of_its_people(tmp_path: Path) -> None:
    """Or the person who is named."""
    environ = environment(tmp_path)
    assert "(@amelie.laurent, id 1)" in text_of(environ, "--demo")
    assert "(@kira.osei, id 11)" in text_of(environ, "--demo", "@Kira.Osei")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    "path",
    ["/projects/:id/merge_requests/:iid/notes", "/projects/:id/repository/commits",
     "/projects/:id/repository/tree", "/projects/:id/repository/files/:path"],
)  # fmt: skip
def test_an_interrupted_run_says_what_was_not_read(
    path: str, sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """Whatever it was just reading; what is there is written."""
    question = ("profile", CAREFUL, "-f", "json", "--source", "rest")
    done = interrupted(environ, *question, when=stalled(sandbox, path))
    assert done.returncode == 130, done.stderr.decode()
    (row,) = json.loads(done.stdout)["Profile"]
    assert row["Status"] == "Partial"
    assert "Ctrl-C" in row["Error"]
    # Commits are begun before the lists: these may have been under way, too.
    known = {22, None} if path.endswith("repository/commits") else {22}
    assert row["MR Total (Authored)"] in known
