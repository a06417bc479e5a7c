"""A snapshot shows the rows that GitLab showed at its moment, and asks it for nothing."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from cli_runs import interrupted, of_sandbox, run, shared, stalled, start

from gitlab_sync.sandbox import Sandbox, demo_world
from gitlab_sync.snapshots.schema import TABLES

served, sandbox, world = shared(demo_world)


@pytest.fixture(scope="module", params=["fair", pytest.param("classic", marks=pytest.mark.slow)])
def taken(
    served: Sandbox, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> tuple[dict[str, str], Path]:
    """Take a snapshot of everyone under a policy; return the environment and the folder."""
    home = tmp_path_factory.mktemp("home")
    environ = of_sandbox(served, home, GITLAB_SYNC_POLICY=request.param)
    folder = home / "snapshots"
    done = run(environ, *_taking(served, folder))
    assert done.returncode == 3, done.stderr.decode()  # one of the people is not there
    assert done.stdout.decode().strip() == f"{folder}@{_run(folder).name}"
    return environ, folder


def _taking(sandbox: Sandbox, folder: Path) -> list[str]:
    groups = ["--group", "harbour", "--group", "harbour/tools"]
    return ["snapshot", *_people(sandbox), *groups, "--into", str(folder), "--timezone", "UTC"]


def _people(sandbox: Sandbox) -> list[str]:
    return [*sandbox.world.truth.usernames, "no.such.person"]


def _run(folder: Path) -> Path:
    (found,) = (each for each in folder.iterdir() if not each.name.startswith("."))
    return found


def _rows(output: bytes) -> Any:
    return json.loads(output)


def _without_ages(rows: Any) -> Any:
    """Return rows without what grows between two readings."""
    if isinstance(rows, dict):
        ages = {"Age", "Idle", "Oldest"}
        return {key: _without_ages(each) for key, each in rows.items() if key not in ages}
    return [*map(_without_ages, rows)] if isinstance(rows, list) else rows


PEOPLE = "PEOPLE"
"""Stands for everyone of the snapshot."""

QUESTIONS = [
    ["mrs", PEOPLE],
    ["mrs", PEOPLE, "--scope", "assignee"],
    ["mrs", PEOPLE, "--group", "harbour/tools"],
    ["mrs", PEOPLE, "--project", "harbour/route-planner"],
    ["issues", PEOPLE, "--project", "21"],
    ["mrs", PEOPLE, "--since", "2026-01-01", "--until", "2026-04-30", "--by", "merged"],
    ["issues", PEOPLE],
    ["issues", PEOPLE, "--scope", "assignee", "--since", "2026-02-01"],
    ["users", PEOPLE, "--timezone", "UTC"],
    [
        "users",
        PEOPLE,
        "--since",
        "90d",
        "--clock",
        "Asia/Kolkata",
        "--project",
        "harbour/route-planner",
    ],
    ["commits", PEOPLE, "--since", "2026-10-01"],
    ["commits", PEOPLE, "--totals", "--project", "21"],
    ["commits", PEOPLE, "--unmatched"],
    ["commits", PEOPLE, "--group", "harbour", "--totals"],
    ["commits", PEOPLE, "--group", "harbour/tools", "--project", "21", "--unmatched"],
    ["identities", PEOPLE, "--suggest"],
    ["weekly", PEOPLE, "--hours", "--timezone", "Asia/Kolkata"],
    ["weekly", PEOPLE, "--hours", "--day", "2026-11-20", "--part", "Time Spent"],
    ["mrs", "--members-of", "harbour/tools"],
    [
        "leaderboard",
        "--group",
        "harbour",
        "--group",
        "11",
        "--individuals",
        "--since",
        "2026-09-01",
    ],
    ["reviews", PEOPLE, "--individuals"],
    ["reviews", "--members-of", "harbour", "--since", "120d", "--group", "harbour/tools"],
    *(["profile", name, "--timezone", "UTC"] for name in ("kira.osei", "bo.lindqvist")),
    ["profile", "kira.osei", "--since", "90d", "--project", "harbour/route-planner"],
    ["profile", "no.such.person"],
    ["compliance", "--group", "harbour"],
    ["compliance", "--group", "11", "--details"],
    ["compliance", "harbour/route-planner", "--group", "harbour/tools"],
    ["open", PEOPLE],
    ["open", PEOPLE, "--group", "harbour/tools", "--for", "kira.osei"],
    ["members", "harbour"],
    ["members", "11", "--direct"],
]


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_rows_are_those_of_gitlab_and_cost_no_request(
    question: list[str], taken: tuple[dict[str, str], Path], sandbox: Sandbox
) -> None:
    """Under both policies, and so are messages and exit codes."""
    environ, folder = taken
    people = _people(sandbox)
    asked = [text for each in question for text in (people if each == PEOPLE else [each])]
    asked += ["--format", "json"]
    live = run(environ, *asked)
    sandbox.traffic.reset()
    kept = run(environ, *asked, "--from", str(folder))
    assert sandbox.traffic.total == 0
    assert _without_ages(_rows(kept.stdout)) == _without_ages(_rows(live.stdout))
    assert (kept.returncode, kept.stderr) == (live.returncode, live.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["fair", "classic"])
def test_what_could_not_be_read_is_as_unknown_as_it_was(
    policy: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The reasons are those of a live run, and so are status, completeness and exit codes."""
    environ = of_sandbox(sandbox, tmp_path, GITLAB_SYNC_POLICY=policy, GITLAB_SYNC_STORE="off")
    usernames = sandbox.world.truth.usernames
    users = {each["username"]: each["id"] for each in sandbox.world.tables.users}
    ids = [str(users[name]) for name in usernames[:3]]
    for number, path in zip(ids, ("/merge_requests", "/issues", "/issues"), strict=True):
        sandbox.faults.add("status", status=403, path=path, query={"author_id": number}, times=None)
    sandbox.faults.add("status", status=403, path="*/merge_requests/*/notes", times=None)
    sandbox.faults.add("status", status=403, path=f"/users/{ids[2]}/projects", times=None)
    sandbox.faults.add("status", status=403, path="/projects/22/repository/commits", times=None)
    folder = tmp_path / "snapshots"
    taken = ["snapshot", *_people(sandbox), "--source", "rest", "--into", str(folder)]
    assert run(environ, *taken).returncode == 3
    for command in ("users", "commits", "weekly"):
        asked = [command, *_people(sandbox), "-f", "json"]
        live = run(environ, *asked, *(["--source", "rest"] if command == "users" else []))
        kept = run(environ, *asked, "--from", str(folder))
        assert b"403" in live.stderr
        assert _rows(kept.stdout) == _rows(live.stdout)
        assert (kept.returncode, kept.stderr) == (live.returncode, live.stderr)


