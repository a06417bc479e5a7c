"""`commits`: commits by author, as the real command writes them."""

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
from written_commits import user, without_commits, write

from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.services.commits import COLUMNS

STRANGER = {"email": "me@home.example", "name": "No One Knows"}


def make_world() -> World:
    """Make a world of two people with commits in a project, and one commit that matches no one."""
    world = without_commits(generate_world(seed=1, users=5, merge_requests=3, projects=2))
    first, second, project = user(world), user(world, 1), world.tables.projects[0]
    write(world, project, first, "2024-03-05T09:30:00.000+05:30")
    write(world, project, second, "2024-03-05T13:00:00.000+00:00")
    co_author = f"Co-authored-by: {second['name']} <{second['public_email']}>"
    write(
        world, project, first, "2024-03-06T20:00:00.000+00:00",
        message=f"feat: the last\n\nOf all.\n\n{co_author}\n",
    )  # fmt: skip
    write(world, project, first, **STRANGER)
    write(world, project, first, parents=2)
    return world


served, sandbox, world = shared(make_world)


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


@pytest.fixture
def people(world: World) -> list[str]:
    """Return the usernames of the two, sorted as rows are."""
    return sorted(user(world, place)["username"] for place in (0, 1))


@pytest.fixture
def there(world: World) -> tuple[str, str]:
    """Return the options that name the project."""
    return "--project", world.tables.projects[0]["path_with_namespace"]


