"""`leaderboard`: teams compared, as the real command writes it."""

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

from gitlab_sync.reports.formats import FORMATS
from gitlab_sync.rules.identity.teams import parse_teams
from gitlab_sync.rules.scores.leaderboard import score_columns
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.services.leaderboard import (
    INDIVIDUAL_COLUMNS,
    LEADERBOARD_COLUMNS,
    TEAM_MEMBER_COLUMNS,
)

Tables = dict[str, list[dict[str, Any]]]

served, sandbox, world = shared()


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


@pytest.fixture
def people(world: World) -> list[str]:
    """Return the usernames of the sandbox's people."""
    return list(world.truth.usernames)


def written(path: Path, **teams: list[str]) -> str:
    """Write a file of teams, and return its name."""
    content = {
        "teams": [
            {
                "team_name": name,
                "project_name": f"{name} App",
                "members": [{"username": each} for each in members],
            }
            for name, members in teams.items()
        ]
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


@pytest.fixture
def teams(people: list[str], tmp_path: Path) -> str:
    """Return the name of a file with everybody in one of two teams."""
    return written(tmp_path / "teams.json", Red=people[:2], Blue=people[2:])


def tables_of(environ: dict[str, str], *arguments: str, code: int = 0) -> Tables:
    """Run the command with JSON as its format, and return the rows by their table's title."""
    done = run(environ, "leaderboard", *arguments, "--format", "json")
    assert done.returncode == code, done.stderr.decode()
    tables: Tables = json.loads(done.stdout)
    return tables


def weighing(*given: str) -> list[str]:
    """Return the options for these weights."""
    return [part for each in given for part in ("--weight", each)]


def refused(environ: dict[str, str], *arguments: str, given: bytes = b"") -> str:
    """Run the command as it cannot be meant, and return what it says about that."""
    done = run(environ, "leaderboard", *arguments, given=given)
    assert (done.returncode, done.stdout) == (2, b""), done.stderr.decode()
    return done.stderr.decode()


# -- tables ----------------------------------------------------------------------------------------


def test_teams_are_compared_and_each_has_a_table_of_its_members(
    environ: dict[str, str], teams: str, people: list[str]
) -> None:
    """The sums are those of the members; individuals are not compared unless asked for."""
    tables = tables_of(environ, "--teams", teams)
    ranking = tables["Leaderboard"]
    names = [row["Team"] for row in ranking]
    assert list(tables) == ["Leaderboard", *names, "Scores"]
    assert set(names) == {"Red", "Blue"}
    for row in ranking:
        assert tuple(row) == LEADERBOARD_COLUMNS
        members = tables[row["Team"]]
        assert all(tuple(member) == TEAM_MEMBER_COLUMNS for member in members)
        assert row["Team Score"] == sum(member["Score"] for member in members)
        assert row["Project"] == f"{row['Team']} App"
    assert {member["Username"] for name in names for member in tables[name]} == set(people)
    assert all(tuple(row) == score_columns() for row in tables["Scores"])


def test_individuals_are_listed_with_badges_when_asked_for(
    environ: dict[str, str], teams: str, people: list[str]
) -> None:
    """The best first, everybody once."""
    tables = tables_of(environ, "--teams", teams, "--individuals")
    rows = tables["Individuals"]
    assert list(tables)[-2:] == ["Individuals", "Scores"]
    assert all(tuple(row) == INDIVIDUAL_COLUMNS for row in rows)
    assert sorted(row["Username"] for row in rows) == sorted(people)
    assert "Sprint Star" in rows[0]["Badges"]
    assert [row["Score"] for row in rows] == sorted((row["Score"] for row in rows), reverse=True)


def test_other_weights_make_other_scores(environ: dict[str, str], teams: str) -> None:
    """Each score still opens to its terms."""
    usual = tables_of(environ, "--teams", teams)
    options = (
        "--weight",
        "MR_Merged=0",
        "--weight",
        "issues_raised=2.5",
        "--weight",
        "commits=2.0",
    )
    tables = tables_of(environ, "--teams", teams, *options)
    before = {row["Username"]: row for name in ("Red", "Blue") for row in usual[name]}
    for row in tables["Scores"]:
        theirs = before[row["Username"]]
        assert list(row)[2:-1] == [
            "Total Commits x 2", "MR Created x 2", "Issues Closed x 3", "Issues Raised x 2.5",
        ]  # fmt: skip
        assert row["Total Commits x 2"] == 2 * theirs["Total Commits"]
        assert row["Issues Raised x 2.5"] == 2.5 * theirs["Issues Raised"]
        assert row["Score"] == sum(list(row.values())[2:-1])


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_the_tables_that_it_can_hold(
    form: str, environ: dict[str, str], teams: str
) -> None:
    """One that holds a single table has the ranking, and says how to have the others."""
    parquet = pytest.importorskip("pyarrow.parquet") if form == "parquet" else None
    done = run(environ, "leaderboard", "--teams", teams, "-f", form, "--individuals")
    assert done.returncode == 0, done.stderr.decode()
    said, titles = done.stderr.decode(), ("Leaderboard", "Red", "Blue", "Individuals", "Scores")
    if form in {"csv", "ndjson", "parquet"}:
        assert "--part" in said
        assert all(title in said for title in titles[1:])
    else:
        assert "--part" not in said
    if form == "csv":
        (header, *rows) = csv.reader(io.StringIO(done.stdout.decode(), newline=""))
        assert (tuple(header), len(rows)) == (LEADERBOARD_COLUMNS, 2)
    elif form == "ndjson":
        assert {json.loads(line)["Team"] for line in done.stdout.splitlines()} == {"Red", "Blue"}
    elif parquet is not None:
        table = parquet.read_table(io.BytesIO(done.stdout))
        assert tuple(table.column_names) == LEADERBOARD_COLUMNS
        assert str(table.schema.field("Team Score").type) == "int64"
    elif form == "xlsx":
        names = openpyxl.load_workbook(io.BytesIO(done.stdout)).sheetnames
        assert set(names) == {*titles, "About"}
    elif form == "json":
        assert set(json.loads(done.stdout)) == set(titles)
    else:
        text = done.stdout.decode()
        assert all(title in text for title in titles)
        assert all(column in text for column in ("Team Score", "MR Merged x 5", "Badges"))


def test_fair_leaves_out_bots_and_names_itself_in_each_table(
    environ: dict[str, str], people: list[str], tmp_path: Path
) -> None:
    """Nothing else: points are no verdicts, so the ranks of people stay those of classic."""
    with_bot = written(tmp_path / "bots.json", Red=[*people[:2], "release-bot"], Blue=people[2:])
    asked = ("--teams", with_bot, "--individuals")
    classic = tables_of(environ, *asked, code=3)
    assert "Not Found" in {row["Status"] for row in classic["Red"]}
    done = run(environ, "leaderboard", *asked, "--policy", "fair", "-f", "json")
    assert done.returncode == 0
    assert b"left out of the teams, as bots: release-bot\n" in done.stderr
    fair = json.loads(done.stdout)
    assert list(fair) == list(classic)
    for title, rows in fair.items():
        assert {list(row)[-1] for row in rows} == {"Policy"}
        assert {row.pop("Policy") for row in rows} == {"fair"}
        people_of = [row for row in classic[title] if row.get("Username") != "release-bot"]
        state = {"Status", "Error", "Unverified"} if title == "Leaderboard" else set()
        assert [{key: row[key] for key in row.keys() - state} for row in rows] == [
            {key: row[key] for key in row.keys() - state} for row in people_of
        ]
    assert {row["Status"] for row in fair["Leaderboard"]} == {"Success"}
    text = run(environ, "leaderboard", *asked, "--policy", "fair").stdout.decode()
    assert text.count("Policy: fair") == len(fair)
    assert not any(line.endswith(" Policy") for line in text.splitlines())


def test_the_bots_are_those_of_the_policy(
    environ: dict[str, str], people: list[str], tmp_path: Path
) -> None:
    """Its file can name others."""
    own = tmp_path / "ours.toml"
    own.write_text(f'[bots]\nnames = ["{people[0]}"]\n')
    teams = written(tmp_path / "all.json", Red=people)
    tables = tables_of(environ, "--teams", teams, "--policy", str(own))
    assert {row["Username"] for row in tables["Red"]} == set(people[1:])
    assert {row["Policy"] for row in tables["Red"]} == {"ours.toml"}


@pytest.mark.parametrize("form", ["csv", "json", "table"])
def test_a_part_is_one_table_alone(form: str, environ: dict[str, str], teams: str) -> None:
    """By its title, which can be a team's name."""
    done = run(environ, "leaderboard", "--teams", teams, "-f", form, "--part", "Red")
    assert done.returncode == 0
    assert b"--part" not in done.stderr
    text = done.stdout.decode()
    assert "Morning Commits" in text
    assert "Team Score" not in text


def test_a_part_that_there_is_not_is_refused_before_anything_is_read(
    environ: dict[str, str], sandbox: Sandbox, teams: str
) -> None:
    """With the titles that there are."""
    for part in ("Green", "Individuals"):
        said = refused(environ, "--teams", teams, "--part", part)
        assert part in said
        assert "Leaderboard, Red, Blue, Scores" in said
    assert sandbox.traffic.total == 0


def test_a_workbook_has_a_sheet_for_each_team_whatever_its_name(
    environ: dict[str, str], people: list[str], sandbox: Sandbox, tmp_path: Path
) -> None:
    """Names made legal and unique; numbers are numbers, and people are linked."""
    long = "The team with the longest name of all "
    names = ["A/B: [team]?", f"{long} one", f"{long} two", "About", "Scores", "'quoted'", "=1+1"]
    file = written(tmp_path / "t.json", **dict.fromkeys(names, people[:1]))
    target = tmp_path / "board.xlsx"
    done = run(environ, "leaderboard", "--teams", file, "-o", str(target))
    assert (done.returncode, done.stdout) == (0, b""), done.stderr.decode()
    book = openpyxl.load_workbook(target)
    assert book.sheetnames[0] == "Leaderboard"
    assert book.sheetnames[-2:] == ["Scores", "About"]
    assert len(book.sheetnames) == len({name.lower() for name in book.sheetnames}) == len(names) + 3
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in book.sheetnames)
    header, *rows = book["Leaderboard"].iter_rows()
    assert tuple(cell.value for cell in header) == LEADERBOARD_COLUMNS
    assert {row[1].value for row in rows} == {*names[:-1], "'=1+1"}
    assert all(isinstance(row[3].value, int) for row in rows)
    for sheet in book.worksheets[1:-2]:
        header, row = sheet.iter_rows()
        assert tuple(cell.value for cell in header) == TEAM_MEMBER_COLUMNS
        assert row[0].hyperlink.target == f"{sandbox.url}/{people[0]}"
        assert isinstance(row[2].value, int)
    about = {row[0]: row[1] for row in book["About"].iter_rows(values_only=True)}
    assert about["Scope"].startswith("7 teams, all their projects; score: Total Commits x 1 + ")
    assert about["Completeness"] == "1 of 1 person read"


