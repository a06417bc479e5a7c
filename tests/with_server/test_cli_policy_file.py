"""The file of a team, end to end: what it changes, and its commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_runs import Done, environment, of_sandbox, run, shared

from gitlab_sync.cli.policy_commands import policy as policy_group
from gitlab_sync.policies.model import schema
from gitlab_sync.policies.starter import STARTER
from gitlab_sync.sandbox import Sandbox

served, sandbox, world = shared()


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox, without a choice of a policy."""
    return of_sandbox(sandbox, tmp_path, GITLAB_SYNC_POLICY="")


@pytest.fixture
def people(sandbox: Sandbox) -> list[str]:
    """Return the usernames of the world."""
    return sandbox.world.truth.usernames


def written(folder: Path, text: str, name: str = "team.toml") -> str:
    """Write a policy into a folder, and return its path."""
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def rows_of(environ: dict[str, str], command: str, *arguments: str) -> list[dict[str, Any]]:
    """Run a command with JSON as its format, and return the rows."""
    done = run(environ, command, *arguments, "--format", "json", "--store", "off")
    assert done.returncode in {0, 3}, done.stderr.decode()
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def told(done: Done, code: int = 2) -> str:
    """Return what a run said on standard error; it has ended with this code."""
    assert done.returncode == code, done.stderr.decode()
    return done.stderr.decode()


# -- what it changes -------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["fair", "classic"])
def test_a_check_that_is_off_keeps_its_column_and_counts_nothing(
    environ: dict[str, str], people: list[str], tmp_path: Path, base: str
) -> None:
    """All else stays as it is; and nothing is read for it alone."""
    text = f'extends = "{base}"\n[checks.no_unit_tests]\nseverity = "off"\n'
    name = written(tmp_path, text)
    usual = rows_of(environ, "mrs", *people, "--policy", base)
    rows = rows_of(environ, "mrs", *people, "--policy", name)
    for row, before in zip(rows, usual, strict=True):
        assert (row["No Unit Tests"], row["No Unit Tests (of)"]) == (None, 0)
        assert row["Policy"] == "team.toml"
        kept = [title for title in before if title not in {"No Unit Tests", "Policy"}]
        kept = [title for title in kept if not title.endswith("(of)")]
        assert [row[title] or 0 for title in kept] == [before[title] or 0 for title in kept]
    shown = run(environ, "mrs", *people, "--policy", name).stdout.decode().splitlines()
    place = shown[0].index("No Unit Tests")
    assert {line[place:].split("  ")[0] for line in shown[2 : 2 + len(people)]} == {"n/a"}


@pytest.mark.parametrize("source", ["graphql", "rest"])
def test_a_limit_decides_what_took_too_long(
    environ: dict[str, str], people: list[str], tmp_path: Path, source: str
) -> None:
    """Of either base, and whichever way the facts are read."""
    for base in ("fair", "classic"):
        text = f'extends = "{base}"\n[checks.merge_gt_2_days]\nlimit = "1h"\n'
        text += '[checks.long_open_time]\nlimit = "9000h"\n'
        name = written(tmp_path, text)
        for row in rows_of(environ, "mrs", *people, "--policy", name, "--source", source):
            assert row["Merge > 2 Days"] == row["Merge > 2 Days (of)"]
        done = run(environ, "issues", *people, "--policy", name, "--format", "json")
        assert {row["Long Open Time (>2 days)"] for row in json.loads(done.stdout)} <= {0, None}


def test_a_severity_decides_what_is_fixed_first(
    environ: dict[str, str], people: list[str], tmp_path: Path
) -> None:
    """In the profile, and in its column."""
    name = written(tmp_path, '[checks.no_desc]\nseverity = "high"\n')
    found = []
    for person in people:
        line = (person, "--policy", name, "--part", "To_Fix")
        found += [
            row["Severity"]
            for row in rows_of(environ, "profile", *line)
            if row["Check"] == "No Desc"
        ]
    assert set(found) == {"high"}


def test_bots_of_a_policy_review_nothing_and_are_no_members(
    environ: dict[str, str], people: list[str], tmp_path: Path, sandbox: Sandbox
) -> None:
    """In every command that asks who is a person."""
    others = sorted({*sandbox.world.users_by_name} - {people[0].lower()})
    name = written(tmp_path, f"[bots]\nnames = {json.dumps(others)}\n")
    rows = rows_of(environ, "mrs", people[0], "--policy", name)
    assert rows[0]["No Internal Review"] == rows[0]["No Internal Review (of)"] > 0
    project = sandbox.world.tables.projects[0]["path_with_namespace"]
    line = ("commits", "--project", project, "--totals", "--format", "json", "--policy")
    members = {row["Username"] for row in json.loads(run(environ, *line, "fair").stdout)}
    assert len(members) > 1
    left = {row["Username"] for row in json.loads(run(environ, *line, name).stdout)}
    assert left == members & {people[0]}


def test_slots_of_a_policy_divide_the_day_of_commits(
    environ: dict[str, str], people: list[str], tmp_path: Path
) -> None:
    """In the list of commits, in their totals, and in the table of people."""
    text = '[slots]\nmorning = "00:00"\nafternoon = "23:58"\nevening = "23:59"\n'
    name = written(tmp_path, text)
    line = ("commits", *people, "--format", "json", "--policy", name)
    commits = json.loads(run(environ, *line).stdout)
    assert {row["Slot"] for row in commits} == {"Morning"}
    for row in (
        *json.loads(run(environ, *line, "--totals").stdout),
        *rows_of(environ, "users", *people, "--policy", name),
    ):
        assert row["Commits Morning"] == row["Commits Total"]
    assert (
        "\nPolicy: team.toml\n"
        in run(environ, "commits", *people, "--policy", name).stdout.decode()
    )