def rows_of(environ: dict[str, str], *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """Run the command with JSON as its format, and return the rows."""
    done = run(environ, "commits", *arguments, "--format", "json")
    assert done.returncode == code, done.stderr.decode()
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_co_authors_count_if_that_is_asked_for(
    environ: dict[str, str], people: list[str], there: tuple[str, str], world: World
) -> None:
    """For both people of the commit."""
    without, counted = (
        {row["Username"]: row["Commits Total"] for row in rows_of(environ, *people, *there, *more)}
        for more in (["--totals"], ["--totals", "--co-authors"])
    )
    second = user(world, 1)["username"]
    assert counted == {**without, second: without[second] + 1}


@pytest.mark.parametrize(
    ("question", "column"),
    [
        (["users"], "Commits Total"),
        (["leaderboard", "--individuals", "--part", "Individuals"], "Total Commits"),
        (["weekly", "--day", "2024-03-06", "--part", "Commits", "--timezone", "UTC"], "2024-03-06"),
    ],
    ids=lambda each: each[0] if isinstance(each, list) else "",
)
def test_co_authors_count_for_all_commands_that_count_commits(
    environ: dict[str, str],
    people: list[str],
    there: tuple[str, str],
    world: World,
    tmp_path: Path,
    question: list[str],
    column: str,
) -> None:
    """And only if that is asked for."""
    second, asked = user(world, 1)["username"], [*people]
    if question[0] == "leaderboard":
        teams = tmp_path / "teams.json"
        members = [{"username": name} for name in people]
        told = {"teams": [{"team_name": "T", "project_name": "", "members": members}]}
        teams.write_text(json.dumps(told))
        asked = ["--teams", str(teams)]
    found = []
    for more in ([], ["--co-authors"]):
        done = run(environ, *question, *asked, *there, *more, "-f", "json")
        rows = json.loads(done.stdout)
        row = next(row for row in rows if second in row.values())
        found.append(int(row[column] or 0))
    assert found[1] == found[0] + 1


# -- tables ----------------------------------------------------------------------------------------


def test_commits_are_rows_the_newest_first(
    world: World, environ: dict[str, str], people: list[str], there: tuple[str, str]
) -> None:
    """With their columns in order, and where they can be seen."""
    rows = rows_of(environ, *people, *there)
    assert [tuple(row) for row in rows] == [(*COLUMNS["Commits"], "URL")] * 3
    assert [(row["Time"], row["Slot"]) for row in rows] == [
        ("20:00:00", "Other"), ("13:00:00", "Afternoon"), ("09:30:00", "Morning")
    ]  # fmt: skip
    assert (rows[0]["Username"], rows[0]["Message"]) == (user(world)["username"], "feat: the last")


def test_totals_are_a_row_for_each_person(
    environ: dict[str, str], people: list[str], there: tuple[str, str], world: World
) -> None:
    """Sorted by name."""
    rows = rows_of(environ, *reversed(people), *there, "--totals")
    assert [row["Username"] for row in rows] == people
    assert all(tuple(row) == COLUMNS["Totals"] for row in rows)
    theirs = {row["Username"]: list(row.values())[1:] for row in rows}
    assert theirs[user(world)["username"]] == ["Success", 2, 1, 0, 1, 50.0, 0.0, None]


def test_period_clock_and_projects_narrow_down_what_counts(
    environ: dict[str, str], people: list[str], there: tuple[str, str]
) -> None:
    """Days are days in the zone that was named."""
    period = ("--since", "2024-03-05", "--until", "2024-03-05", "--timezone", "UTC")
    rows = rows_of(environ, *people, *there, *period, "--clock", "Asia/Kolkata")
    assert [row["Time"] for row in rows] == ["18:30:00", "09:30:00"]
    assert rows_of(environ, *people, "--project", "102") == []


def test_all_projects_of_a_group_count_and_with_nobody_named_its_members(
    environ: dict[str, str], world: World
) -> None:
    """Every member of the projects has a row of totals."""
    rows = rows_of(environ, "--group", "acme", "--totals")
    assert {row["Username"] for row in rows} >= {user(world, place)["username"] for place in (0, 1)}
    assert sum(row["Commits Total"] for row in rows) == 3


def test_every_format_holds_the_rows(
    environ: dict[str, str], people: list[str], there: tuple[str, str], tmp_path: Path
) -> None:
    """As text, as lines, and as a workbook with links to people and commits."""
    question = ("commits", *people, *there)
    for form in ("table", "html"):
        assert run(environ, *question, "-f", form).stdout.decode().count("feat: the last") == 1
    lines = run(environ, *question, "-f", "ndjson").stdout.splitlines()
    assert [json.loads(line) for line in lines] == rows_of(environ, *people, *there)
    text = run(environ, *question, "-f", "csv").stdout.decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert (tuple(header), len(rows)) == (COLUMNS["Commits"], 3)
    target = tmp_path / "commits.xlsx"
    assert run(environ, *question, "-o", str(target)).returncode == 0
    sheet = openpyxl.load_workbook(target).worksheets[0]
    assert (sheet.title, sheet.max_row) == ("Commits", 4)
    assert "/-/commit/" in sheet.cell(2, 1 + header.index("Commit")).hyperlink.target


def test_columns_of_a_list_come_behind_those_of_people(
    environ: dict[str, str], people: list[str], there: tuple[str, str], tmp_path: Path
) -> None:
    """After commits and totals; what matches no one is in no list."""
    listed = tmp_path / "class.csv"
    listed.write_text(f"Username,College,Section\n{people[0]},North,A\n{people[1]},,B\n")
    question = ("--users-file", str(listed), *there)
    sections = {
        row["Username"]: (row["College"], row["Section"]) for row in rows_of(environ, *question)
    }
    assert sections == {people[0]: ("North", "A"), people[1]: ("", "B")}
    assert list(rows_of(environ, *question, "--totals")[0])[-2:] == ["College", "Section"]
    assert tuple(rows_of(environ, *question, "--unmatched")[0]) == COLUMNS["Unmatched"]


# -- what matches no one ---------------------------------------------------------------------------


def test_a_signature_of_nobody_is_given_to_somebody_by_an_alias(
    world: World, environ: dict[str, str], people: list[str], there: tuple[str, str], tmp_path: Path
) -> None:
    """As it is listed, so it is written down; then the commit is that person's."""
    (stranger,) = rows_of(environ, "--unmatched", *there)
    assert stranger == {"Name": STRANGER["name"], "Address": STRANGER["email"], "Commits": 1}
    before = {row["Commit"] for row in rows_of(environ, people[1], *there)}
    aliases = tmp_path / "aliases.txt"
    aliases.write_text(f"# from last year\n{people[1]}, {stranger['Address']}\n")
    known = ("--aliases", str(aliases))
    after = rows_of(environ, people[1], *there, *known)
    (found,) = (row for row in after if row["Commit"] not in before)
    assert (found["Username"], found["Author"]) == (people[1], STRANGER["name"])
    assert rows_of(environ, "--unmatched", *there, *known) == []


def test_a_mailmap_serves_as_well(
    world: World, environ: dict[str, str], there: tuple[str, str], tmp_path: Path
) -> None:
    """Its strange lines are named and passed over."""
    person, mailmap = user(world), tmp_path / ".mailmap"
    mailmap.write_text(
        f"{person['name']} <{person['public_email']}> <{STRANGER['email']}>\n<alone@x.example>\n"
    )
    done = run(
        environ, "commits", person["username"], *there, "--aliases", str(mailmap), "-f", "json"
    )
    assert (done.returncode, len(json.loads(done.stdout))) == (0, 3)
    assert f"{mailmap}, line 2".encode() in done.stderr


def test_a_bad_file_of_aliases_is_named_with_its_line(
    environ: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    """Before anything is asked."""
    aliases = tmp_path / "aliases.txt"
    aliases.write_text("ann, a@b\nbob\nAnn Lee, c@d\n")
    done = run(environ, "commits", "ann", "--aliases", str(aliases))
    assert (done.returncode, done.stdout) == (2, b"")
    for place in (
        "line 2: neither an address nor a name",
        "line 3: “Ann Lee” is not a valid username",
    ):
        assert f"{aliases}, {place}" in done.stderr.decode()
    done = run(environ, "commits", "ann", "--aliases", str(tmp_path / "none.txt"))
    assert done.returncode == 2
    assert b"none.txt" in done.stderr
    assert sandbox.traffic.total == 0


def test_how_all_commits_divide_is_said_beside_what_matches_nobody(
    environ: dict[str, str], there: tuple[str, str]
) -> None:
    """With what to do about it; a quiet run says nothing."""
    said = run(environ, "commits", "--unmatched", *there).stderr.decode()
    assert (
        "5 commits in 1 project: 3 of these people, 1 unmatched, 0 of bots, 0 of others, 1 merge"
        in said
    )
    assert "gitlab-sync identities" in said
    assert run(environ, "commits", "--unmatched", *there, "--quiet").stderr == b""


def test_who_has_no_commit_may_be_somebody_who_matches_nothing(
    environ: dict[str, str], there: tuple[str, str], world: World, people: list[str]
) -> None:
    """That is said where it is possible, and only there."""
    idle = user(world, 2)["username"]
    said = run(environ, "commits", *people, idle, *there, "--totals").stderr.decode()
    assert "1 person has no commit, and 1 unmatched commit could be theirs" in said
    assert b"--unmatched" not in run(environ, "commits", *people, *there).stderr


# -- ends ------------------------------------------------------------------------------------------


def test_what_is_missing_is_said_and_shows_in_the_exit_code(
    environ: dict[str, str], people: list[str], there: tuple[str, str], sandbox: Sandbox
) -> None:
    """A person who does not exist, a project that does not exist, one that cannot be read."""
    done = run(environ, "commits", *people, "no.such", *there, "-f", "csv")
    assert (done.returncode, done.stdout.count(b"\n")) == (3, 4)
    assert b"no.such: 404" in done.stderr
    done = run(environ, "commits", *people, *there, "--project", "no/such")
    assert done.returncode == 3
    assert b"no/such" in done.stderr
    done = run(environ, "commits", *people, "--group", "no/such")
    assert (done.returncode, done.stdout) == (4, b"")
    sandbox.faults.add("status", status=403, path="/projects/102/repository/commits", times=None)
    rows = rows_of(environ, *people, *there, "--project", "102", "--totals", code=3)
    assert {row["Status"] for row in rows} == {"Partial"}
    assert sum(row["Commits Total"] for row in rows) == 3
    rows = rows_of(environ, *people, "--project", "102", "--totals", code=4)
    assert {(row["Status"], row["Commits Total"]) for row in rows} == {("Error", None)}


def test_members_of_a_project_who_could_not_be_read_are_missing(
    environ: dict[str, str], there: tuple[str, str], sandbox: Sandbox
) -> None:
    """Those of the others are there."""
    sandbox.faults.add("status", status=403, path="/projects/102/members/all", times=None)
    done = run(environ, "commits", *there, "--project", "102", "--totals")
    assert done.returncode == 3
    assert b"error: members of 102: 403" in done.stderr
    assert run(environ, "commits", "--project", "102").returncode == 4


def test_without_a_valid_token_nothing_can_be_read(
    sandbox: Sandbox, people: list[str], tmp_path: Path
) -> None:
    """Every row says so."""
    environ = environment(tmp_path, GITLAB_URL=sandbox.url, GITLAB_TOKEN="of-nobody")
    rows = rows_of(environ, *people, "--totals", code=4)
    assert {row["Status"] for row in rows} == {"Error"}


def test_an_empty_list_has_no_rows(environ: dict[str, str], sandbox: Sandbox) -> None:
    """It names no one, which does not mean the members of the projects."""
    done = run(
        environ, "commits", "--users-file", "-", "--group", "acme", "-f", "json", given=b"\n"
    )
    assert (done.returncode, done.stdout) == (0, b"[]\n")
    assert b"no users given" in done.stderr
    assert not sandbox.traffic.count("/projects/:id/members/all")


@pytest.mark.parametrize(
    "wrong", [(), ("a", "--totals", "--unmatched"), ("a", "--group", " / "), ("a", "--project", "")]
)
def test_what_cannot_be_meant_is_refused(environ: dict[str, str], wrong: tuple[str, ...]) -> None:
    """No person and no project, two tables at once, a group or project without a name."""
    done = run(environ, "commits", *wrong)
    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("path", ["/projects/101/repository/commits", "/users/:id"])
def test_an_interrupted_run_gives_rows_that_say_what_was_not_read(
    path: str, sandbox: Sandbox, environ: dict[str, str], people: list[str]
) -> None:
    """Whatever it was just reading."""
    question = ("commits", *people, "--group", "acme", "--totals", "-f", "json")
    done = interrupted(environ, *question, when=stalled(sandbox, path))
    assert done.returncode == 130, done.stderr.decode()
    rows = json.loads(done.stdout)
    assert [row["Username"] for row in rows] == people
    assert all("Ctrl-C" in row["Error"] for row in rows)


def test_the_demo_has_people_of_its_own(tmp_path: Path) -> None:
    """No one has to be named there."""
    rows = rows_of(environment(tmp_path), "--demo", "--totals")
    assert len(rows) > 5
    assert all(row["Status"] == "Success" for row in rows)
