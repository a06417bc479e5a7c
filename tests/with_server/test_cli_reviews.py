"""`reviews`: how teams review, as the real command writes it."""

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

from gitlab_sync.rules.scores.review_tables import PAIR_COLUMNS, WEEK_COLUMNS
from gitlab_sync.sandbox import Sandbox, World, demo_world
from gitlab_sync.services.reviews import PERSON_COLUMNS, PROJECT_COLUMNS, TEAM_COLUMNS

Tables = dict[str, list[dict[str, Any]]]

NOTES = "/projects/:id/merge_requests/:iid/notes"

served, sandbox, world = shared(demo_world)


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox, in a folder without a policy."""
    return of_sandbox(sandbox, tmp_path)


@pytest.fixture
def teams(world: World, tmp_path: Path) -> str:
    """Return the name of a file with the teams of the world."""
    content = [
        {"team_name": name, "project_name": "", "members": [{"username": one} for one in members]}
        for name, members in world.teams.items()
    ]
    path = tmp_path / "teams.json"
    path.write_text(json.dumps({"teams": content}), encoding="utf-8")
    return str(path)


def tables_of(environ: dict[str, str], *arguments: str, code: int = 0) -> Tables:
    """Run the command with JSON as its format, and return the rows by their table's title."""
    done = run(environ, "reviews", *arguments, "--format", "json")
    assert done.returncode == code, done.stderr.decode()
    tables: Tables = json.loads(done.stdout)
    return tables


def refused(environ: dict[str, str], *arguments: str) -> str:
    """Run the command as it cannot be meant, and return what it says about that."""
    done = run(environ, "reviews", *arguments)
    assert (done.returncode, done.stdout) == (2, b""), done.stderr.decode()
    return done.stderr.decode()


def test_teams_come_before_people_who_are_asked_for(environ: dict[str, str], teams: str) -> None:
    """With exactly the columns of the documents, in their order."""
    tables = tables_of(environ, "--teams", teams, "--timezone", "UTC")
    expected = {"Teams": TEAM_COLUMNS, "Projects": PROJECT_COLUMNS, "Weeks": WEEK_COLUMNS}
    assert {title: tuple(rows[0]) for title, rows in tables.items()} == expected
    assert [row["Team"] for row in tables["Teams"]] == ["Compass", "Lantern", "Anchor"]
    tables = tables_of(environ, "--teams", teams, "--individuals")
    assert tuple(tables["People"][0]) == PERSON_COLUMNS
    assert tuple(tables["Reviewers and Authors"][0]) == PAIR_COLUMNS
    assert len(tables["People"]) == 12


def test_people_who_are_named_are_one_team(environ: dict[str, str]) -> None:
    """Of arguments, lists and groups; a wrong name is left out and told."""
    tables = tables_of(environ, "hana.yilmaz", "no/name", "@ELI.navarro", "--individuals", code=3)
    (row,) = tables["Teams"]
    assert row["Team"] == "All"
    assert [each["Username"] for each in tables["People"]] == ["hana.yilmaz", "eli.navarro"]
    assert row["MR Merged"] == sum(each["MR Merged"] for each in tables["People"])


def test_a_project_and_a_period_limit_what_counts(environ: dict[str, str], teams: str) -> None:
    """By the day of the merge."""
    where = ("--project", "harbour/night-watch", "--timezone", "UTC")
    whole = tables_of(environ, "--teams", teams, *where)["Projects"][0]["MR Merged"]
    parts = [
        tables_of(environ, "--teams", teams, *where, *when)["Projects"][0]["MR Merged"]
        for when in (("--until", "2026-05-01"), ("--since", "2026-05-02"))
    ]
    assert sum(parts) == whole
    assert all(parts)