# -- where teams come from -------------------------------------------------------------------------


def test_each_group_is_a_team_and_teams_can_be_saved(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """The file makes the same board again."""
    saved = tmp_path / "saved.json"
    tables = tables_of(environ, "--group", "acme", "--group", "502", "--save-teams", str(saved))
    assert {row["Team"] for row in tables["Leaderboard"]} == {"Acme", "Platform"}
    assert {each.name for each in parse_teams(saved.read_text(encoding="utf-8"))} == {
        "Acme",
        "Platform",
    }
    assert tables_of(environ, "--teams", str(saved)) == tables
    given = b"\xef\xbb\xbf" + saved.read_bytes()
    done = run(environ, "leaderboard", "--teams", "-", "-f", "json", given=given)
    assert json.loads(done.stdout) == tables


def test_the_demo_has_teams_of_its_own(tmp_path: Path) -> None:
    """One for each group of people that work together."""
    tables = tables_of(environment(tmp_path), "--demo")
    assert len(tables["Leaderboard"]) == 3
    people = [row["Username"] for row in tables["Scores"]]
    assert len(people) == len(set(people)) == 12


def test_teams_have_to_come_from_one_place(environ: dict[str, str], teams: str) -> None:
    """A file or groups."""
    assert "No teams given" in refused(environ)
    assert "--teams excludes --group" in refused(environ, "--teams", teams, "--group", "acme")
    assert "--group must be" in refused(environ, "--group", " / ")


def test_a_group_that_is_not_there_leaves_nothing_to_show(environ: dict[str, str]) -> None:
    """A board without one of the teams would mislead."""
    done = run(environ, "leaderboard", "--group", "acme", "--group", "no/such")
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"404" in done.stderr


def test_every_fault_of_a_file_is_said_with_its_place(
    environ: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    """Each on a line of its own, before anything is asked."""
    file = tmp_path / "bad.json"
    members = [{"username": "ann"}, {"username": "a b"}]
    red = {"team_name": "Red", "project_name": "", "members": members}
    again = {"team_name": "RED", "project_name": 5, "members": [{"name": "No One"}]}
    file.write_text(json.dumps({"teams": [red, again]}), encoding="utf-8")
    lines = refused(environ, "--teams", str(file)).splitlines()
    for place in (
        "teams[0].members[1].username",
        "teams[1].project_name",
        "teams[1].members[0].username",
        "teams[1].team_name",
    ):
        (line,) = [line for line in lines if f"{file}, {place}:" in line]
        assert line.startswith("gitlab-sync: error: ")
    assert len(lines) == 4
    assert sandbox.traffic.total == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1"),
        (b'{"teams": [', "line 1"),
        (b"[]", "top level"),
        (b'{"teams": {}}', "teams: not a list"),
        (b'{"teams": [], "x": "\xff"}', "UTF-8"),
        ('{"teams": []}'.encode("utf-16"), "UTF-8"),
    ],
)
def test_what_is_no_file_of_teams_is_refused(
    content: bytes, said: str, environ: dict[str, str], tmp_path: Path
) -> None:
    """With what is wrong with it, from a file and from standard input."""
    file = tmp_path / "bad.json"
    file.write_bytes(content)
    assert said in refused(environ, "--teams", str(file))
    assert said in refused(environ, "--teams", "-", given=content)