# -- what is refused -------------------------------------------------------------------------------


def _refused(environ: dict[str, str], *arguments: str) -> str:
    """Return what standard error says of a question that is refused; nothing else is shown."""
    done = run(environ, *arguments)
    assert done.returncode == 2
    assert not done.stdout
    return done.stderr.decode()


@pytest.fixture
def copy(taken: tuple[dict[str, str], Path], tmp_path: Path) -> tuple[dict[str, str], Path]:
    """Return the environment, and a copy of the folder that a test may damage."""
    environ, folder = taken
    shutil.copytree(folder, tmp_path / "snapshots")
    return environ, tmp_path / "snapshots"


@pytest.mark.slow
def test_a_folder_without_a_snapshot_is_refused(
    taken: tuple[dict[str, str], Path], tmp_path: Path
) -> None:
    """So is one that is not there, an unknown run, and a filesystem that there is not."""
    environ, folder = taken
    (tmp_path / "20260101T000000Z").mkdir()
    for place in (tmp_path, tmp_path / "nowhere"):
        assert f"There is no snapshot in {place}" in _refused(environ, "mrs", "--from", str(place))
    said = _refused(environ, "mrs", "--from", f"{folder}@20250101")
    assert f"The runs are {_run(folder).name}" in said
    assert "a URL that pyarrow knows" in _refused(environ, "mrs", "--from", "gopher://x/y")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda run: (run / "checks.parquet").unlink(), "checks.parquet is missing"),
        (
            lambda run: (run / "people.parquet").write_bytes(
                (run / "people.parquet").read_bytes() + b" "
            ),
            "people.parquet was changed",
        ),
        (lambda run: (run / "run.json").write_text("{"), "run.json is not JSON"),
        (lambda run: (run / "run.json").write_text("{}"), "run.json is not one of a snapshot"),
        (lambda run: _edit(run, schema=99), "schema 99"),
        (lambda run: _edit(run, began="then", taken="now"), "lacks what it must say"),
        (lambda run: _edit(run, files={}), "lacks what it must say"),
    ],
    ids=["missing", "changed", "no JSON", "foreign", "newer", "no time", "no files"],
)
def test_a_damaged_run_is_refused(
    damage: Callable[[Path], object], said: str, copy: tuple[dict[str, str], Path]
) -> None:
    """Nothing of it is shown."""
    environ, folder = copy
    damage(_run(folder))
    assert said in _refused(environ, "mrs", "--from", str(folder))


def _edit(run_folder: Path, **values: object) -> None:
    path = run_folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_what_a_snapshot_cannot_know_is_refused(taken: tuple[dict[str, str], Path]) -> None:
    """Another policy, other places, and what was decided when it was taken."""
    environ, folder = taken
    kept = ["--from", str(folder)]
    other = "classic" if environ["GITLAB_SYNC_POLICY"] == "fair" else "fair"
    said = _refused(environ, "mrs", "--policy", other, *kept)
    assert f"must be that of the snapshot, {environ['GITLAB_SYNC_POLICY']}, got {other}" in said
    assert "knows no project a/b" in _refused(environ, "mrs", "--project", "a/b", *kept)
    assert "knows no group a" in _refused(environ, "issues", "--group", "a", *kept)
    assert "Its groups: harbour, harbour/tools" in _refused(environ, "members", "a", *kept)
    assert "Leave out --quick" in _refused(environ, "users", "--quick", *kept)
    said = _refused(environ, "mrs", "--as-of", "2026-05-01", *kept)
    assert f"There must be a run of {folder} before 2026-05-01T" in said
    assert "--from excludes --demo" in _refused(environ, "mrs", "--demo", *kept)