def test_text_says_of_how_many_in_one_cell_and_files_in_two(
    environ: dict[str, str], teams: str, tmp_path: Path
) -> None:
    """What applies to nothing is not unknown."""
    text = run(
        environ, "reviews", "--teams", teams, "--individuals", "--part", "People"
    ).stdout.decode()
    (line,) = [line for line in text.splitlines() if "goran.petrov" in line]
    assert "10 of 10" in line
    assert "n/a" in line
    assert "?" not in line
    assert "(of)" not in text
    done = run(
        environ, "reviews", "--teams", teams, "--individuals", "--part", "People", "-f", "csv"
    )
    rows = {row["Username"]: row for row in csv.DictReader(io.StringIO(done.stdout.decode()))}
    goran = rows["goran.petrov"]
    assert (goran["Without Review"], goran["Without Review (of)"]) == ("10", "10")
    assert (goran["First Response (h)"], goran["First Response (of)"]) == ("", "0")
    book = tmp_path / "reviews.xlsx"
    assert run(environ, "reviews", "--teams", teams, "-o", str(book)).returncode == 0
    assert openpyxl.load_workbook(book).sheetnames[:3] == ["Teams", "Projects", "Weeks"]


def test_a_policy_file_says_what_a_working_day_and_a_bot_is(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """Its name is in the rows."""
    path = tmp_path / "ours.toml"
    path.write_text('[bots]\nnames = ["hana.yilmaz"]\n', encoding="utf-8")
    rows = tables_of(environ, "eli.navarro", "fumiko.sato", "--policy", str(path), "--individuals")
    assert rows["Teams"][0]["Policy"] == "ours.toml"
    assert "hana.yilmaz" not in {row["Reviewer"] for row in rows["Reviewers and Authors"]}
    usual = tables_of(environ, "eli.navarro", "fumiko.sato", "--policy", "fair", "--individuals")
    assert "hana.yilmaz" in {row["Reviewer"] for row in usual["Reviewers and Authors"]}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "No users given"),
        (["--teams", "none.json"], "none.json"),
        (["--teams", "-", "ann"], "--teams excludes people"),
        (["ann", "--part", "People"], "There is no table"),
        (["ann", "--policy", "fare"], "Did you mean fair?"),
        (["ann", "--since", "soon"], "since must be a date or a time"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(
    sandbox: Sandbox, environ: dict[str, str], arguments: list[str], said: str
) -> None:
    """With the exit code of wrong usage."""
    assert said in refused(environ, *arguments)
    assert not sandbox.traffic.exchanges


def test_the_demo_has_its_teams(tmp_path: Path) -> None:
    """Without any of one's own."""
    tables = tables_of(environment(tmp_path), "--demo")
    assert [row["Team"] for row in tables["Teams"]] == ["Compass", "Lantern", "Anchor"]


def test_denied_notes_are_unknown_with_code_3_and_a_refused_token_is_code_4(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """Neither is a 0."""
    who = ("hana.yilmaz", "--source", "rest", "--store", "off")
    sandbox.faults.add("status", status=403, path=NOTES, times=None)
    (row,) = tables_of(environ, *who, code=3)["Teams"]
    assert row["Unverified"] == row["MR Merged"] == 10
    assert (row["First Response (h)"], row["First Response (of)"]) == (None, None)
    assert "403" in row["Error"]
    sandbox.faults.clear()
    sandbox.faults.add("status", status=401, path="/merge_requests", times=None)
    (row,) = tables_of(environ, *who, code=4)["Teams"]
    assert (row["Status"], row["MR Merged"], row["Unverified"]) == ("Error", None, None)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupted_run_says_what_was_not_read(
    sandbox: Sandbox, environ: dict[str, str], teams: str
) -> None:
    """All tables are there, and no number hides what it lacks."""
    arguments = ("reviews", "--teams", teams, "-f", "json", "--source", "rest", "--store", "off")
    done = interrupted(environ, *arguments, when=stalled(sandbox, NOTES))
    assert done.returncode == 130, done.stderr.decode()
    rows = json.loads(done.stdout)["Teams"]
    assert all("Ctrl-C" in row["Error"] and row["Status"] == "Partial" for row in rows)
