"""`users`: a row for each whole person, as the real command writes it."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cli_runs import environment, interrupted, of_sandbox, run, shared, stalled

from gitlab_sync.rules.scores.unified import QUICK_UNIFIED_COLUMNS, UNIFIED_COLUMNS
from gitlab_sync.sandbox import Sandbox, World

MERGE_REQUESTS = {
    "MR No Desc": "No Desc", "MR No Issues": "No Issues", "MR No Time": "No Time Spent",
    "MR Failed Pipe": "Failed Pipeline", "MR No Semantic": "No Semantic Commits",
    "MR No Review": "No Internal Review", "MR No Unit Tests": "No Unit Tests",
    "MR > 2 Days": "Merge > 2 Days", "MR > 1 Week": "Merge > 1 Week",
}  # fmt: skip
ISSUES = {
    "Issue Total (Auth)": "Total Assigned", "Issue Closed": "Closed Issues",
    "Issue No Desc": "No Desc", "Issue No Labels": "No Labels",
    "Issue No Milestone": "No Milestone", "Issue No Time": "No Time Spent",
    "Issue Long Open": "Long Open Time (>2 days)", "Issue No Semantic": "No Semantic Title",
}  # fmt: skip

served, sandbox, world = shared()


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


@pytest.fixture
def people(world: World) -> list[str]:
    """Return the usernames of the sandbox's people, sorted as rows are."""
    return sorted(world.truth.usernames, key=str.lower)


