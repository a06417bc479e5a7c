"""`parity`: each cell of an older table is equal, explained, unexplained or unknown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checked_world import AUTHOR, person
from cli_runs import Done, environment, interrupted, of_sandbox, run, stalled
from older_tables import (
    INJECTED,
    Injected,
    as_csv,
    as_json,
    as_xlsx,
    mr,
    truth,
    world_with_idle_author,
)

from gitlab_sync import GitLabClient
from gitlab_sync.rules.parity.columns import KINDS
from gitlab_sync.rules.parity.differences import CREATED, DIFFERENCES, UPDATED
from gitlab_sync.sandbox import Sandbox, World

SOURCES = (("--source", "rest"), ("--source", "graphql"))


@pytest.fixture
def world() -> World:
    """Return a world with a person who has no work yet."""
    return world_with_idle_author()


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    """Return a sandbox with that world."""
    with Sandbox(world) as running:
        yield running


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


def compared(environ: dict[str, str], path: Path, *options: str) -> tuple[Done, list[Any]]:
    """Compare the table at a path, and return the run with its rows."""
    done = run(environ, "parity", "--old", str(path), "--store", "off", *options, "-f", "json")
    return done, json.loads(done.stdout or b"[]")


def cells(rows: list[Any]) -> list[tuple[str, str, str]]:
    """Return the person, the column and the result of each row."""
    return [(row["Username"], row["Column"], row["Result"]) for row in rows]


# -- differences -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "injected",
    [
        pytest.param(each, marks=pytest.mark.slow if each.id == "newest_100" else ())
        for each in INJECTED
    ],
    ids=lambda each: f"{each.id} {each.command}",
)
def test_a_deliberate_difference_is_explained_with_its_items(
    injected: Injected, world: World, environ: dict[str, str], tmp_path: Path
) -> None:
    """By either source; nothing else differs, and one number more or less is not explained."""
    rows = injected.rows(world)
    path = tmp_path / "old.csv"
    for source in SOURCES:
        path.write_bytes(as_csv(rows.values()))
        done, found = compared(environ, path, *source, *injected.options)
        assert done.returncode == 0, done.stderr
        assert cells(found) == [(AUTHOR, injected.title, "explained")]
        assert injected.id in found[0]["Differences"].split(", ")
        named = injected.names if injected.items else "acme/platform/mail-relay!901"
        assert found[0]["Items"] == named
    total = sum(len(row) - 1 for row in rows.values())
    summary = f"{total} cells: {total - 1} equal, 1 explained, 0 unexplained"
    assert summary in done.stderr.decode()
    rows[AUTHOR][injected.title] += 77
    path.write_bytes(as_csv(rows.values()))
    done, found = compared(environ, path, *injected.options)
    assert done.returncode == 1
    assert cells(found) == [(AUTHOR, injected.title, "unexplained")]


@pytest.mark.slow
def test_the_differences_of_whole_people_are_explained(
    world: World, sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """Merge requests from lists alone, lost roles, and groups of another."""
    alice = person(world, AUTHOR)
    mr(user_notes_count=0, assignees=[alice], assignee=alice)(world)
    world.changed()
    rows = json.loads(run(environ, "users", *world.truth.usernames, "-f", "json").stdout)
    older = {row["Username"]: row for row in rows}
    ours = older[AUTHOR]
    with GitLabClient(sandbox.url, sandbox.token("admin")) as client:
        owner = len(client.get_all("groups", {"min_access_level": 10}))
    assert (ours["MR Total (Authored)"], ours["MR No Review"]) == (1, 0)
    assert owner != ours["Groups Count"]
    for title in ("Error", "Unverified", "MR Ended", "MR No Unit Tests"):
        for row in rows:
            del row[title]
    path = tmp_path / "old.xlsx"
    path.write_bytes(as_xlsx(rows))
    for source in SOURCES:
        done, found = compared(environ, path, *source)
        assert (done.returncode, found) == (0, []), done.stderr
    ours |= {"MR No Review": 1, "MR Total (Authored)": 0, "Groups Count": owner}
    path.write_bytes(as_xlsx(rows))
    done, found = compared(environ, path)
    assert {row["Column"]: row["Differences"] for row in found} == {
        "MR No Review": "lists_alone",
        "MR Total (Authored)": "both_roles_lost",
        "Groups Count": "groups_of_token_owner",
    }
    assert done.returncode == 0
    ours["Commits Total"] += 1
    path.write_bytes(as_xlsx(rows))
    done, found = compared(environ, path)
    assert done.returncode == 1
    assert cells(found)[0] == (AUTHOR, "Commits Total", "unexplained")


def test_what_failed_and_who_was_unknown_was_a_zero(
    world: World, sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """A zero is explained, another number is unknown, and unknown is neither."""
    mr()(world)
    world.changed()
    rows = truth(world, "mrs")
    rows[AUTHOR] |= {"Closed MRs": 1}
    rows["ada"] = {**dict.fromkeys(rows[AUTHOR], 0), "Username": "ada"}
    path = tmp_path / "old.json"
    path.write_bytes(as_json([rows[AUTHOR], rows["ada"]]))
    done, found = compared(environ, path)
    assert done.returncode == 0
    assert {row["Differences"] for row in found} == {"unknown_user_clean"}
    assert {row["Username"] for row in found} == {"ada"}
    sandbox.faults.add("status", status=403, path="*/merge_requests/*/notes", times=None)
    done, found = compared(environ, path, "--source", "rest")
    assert done.returncode == 3
    assert ("failures_as_zeros", "No Internal Review") in {
        (row["Differences"], row["Column"]) for row in found
    }
    rows[AUTHOR]["No Internal Review"] = 1
    path.write_bytes(as_json([rows[AUTHOR]]))
    done, found = compared(environ, path, "--source", "rest")
    assert done.returncode == 3
    assert cells(found) == [(AUTHOR, "No Internal Review", "unknown")]
    assert "1 unknown" in done.stderr.decode()


def test_what_fails_once_is_known_after_the_second_reading(
    world: World, sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """The numbers are those of the second; that the first was not whole is still said."""
    path = tmp_path / "old.csv"
    path.write_bytes(as_csv(truth(world, "mrs").values()))
    sandbox.faults.add("status", status=403, path="*/merge_requests/*/notes", times=1)
    done, found = compared(environ, path, "--source", "rest")
    assert (done.returncode, found) == (3, [])
    assert b"50 cells: 50 equal, 0 explained, 0 unexplained" in done.stderr


def test_every_difference_is_put_into_a_table() -> None:
    """One without a test could explain anything."""
    others = {"lists_alone", "both_roles_lost", "groups_of_token_owner"}
    others |= {"failures_as_zeros", "unknown_user_clean"}
    known = {difference.id for difference in DIFFERENCES} | {CREATED, UPDATED}
    assert {each.id for each in INJECTED} | others == known


# -- requests, exit codes, output ------------------------------------------------------------------


def test_items_are_read_again_only_for_who_has_other_numbers(
    world: World, sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """A table that fits costs what `mrs` costs."""
    rows = truth(world, "mrs")
    path = tmp_path / "old.csv"
    requests = []
    for more in (0, 1):
        rows["bruno.rossi"]["Failed Pipeline"] += more
        path.write_bytes(as_csv(rows.values(), ";"))
        sandbox.traffic.reset()
        done, _ = compared(environ, path, "--source", "rest")
        assert done.returncode == more
        requests.append([each.path for each in sandbox.traffic.exchanges])
    sandbox.traffic.reset()
    run(environ, "mrs", *rows, "--source", "rest", "--store", "off")
    assert sorted(requests[0]) == sorted(each.path for each in sandbox.traffic.exchanges)
    ended = rows["bruno.rossi"]["Closed MRs"]
    again = [path for path in requests[1] if requests[1].count(path) > requests[0].count(path)]
    assert len(requests[1]) - len(requests[0]) == 1 + ended
    assert all(path.endswith(("/merge_requests", "/pipelines")) for path in again)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"Username,Closed,No Desc\nann,1,2\n", "(Did you mean Closed?)"),
        (b"Rank,Team,Project,Team Score\n1,a,b,3\n", "the ranking of teams"),
        (b"Project,Compliance Score,Stack,CI/CD\na/b,1,c,d\n", "the compliance of projects"),
        (b'{"Username": "ann"}', "must be a list of rows"),
        (b"a," * 2000 + b"\n1\n", "more than 1,000 columns"),
        (b"[{]", "is not valid JSON"),
        (b"PK\x03\x04", "the workbook cannot be read"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_before_any_request(
    content: bytes, said: str, sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """With what was expected."""
    path = tmp_path / "old.csv"
    path.write_bytes(content)
    done = run(environ, "parity", "--old", str(path))
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()
    assert not sandbox.traffic.total


def test_options_that_do_not_fit_the_table_are_refused(
    world: World, environ: dict[str, str], tmp_path: Path
) -> None:
    """And a file that is not there."""
    path = tmp_path / "old.csv"
    path.write_bytes(as_csv(truth(world, "mrs").values()))
    for options in (
        (str(path), "--by", "closed", "--since", "2026-01-01"),
        (str(path), "--by", "merged"),
        (str(path), "--written", "soon"),
        (str(tmp_path / "none.csv"),),
    ):
        assert run(environ, "parity", "--old", *options).returncode == 2


def test_nothing_that_could_be_read_is_4_and_a_bad_row_is_3(
    world: World, environ: dict[str, str], tmp_path: Path
) -> None:
    """As everywhere."""
    path = tmp_path / "old.csv"
    rows = truth(world, "issues")
    path.write_bytes(as_csv(rows.values()))
    assert run({**environ, "GITLAB_TOKEN": "wrong"}, "parity", "--old", str(path)).returncode == 4
    path.write_bytes(as_csv(rows.values()) + b"two words,1\n")
    done, found = compared(environ, path)
    assert (done.returncode, found) == (3, [])
    assert "line 7: “two words” is not a valid username" in done.stderr.decode()


@pytest.mark.parametrize("form", ["table", "ndjson", "csv", "xlsx", "parquet", "html"])
def test_the_differences_are_written_in_each_format(
    form: str, world: World, environ: dict[str, str], tmp_path: Path
) -> None:
    """The worst first, with a cell that is no number among them."""
    rows = truth(world, "mrs")
    rows[AUTHOR] |= {"No Desc": 3, "No Issues": "many", "No Time Spent": 9}
    path = tmp_path / "old.csv"
    path.write_bytes(as_csv(rows.values()))
    out = tmp_path / f"out.{'txt' if form == 'table' else form}"
    done = run(environ, "parity", "--old", str(path), "-o", str(out), "-f", form)
    assert done.returncode == 1, done.stderr
    if form in {"table", "csv"}:
        lines = [line for line in out.read_text().splitlines() if AUTHOR in line]
        found = [line.replace(",", " ").split(AUTHOR)[1].split() for line in lines]
        assert [" ".join(words[:2]) for words in found] == ["No Issues", "No Time", "No Desc"]


def test_ctrl_c_in_the_second_reading_leaves_what_is_not_known_unknown(
    world: World, sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """The first reading is in the report."""
    rows = truth(world, "mrs")
    name = "bruno.rossi"
    rows[name]["Closed MRs"] += 1
    path = tmp_path / "old.csv"
    path.write_bytes(as_csv(rows.values()))
    query = {"author_username": name}
    planted = sandbox.faults.add("stall", path="/merge_requests", query=query, nth=2, times=None)
    line = ("parity", "--old", str(path), "--source", "rest", "--store", "off", "-f", "json")
    done = interrupted(environ, *line, when=lambda: planted.hits)
    assert done.returncode == 130
    assert cells(json.loads(done.stdout)) == [(name, "Closed MRs", "unknown")]


@pytest.mark.parametrize("command", ["mrs", "issues", "users"])
def test_ctrl_c_in_the_first_reading_writes_what_was_read(
    command: str, sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """No row is missing, and what was not read is unknown."""
    path = tmp_path / "old.csv"
    kind = next(kind for kind in KINDS if kind.command == command)
    names = sandbox.world.truth.usernames
    path.write_bytes(as_csv({**dict.fromkeys(kind.titles, 5), "Username": name} for name in names))
    when = stalled(sandbox, "/issues" if command == "issues" else "/merge_requests")
    line = ("parity", "--old", str(path), "--source", "rest", "--store", "off", "-f", "json")
    done = interrupted(environ, *line, when=when)
    assert done.returncode == 130
    rows = json.loads(done.stdout)
    assert {row["Username"] for row in rows if row["Result"] == "unknown"} == {*names}


@pytest.mark.slow
def test_the_demo_agrees_with_itself(tmp_path: Path) -> None:
    """As a team sees it that has migrated already."""
    path = tmp_path / "old.csv"
    bare = environment(tmp_path)
    run(bare, "mrs", "--demo", "--policy", "classic", "-o", str(path))
    done = run(bare, "parity", "--demo", "--old", str(path))
    assert done.returncode == 0
    assert b"130 cells: 130 equal" in done.stderr