def test_a_file_that_is_not_there_is_wrong_usage(environ: dict[str, str], tmp_path: Path) -> None:
    """And so is one that cannot be written."""
    missing = str(tmp_path / "no" / "such.json")
    assert "cannot be read" in refused(environ, "--teams", missing)
    assert "--save-teams" in refused(environ, "--group", "acme", "--save-teams", missing)


def test_a_board_of_no_team_is_empty_and_one_of_nobody_is_not(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """Standard error says so."""
    file = written(tmp_path / "none.json")
    done = run(environ, "leaderboard", "--teams", file, "-f", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"Leaderboard": [], "Scores": []})
    assert b"there is no team" in done.stderr
    done = run(
        environ, "leaderboard", "--teams", written(tmp_path / "t.json", Red=[]), "-f", "json"
    )
    assert done.returncode == 0
    (row,) = json.loads(done.stdout)["Leaderboard"]
    assert (row["Team Score"], row["Status"]) == (0, "Success")
    assert b"Red has no members" in done.stderr


# -- options and errors ----------------------------------------------------------------------------


def test_every_weight_that_cannot_be_is_said(environ: dict[str, str], teams: str) -> None:
    """Each on a line of its own, with the names there are."""
    given = ("lines=3", "commits=many", "mr_merged=-1", "mr_created=nan", "issues_closed=1001")
    lines = refused(environ, "--teams", teams, *weighing(*given)).splitlines()
    assert len(lines) == len(given)
    for each, line in zip(given, lines, strict=True):
        assert each.partition("=")[0] in line
    assert "mr_merged" in lines[0]
    assert "NAME=N" in refused(environ, "--teams", teams, "--weight", "commits")


