"""`open`: open merge requests and who has the ball, as the real command writes it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cli_runs import environment, of_sandbox, run, shared

from gitlab_sync.rules.items.open_work import WAITING_FOR
from gitlab_sync.rules.items.worklist import COLUMNS, DESK_COLUMNS, SUM_COLUMNS
from gitlab_sync.sandbox import Sandbox, World, demo_world
from gitlab_sync.services.open_work import TITLES

DISCUSSIONS = "/projects/:id/merge_requests/:iid/discussions"

served, sandbox, world = shared(demo_world)


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


def tables_of(environ: dict[str, str], *arguments: str, code: int = 0) -> dict[str, Any]:
    """Run the command with JSON as its format, and return the tables."""
    done = run(environ, "open", *arguments, "--format", "json")
    assert done.returncode == code, done.stderr.decode()
    tables: dict[str, Any] = json.loads(done.stdout)
    return tables


def opened(world: World) -> list[dict[str, Any]]:
    """Return the open merge requests of the world."""
    return [mr for mr in world.tables.merge_requests if mr["state"] == "opened"]


def test_a_group_has_all_of_its_open_ones_and_every_case_is_among_them(
    environ: dict[str, str], world: World
) -> None:
    """In three tables that agree."""
    tables = tables_of(environ, "--group", "harbour")
    assert tuple(tables) == TITLES
    rows, sums, desks = tables.values()
    assert {row["Link"] for row in rows} == {mr["web_url"] for mr in opened(world)}
    assert [tuple(table[0]) for table in tables.values()] == [COLUMNS, SUM_COLUMNS, DESK_COLUMNS]
    counts = {row["Waiting For"]: row["Merge Requests"] for row in sums}
    assert list(counts) == list(WAITING_FOR)
    assert all(counts.values())
    assert sum(counts.values()) == len(rows)
    assert sum(desk["Total"] for desk in desks) == sum(len(row["Who"].split(", ")) for row in rows)
    idle = [row["Idle"] for row in rows]
    assert idle == sorted(idle, reverse=True)


def test_people_and_a_project_narrow_it_down(environ: dict[str, str], world: World) -> None:
    """The rows are what the person wrote there."""
    project = "harbour/route-planner"
    rows = tables_of(environ, "eli.navarro", "--project", project)["Open Work"]
    assert {row["Link"] for row in rows} == {
        mr["web_url"]
        for mr in opened(world)
        if mr["author"]["username"] == "eli.navarro" and f"/{project}/" in mr["web_url"]
    }
    assert rows


def test_for_someone_shows_what_is_on_that_desk(environ: dict[str, str]) -> None:
    """As many as the table by person says."""
    desks = tables_of(environ, "--group", "harbour")["Desks"]
    name, total = desks[0]["Username"], desks[0]["Total"]
    rows = tables_of(environ, "--group", "harbour", "--for", name.upper())["Open Work"]
    assert len(rows) == total
    assert all(name in row["Who"] for row in rows)


def test_the_facts_can_come_from_either_source(environ: dict[str, str]) -> None:
    """The rows are the same, apart from the time that passes between two runs."""
    steady = [title for title in COLUMNS if title not in {"Age", "Idle"}]
    found = []
    for source in ("rest", "graphql", "auto"):
        rows = tables_of(environ, "--group", "harbour", "--source", source)["Open Work"]
        found.append({row["Link"]: [row[title] for title in steady] for row in rows})
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("form", ["csv", "ndjson", "xlsx", "parquet", "html", "table"])
def test_each_format_has_the_rows(environ: dict[str, str], form: str, tmp_path: Path) -> None:
    """Those of one table get the worklist, and say how to get the others."""
    path = tmp_path / f"open.{form}"
    done = run(environ, "open", "--group", "harbour", "--format", form, "--output", str(path))
    assert done.returncode == 0
    one = form in {"csv", "ndjson", "parquet"}
    assert (b"--part shows another: Waiting, Desks" in done.stderr) == one
    content = path.read_bytes()
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
        assert tuple(rows[0]) == COLUMNS
        assert len(rows) == 18
    elif form == "xlsx":
        assert openpyxl.load_workbook(path).sheetnames == [*TITLES, "About"]
    elif form in {"table", "html"}:
        assert all(title.encode() in content for title in (*TITLES, "needs reviewer"))
    assert content


def test_the_policy_says_what_would_fail(environ: dict[str, str]) -> None:
    """The file says which policy it was."""
    args = ("--group", "harbour", "--format", "html", "--part", "Open Work")
    fair, classic = (run(environ, "open", *args, "--policy", each) for each in ("fair", "classic"))
    assert b"policy fair" in fair.stdout
    assert b"policy classic" in classic.stdout
    done = run(environ, "open", *args, "--policy", "clasic")
    assert done.returncode == 2
    assert b"Did you mean classic?" in done.stderr


def test_who_does_not_exist_is_told_and_the_others_are_shown(environ: dict[str, str]) -> None:
    """The run is not whole."""
    done = run(environ, "open", "eli.navarro", "no.such", "--format", "json")
    assert done.returncode == 3
    assert b"no.such: 404 there is no user 'no.such'" in done.stderr
    assert json.loads(done.stdout)["Open Work"]


def test_what_could_not_be_read_is_unknown_and_ends_with_three(
    environ: dict[str, str], sandbox: Sandbox
) -> None:
    """Drafts are known without it."""
    sandbox.faults.add("status", status=403, path=DISCUSSIONS, times=None)
    done = run(environ, "open", "--group", "harbour", "--source", "rest", "--format", "json")
    assert done.returncode == 3
    rows = json.loads(done.stdout)["Open Work"]
    unknown = [row for row in rows if row["Waiting For"] is None]
    assert all("discussions not read: 403" in row["Why"] for row in unknown)
    assert {row["Waiting For"] for row in rows} == {None, "author"}
    assert b"denied" in done.stderr
    assert b"merge requests: discussions not read: 403" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, b"No users given"),
        (("--group", "no/such"), 4, b"404"),
        (("--project", "no/such"), 4, b"404"),
        (("glpat-" + "x" * 20,), 2, b"GITLAB_TOKEN"),
        (("--group", "harbour", "--part", "Nothing"), 2, b"--part"),
    ],
)
def test_wrong_usage_and_nothing_to_read_are_told_apart(
    environ: dict[str, str], arguments: tuple[str, ...], code: int, told: bytes
) -> None:
    """By the exit code, and in words."""
    done = run(environ, "open", *arguments)
    assert done.returncode == code
    assert told in done.stderr


def test_the_demo_needs_no_people(tmp_path: Path) -> None:
    """Its clock is that of its last events."""
    done = run(environment(tmp_path), "open", "--demo", "--part", "Waiting")
    assert done.returncode == 0
    assert b"18 of 18 open merge requests read" in done.stderr
    assert b"needs reviewer" in done.stdout