def test_a_group_is_there_as_far_as_people_have_work_in_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """What can be missing is said, and the exit code is that of something that is not read."""
    environ = of_sandbox(sandbox, tmp_path, GITLAB_SYNC_POLICY="fair")
    folder = str(tmp_path / "snapshots")
    person = "kira.osei"  # with work in one of the projects
    groups = ["--group", "harbour"]
    assert run(environ, "snapshot", person, "--into", folder).returncode == 0
    done = run(environ, "commits", *groups, "--totals", "-f", "json", "--from", folder)
    assert (done.returncode, [row["Username"] for row in _rows(done.stdout)]) == (3, [person])
    said = "projects of harbour in which no one of the snapshot has work are left out"
    assert said in done.stderr.decode()
    assert "knows no group nowhere" in _refused(
        environ, "commits", "--group", "nowhere", "--from", folder
    )
    done = run(environ, "open", *groups, "--from", folder)
    said = "merge requests of harbour by others than those of the snapshot: left out"
    assert (done.returncode, said in done.stderr.decode()) == (3, True)
    assert run(environ, "open", person, *groups, "--from", folder).returncode == 0


def test_a_person_who_is_not_in_it_has_a_row_that_says_so(
    taken: tuple[dict[str, str], Path], sandbox: Sandbox
) -> None:
    """Others have theirs."""
    environ, folder = taken
    known = sandbox.world.truth.usernames[0]
    for command in ("mrs", "issues", "users", "commits"):
        totals = ["--totals"] if command == "commits" else []
        asked = [command, "stranger", known, *totals, "-f", "json", "--from", str(folder)]
        done = run(environ, *asked)
        assert done.returncode == 3
        rows = {row["Username"]: row for row in _rows(done.stdout)}
        assert "stranger is not in the snapshot" in rows["stranger"]["Error"]
        assert rows[known]["Error"] is None


def test_a_run_that_cannot_be_written_leaves_nothing(
    taken: tuple[dict[str, str], Path], sandbox: Sandbox, tmp_path: Path
) -> None:
    """A disk without room, and a folder that is none."""
    environ, _ = taken
    people = sandbox.world.truth.usernames[:3]
    folder = tmp_path / "full"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, hard))
    try:
        said = _refused(environ, "snapshot", *people, "--into", str(folder), "--store", "off")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert f"The snapshots in {folder} cannot be written: " in said
    assert not [*folder.iterdir()]
    (tmp_path / "file").write_text("")
    below = str(tmp_path / "file" / "below")
    assert "cannot be" in _refused(environ, "snapshot", *people, "--into", below)


@pytest.mark.slow
def test_a_run_that_is_ended_leaves_nothing_and_the_next_goes_on(
    taken: tuple[dict[str, str], Path], sandbox: Sandbox, tmp_path: Path
) -> None:
    """What was read of merge requests is not asked for again."""
    environ, folder = taken
    environ = {**environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    into = tmp_path / "snapshots"
    done = interrupted(
        environ, *_taking(sandbox, into), when=stalled(sandbox, "/projects/*/repository/commits")
    )
    assert done.returncode == 130
    assert not done.stdout
    assert not into.exists() or not [*into.iterdir()]
    sandbox.faults.clear()
    sandbox.traffic.reset()
    assert run(environ, *_taking(sandbox, into)).returncode == 3
    _require_equal(folder, into)


def _require_equal(folder: Path, other: Path) -> None:
    """Require that the runs in two folders say the same, but for ages of open work."""
    for table in TABLES:
        before, after = (
            pq.read_table(_run(each) / f"{table.name}.parquet") for each in (folder, other)
        )
        kept = [name for name in before.column_names if name not in {"age", "idle"}]
        assert after.select(kept).equals(before.select(kept)), table.name


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_a_run_that_was_killed_ten_times_is_as_an_undisturbed_one(
    taken: tuple[dict[str, str], Path], sandbox: Sandbox, tmp_path: Path
) -> None:
    """Whatever it was doing then; and nothing of the others is left, whole or not."""
    environ, folder = taken
    environ = {**environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    into, moments = tmp_path / "snapshots", random.Random(10)
    for _ in range(10):
        sandbox.traffic.reset()
        with start(environ, *_taking(sandbox, into)) as process:
            enough = moments.randrange(1, 130)
            while sandbox.traffic.total < enough and process.poll() is None:
                time.sleep(0.002)
            time.sleep(moments.random() * 0.1)
            process.kill()
        if into.exists():
            for each in into.iterdir():
                assert each.name.startswith(".") or (each / "run.json").is_file()
                if not each.name.startswith("."):
                    shutil.rmtree(each)
    assert run(environ, *_taking(sandbox, into)).returncode == 3
    assert len([*into.iterdir()]) == 1
    _require_equal(folder, into)
