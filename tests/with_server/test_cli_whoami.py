"""`whoami`, and the ways in: environment, files of python-gitlab, helpers."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from cli_runs import environment, of_sandbox, run

from gitlab_sync.sandbox import Sandbox


def test_whoami_says_who_where_and_what_the_token_may(sandbox: Sandbox, tmp_path: Path) -> None:
    """For people, one line for each fact."""
    told = of_sandbox(sandbox, tmp_path, GITLAB_TOKEN=sandbox.token("alice.moreau"))
    done = run(told, "whoami")
    assert done.returncode == 0
    text = done.stdout.decode()
    for fact in (sandbox.url, "alice.moreau", "personal", "read_api", "18.4.1", "never"):
        assert fact in text
    assert done.stderr == b""


def test_whoami_as_json_is_one_object(sandbox: Sandbox, tmp_path: Path) -> None:
    """For programs."""
    found = json.loads(run(of_sandbox(sandbox, tmp_path), "whoami", "--format", "json").stdout)
    assert found["Instance"] == sandbox.url
    assert found["Token scopes"] == "api"


def test_whoami_with_a_wrong_token_is_a_4_with_a_hint(sandbox: Sandbox, tmp_path: Path) -> None:
    """What and what to do."""
    done = run(of_sandbox(sandbox, tmp_path, GITLAB_TOKEN="wrong"), "whoami")
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"error: 401" in done.stderr
    assert b"hint: Check that the token" in done.stderr


def test_what_gitlab_does_not_tell_of_a_token_is_unknown(sandbox: Sandbox, tmp_path: Path) -> None:
    """Old versions have no such route; that is no error."""
    sandbox.faults.add("status", status=404, path="/personal_access_tokens/self")
    sandbox.faults.add("status", status=403, path="/version")
    done = run(of_sandbox(sandbox, tmp_path), "whoami", "--format", "json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert found["Token scopes"] is found["GitLab version"] is found["Token kind"] is None


def test_what_could_not_be_read_is_a_3(sandbox: Sandbox, tmp_path: Path) -> None:
    """The rest is shown, and the error said."""
    sandbox.faults.add("status", status=501, path="/version", times=None)
    done = run(of_sandbox(sandbox, tmp_path), "whoami")
    assert done.returncode == 3
    assert b"501" in done.stderr
    assert b"GitLab version  ?" in done.stdout


@pytest.mark.parametrize("way", ["private_token", "oauth_token", "helper"])
def test_a_file_of_python_gitlab_signs_in(way: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """With a token as it is there, or as a helper prints it."""
    kind = "oauth" if way == "oauth_token" else "personal"
    token = sandbox.token_for("bruno.rossi", kind=kind)  # type: ignore[arg-type]
    script = tmp_path / "helper.py"
    script.write_text(f"print({token!r})", encoding="utf-8")
    line = f"{way} = {token}"
    if way == "helper":
        line = f"private_token = helper: {sys.executable} {script}"
    text = f"[global]\ndefault = none\n[here]\nurl = {sandbox.url}/\n{line}\n"
    (tmp_path / ".python-gitlab.cfg").write_text(text, encoding="utf-8")
    done = run(environment(tmp_path), "whoami", "--gitlab-id", "here", "--format", "json", "-v")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert found["Username"] == "bruno.rossi"
    assert found["Token kind"] == ("OAuth" if way == "oauth_token" else "personal")
    assert token.encode() not in done.stdout + done.stderr


def test_an_option_sets_the_number_of_workers(sandbox: Sandbox, tmp_path: Path) -> None:
    """It goes before the environment."""
    told = of_sandbox(sandbox, tmp_path, GITLAB_SYNC_WORKERS="5")
    assert b"5 workers" in run(told, "whoami", "--verbose").stderr
    assert b"7 workers" in run(told, "whoami", "--verbose", "--workers", "7").stderr


@pytest.mark.parametrize("body", ["[]", '"x"', "7", "null"])
def test_an_owner_of_the_token_that_is_no_record_is_an_error(
    sandbox: Sandbox, tmp_path: Path, body: str
) -> None:
    """Of the server, not of ours."""
    sandbox.faults.add("status", status=200, body=body, path="/user", times=None)
    done = run(of_sandbox(sandbox, tmp_path), "whoami")
    assert done.returncode == 4
    assert "must be an object" in done.stderr.decode()
