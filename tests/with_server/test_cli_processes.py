"""A run in a process of its own gives what the same run gives within the tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_runs import of_sandbox, run, run_process

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


def test_no_locale_changes_the_rows(sandbox: Sandbox, tmp_path: Path) -> None:
    """Standard error, which is for people, shows as escapes what the locale lacks."""
    environ = of_sandbox(sandbox, tmp_path)
    question = ("issues", "--users-file", "-", "-f", "csv")
    here = run(environ, *question, given=NAMES)
    there = run_process({**environ, "PYTHONIOENCODING": "latin-1"}, *question, given=NAMES)
    assert there.stdout == here.stdout
    assert "Zoë" in there.stdout.decode()
    assert b"\\u201cann smith\\u201d" in there.stderr
