"""Odd arguments, closed streams, full disks, and texts that would steer a terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from cli_runs import LIMIT, of_sandbox, run, shared
from rich.console import Console
from worlds import fresh_world

from gitlab_sync.cli.main import main
from gitlab_sync.cli.progress import _live_line
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.session.progress import ProgressTracker

OTHER_BYTES = os.fsdecode(b"caf\xe9")
STEERING = "a\x1b]0;x\x07b\x9b2Jc\u202ed"

served, sandbox, world = shared()


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        ("mrs", OTHER_BYTES),
        ("mrs", "ann", OTHER_BYTES),
        ("issues", "ann", "--project", OTHER_BYTES),
        ("members", OTHER_BYTES),
        ("search", "users", OTHER_BYTES),
        ("api", "GET", f"projects/{OTHER_BYTES}"),
        ("api", "GET", "projects", "-f", f"search={OTHER_BYTES}"),
        ("compliance", OTHER_BYTES),
        ("compliance", "1", "--ref", OTHER_BYTES),
        ("weekly", "ann", "--timezone", OTHER_BYTES),
        ("explain", OTHER_BYTES),
        ("whoami", "--url", f"https://{OTHER_BYTES}.example"),
        ("whoami", "--token-env", OTHER_BYTES),
    ],
)
def test_an_argument_of_other_bytes_than_utf_8_is_wrong_usage(
    arguments: tuple[str, ...], environ: dict[str, str], sandbox: Sandbox
) -> None:
    """No request can hold it; the message names the argument."""
    done = run(environ, *arguments)
    assert done.returncode == 2
    assert b"must be UTF-8" in done.stderr
    assert sandbox.traffic.total == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take no such names")
def test_a_file_can_have_such_a_name(environ: dict[str, str], tmp_path: Path) -> None:
    """It is on this disk, and its name is nowhere else."""
    people, rows = tmp_path / f"{OTHER_BYTES}.txt", tmp_path / f"{OTHER_BYTES}.json"
    people.write_text("alice.moreau\n")
    done = run(environ, "issues", "--users-file", str(people), "-o", str(rows))
    assert (done.returncode, rows.read_bytes()[:2]) == (0, b"[\n")


@pytest.mark.parametrize("variable", ["GITLAB_URL", "GITLAB_TOKEN", "GITLAB_SYNC_STORE"])
def test_a_variable_of_other_bytes_is_wrong_configuration(
    variable: str, environ: dict[str, str]
) -> None:
    """With a message, not as a fault of ours."""
    value = f"https://{OTHER_BYTES}" if variable == "GITLAB_URL" else OTHER_BYTES
    done = run({**environ, variable: value}, "mrs", "alice.moreau")
    assert done.returncode == 2
    assert b"fault in gitlab-sync" not in done.stderr


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("whoami",), "--timeout"),
        (("mrs", "ann"), "--max-wait"),
        (("compliance", "1"), "--fail-under"),
        (("sandbox",), "--latency-ms"),
    ],
)
@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "-1", "1e300", "x"])
def test_what_is_no_number_within_reason_is_wrong_usage(
    command: tuple[str, ...], option: str, number: str, environ: dict[str, str], sandbox: Sandbox
) -> None:
    """NaN compares as within every range, and a clock overflows far below 1e300."""
    done = run(environ, *command, f"{option}={number}")
    assert done.returncode == 2
    assert option in done.stderr.decode()
    assert sandbox.traffic.total == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "users", "x", "--limit"),
        ("mrs", "ann", "--workers"),
        ("sandbox", "--users"),
        ("sandbox", "--issues"),
        ("sandbox", "--port"),
    ],
)
def test_a_number_beyond_all_bounds_is_wrong_usage(
    arguments: tuple[str, ...], environ: dict[str, str]
) -> None:
    """Before it fills the memory, or overflows."""
    done = run(environ, *arguments, "9" * 20)
    assert done.returncode == 2
    assert arguments[-1].encode() in done.stderr


@pytest.mark.parametrize("said", ["9" * 5000, "\u00b2", "nan"])
def test_a_number_of_workers_that_is_none_is_wrong_configuration(
    said: str, environ: dict[str, str]
) -> None:
    """Also one with more digits than Python reads, or with digits that Python does not read."""
    done = run({**environ, "GITLAB_SYNC_WORKERS": said}, "whoami")
    assert done.returncode == 2
    assert b"1 to 256" in done.stderr
    assert len(done.stderr) < 1000


# -- streams that cannot be used -------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="it needs a shell and /dev/full")
@pytest.mark.parametrize(
    ("streams", "arguments", "code"),
    [
        (">&-", ("whoami",), 2),
        (">/dev/full", ("mrs", "alice.moreau"), 2),
        ("<&- >&- 2>&-", ("mrs", "alice.moreau", "-o", "rows.json"), 0),
        ("2>/dev/full", ("mrs", "alice.moreau", "no-such-person"), 3),
        ("2>/dev/full >/dev/full", ("mrs", "alice.moreau"), 2),
        ("2>&-", ("compliance", "no/such", "--verbose"), 4),
    ],
)
def test_a_stream_that_cannot_be_used_ends_a_run_with_the_code_that_fits(
    streams: str, arguments: tuple[str, ...], code: int, environ: dict[str, str], tmp_path: Path
) -> None:
    """Lost messages change no code, lost rows are a 2; never 1, 70 or the interpreter's 120."""
    command = [sys.executable, "-m", "gitlab_sync.cli.main", *arguments]
    told = {name: value for name, value in environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {streams}', "sh", *command],
        env=told, cwd=tmp_path, capture_output=True, timeout=LIMIT,
    )  # fmt: skip
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert (tmp_path / "rows.json").exists() == ("-o" in arguments)


