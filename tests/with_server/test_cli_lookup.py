"""`members` and `search`: lists of people and projects, in every format."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest
from cli_runs import environment, of_sandbox, run, shared

from gitlab_sync.reports.formats import FORMATS
from gitlab_sync.sandbox import Sandbox

TOOLS = "acme/platform/tools"
COMMANDS = {
    "members": ("members", TOOLS),
    "users": ("search", "users", "a"),
    "projects": ("search", "projects", "figures"),
}

served, sandbox, world = shared()


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


def rows(environ: dict[str, str], *arguments: str) -> list[dict[str, object]]:
    """Run a command that must succeed, and return its rows."""
    done = run(environ, *arguments, "-f", "json")
    assert done.returncode == 0, done.stderr.decode()
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def group_members(sandbox: Sandbox) -> set[str]:
    """Return the usernames of the members of the group at the top."""
    users = {user["id"]: user["username"] for user in sandbox.world.tables.users}
    top = sandbox.world.tables.groups[0]["id"]
    return {users[member["user_id"]] for member in sandbox.world.members["group", top]}


@pytest.mark.parametrize(
    ("command", "form"),
    [
        *(("members", form) for form in FORMATS),
        ("users", "csv"),
        ("users", "xlsx"),
        ("projects", "ndjson"),
        ("projects", "html"),
    ],
)
def test_every_format_has_the_same_rows(
    command: str, form: str, environ: dict[str, str], sandbox: Sandbox
) -> None:
    """With what is known of them, and where they were read."""
    if form == "parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
    expected = rows(environ, *COMMANDS[command])
    done = run(environ, *COMMANDS[command], "-f", form)
    title = next(iter(expected[0]))
    names = [row[title] for row in expected]
    assert done.returncode == 0
    if form in {"json", "ndjson"}:
        found = json.loads(done.stdout) if form == "json" else [
            json.loads(line) for line in done.stdout.splitlines()
        ]  # fmt: skip
        assert found == expected
    elif form == "csv":
        table = csv.DictReader(io.StringIO(done.stdout.decode(), newline=""))
        assert [row[title] for row in table] == names
    elif form == "table":
        assert [line.split()[0].decode() for line in done.stdout.splitlines()[2:]] == names
    elif form == "xlsx":
        first, about = openpyxl.load_workbook(io.BytesIO(done.stdout)).worksheets
        assert [row[0] for row in first.iter_rows(min_row=2, values_only=True)] == names
        assert first["A2"].hyperlink.target == expected[0]["Link"]
        assert sandbox.url in [row[1] for row in about.iter_rows(values_only=True)]
    elif form == "parquet":
        assert parquet.read_table(io.BytesIO(done.stdout)).to_pylist()[0][title] == names[0]
    else:
        assert all(f">{name}</a>" in done.stdout.decode() for name in names)


@pytest.mark.parametrize("by", ["path", "id"])
def test_members_are_those_of_the_groups_above_too(
    by: str, sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """Unless only direct ones are asked for."""
    group = next(group for group in sandbox.world.tables.groups if group["full_path"] == TOOLS)
    name = TOOLS if by == "path" else str(group["id"])
    found = rows(environ, "members", name)
    assert {row["Username"] for row in found} == group_members(sandbox)
    assert tuple(found[0]) == ("Username", "Name", "Id", "Email", "Link")
    assert rows(environ, "members", name, "--direct") == []
    direct = rows(environ, "members", "acme", "--direct")
    assert {row["Username"] for row in direct} == group_members(sandbox)
    assert tuple(direct[0]) == tuple(found[0])


def test_members_as_csv_can_be_handed_on(sandbox: Sandbox, environ: dict[str, str]) -> None:
    """The further columns go with them; an id that the report has not keeps its title."""
    listed = run(environ, "members", TOOLS, "-f", "csv").stdout
    done = run(environ, "issues", "--users-file", "-", "-f", "json", given=listed)
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert {row["Username"] for row in found} == group_members(sandbox)
    assert all(row["Name"] and row["Id"].isdigit() for row in found)


def test_a_group_that_does_not_exist_is_a_4(environ: dict[str, str]) -> None:
    """With GitLab's word for it; an empty list would look like an empty group."""
    for extra in ((), ("--direct",)):
        done = run(environ, "members", "no/such/group", *extra)
        assert (done.returncode, done.stdout) == (4, b"")
        assert b"404" in done.stderr


def test_a_list_that_breaks_off_is_a_4_and_not_shown(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """Half a group would look like the whole."""
    sandbox.faults.add("status", status=403, path="/groups/:id/members/all", times=None)
    done = run(environ, "members", TOOLS)
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"read_api" in done.stderr


def test_search_finds_projects_by_name_and_by_the_path_of_their_group(
    environ: dict[str, str],
) -> None:
    """Descriptions count, too, and groups when there is a slash in the text."""
    by_name = {row["Project"] for row in rows(environ, "search", "projects", "figures")}
    assert by_name >= {"acme/figures", "alice.moreau/figures"}
    by_path = {row["Project"] for row in rows(environ, "search", "projects", "acme/fig")}
    assert by_path == {"acme/figures"}


def test_search_finds_users(environ: dict[str, str]) -> None:
    """By a part of their names."""
    found = rows(environ, "search", "users", "moreau")
    assert [row["Username"] for row in found] == ["alice.moreau"]
    assert found[0]["State"] == "active"


def test_a_limit_shows_the_first_and_says_that_there_are_more(environ: dict[str, str]) -> None:
    """On standard error, and only if there are."""
    everybody = rows(environ, "search", "users", "a")
    done = run(environ, "search", "users", "a", "--limit", "2", "-f", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == everybody[:2]
    assert b"more than 2 users found" in done.stderr
    whole = run(environ, "search", "users", "a", "--limit", str(len(everybody)))
    assert b"more than" not in whole.stderr
    assert f"{len(everybody)} users found".encode() in whole.stderr


def test_a_limit_costs_no_more_pages_than_it_needs(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """A common word can be in a hundred thousand names."""
    rows(environ, "search", "users", "a", "--limit", "1")
    assert sandbox.traffic.total == 1


def test_nothing_found_is_an_empty_table_and_a_0(environ: dict[str, str]) -> None:
    """That is an answer, too."""
    assert rows(environ, "search", "projects", "no-such-project") == []


@pytest.mark.parametrize("command", COMMANDS.values())
def test_a_wrong_token_is_a_4_with_a_hint(
    command: tuple[str, ...], environ: dict[str, str]
) -> None:
    """As everywhere."""
    done = run({**environ, "GITLAB_TOKEN": "wrong"}, *command)
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"401" in done.stderr
    assert b"hint: Check that the token" in done.stderr


def test_the_demo_has_members_and_projects(tmp_path: Path) -> None:
    """Without any setting."""
    environ = environment(tmp_path)
    assert len(rows(environ, "members", "harbour", "--demo")) > 3
    assert rows(environ, "search", "projects", "a", "--demo")


@pytest.mark.parametrize("body", ['["a"]', '[null, {"id": 1}]', "[[1]]"])
def test_a_row_that_is_no_record_is_an_error_of_the_list(
    environ: dict[str, str], sandbox: Sandbox, body: str
) -> None:
    """It was a fault of ours."""
    for kind in ("projects", "users"):
        sandbox.faults.clear()
        sandbox.faults.add("status", status=200, body=body, path=f"/{kind}", times=None)
        done = run(environ, "search", kind, "a")
        assert done.returncode == 4
        assert f"1 {kind[:-1]} not readable: it is not an object" in done.stderr.decode()
