"""`--policy`: which rules evaluate, and how their numbers are written."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest
from cli_runs import Done, environment, run, shared

from gitlab_sync.sandbox import Sandbox

served, sandbox, world = shared()


def evaluated(
    sandbox: Sandbox, home: Path, *arguments: str, policy: str | None = "fair", **variables: str
) -> Done:
    """Run a command under a policy; None leaves the choice to the folder."""
    told = {"GITLAB_URL": sandbox.url, "GITLAB_TOKEN": sandbox.token("admin")}
    environ = environment(home, **told, **{"GITLAB_SYNC_POLICY": policy or "", **variables})
    return run(environ, *arguments)


def rows_of(done: Done) -> list[dict[str, Any]]:
    """Return the rows of a command that printed JSON."""
    assert done.returncode in {0, 3}, done.stderr.decode()
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


@pytest.fixture
def everybody(sandbox: Sandbox) -> list[str]:
    """Return the usernames of the world."""
    return sandbox.world.truth.usernames


@pytest.mark.parametrize("command", ["mrs", "issues", "users"])
def test_fair_rows_have_the_classic_columns_first(
    sandbox: Sandbox, tmp_path: Path, everybody: list[str], command: str
) -> None:
    """So that spreadsheets keep their places; of how many, and the policy, come behind."""
    line = (command, *everybody, "--format", "csv")
    classic, fair = (
        next(csv.reader(io.StringIO(done.stdout.decode("utf-8-sig"))))
        for done in (
            evaluated(sandbox, tmp_path, *line, policy="classic"),
            evaluated(sandbox, tmp_path, *line),
        )
    )
    assert fair[: len(classic)] == classic
    behind = fair[len(classic) :]
    assert behind[-1] == "Policy"
    counted = [title for title in classic if f"{title} (of)" in behind]
    assert len(counted) == {"mrs": 9, "issues": 6, "users": 15}[command]
    assert "Policy" not in classic


@pytest.mark.parametrize("command", ["mrs", "issues", "users"])
def test_a_count_never_exceeds_that_of_what_it_is_of(
    sandbox: Sandbox, tmp_path: Path, everybody: list[str], command: str
) -> None:
    """A check that applies to nothing has no number."""
    rows = rows_of(evaluated(sandbox, tmp_path, command, *everybody, "--format", "json"))
    assert {row["Policy"] for row in rows} == {"fair"}
    checks = [title.removesuffix(" (of)") for title in rows[0] if title.endswith(" (of)")]
    for row in rows:
        for check in checks:
            count, of = row[check], row[f"{check} (of)"]
            assert (count is None) == (not of)
            assert count is None or 0 <= count <= of


def test_people_have_the_merge_requests_of_each_state(
    sandbox: Sandbox, tmp_path: Path, everybody: list[str]
) -> None:
    """Those that are not evaluated are counted, too."""
    rows = rows_of(evaluated(sandbox, tmp_path, "users", *everybody, "--format", "json"))
    for row in rows:
        states = [
            mr["state"]
            for mr in sandbox.world.tables.merge_requests
            if mr["author"]["username"] == row["Username"]
        ]
        merged, closed = states.count("merged"), states.count("closed")
        assert [row["MR Merged"], row["Closed Unmerged"]] == [merged, closed]
        assert (row["MR Ended"], row["Open"]) == (merged + closed, states.count("opened"))


def test_a_pipeline_that_still_runs_makes_no_row_partial(
    sandbox: Sandbox, tmp_path: Path, everybody: list[str]
) -> None:
    """It is unknown, and nothing is missing: in the rows of merge requests and of people."""
    rows = sandbox.world.tables.merge_requests
    mr = next(each for each in rows if each["state"] == "merged")
    key = (mr["project_id"], mr["iid"])
    table = sandbox.world.tables.mr_pipelines
    before = table.get(key)
    running = {"id": 9_000_000, "status": "running", "created_at": mr["created_at"]}
    table.put(key, [{**running, "sha": mr["sha"], "ref": "x", "source": "push", "project_id": 1}])
    sandbox.world.changed()
    try:
        for command in ("mrs", "users"):
            done = evaluated(sandbox, tmp_path, command, *everybody, "--format", "json")
            (row,) = [row for row in rows_of(done) if row["Username"] == mr["author"]["username"]]
            assert row["Unverified"] > 0
            assert row["Status"] == "Success"
            assert done.returncode == 0
    finally:
        table.put(key, before)
        sandbox.world.changed()


def test_files_tell_what_is_unknown_from_what_does_not_apply(
    sandbox: Sandbox, tmp_path: Path, everybody: list[str]
) -> None:
    """Unknown is an empty cell of an empty number, and n/a an empty cell of 0."""
    tables = sandbox.world.tables
    name = everybody[0]
    merged = [
        mr
        for mr in tables.merge_requests
        if mr["author"]["username"] == name and mr["state"] == "merged"
    ]
    keys = [(mr["project_id"], mr["iid"]) for mr in merged]
    before = {key: tables.mr_pipelines.get(key) for key in keys}
    for mr, key in zip(merged, keys, strict=True):
        running = {"id": 9_000_000 + mr["id"], "status": "running", "created_at": mr["created_at"]}
        more = {"sha": mr["sha"], "ref": "x", "source": "push", "project_id": mr["project_id"]}
        tables.mr_pipelines.put(key, [{**running, **more}])
    sandbox.world.changed()
    try:
        found = {
            form: evaluated(sandbox, tmp_path, "mrs", name, "nobody.here", "-f", form).stdout
            for form in ("csv", "xlsx", "parquet", "table")
        }
    finally:
        for key, rows in before.items():
            tables.mr_pipelines.put(key, rows)
        sandbox.world.changed()
    rows = {
        "csv": [*csv.DictReader(io.StringIO(found["csv"].decode("utf-8-sig")))],
        "parquet": pyarrow.parquet.read_table(io.BytesIO(found["parquet"])).to_pylist(),
    }
    head, *cells = openpyxl.load_workbook(io.BytesIO(found["xlsx"])).worksheets[0].values
    rows["xlsx"] = [dict(zip(head, each, strict=True)) for each in cells]
    for form, (row, absent) in rows.items():
        nothing, zero = ("", "0") if form == "csv" else (None, 0)
        assert (row["Failed Pipeline"], row["Failed Pipeline (of)"]) == (nothing, nothing)
        assert (row["No Time Spent"], row["No Time Spent (of)"]) == (nothing, zero)
        assert (absent["No Desc"], absent["No Desc (of)"]) == (nothing, nothing)
    line = found["table"].decode().splitlines()[2]
    assert " ? " in line
    assert " n/a " in line


def test_text_says_of_how_many_and_by_which_policy(
    sandbox: Sandbox, tmp_path: Path, everybody: list[str]
) -> None:
    """One cell for people, instead of two columns."""
    text = evaluated(sandbox, tmp_path, "mrs", *everybody).stdout.decode()
    rows = rows_of(evaluated(sandbox, tmp_path, "mrs", *everybody, "--format", "json"))
    assert "(of)" not in text
    assert text.endswith("\n\nPolicy: fair\n")
    head, _, *lines = text.splitlines()
    place = head.index("No Internal Review")
    for line, row in zip(lines, rows, strict=False):
        expected = f"{row['No Internal Review']} of {row['No Internal Review (of)']}"
        assert line[place:].startswith(expected if row["No Internal Review (of)"] else "n/a")
    assert "n/a" in text


@pytest.mark.slow
def test_the_profile_says_what_can_be_fixed_now_first(
    sandbox: Sandbox, tmp_path: Path, everybody: list[str]
) -> None:
    """In words, and in a column behind the others."""
    order = ["now", "follow-up", "next time"]
    for name in everybody:
        line = ("profile", name)
        rows = rows_of(evaluated(sandbox, tmp_path, *line, "--part", "To_Fix", "--format", "json"))
        when = [order.index(row["Can Be Fixed"]) for row in rows]
        assert when == sorted(when)
        assert not rows or list(rows[0])[-1] == "Can Be Fixed"
        classic = rows_of(
            evaluated(
                sandbox, tmp_path, *line, "--part", "To_Fix", "--format", "json", policy="classic"
            )
        )
        assert not any("Can Be Fixed" in row for row in classic)
        if rows:
            text = evaluated(sandbox, tmp_path, *line).stdout.decode()
            assert "what can be fixed now first" in text
            assert text.endswith("Policy: fair\n")


def test_the_nearest_file_is_the_policy(
    sandbox: Sandbox, tmp_path: Path, everybody: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless the option or the variable names another; without a file it is fair."""
    folder = tmp_path / "course/team"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    line = ("mrs", *everybody, "--format", "json")

    def named(*further: str, policy: str | None = None) -> set[str]:
        done = evaluated(sandbox, tmp_path, *line, *further, policy=policy)
        return {row["Policy"] for row in rows_of(done)}

    assert named() == {"fair"}
    (tmp_path / "course/gitlab-sync.toml").write_text("time_tracking = true\n")
    assert named() == {"gitlab-sync.toml"}
    assert named("--policy", "fair") == named(policy="fair") == {"fair"}
    (folder / "ours.toml").write_text('extends = "../gitlab-sync.toml"\n')
    assert named("--policy", "ours.toml") == {"ours.toml"}
    rows = rows_of(evaluated(sandbox, tmp_path, *line, "--policy", "ours.toml", policy=None))
    assert any(row["No Time Spent (of)"] for row in rows)


@pytest.mark.parametrize(
    ("given", "told"),
    [("fare", "Did you mean fair?"), ("no/such.toml", "There is no such file.")],
)
def test_a_policy_that_is_none_is_refused(
    sandbox: Sandbox, tmp_path: Path, given: str, told: str
) -> None:
    """Before anything is read."""
    done = evaluated(sandbox, tmp_path, "mrs", "somebody", "--policy", given)
    assert done.returncode == 2
    assert told in done.stderr.decode()
    assert not sandbox.traffic.total


def test_a_file_with_faults_is_refused_with_all_of_them(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nothing of it is applied."""
    path = tmp_path / "gitlab-sync.toml"
    path.write_text('timezone = "Mars"\n[checks.no_unit_test]\n')
    done = evaluated(sandbox, tmp_path, "mrs", "somebody", "--policy", str(path))
    assert done.returncode == 2
    assert "timezone: must be a time zone" in done.stderr.decode()
    assert "unknown check. Did you mean no_unit_tests?" in done.stderr.decode()
    assert not sandbox.traffic.total
