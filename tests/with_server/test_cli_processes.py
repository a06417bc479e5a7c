"""A run in a process of its own gives what the same run gives within the tests."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runs import of_sandbox, run, run_process

from gitlab_sync.cli.main import main
from gitlab_sync.concurrency import collector
from gitlab_sync.sandbox import Sandbox

NAMES = "Username,Place\nalice.moreau,Zoë\nann smith,\n".encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("mrs", "alice.moreau", "no-such-person", "-f", "json"), 3),
        (("mrs", "alice.moreau", "--format", "xml"), 2),
        (("whoami", "--verbose"), 0),
    ],
)
def test_a_process_ends_as_the_command_does_and_says_the_same(
    arguments: tuple[str, ...], code: int, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Byte by byte on both outputs: rows, errors and their hints, the log."""
    environ = of_sandbox(sandbox, tmp_path)
    here, there = run(environ, *arguments), run_process(environ, *arguments)
    assert here.returncode == there.returncode == code
    assert (here.stdout, here.stderr) == (there.stdout, there.stderr)


def test_the_program_looks_for_garbage_more_seldom_and_a_call_of_it_changes_nothing() -> None:
    """A program that calls `main` has its own settings; those of a process of ours are ours."""
    usual = gc.get_threshold()
    assert main(["--version"]) == 0
    assert gc.get_threshold() == usual
    assert _young_after("from gitlab_sync.cli.main import main; main()", "--version") > usual[0]


@pytest.mark.slow
def test_the_server_of_the_app_looks_for_garbage_as_seldom() -> None:
    """What it reads for many people at once takes a third less CPU."""
    assert _young_after("import app") == collector._YOUNG


def _young_after(program: str, *arguments: str) -> int:
    """Return after how many new objects Python looks in a process that has run this."""
    shown = f"{program}; import gc; print(); print(gc.get_threshold()[0])"
    line = [sys.executable, "-c", shown, *arguments]
    root = Path(__file__).parents[2]
    said = subprocess.run(line, capture_output=True, text=True, check=True, cwd=root).stdout
    return int(said.splitlines()[-1])


def test_no_locale_changes_the_rows(sandbox: Sandbox, tmp_path: Path) -> None:
    """Standard error, which is for people, shows as escapes what the locale lacks."""
    environ = of_sandbox(sandbox, tmp_path)
    question = ("issues", "--users-file", "-", "-f", "csv")
    here = run(environ, *question, given=NAMES)
    there = run_process({**environ, "PYTHONIOENCODING": "latin-1"}, *question, given=NAMES)
    assert there.stdout == here.stdout
    assert "Zoë" in there.stdout.decode()
    assert b"\\u201cann smith\\u201d" in there.stderr