def test_weights_of_a_policy_make_the_scores_of_the_leaderboard(
    environ: dict[str, str], people: list[str], tmp_path: Path
) -> None:
    """An option takes the place of single ones."""
    teams = {"teams": [{"team_name": "Red", "members": [{"username": name} for name in people]}]}
    (tmp_path / "teams.json").write_text(json.dumps(teams))
    name = written(tmp_path, "[weights.leaderboard]\nmr_merged = 100\ncommits = 0\n")
    line = ("leaderboard", "--teams", str(tmp_path / "teams.json"), "--part", "Scores")

    def columns(*further: str) -> list[str]:
        done = run(environ, *line, "--policy", name, "--format", "json", *further)
        assert done.returncode == 0, done.stderr
        rows = json.loads(done.stdout)
        assert sum(row["Score"] for row in rows) == sum(
            points for row in rows for title, points in row.items() if " x " in title
        )
        return [title for title in rows[0] if " x " in title]

    assert columns() == ["MR Merged x 100", "MR Created x 2", "Issues Closed x 3"]
    assert columns("--weight", "mr_merged=7") == [
        "MR Merged x 7", "MR Created x 2", "Issues Closed x 3"
    ]  # fmt: skip


def test_what_a_policy_expects_of_projects_makes_their_scores(
    environ: dict[str, str], tmp_path: Path, sandbox: Sandbox
) -> None:
    """Licences, weights, the README, severities; and an option takes the place of the licences."""
    project = str(sandbox.world.tables.projects[0]["id"])
    text = '[licenses]\nallowed = ["MIT"]\n[readme]\nlength = 100000\n'
    text += "[weights.compliance]\nreadme = 50\nchangelog = 0\n"
    text += '[checks.templates]\nseverity = "off"\n[checks.linter]\nseverity = "high"\n'
    name = written(tmp_path, text)

    def checks(*further: str) -> dict[str, dict[str, Any]]:
        line = ("compliance", project, "--details", "--format", "json", *further)
        (row,) = json.loads(run(environ, *line).stdout)
        return {each["Id"]: {**row, **each} for each in row["Checks"]}

    found, usual = checks("--policy", name), checks("--policy", "fair")
    assert "MIT" in found["license"]
    assert found["readme"]["Reason"] != usual["readme"]["Reason"]
    assert (found["readme"]["Result"], found["readme"]["Weight"]) == ("fail", 50)
    assert found["changelog"]["Weight"] == 0
    off = found["templates"]
    assert (off["Result"], off["Reason"]) == ("not applicable", "switched off by the policy")
    assert (found["linter"]["Severity"], usual["linter"]["Severity"]) == ("high", "medium")
    assert found["tests"]["Compliance Score"] < usual["tests"]["Compliance Score"]
    assert "Apache-2.0" in checks("--policy", name, "--license", "Apache-2.0")["license"]


# -- its commands ----------------------------------------------------------------------------------


def test_each_of_its_commands_has_help_and_another_name_the_nearest(tmp_path: Path) -> None:
    """As the commands above them."""
    for name in policy_group.commands:
        assert run(environment(tmp_path), "policy", name, "--help").returncode == 0
    said = told(run(environment(tmp_path), "policy", "shwo"))
    assert "Did you mean show?" in said


def test_init_writes_a_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is valid, and never takes the place of another."""
    monkeypatch.chdir(tmp_path)
    environ = environment(tmp_path)
    assert run(environ, "policy", "init").returncode == 0
    assert Path("gitlab-sync.toml").read_text("utf-8") == STARTER
    assert run(environ, "policy", "check", "gitlab-sync.toml").returncode == 0
    Path("gitlab-sync.toml").write_text("mine")
    assert "is there already" in told(run(environ, "policy", "init"))
    assert Path("gitlab-sync.toml").read_text() == "mine"
    assert "cannot be written" in told(run(environ, "policy", "init", "no/folder.toml"))


def test_check_names_the_faults_of_all_files(tmp_path: Path) -> None:
    """And of those that they extend; others are valid all the same."""
    written(tmp_path, "time_tracking = 1\n", "base.toml")
    first = written(tmp_path, 'extends = "base.toml"\nmilestone = "off"\n', "first.toml")
    second, good = written(tmp_path, "[checks\n", "second.toml"), written(tmp_path, "")
    said = told(run(environment(tmp_path), "policy", "check", first, second, good))
    for expected in (
        "first.toml is not valid",
        "milestone: unknown key. Did you mean milestones?",
        "base.toml is not valid",
        "time_tracking: must be true or false, got 1",
        "second.toml is not valid",
        f"{good} is valid",
    ):
        assert expected in said


def test_show_says_how_the_policy_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name, by the variable, by its place, or not at all."""
    monkeypatch.chdir(tmp_path)
    environ = environment(tmp_path, GITLAB_SYNC_POLICY="")

    def head(*arguments: str, policy: str = "") -> str:
        done = run({**environ, "GITLAB_SYNC_POLICY": policy}, "policy", "show", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().splitlines()[0]

    assert head() == "# fair, no file was found"
    assert head("classic") == "# classic, as named"
    path = written(tmp_path, "", "gitlab-sync.toml")
    assert head() == f"# {path}, found upward from here"
    assert head(policy="classic") == "# classic, named by GITLAB_SYNC_POLICY"
    assert head("fair", policy="classic") == "# fair, as named"
    first = json.loads(run(environ, "policy", "show", "--format", "json").stdout)[0]
    assert first == {"key": "policy", "value": path, "origin": "found upward from here"}


def test_schema_prints_the_schema(tmp_path: Path) -> None:
    """As JSON."""
    assert json.loads(run(environment(tmp_path), "policy", "schema").stdout) == schema()