def rows_of(environ: dict[str, str], *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """Run the command with JSON as its format, and return the rows."""
    done = run(environ, "users", *arguments, "--format", "json")
    assert done.returncode == code, done.stderr.decode()
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_the_counts_are_those_that_the_world_was_made_with(
    world: World, environ: dict[str, str], people: list[str]
) -> None:
    """Fully evaluated, with all columns in order."""
    rows = rows_of(environ, *reversed(people))
    assert [row["Username"] for row in rows] == people
    mrs, issues = world.truth.merge_requests(), world.truth.issues()
    for row in rows:
        assert tuple(row) == UNIFIED_COLUMNS
        name = row["Username"]
        assert {title: row[title] for title in MERGE_REQUESTS} == {
            title: mrs[name][theirs] for title, theirs in MERGE_REQUESTS.items()
        }
        assert {title: row[title] for title in ISSUES} == {
            title: issues[name][theirs] for title, theirs in ISSUES.items()
        }
        wrote = [one for one in world.truth.merge_request_decisions if one.author == name]
        assert row["MR Total (Authored)"] == len(wrote)
        assert (row["Status"], row["Error"], row["Unverified"]) == ("Success", None, 0)


def test_a_project_narrows_the_items_down(
    sandbox: Sandbox, world: World, environ: dict[str, str], people: list[str]
) -> None:
    """By id, path or URL, and several together; faults only of what is counted."""
    first, second = world.tables.projects[:2]
    for given, ids in (
        ((first["path_with_namespace"],), {first["id"]}),
        ((f"{sandbox.url}/{first['path_with_namespace']}",), {first["id"]}),
        ((str(first["id"]), second["path_with_namespace"]), {first["id"], second["id"]}),
    ):
        truth = world.truth.merge_requests(project_ids=ids)
        options = [part for name in given for part in ("--project", name)]
        for row in rows_of(environ, *people, *options):
            assert {title: row[title] for title in MERGE_REQUESTS} == {
                title: truth[row["Username"]][theirs] for title, theirs in MERGE_REQUESTS.items()
            }


def test_a_project_that_is_not_there_is_said(environ: dict[str, str], people: list[str]) -> None:
    """The others count; with none left there is nothing to show."""
    done = run(environ, "users", people[0], "--project", "no/such", "-f", "json")
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"no/such" in done.stderr
    rows_of(environ, people[0], "--project", "no/such", "--project", "101", code=3)
    assert run(environ, "users", people[0], "--project", " ").returncode == 2


def test_only_what_lies_in_the_period_counts(environ: dict[str, str], people: list[str]) -> None:
    """No one did anything in that year, and no fault of another time shows."""
    period = ("--since", "1999-01-01", "--until", "1999-12-31", "--timezone", "UTC")
    for row in rows_of(environ, *people, *period):
        counts = {title: row[title] for title in (*MERGE_REQUESTS, *ISSUES, "Commits Total")}
        assert set(counts.values()) == {0}
    assert run(environ, "users", people[0], "--since", "soon").returncode == 2


def test_quick_asks_nothing_about_single_merge_requests(
    sandbox: Sandbox, world: World, environ: dict[str, str], people: list[str]
) -> None:
    """What lists do not say is null and counted, and no failure."""
    truth = world.truth.merge_requests()
    for row in rows_of(environ, *people, "--quick"):
        assert tuple(row) == QUICK_UNIFIED_COLUMNS
        assert row["Status"] == "Success"
        assert row["MR No Desc"] == truth[row["Username"]]["No Desc"]
        if truth[row["Username"]]["Closed MRs"]:
            assert row["MR Failed Pipe"] is None
            assert row["Unverified"] >= truth[row["Username"]]["Closed MRs"]
    assert not sandbox.traffic.count("/projects/:id/merge_requests/:iid/notes")


def test_a_person_who_does_not_exist_has_a_row_without_counts(
    environ: dict[str, str], people: list[str]
) -> None:
    """And the exit code says that something is missing."""
    done = run(environ, "users", people[0], "no-such-person", "--format", "csv")
    assert done.returncode == 3
    header, *rows = csv.reader(io.StringIO(done.stdout.decode(), newline=""))
    assert tuple(header) == UNIFIED_COLUMNS
    cells = dict(zip(header, next(row for row in rows if row[0] == "no-such-person"), strict=True))
    assert cells.pop("Status") == "Not Found"
    assert "404" in cells.pop("Error")
    assert {title for title, cell in cells.items() if cell} == {"Username"}
    assert b"no-such-person" in done.stderr


def test_facts_that_cannot_be_read_make_a_row_partial(
    sandbox: Sandbox, world: World, environ: dict[str, str], people: list[str]
) -> None:
    """Null if not one could be evaluated, with the reason next to it."""
    sandbox.faults.add("status", status=403, path="/projects/:id/merge_requests/:iid/diffs",
                       times=None)  # fmt: skip
    truth = world.truth.merge_requests()
    rows = rows_of(environ, *people, "--source", "rest", code=3)
    assert any(row["MR No Unit Tests"] is None for row in rows)
    for row in rows:
        theirs = truth[row["Username"]]
        assert row["MR No Desc"] == theirs["No Desc"]
        if theirs["Closed MRs"]:
            assert (row["MR No Unit Tests"], row["Status"]) == (None, "Partial")
            assert row["Unverified"] == theirs["Closed MRs"]
            assert "merge requests: 403" in row["Error"]


def test_without_a_valid_token_nothing_can_be_read(
    sandbox: Sandbox, people: list[str], tmp_path: Path
) -> None:
    """Every row says so."""
    environ = environment(tmp_path, GITLAB_URL=sandbox.url, GITLAB_TOKEN="of-nobody")
    rows = rows_of(environ, *people, code=4)
    assert {row["Status"] for row in rows} == {"Error"}


def test_the_college_of_a_list_has_its_column_and_the_rest_comes_behind(
    environ: dict[str, str], people: list[str], tmp_path: Path
) -> None:
    """In a workbook numbers are numbers."""
    listed, target = tmp_path / "class.csv", tmp_path / "class.xlsx"
    listed.write_text(
        f"Username,University,Section\n{people[0].upper()},North College,A\n{people[1]},,\n",
        encoding="utf-8-sig",
    )
    done = run(environ, "users", "--users-file", str(listed), "--output", str(target))
    assert (done.returncode, done.stdout) == (0, b"")
    header, first, second = list(openpyxl.load_workbook(target).worksheets[0].values)[:3]
    assert header == (*UNIFIED_COLUMNS, "Section")
    cells = dict(zip(header, first, strict=True))
    assert (cells["Username"], cells["College"]) == (people[0], "North College")
    assert cells["Section"] == "A"
    assert isinstance(cells["MR Total (Authored)"], int)
    assert not dict(zip(header, second, strict=True))["College"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    "path",
    ["/projects/:id/merge_requests/:iid/notes", "/projects/:id/repository/commits",
     "/users/:id/memberships"],
)  # fmt: skip
def test_an_interrupted_run_gives_rows_that_say_what_was_not_read(
    path: str, sandbox: Sandbox, environ: dict[str, str], people: list[str]
) -> None:
    """Whatever it was just reading."""
    question = ("users", *people, "-f", "json", "--source", "rest")
    done = interrupted(environ, *question, when=stalled(sandbox, path))
    assert done.returncode == 130, done.stderr.decode()
    rows = json.loads(done.stdout)
    assert [row["Username"] for row in rows] == people
    cut_short = [row for row in rows if row["Status"] != "Success"]
    assert cut_short
    assert all("Ctrl-C" in row["Error"] for row in cut_short)


def test_somebody_has_to_be_named_but_for_the_demo(environ: dict[str, str], tmp_path: Path) -> None:
    """There everybody has a row."""
    assert run(environ, "users").returncode == 2
    assert len(rows_of(environment(tmp_path), "--demo", "--quick")) > 5