def test_who_does_not_exist_is_missing_and_the_exit_code_says_so(
    environ: dict[str, str], people: list[str], tmp_path: Path
) -> None:
    """Their team is partial; nothing of it is 0."""
    file = written(tmp_path / "t.json", Red=[people[0], "no-such-person"], Lost=["nobody-there"])
    done = run(environ, "leaderboard", "--teams", file, "-f", "json")
    assert done.returncode == 3
    rows = {row["Team"]: row for row in json.loads(done.stdout)["Leaderboard"]}
    assert (rows["Red"]["Status"], rows["Red"]["Unverified"]) == ("Partial", 1)
    assert (rows["Lost"]["Rank"], rows["Lost"]["Team Score"]) == (None, None)
    assert b"no-such-person: 404" in done.stderr
    assert b"1 of 3 people read, 2 not found" in done.stderr


def test_a_project_that_is_not_there_is_said(environ: dict[str, str], teams: str) -> None:
    """The others count; with none left there is nothing to show."""
    done = run(environ, "leaderboard", "--teams", teams, "--project", "no/such")
    assert (done.returncode, done.stdout) == (4, b"")
    done = run(environ, "leaderboard", "--teams", teams, "--project", "no/such",
               "--project", "101", "-f", "json")  # fmt: skip
    assert done.returncode == 3
    assert b"no/such" in done.stderr
    assert all(row["Status"] == "Success" for row in json.loads(done.stdout)["Leaderboard"])