@pytest.mark.skipif(sys.platform != "linux", reason="it needs /dev/full")
@pytest.mark.parametrize(
    ("stream", "path", "arguments"),
    [
        ("stdout", None, ("explain",)),
        ("stdout", None, ("--version",)),
        ("stdout", "/dev/full", ("explain",)),
        ("stdin", None, ("mrs", "--users-file", "-")),
        ("stderr", "/dev/full", ("mrs", "--format", "xml")),
    ],
)
def test_whatever_a_command_reads_or_shows_such_a_stream_is_wrong_usage(
    stream: str,
    path: str | None,
    arguments: tuple[str, ...],
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python has none for one that is closed."""
    found = None if path is None else Path(path).open("w", encoding="utf-8")  # noqa: SIM115
    monkeypatch.setattr(sys, stream, found)
    with mock.patch.dict(os.environ, environ, clear=True):
        assert main(arguments) == 2


# -- what would steer a terminal -------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("mrs", STEERING),
        ("mrs", f"--{STEERING}"),
        ("mrs", "ann", "--format", STEERING),
        ("mrs", "ann", "--users-file", STEERING),
        ("mrs", "ann", "--output", f"no/such/{STEERING}"),
        ("members", STEERING),
        ("search", "projects", STEERING),
        ("compliance", STEERING),
        ("explain", STEERING),
        (STEERING,),
    ],
)
def test_no_message_steers_a_terminal(arguments: tuple[str, ...], environ: dict[str, str]) -> None:
    """Arguments can be texts of others, such as the title of a merge request in a pipeline."""
    done = run(environ, *arguments)
    for shown in (done.stdout, done.stderr):
        assert shown.decode().replace("\n", "").isprintable()


def test_no_title_of_a_team_steers_a_terminal(environ: dict[str, str], tmp_path: Path) -> None:
    """Whatever the file of teams says."""
    teams = tmp_path / "teams.json"
    name = STEERING.encode("unicode_escape").decode().replace("\\x", "\\u00")
    teams.write_text(f'{{"teams": [{{"team_name": "{name}", "project_name": "", "members": []}}]}}')
    done = run(environ, "leaderboard", "--teams", str(teams))
    assert (done.stdout + done.stderr).decode().replace("\n", "").isprintable()
    assert done.stdout.count(b"?]0;x?b?2Jc?d") == 2


def test_no_progress_steers_a_terminal() -> None:
    """It names what is searched for, which is no markup."""
    line = _live_line(ProgressTracker(), f"group {STEERING} [red]").get_renderable()
    shown = io.StringIO()
    Console(file=shown, width=100).print(line)
    assert shown.getvalue().replace("\n", "").isprintable()
    assert "[red]" in shown.getvalue()


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_a_csv_does_not_steer_a_terminal(tmp_path: Path) -> None:
    """A file has the text as it is."""
    import pty

    world = fresh_world(seed=1, users=2, merge_requests=0, issues=0, projects=1)
    world.put("users", {**world.tables.users[0], "name": f"Steering {STEERING}"})
    with Sandbox(world) as served:
        environ = of_sandbox(served, tmp_path)
        asked = ("search", "users", "Steering", "-f", "csv")
        assert STEERING.encode() in run(environ, *asked).stdout
        ours, its = pty.openpty()
        with os.fdopen(its, "wb", buffering=0) as terminal:
            assert run(environ, *asked, terminal=terminal).returncode == 0
            shown = os.read(ours, 65536)
        os.close(ours)
    assert shown.decode().replace("\r", "").replace("\n", "").isprintable()
    assert b"Steering a?]0;x?b?2Jc?d" in shown
