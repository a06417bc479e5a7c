"""Progress on standard error: a live line on a terminal, in words that say what is going on."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from cli_runs import LIMIT, of_sandbox, start

from gitlab_sync.cli.progress import describe
from gitlab_sync.sandbox import Sandbox
from gitlab_sync.types import Progress


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (Progress(), "finding issues, 0 requests"),
        (Progress(3, 40, 95), "3 of 40 issues, 95 requests"),
        (Progress(3, 40, 95, 37.2),
         "3 of 40 issues, 95 requests; rate limit: going on in 37 s"),
        (Progress(3, 40, 95, 0.2), "3 of 40 issues, 95 requests"),
    ],
)  # fmt: skip
def test_progress_is_said_in_words(now: Progress, words: str) -> None:
    """A wait of a moment is not worth one."""
    assert describe("issues", now) == words


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
@pytest.mark.parametrize("quiet", [False, True])
def test_a_terminal_shows_a_live_line_that_ends_with_the_run(
    quiet: bool, sandbox: Sandbox, tmp_path: Path
) -> None:
    """On standard error; standard output has the rows alone, and --quiet shows no line."""
    import pty

    sandbox.faults.add("stall", path="/projects/:id/merge_requests/:iid/notes", times=None)
    environ = of_sandbox(sandbox, tmp_path, TERM="xterm", COLUMNS="100")
    arguments = [
        "mrs",
        "alice.moreau",
        "--source",
        "rest",
        "-f",
        "json",
        *(["--quiet"] if quiet else []),
    ]
    ours, its = pty.openpty()
    with start(environ, *arguments, stderr=its) as process:
        os.close(its)
        shown = b""
        while not quiet and b"merge requests, " not in shown:
            shown += os.read(ours, 65536)
        assert sandbox.traffic.wait(lambda t: t.in_flight >= 1, timeout=LIMIT)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=LIMIT)
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:
            pass  # Linux says so that the other end was closed
    os.close(ours)
    assert process.returncode == 130
    assert [row["Username"] for row in json.loads(out)] == ["alice.moreau"]
    assert (b"\x1b" in shown) is not quiet
    if not quiet:
        assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l"), "the cursor stays hidden"
