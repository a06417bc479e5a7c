"""A person is removed from all runs and from the store, or gets everything that is held."""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from cli_runs import of_sandbox, run
from worlds import fresh_demo, rename

from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.snapshots.files import Folder
from gitlab_sync.snapshots.schema import TABLES

pytestmark = pytest.mark.slow

PERSON, LATER, NAME, ADDRESS = "amelie.laurent", "amy.laurent", "Amelie Laurent", "amy@home.example"
ALIAS = "A. L. at home"
OTHER = "bo.lindqvist"

Place = tuple[dict[str, str], Path]


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Take two runs, between which the person is renamed; return the environment and the home."""
    home = tmp_path_factory.mktemp("home")
    with Sandbox(fresh_demo()) as sandbox:
        environ = of_sandbox(sandbox, home, GITLAB_SYNC_POLICY="fair")
        _mention(sandbox.world)
        _take(environ, sandbox, home)
        rename(sandbox.world, 1, LATER)
        sandbox.world.changed()
        _take(environ, sandbox, home)
        yield environ, home


def _take(environ: dict[str, str], sandbox: Sandbox, home: Path) -> None:
    people = [user["username"] for user in sandbox.world.tables.users if user["id"] < 14]
    take = ["snapshot", *people, "--group", "harbour", "--into", str(home / "snapshots")]
    done = run(environ, *take)
    assert done.returncode == 0, done.stderr.decode()


def _mention(world: World) -> None:
    """Let others name the person: in titles, labels, projects, commits and descriptions."""
    tables = world.tables
    others = [mr for mr in tables.merge_requests if mr["author"]["username"] == OTHER]
    others[0]["title"] = f"fix: what @{PERSON} found, with {NAME}."
    others[1]["labels"] = [*others[1]["labels"], PERSON, f"for {PERSON}"]
    others[2]["assignees"] = [{"id": 1, "username": PERSON, "name": NAME}]
    mine = next(mr for mr in tables.merge_requests if mr["author"]["username"] == PERSON)
    mine["assignees"] = [{"id": 2, "username": OTHER, "name": "Bo Lindqvist"}]
    tables.projects[0]["description"] = f"Ask {NAME} <{ADDRESS}>"
    commits = tables.commits[21]
    own = next(each for each in commits if each["author_name"] == NAME)
    stray = {**own, "id": "f" * 40, "short_id": "f" * 8, "author_name": ALIAS}
    commits.append(
        {**stray, "author_email": ADDRESS, "message": f"wip by {PERSON}", "title": "wip"}
    )
    world.changed()


@pytest.fixture
def copy(taken: Place, tmp_path: Path) -> Place:
    """Return the environment and a copy of the home, which a test may change."""
    environ, home = taken
    place = tmp_path / "home"
    shutil.copytree(home, place)
    changed = {key: value.replace(str(home), str(place)) for key, value in environ.items()}
    return changed, place


def _contents(home: Path) -> dict[str, str]:
    """Return everything in the files of the runs and of the store, decompressed, in lower case."""
    found = {}
    for path in (home / "snapshots").rglob("*"):
        if path.suffix == ".parquet":
            cells = json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False)
            found[str(path)] = cells.lower()
        elif path.is_file():
            found[str(path)] = path.read_text().lower()
    for path in home.rglob("*.sqlite"):
        with sqlite3.connect(path) as store:
            rows = store.execute("SELECT data FROM kept").fetchall()
        found[str(path)] = "\n".join(zlib.decompress(row[0]).decode().lower() for row in rows)
    return found


def _files(home: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def _forget(place: Place, *options: str, person: str = LATER) -> Any:
    environ, home = place
    also = ["--also", ALIAS, "--also", ADDRESS]
    into = str(home / "snapshots")
    return run(environ, "forget", person, "--into", into, *also, "-f", "json", *options)


NAMES = (PERSON, LATER, NAME, ADDRESS, ALIAS)


def _named(contents: dict[str, str]) -> set[str]:
    return {name for text in contents.values() for name in NAMES if name.lower() in text}


@pytest.mark.parametrize("person", [PERSON, LATER])
def test_nothing_of_a_person_is_left(copy: Place, person: str) -> None:
    """In any byte of any run or the store, under either name; files are what their hashes say."""
    _, home = copy
    before = _contents(home)
    assert _named(before) == {*NAMES}
    shown = json.loads(_forget(copy, "--dry-run", person=person).stdout)
    done = _forget(copy, "--yes", person=person)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == shown
    after = _contents(home)
    assert not _named(after)
    stores = [path for path in after if path.endswith(".sqlite")]
    assert [path for path in stores if 0 < after[path].count("\n") < before[path].count("\n")]
    for name in Folder.at(str(home / "snapshots")).runs():
        info = json.loads((home / "snapshots" / name / "run.json").read_text())
        (people,) = (home / "snapshots" / name).glob("people.*")
        number = pq.read_metadata(people).num_rows
        assert (info["forgotten"], info["rows"]["people"], number) == (1, 11, 11)
    again = _forget(copy, "--yes", person=person)
    assert (again.returncode, json.loads(again.stdout)) == (0, [])
    assert b"nothing of " in again.stderr


def test_the_rows_of_others_stay_as_they_were(copy: Place) -> None:
    """In all tables but that of reviews; the runs do not have the person."""
    environ, home = copy

    def rows() -> list[Any]:
        found = []
        for run_name in Folder.at(str(home / "snapshots")).runs():
            for command in ("mrs", "issues", "users", "commits", "weekly", "open"):
                options = ["--totals"] if command == "commits" else []
                source = f"{home / 'snapshots'}@{run_name}"
                done = run(environ, command, *options, "-f", "json", "--from", source)
                found += _without_person(json.loads(done.stdout))
        return found

    before = rows()
    assert _forget(copy, "--yes").returncode == 0
    assert rows() == before
    done = run(environ, "mrs", PERSON, "--from", str(home / "snapshots"), "-f", "json")
    (row,) = json.loads(done.stdout)
    assert "is not in the snapshot" in row["Error"]


def _without_person(rows: Any) -> list[Any]:
    """Return rows of others, without what is about the person in them or sums everyone up."""
    if isinstance(rows, dict):
        rows = [row for part in rows.values() for row in part]
    names = {PERSON, LATER}
    kept = [row for row in rows if row.get("Username") and row["Username"] not in names]
    return [
        {key: cell for key, cell in row.items() if isinstance(cell, int | float)} for row in kept
    ]


def test_an_item_that_others_have_stays_without_its_author(copy: Place) -> None:
    """Texts have a mark where a name was, and the names of others are left alone."""
    _, home = copy
    assert _forget(copy, "--yes").returncode == 0
    last = Folder.at(str(home / "snapshots")).runs()[-1]
    tables = {
        table.name: pq.read_table(path).to_pylist()
        for table in TABLES
        for path in (home / "snapshots" / last).glob(f"{table.name}.*")
    }
    mrs = tables["merge_requests"]
    kept = next(mr for mr in mrs if mr["author"] is None and mr["assigned_to"] == [OTHER])
    assert kept["authored_by"] is None
    assert [check for check in tables["checks"] if check["row"] == kept["row"]]
    assert "fix: what @[forgotten] found, with [forgotten]." in {mr["title"] for mr in mrs}
    assert [mr["labels"] for mr in mrs if "for [forgotten]" in (mr["labels"] or ())]
    described = [project["description"] or "" for project in tables["projects"]]
    assert "Ask [forgotten] <[forgotten]>" in described
    assert not any(project["key"] == "31" for project in tables["projects"])


# -- when it cannot be done ------------------------------------------------------------------------


def test_without_a_yes_nothing_is_changed(copy: Place) -> None:
    """Nor by a dry run, nor for one who was two people."""
    before = _files(copy[1])
    refused = _forget(copy)
    assert refused.returncode == 2
    assert b"No one can be asked here" in refused.stderr
    assert _forget(copy, "--dry-run").returncode == 0
    nobody = _forget(copy, "--into", str(copy[1] / "nowhere"), "--yes")
    assert (nobody.returncode, nobody.stdout) == (2, b"")
    after = _files(copy[1])
    assert {key: after[key] for key in before if ".sqlite-" not in key} == {
        key: before[key] for key in before if ".sqlite-" not in key
    }


def test_a_disk_that_fills_leaves_each_run_whole(copy: Place) -> None:
    """As it was, or without the person; what was begun is gone, and the next time all of it is."""
    _, home = copy
    before = _files(home / "snapshots")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, hard))
    try:
        done = _forget(copy, "--yes", "--store", str(home / "none.sqlite"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"cannot be written" in done.stderr
    assert _files(home / "snapshots") == before
    assert _forget(copy, "--yes").returncode == 0
    assert not _named(_contents(home))


def test_what_a_killed_run_left_is_removed(copy: Place) -> None:
    """Files that no run names any more, and unfinished runs."""
    _, home = copy
    runs = Folder.at(str(home / "snapshots")).runs()
    place = home / "snapshots" / runs[0]
    shutil.copy(place / "people.parquet", place / "people.0badcafe.parquet")
    left = home / "snapshots" / f".unfinished-{runs[0]}-0badcafe.4194303.{os.uname().nodename}"
    shutil.copytree(place, left)
    assert _forget(copy, "--yes").returncode == 0
    assert not left.exists()
    assert not _named(_contents(home))


def test_a_damaged_run_stops_it_before_anything_is_changed(copy: Place) -> None:
    """So that no one believes that it is done."""
    _, home = copy
    runs = Folder.at(str(home / "snapshots")).runs()
    (home / "snapshots" / runs[1] / "people.parquet").write_bytes(b"PAR1")
    before = _files(home / "snapshots")
    done = _forget(copy, "--yes")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"people.parquet was changed" in done.stderr
    assert _files(home / "snapshots") == before


# -- export ----------------------------------------------------------------------------------------


def test_a_person_gets_what_is_held(copy: Place, tmp_path: Path) -> None:
    """Of all runs, their own rows whole, and of others what names them; afterwards nothing."""
    environ, home = copy
    asked = ["export", PERSON, "--from", str(home / "snapshots"), "--also", ALIAS]
    done = run(environ, *asked)
    assert done.returncode == 0, done.stderr.decode()
    held = json.loads(done.stdout)
    runs = Folder.at(str(home / "snapshots")).runs()
    assert list(held) == runs
    last = held[runs[-1]]["tables"]
    (person,) = last["people"]["own"]
    assert (person["username"], person["name"]) == (LATER, NAME)
    assert {mr["author"] for mr in last["merge_requests"]["own"]} == {LATER}
    (titled,) = (row for row in last["merge_requests"]["named"] if "title" in row)
    assert set(titled) == {"row", "reference", "project", "title"}
    assert {row["author_name"] for row in last["commits"]["own"]} >= {NAME, ALIAS}
    (one,) = json.loads(run(environ, *asked[:3], f"{asked[3]}@{runs[0]}").stdout).values()
    assert one["tables"]["people"] == held[runs[0]]["tables"]["people"]
    path = tmp_path / "amelie.zip"
    assert run(environ, *asked, "-o", str(path)).returncode == 0
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        tables = json.loads(archive.read(f"{runs[-1]}/merge_requests.json"))
    assert tables == last["merge_requests"]
    assert _forget(copy, "--yes").returncode == 0
    assert json.loads(run(environ, *asked).stdout) == {}
