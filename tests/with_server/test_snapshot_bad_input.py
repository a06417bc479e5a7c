"""Whatever is wrong with a folder of snapshots is said, and nothing is shown or changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_runs import of_sandbox, run, shared

from gitlab_sync.sandbox import Sandbox
from gitlab_sync.snapshots.files import Folder

served, sandbox, world = shared()

FIRST, LAST = "20260101T000000Z", "20260102T000000Z"

QUESTIONS: dict[str, Callable[[str], list[str]]] = {
    "diff": lambda folder: ["diff", folder, "-f", "ndjson", "--part", "changes"],
    "sql": lambda folder: ["sql", "FROM people", "--from", folder, "-f", "ndjson"],
    "forget": lambda folder: ["forget", "someone", "--into", folder, "--yes"],
    "export": lambda folder: ["export", "someone", "--from", folder],
    "as of": lambda folder: ["issues", "--from", folder, "--as-of", "2026-06-01"],
}


@pytest.fixture(scope="module")
def taken(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Path]:
    """Return the environment, and a folder with two runs."""
    home = tmp_path_factory.mktemp("home")
    environ = of_sandbox(served, home, GITLAB_SYNC_POLICY="fair")
    folder = home / "snapshots"
    done = run(environ, "snapshot", *served.world.truth.usernames, "--into", str(folder))
    assert done.returncode == 0, done.stderr.decode()
    (made,) = folder.iterdir()
    for name, day in ((FIRST, "01"), (LAST, "02")):
        shutil.copytree(made, folder / name)
        times = dict.fromkeys(("began", "ended"), f"2026-01-{day}T00:00:00.000Z")
        _edit(folder / name, **times)
    shutil.rmtree(made)
    return environ, folder


def _edit(place: Path, **values: object) -> None:
    path = place / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def _clear(folder: Path) -> None:
    for each in folder.iterdir():
        shutil.rmtree(each)


DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "gone": (shutil.rmtree, "There is no snapshot in"),
    "empty": (_clear, "There is no snapshot in"),
    "newer": (lambda folder: _edit(folder / LAST, schema=99), "has schema 99"),
    "foreign": (lambda folder: _edit(folder / LAST, format="other"), "is not one of a snapshot"),
    "elsewhere": (
        lambda folder: _edit(folder / LAST, files={"people./../../x.parquet": ""}),
        "lacks what it must say",
    ),
    "missing": (lambda folder: (folder / LAST / "issues.parquet").unlink(), "is missing"),
    "changed": (
        lambda folder: (folder / LAST / "issues.parquet").write_bytes(b"PAR1"),
        "was changed after it was written",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_folder_with_a_fault_is_refused(
    question: str, damage: str, taken: tuple[dict[str, str], Path], tmp_path: Path
) -> None:
    """Nothing is half shown, and no other file is touched."""
    environ, known = taken
    folder = tmp_path / "snapshots"
    shutil.copytree(known, folder)
    make, said = DAMAGE[damage]
    make(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = run(environ, *QUESTIONS[question](str(folder)))
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("question", ["diff", "sql", "export"])
def test_an_output_that_is_full_leaves_the_old_file(
    question: str, taken: tuple[dict[str, str], Path], tmp_path: Path
) -> None:
    """A device without room, and a folder that is not there."""
    environ, folder = taken
    asked = QUESTIONS[question](str(folder))[: 2 if question == "diff" else 4]
    if Path("/dev/full").exists():
        done = run(environ, *asked, "-o", "/dev/full")
        assert done.returncode == 2
        assert b"No space left on device" in done.stderr
    done = run(environ, *asked, "-o", str(tmp_path / "nowhere" / "file.json"))
    assert done.returncode == 2
    assert b"file.json cannot be written" in done.stderr


def test_a_filesystem_that_tries_for_ever_has_a_limit() -> None:
    """Half a minute, unless the address says another."""
    for name, seconds in (("gs://bucket/x", 30), ("gs://bucket/x?retry_limit_seconds=5", 5)):
        _, (options, *_) = Folder.at(name).system.__reduce__()
        assert options["retry_time_limit"] == timedelta(seconds=seconds)
