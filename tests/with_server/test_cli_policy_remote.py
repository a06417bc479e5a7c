"""A policy at an address: a file of the same GitLab, read before all else, and no other host's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_runs import Done, environment, of_sandbox, run
from shelf import Shelf

from gitlab_sync.policies.file import MOST_BYTES
from gitlab_sync.sandbox import Sandbox


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox, without a choice of a policy."""
    return of_sandbox(sandbox, tmp_path, GITLAB_SYNC_POLICY="")


def written(folder: Path, text: str) -> str:
    """Write a policy into a folder, and return its path."""
    (folder / "team.toml").write_text(text, encoding="utf-8")
    return str(folder / "team.toml")


def told(done: Done) -> str:
    """Return what a run said on standard error; it was wrong usage."""
    assert done.returncode == 2, done.stderr.decode()
    return done.stderr.decode()


def on_shelf(shelf: Shelf, sandbox: Sandbox, text: str, base: str = "") -> str:
    """Put a policy into a project, and another one that it can extend; return its address."""
    files = {"team/gitlab-sync.toml": text, "base/all.toml": base}
    path = shelf.put(files)
    number = sandbox.world.tables.projects[-1]["id"]
    sandbox.world.tables.files[number].update(files)
    sandbox.world.changed()
    return f"{sandbox.url}/{path}/-/blob/main/team/gitlab-sync.toml"


def test_a_policy_at_an_address_is_read_first_and_once(
    environ: dict[str, str], shelf: Shelf, sandbox: Sandbox
) -> None:
    """With the token of the run, and with the file that it extends in its project."""
    text = 'extends = "../base/all.toml"\n[checks.no_desc]\nseverity = "off"\n'
    address = on_shelf(shelf, sandbox, text, "time_tracking = true\n")
    people = sandbox.world.truth.usernames
    done = run(environ, "mrs", *people, "--policy", address, "--format", "json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {row["Policy"] for row in rows} == {"gitlab-sync.toml"}
    assert {row["No Desc (of)"] for row in rows} == {0}
    assert any(row["No Time Spent (of)"] for row in rows)
    first, second, *others = sandbox.traffic.exchanges
    for asked, path in ((first, "team%2Fgitlab-sync.toml"), (second, "base%2Fall.toml")):
        assert asked.path.endswith(f"/repository/files/{path}")
        assert asked.token == "admin"
    assert not any("repository/files" in asked.path for asked in others)


def test_a_file_can_extend_one_at_an_address(
    environ: dict[str, str], shelf: Shelf, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Each value says which of them it is from."""
    address = on_shelf(shelf, sandbox, 'timezone = "Asia/Tokyo"\n[bots]\nnames = ["a"]\n')
    name = written(tmp_path, f'extends = "{address}"\n[bots]\nnames = ["b"]\n')
    done = run(environ, "policy", "show", name, "--format", "json")
    assert done.returncode == 0, done.stderr
    found = {row["key"]: (row["value"], row["origin"]) for row in json.loads(done.stdout)}
    assert found["timezone"] == ("Asia/Tokyo", address)
    assert found["bots.names"] == (["b"], "team.toml")
    assert found["milestones"] == ("off", "built-in fair")


@pytest.mark.parametrize(
    "address",
    [
        "https://gitlab.example/group/app/-/blob/main/gitlab-sync.toml",
        "http://user:secret@{host}/group/app/-/blob/main/gitlab-sync.toml",
        "http://{host}.evil.example/group/app/-/blob/main/gitlab-sync.toml",
        "https://{host}/group/app/-/blob/main/gitlab-sync.toml",
        "http://[/group/app/-/blob/main/gitlab-sync.toml",
    ],
)
def test_an_address_at_another_host_is_refused_and_nothing_is_sent(
    environ: dict[str, str], sandbox: Sandbox, tmp_path: Path, address: str
) -> None:
    """Neither to that host nor to ours."""
    address = address.format(host=sandbox.url.removeprefix("http://"))
    name = written(tmp_path, f'extends = "{address}"\n')
    said = told(run(environ, "mrs", "somebody", "--policy", name))
    assert f"must be a file of the configured GitLab, {sandbox.url}" in said
    assert "secret" not in said
    assert not sandbox.traffic.total


def test_what_is_no_file_at_an_address_is_refused(
    environ: dict[str, str], shelf: Shelf, sandbox: Sandbox
) -> None:
    """With what to write instead, or why."""
    address = on_shelf(shelf, sandbox, "")
    page = address.replace("/-/blob/main/team/gitlab-sync.toml", "")
    assert "must be the address of a file" in told(run(environ, "policy", "check", page))
    absent = address.replace("team/", "")
    assert f"There is no file at {absent}" in told(run(environ, "policy", "check", absent))


def test_a_fault_in_a_file_stops_the_run_before_another_is_asked_for(
    environ: dict[str, str], shelf: Shelf, sandbox: Sandbox, tmp_path: Path
) -> None:
    """And a fault in that one stops it before anything else is asked for."""
    address = on_shelf(shelf, sandbox, 'milestones = "never"\n')
    name = written(tmp_path, f'extends = "{address}"\ntime_tracking = 5\n')
    assert "time_tracking: must be true or false" in told(
        run(environ, "mrs", "x", "--policy", name)
    )
    assert not sandbox.traffic.total
    name = written(tmp_path, f'extends = "{address}"\n')
    said = told(run(environ, "mrs", "x", "--policy", name))
    assert f"{address} is not valid" in said
    assert "milestones: must be one of off, if used, always, got “never”" in said
    assert sandbox.traffic.total == 1


@pytest.mark.parametrize(
    ("text", "times", "reason"),
    [
        ('extends = "/etc/passwd"', 1, "must be a file of the same project"),
        ('extends = "../../up.toml"', 1, "must be a file of the same project"),
        ("#", MOST_BYTES + 1, "longer than 1,000,000 bytes"),
        ("#", 3 * MOST_BYTES, "must be at most 2 MB, got more"),
        ('extends = "gitlab-sync.toml"', 1, "in a circle"),
    ],
    ids=["root", "above", "long", "huge", "circle"],
)
def test_a_file_at_an_address_reaches_nothing_of_this_machine_and_has_bounds(
    environ: dict[str, str], shelf: Shelf, sandbox: Sandbox, text: str, times: int, reason: str
) -> None:
    """It is a stranger's."""
    address = on_shelf(shelf, sandbox, text * times)
    assert reason in told(run(environ, "policy", "check", address))


def test_without_a_token_an_address_is_wrong_usage(tmp_path: Path) -> None:
    """It says what is missing, as for any command."""
    name = written(tmp_path, 'extends = "https://gitlab.example/a/b/-/blob/main/c.toml"\n')
    said = told(run(environment(tmp_path), "policy", "check", name))
    assert "There is no URL of a GitLab and no token" in said
