"""`identities`: what matches no one, suggestions, and files, as the real command writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_runs import Done, of_sandbox, run, shared
from written_commits import user, without_commits, write

from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.services.identities import COLUMNS, SUGGESTED

LAPTOP = "me@laptop.local"


def make_world() -> World:
    """Make a world with three signatures that match no one, one of them a co-author's."""
    world = without_commits(generate_world(seed=1, users=5, merge_requests=3, projects=2))
    first, second = user(world), user(world, 1)
    origin, fork = world.tables.projects[:2]
    fork["forked_from_project"] = {"id": origin["id"]}
    backwards = ", ".join(reversed(first["name"].split()))
    told = "fix: it\n\nCo-authored-by: Zoe Kay <zoe@x.example>\n"
    write(world, origin, first, "2024-03-05T09:30:00.000+05:30", message=told)
    write(world, origin, second, "2024-03-06T01:00:00.000+05:30")
    for project in (origin, fork):
        for day in (7, 9):
            write(
                world, project, first, f"2024-03-0{day}T10:00:00.000+00:00", email=LAPTOP,
                name=backwards, sha=f"{day}" * 40,
            )  # fmt: skip
    write(world, origin, second, email="root@pc", name="Build Server")
    write(world, origin, first, parents=2)
    return world


served, sandbox, world = shared(make_world)


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


def ask(environ: dict[str, str], *arguments: str, code: int = 0) -> Done:
    """Run the command about the members of the group's projects."""
    done = run(environ, "identities", "--group", "acme", *arguments)
    assert done.returncode == code, done.stderr.decode()
    return done


