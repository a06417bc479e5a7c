"""Older runs are removed after a new one was written, and never the only whole one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cli_runs import of_sandbox, run, shared

from gitlab_sync.sandbox import Sandbox

served, sandbox, world = shared()

OLDER = ["20260101T000000Z", "20260102T000000Z", "20260102T000000Z-2", "20260102T000000Z-10"]


@pytest.fixture
def folder(sandbox: Sandbox, tmp_path: Path) -> tuple[dict[str, str], Path]:
    """Return the environment, and a folder with older runs that have everything."""
    environ = of_sandbox(sandbox, tmp_path)
    place = tmp_path / "snapshots"
    assert run(environ, *_taking(sandbox, place)).returncode == 0
    (made,) = place.iterdir()
    for name in OLDER:
        shutil.copytree(made, place / name)
    shutil.rmtree(made)
    return environ, place


def _taking(sandbox: Sandbox, place: Path, *options: str) -> list[str]:
    return ["snapshot", *sandbox.world.truth.usernames, "--into", str(place), *options]


def _names(place: Path) -> list[str]:
    return sorted(each.name for each in place.iterdir())


def _edit(place: Path, name: str, **values: object) -> None:
    path = place / name / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_the_last_runs_stay(folder: tuple[dict[str, str], Path], sandbox: Sandbox) -> None:
    """In the order in which they were taken; without the option all do."""
    environ, place = folder
    done = run(environ, *_taking(sandbox, place))
    first = done.stdout.decode().strip().rpartition("@")[2]
    assert len(_names(place)) == 5
    done = run(environ, *_taking(sandbox, place, "--keep", "3"))
    last = done.stdout.decode().strip().rpartition("@")[2]
    assert _names(place) == sorted([OLDER[3], first, last])
    assert f"3 older runs removed: {', '.join(OLDER[:3])}" in done.stderr.decode()


def test_what_is_not_ours_or_not_known_stays(
    folder: tuple[dict[str, str], Path], sandbox: Sandbox
) -> None:
    """Runs of another GitLab, of a newer schema, damaged ones, and other files."""
    environ, place = folder
    _edit(place, OLDER[0], instance="https://other.example")
    _edit(place, OLDER[1], schema=99)
    (place / OLDER[2] / "run.json").write_text("{")
    (place / "notes.txt").write_text("mine")
    done = run(environ, *_taking(sandbox, place, "--keep", "1"))
    last = done.stdout.decode().strip().rpartition("@")[2]
    assert _names(place) == sorted([*OLDER[:3], last, "notes.txt"])


def test_runs_that_lack_something_take_the_place_of_none(
    folder: tuple[dict[str, str], Path], sandbox: Sandbox
) -> None:
    """However many there are, the last ones with everything stay; so it is if nothing is read."""
    environ, place = folder
    _edit(place, OLDER[3], whole=False)
    sandbox.faults.add("status", status=403, path="/issues", times=None)
    done = run(environ, *_taking(sandbox, place, "--keep", "1"))
    assert done.returncode == 3
    last = done.stdout.decode().strip().rpartition("@")[2]
    assert _names(place) == sorted([OLDER[2], last])
    sandbox.stop()
    done = run(environ, *_taking(sandbox, place, "--keep", "1"))
    sandbox.start()
    assert OLDER[2] in _names(place)
    assert run(environ, *_taking(sandbox, place, "--keep", "0")).returncode == 2