def test_without_a_valid_token_nothing_can_be_read(
    sandbox: Sandbox, teams: str, tmp_path: Path
) -> None:
    """Every row says so."""
    environ = environment(tmp_path, GITLAB_URL=sandbox.url, GITLAB_TOKEN="of-nobody")
    tables = tables_of(environ, "--teams", teams, code=4)
    assert {row["Status"] for row in tables["Leaderboard"]} == {"Error"}
    assert {row["Score"] for row in tables["Scores"]} == {None}


@pytest.mark.slow
def test_a_rate_limit_changes_nothing(
    sandbox: Sandbox, environ: dict[str, str], teams: str
) -> None:
    """It only takes longer."""
    whole = tables_of(environ, "--teams", teams)
    planted = sandbox.faults.add("limit", nth=3, times=8, retry_after=0)
    assert tables_of(environ, "--teams", teams) == whole
    assert planted.hits == 8


def test_a_rate_limit_that_does_not_open_makes_numbers_unknown(
    sandbox: Sandbox, environ: dict[str, str], teams: str
) -> None:
    """And none of them 0."""
    sandbox.faults.add("limit", path="/issues", times=None, retry_after=600)
    done = run(environ, "leaderboard", "--teams", teams, "--max-wait", "0.1", "-f", "json")
    assert done.returncode in {3, 4}
    assert b"429" in done.stderr
    tables = json.loads(done.stdout)
    for row in tables["Leaderboard"]:
        assert row["Unverified"] == len(tables[row["Team"]])
        assert (row["Issues Closed"], row["Team Score"], row["Rank"]) == (None, None, None)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupted_run_says_what_was_not_read(
    sandbox: Sandbox, environ: dict[str, str], teams: str
) -> None:
    """All tables are there, and no sum hides what it lacks."""
    when = stalled(sandbox, "/projects/:id/repository/commits")
    done = interrupted(environ, "leaderboard", "--teams", teams, "-f", "json", when=when)
    assert done.returncode == 130, done.stderr.decode()
    tables = json.loads(done.stdout)
    assert len(tables["Leaderboard"]) == 2
    partial = [row for row in tables["Leaderboard"] if row["Status"] != "Success"]
    assert partial
    assert all("Ctrl-C" in row["Error"] and row["Unverified"] for row in partial)