def rows_of(environ: dict[str, str], *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """Return the rows of a run."""
    done = ask(environ, *arguments, "-f", "json", code=code)
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_each_signature_is_a_row_with_commits_projects_and_days(
    environ: dict[str, str], world: World
) -> None:
    """A commit that a fork shares counts once; suggestions are there if they are asked for."""
    origin, fork = (each["path_with_namespace"] for each in world.tables.projects[:2])
    rows = rows_of(environ)
    assert all(tuple(row) == COLUMNS for row in rows)
    assert [(row["Address"], row["Commits"]) for row in rows] == [(LAPTOP, 2), ("root@pc", 1)]
    assert set(rows[0]["Projects"].split(", ")) == {origin, fork}
    assert (rows[0]["First Day"], rows[0]["Last Day"]) == ("2024-03-07", "2024-03-09")
    first, second = rows_of(environ, "--suggest")
    assert tuple(first) == (*COLUMNS, *SUGGESTED)
    person = user(world)
    assert first["Suggested"] == person["username"]
    assert first["Reason"] == f"the name has the same words as “{person['name']}”"
    assert (second["Suggested"], second["Reason"]) == ("", "")


def test_co_authors_who_match_no_one_have_rows_if_they_count(environ: dict[str, str]) -> None:
    """Behind those with commits of their own."""
    rows = rows_of(environ, "--co-authors")
    assert [(row["Address"], row["Commits"], row["Co-authored"]) for row in rows] == [
        (LAPTOP, 2, 0), ("root@pc", 1, 0), ("zoe@x.example", 0, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["aliases.txt", ".mailmap"])
def test_what_is_assigned_is_written_and_counts_from_then_on(
    environ: dict[str, str], world: World, tmp_path: Path, name: str
) -> None:
    """As an aliases file or a .mailmap, by the name; what was there stays, and twice is once."""
    person, file = user(world), tmp_path / name
    file.write_text("# Ours\n")
    given = ("--assign", f"{LAPTOP}={person['username'].upper()}", "--write", str(file))
    done = ask(environ, *given)
    assert LAPTOP.encode() not in done.stdout
    assert f"<{LAPTOP}>: 2 commits assigned to {person['username']}" in done.stderr.decode()
    text = file.read_text()
    assert text.startswith("# Ours\n")
    assert (f"{person['username']}, {LAPTOP}" in text) == (name == "aliases.txt")
    again = ask(environ, *given)
    assert b"nothing to add" in again.stderr
    assert file.read_text() == text
    rows = rows_of(environ, "--aliases", str(file))
    assert [row["Address"] for row in rows] == ["root@pc"]
    totals = json.loads(
        run(environ, "commits", "--group", "acme", "--totals", "--aliases", str(file), "-f", "json")
        .stdout
    )  # fmt: skip
    assert {row["Username"]: row["Commits Total"] for row in totals}[person["username"]] == 3


def test_without_a_file_it_is_a_trial_and_without_a_choice_a_file_to_fill_in(
    environ: dict[str, str], world: World, tmp_path: Path
) -> None:
    """The suggestion is in it, as a comment."""
    person, file = user(world)["username"], tmp_path / "aliases.txt"
    assert b"nothing was written" in ask(environ, "--assign", f"{LAPTOP}={person}").stderr
    ask(environ, "--suggest", "--write", str(file))
    lines = file.read_text().splitlines()
    assert lines[0].startswith(f"# {person}, {LAPTOP}  # ")
    assert lines[0].endswith("2 commits, 2024-03-07 to 2024-03-09")
    assert lines[1].startswith("# ?, root@pc  # Build Server, 1 commit, ")
    file.write_text(file.read_text().replace("# ", "", 1))
    assert [row["Address"] for row in rows_of(environ, "--aliases", str(file))] == ["root@pc"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--assign", "me@laptop.local"], "--assign must be ADDRESS=USER, got “me@laptop.local”"),
        (["--assign", "=ann"], "--assign must be ADDRESS=USER"),
        (["--assign", "me@laptop.local=no.such"], "“no.such” must be one of the people"),
        (["--assign", "who@x={0}"], "“who@x” must be the address of an unmatched signature"),
        (["--write-format", "mailmap"], "--write-format needs --write"),
        (["--assign", "root@pc={0}", "--assign", "ROOT@pc={1}", "--write", "a"], "assigned to {0}"),
        (["--assign", "root@pc={0}", "--write", "no/such/file"], "cannot be written"),
        (["--assign", "root@pc={0}", "--write", "."], "must be a file"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_written(
    environ: dict[str, str],
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    """Exit code 2, no table."""
    monkeypatch.chdir(tmp_path)
    names = [user(world, place)["username"] for place in (0, 1)]
    done = ask(environ, *(each.format(*names) for each in arguments), code=2)
    assert message.format(*names) in done.stderr.decode()
    assert (done.stdout, [*tmp_path.iterdir()]) == (b"", [])


def test_a_file_with_the_address_of_another_is_left_alone(
    environ: dict[str, str], world: World, tmp_path: Path
) -> None:
    """The message names who has it."""
    first, second = (user(world, place)["username"] for place in (0, 1))
    file = tmp_path / "aliases.txt"
    file.write_text(f"{second}, {LAPTOP}\n")
    done = ask(environ, "--assign", f"{LAPTOP}={first}", "--write", str(file), code=2)
    assert "must be the address of an unmatched signature" in done.stderr.decode()
    assert file.read_text() == f"{second}, {LAPTOP}\n"


def test_a_snapshot_has_the_same_signatures(
    environ: dict[str, str], world: World, tmp_path: Path
) -> None:
    """With commits, projects, days and suggestions; files are written as ever."""
    folder, file = str(tmp_path / "kept"), tmp_path / "aliases.txt"
    run(environ, "snapshot", "--group", "acme", "--into", folder)
    live = rows_of(environ, "--suggest")
    # A snapshot does not know whether others have work in the group.
    assert rows_of(environ, "--suggest", "--from", folder, code=3) == live
    person = user(world)["username"]
    given = ("--from", folder, "--assign", f"{LAPTOP}={person}", "--write", str(file))
    ask(environ, *given, code=3)
    assert file.read_text() == f"{person}, {LAPTOP}\n"
    refused = ask(environ, "--from", folder, "--co-authors", code=2)
    assert b"--from excludes --co-authors" in refused.stderr
