"""With --from and --as-of the last run that was over by a person's moment decides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cli_runs import of_sandbox, run
from worlds import fresh_demo

from gitlab_sync.sandbox import Sandbox
from gitlab_sync.sandbox.moving import Mover

pytestmark = pytest.mark.slow

RUNS = {
    "20260601T100000Z": ("2026-06-01T10:00:00.000Z", "2026-06-01T10:10:00.000Z"),
    "20260608T100000Z": ("2026-06-08T10:00:00.000Z", "2026-06-08T10:10:00.000Z"),
}
FIRST, LAST = RUNS
EARLY, LATE = "amelie.laurent", "kira.osei"

Place = tuple[dict[str, str], Path, Sandbox]


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Take a run, let the world move on, and take another; both are dated to a week of June."""
    home = tmp_path_factory.mktemp("home")
    folder = home / "snapshots"
    with Sandbox(fresh_demo()) as sandbox:
        environ = of_sandbox(sandbox, home, GITLAB_SYNC_POLICY="fair")
        for name, (began, ended) in RUNS.items():
            done = run(environ, "snapshot", "--members-of", "harbour", "--into", str(folder))
            assert done.returncode == 0, done.stderr.decode()
            made = folder / done.stdout.decode().strip().rpartition("@")[2]
            info = json.loads((made / "run.json").read_text())
            (made / "run.json").write_text(json.dumps({**info, "began": began, "ended": ended}))
            made.rename(folder / name)
            _move_on(sandbox)
        sandbox.traffic.reset()
        yield environ, folder, sandbox
        assert sandbox.traffic.total == 0


def _move_on(sandbox: Sandbox) -> None:
    mover = Mover(sandbox.world, sandbox.world.tables.users[2])
    for item in [*sandbox.world.tables.merge_requests, *sandbox.world.tables.issues]:
        if item["state"] == "opened":
            mover.close(item, datetime(2026, 6, 20, tzinfo=UTC))
    sandbox.world.changed()


def _rows(place: Place, command: str, *options: str, form: str = "json") -> dict[str, Any]:
    environ, _, _ = place
    done = run(environ, command, *options, "-f", form)
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.splitlines()
    found = json.loads(done.stdout) if form == "json" else [*map(json.loads, lines)]
    return {row["Username"]: row for row in found}


def _as_of(row: dict[str, Any], moment: str) -> dict[str, Any]:
    return {**row, "As Of": moment}


@pytest.mark.parametrize("command", ["mrs", "issues", "users"])
def test_the_last_run_before_the_moment_decides(taken: Place, command: str) -> None:
    """Its rows are there with its moment; standard error says which run it is, and how old."""
    environ, folder, _ = taken
    for when, name in (
        ("2026-06-01T10:10:00Z", FIRST),
        ("2026-06-08T10:09:59Z", FIRST),
        ("2026-06-08", LAST),
        ("2026-06-30T18:00:00+05:30", LAST),
    ):
        known = _rows(taken, command, "--from", f"{folder}@{name}")
        moment = RUNS[name][0].replace(".000Z", "+00:00")
        for form in ("json", "ndjson"):
            options = ["--from", str(folder), "--as-of", when]
            found = _rows(taken, command, *options, form=form)
            assert found == {key: _as_of(row, moment) for key, row in known.items()}
    done = run(environ, command, "--from", str(folder), "--as-of", "2026-06-08T12:30:00Z")
    said = f"the run {LAST} decides: it began 2h 30m before, and what changed in between is not"
    assert said in done.stderr.decode()
    assert f"As it was at: 2026-06-08T12:30:00+00:00 by the run {LAST}" in done.stdout.decode()


@pytest.mark.parametrize("command", ["mrs", "issues", "users"])
def test_each_person_has_the_run_of_their_deadline(
    taken: Place, command: str, tmp_path: Path
) -> None:
    """Others have that of the option; the table is in order, and as whole as its parts."""
    environ, folder, _ = taken
    people = tmp_path / "people.csv"
    people.write_text(
        f"username,deadline\n{LATE},2026-06-09T00:00:00Z\n{EARLY},2026-06-05T00:00:00Z\n"
        "bo.lindqvist,\n"
    )
    first, last = (_rows(taken, command, "--from", f"{folder}@{name}") for name in RUNS)
    moments = [began.replace(".000Z", "+00:00") for began, _ in RUNS.values()]
    asked = ["--people", str(people), "--from", str(folder), "--as-of", "2026-06-02"]
    found = _rows(taken, command, *asked)
    for row in found.values():
        del row["deadline"]
    assert list(found) == [EARLY, "bo.lindqvist", LATE]
    assert found[EARLY] == _as_of(first[EARLY], moments[0])
    assert found["bo.lindqvist"] == _as_of(first["bo.lindqvist"], moments[0])
    assert found[LATE] == _as_of(last[LATE], moments[1])
    done = run(environ, command, *asked)
    assert f"the run {LAST} decides for 1 person" in done.stderr.decode()
    assert b"3 of 3 people read" in done.stderr or command != "users"


def test_a_profile_is_that_of_its_run(taken: Place) -> None:
    """With all that the run has of the person."""
    environ, folder, _ = taken
    asked = ["profile", EARLY, "--timezone", "UTC", "-f", "json"]
    known = run(environ, *asked, "--from", f"{folder}@{FIRST}")
    found = run(environ, *asked, "--from", str(folder), "--as-of", "2026-06-04")
    assert found.returncode == 0
    assert found.stdout == known.stdout


def test_what_no_run_can_say_is_refused(taken: Place, tmp_path: Path) -> None:
    """A moment before the first run was over, a named run, what came after, no deadline."""
    environ, folder, _ = taken
    people = tmp_path / "people.csv"
    people.write_text(f"username,deadline\n{LATE},2026-06-09T00:00:00Z\n{EARLY},\n")

    def refused(*options: str, source: str = str(folder)) -> str:
        done = run(environ, "mrs", "--from", source, *options)
        assert (done.returncode, done.stdout) == (2, b"")
        return done.stderr.decode()

    said = refused("--as-of", "2026-06-01T10:09:59Z")
    assert f"before 2026-06-01T10:09:59+00:00, the first one is {FIRST}" in said
    said = refused("--as-of", "2026-06-02", source=f"{folder}@{FIRST}")
    assert f"got the run {FIRST}" in said
    assert "--grace excludes --from" in refused("--as-of", "2026-06-02", "--grace", "1d")
    assert "must be in the past" in refused("--as-of", "2099-01-01")
    said = refused("--as-of", "deadline", "--people", str(people))
    assert f"{EARLY} must have a deadline" in said
