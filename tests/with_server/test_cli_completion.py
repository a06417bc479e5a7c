"""Shells complete the command, quickly and without asking any GitLab."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runs import environment, run

from gitlab_sync.cli.completion import VARIABLE
from gitlab_sync.cli.main import COMMANDS
from gitlab_sync.rules.items import issue, merge_request
from gitlab_sync.rules.projects.checks import CHECKS

SHELLS = ("bash", "zsh", "fish")


def completed(home: Path, *words: str) -> list[str]:
    """Return what bash is told about the last of these words, without the kind before each."""
    line = " ".join(("gitlab-sync", *words))
    told = environment(home, **{VARIABLE: "bash_complete"})
    told |= {"COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    done = run(told)
    assert (done.returncode, done.stderr) == (0, b"")
    return [answer.partition(",")[2] for answer in done.stdout.decode().splitlines()]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_printed_for_each_shell(shell: str, tmp_path: Path) -> None:
    """It asks the program itself, by a variable of the environment."""
    done = run(environment(tmp_path), "completion", shell)
    assert (done.returncode, done.stderr) == (0, b"")
    assert f"{VARIABLE}={shell}_complete" in done.stdout.decode()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_itself_understands_the_script(shell: str, tmp_path: Path) -> None:
    """Where it is installed."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_bytes(run(environment(tmp_path), "completion", shell).stdout)
    subprocess.run([path, "-n", str(script)], check=True)


def test_bash_completes_with_it(tmp_path: Path) -> None:
    """The script, the program and its answers together."""
    bash = shutil.which("bash")
    if bash is None or sys.platform == "win32":
        pytest.skip("bash is not installed")
    program = tmp_path / "gitlab-sync"
    text = f'#!/bin/sh\nexec "{sys.executable}" -m gitlab_sync.cli.main "$@"\n'
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    told = environment(tmp_path)
    told["PATH"] = os.pathsep.join((str(tmp_path), told["PATH"]))
    script = (
        'eval "$(gitlab-sync completion bash)"\n'
        "COMP_WORDS=(gitlab-sync mrs --sc) COMP_CWORD=2\n"
        "_gitlab_sync_completion gitlab-sync\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run([bash, "--norc", "-c", script], env=told, capture_output=True, check=True)
    assert done.stdout.decode().split() == ["--scope"], done.stderr.decode()


def test_commands_are_completed(tmp_path: Path) -> None:
    """All of them, or those that begin so."""
    assert completed(tmp_path, "") == list(COMMANDS)
    assert completed(tmp_path, "m") == ["mrs", "members"]


def test_options_and_their_values_are_completed(tmp_path: Path) -> None:
    """What only exists to be refused is not offered."""
    assert completed(tmp_path, "mrs", "--form") == ["--format"]
    assert completed(tmp_path, "mrs", "--format", "x") == ["xlsx"]
    assert completed(tmp_path, "search", "p") == ["projects"]


def test_the_ids_of_all_checks_are_completed(tmp_path: Path) -> None:
    """Those of merge requests, issues and projects, each once."""
    every = dict.fromkeys(
        check.id for checks in (merge_request.CHECKS, issue.CHECKS, CHECKS) for check in checks
    )
    assert completed(tmp_path, "explain", "") == list(every)
    assert completed(tmp_path, "explain", "no_u") == ["no_unit_tests"]
    assert completed(tmp_path, "mrs", "--to") == ["--token-env"]


def test_a_wrong_command_line_is_completed_quietly(tmp_path: Path) -> None:
    """It is not finished yet, so nothing is wrong with it."""
    assert completed(tmp_path, "no-such-command", "m") == ["mrs", "members"]
    assert "--format" in completed(tmp_path, "mrs", "--workers", "0", "--")
    assert "--format" in completed(tmp_path, "mrs", "--token", "x", "--")


@pytest.mark.parametrize("option", ["--output", "--users-file"])
def test_files_are_completed_by_the_shell(option: str, tmp_path: Path) -> None:
    """The answer says only that a file is wanted."""
    told = environment(tmp_path, **{VARIABLE: "bash_complete"})
    told |= {"COMP_WORDS": f"gitlab-sync mrs {option} te", "COMP_CWORD": "3"}
    assert run(told).stdout == b"file,te\n"


def test_completing_loads_nothing_heavy(tmp_path: Path) -> None:
    """A person waits for it after each key."""
    code = (
        "import sys; from gitlab_sync.cli.main import main\n"
        "main([])\n"
        "heavy = {'requests', 'rich', 'orjson', 'gitlab_sync.session.session',\n"
        "         'gitlab_sync.sandbox'}\n"
        "sys.exit(repr(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    told = environment(tmp_path, **{VARIABLE: "zsh_complete"})
    told |= {"COMP_WORDS": "gitlab-sync mrs --", "COMP_CWORD": "2"}
    done = subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b"--scope" in done.stdout
