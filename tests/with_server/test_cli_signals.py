"""Ctrl-C and SIGTERM: what is done is written, at once, and says what was not read."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest
from cli_runs import LIMIT, environment, interrupted, of_sandbox, stalled, start

from gitlab_sync.sandbox import Sandbox, World, generate_world

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

NOTES = "/projects/:id/merge_requests/:iid/notes"
MRS = ("mrs", "--source", "rest")
"""What asks for these notes, one merge request after the other."""


@pytest.fixture
def world() -> World:
    """Make a world in which every list is one page: what follows a page waits for its turn."""
    return generate_world(seed=1, users=5, merge_requests=3, issues=2, projects=2, large_every=0)


@pytest.fixture
def environ(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a run against the sandbox."""
    return of_sandbox(sandbox, tmp_path)


def people(sandbox: Sandbox) -> list[str]:
    """Return the usernames of the sandbox's people, sorted as rows are."""
    assert sandbox.world.truth is not None
    return sorted(sandbox.world.truth.usernames, key=str.lower)


def stall_last(sandbox: Sandbox) -> str:
    """Let some notes of the last person's merge requests never come; return the username."""
    last = people(sandbox)[-1]
    for mr in sandbox.world.tables.merge_requests:
        if mr["author"]["username"] == last:
            path = f"/projects/{mr['project_id']}/merge_requests/{mr['iid']}/notes"
            sandbox.faults.add("stall", path=path, times=None)
    return last


def wait_for_rows(out: IO[bytes], number: int) -> list[dict[str, object]]:
    """Read that many rows of NDJSON as they come."""
    return [json.loads(out.readline()) for _ in range(number)]


def end(process: subprocess.Popen[bytes], number: signal.Signals) -> tuple[bytes, bytes]:
    """Send a signal and return the rest of both outputs."""
    process.send_signal(number)
    return process.communicate(timeout=LIMIT)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")],
)
def test_an_interrupted_run_gives_rows_that_say_what_was_not_read(
    sandbox: Sandbox, environ: dict[str, str], number: signal.Signals, code: int, word: str
) -> None:
    """Valid JSON with everybody in it, and the code that shells expect."""
    sandbox.faults.add("stall", path=NOTES, times=None)
    with start(environ, *MRS, *people(sandbox), "-f", "json") as process:
        assert sandbox.traffic.wait(lambda t: t.in_flight >= 3, timeout=LIMIT)
        out, err = end(process, number)
    assert process.returncode == code, err.decode()
    rows = json.loads(out)
    assert [row["Username"] for row in rows] == people(sandbox)
    cut_short = [row for row in rows if row["Status"] != "Success"]
    assert cut_short
    assert all(word in row["Error"] for row in cut_short)
    assert all(row["Unverified"] != 0 for row in cut_short)
    assert b"cancelled" in err
    assert word in err.decode()
    assert b"Traceback" not in err


def test_ctrl_c_while_people_are_looked_for_leaves_no_count(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """A person with an unread list has no numbers, not zeros."""
    when = stalled(sandbox, "/merge_requests")
    done = interrupted(environ, *MRS, *people(sandbox), "-f", "json", when=when)
    assert done.returncode == 130
    rows = json.loads(done.stdout)
    assert [row["Username"] for row in rows] == people(sandbox)
    assert all((row["Status"], row["Closed MRs"]) == ("Error", None) for row in rows)


def test_ndjson_streams_who_is_done_and_adds_the_others_on_ctrl_c(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """Rows come while another person's requests hang."""
    stalled = stall_last(sandbox)
    names = people(sandbox)
    with start(environ, *MRS, *names, "-f", "ndjson") as process:
        assert process.stdout is not None
        first = wait_for_rows(process.stdout, len(names) - 1)
        out, _ = end(process, signal.SIGINT)
    assert process.returncode == 130
    assert {row["Username"] for row in first} == set(names) - {stalled}
    assert {row["Status"] for row in first} == {"Success"}
    last = json.loads(out)
    assert (last["Username"], last["Status"]) == (stalled, "Partial")


def test_ctrl_c_ends_a_wait_for_a_rate_limit_that_standard_error_tells_of(
    sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """A person who sees nothing happen learns why, and need not wait."""
    sandbox.faults.add("limit", path=NOTES, retry_after=250, times=None)
    with start(environ, *MRS, *people(sandbox), "-f", "json") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if b"rate limit: going on in" in line:
                break
        out, _ = end(process, signal.SIGINT)
    assert process.returncode == 130
    assert len(json.loads(out)) == len(people(sandbox))


def test_a_file_of_an_interrupted_run_is_whole(
    sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """The honest rows take the old file's place in one step."""
    stall_last(sandbox)
    folder = tmp_path / "reports"
    folder.mkdir()
    path = folder / "rows.csv"
    path.write_text("old", encoding="utf-8")

    def well_under_way() -> bool:
        return sandbox.traffic.count(NOTES) >= 5 and path.read_text(encoding="utf-8") == "old"

    arguments = (*MRS, *people(sandbox), "-f", "csv", "-o", str(path))
    assert interrupted(environ, *arguments, when=well_under_way).returncode == 130
    with path.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(people(sandbox))
    assert [found.name for found in folder.iterdir()] == ["rows.csv"]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_a_file_survives_a_run_that_is_killed(
    form: str, sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """Nothing can clean up after that, but the old rows are still there."""
    stall_last(sandbox)
    path = tmp_path / "rows.json"
    path.write_text("old", encoding="utf-8")
    with start(environ, *MRS, *people(sandbox), "-f", form, "-o", str(path)) as process:
        assert sandbox.traffic.wait(lambda t: t.count(NOTES) >= 5, timeout=LIMIT)
        process.kill()
        process.communicate(timeout=LIMIT)
    assert path.read_text(encoding="utf-8") == "old"


def test_ctrl_c_ends_whoami(sandbox: Sandbox, environ: dict[str, str]) -> None:
    """With the code, and without half an answer."""
    done = interrupted(environ, "whoami", when=stalled(sandbox, "/user"))
    assert (done.returncode, done.stdout) == (130, b"")


TWICE = """
import sys, threading
from gitlab_sync.cli.signals import Interruption
from gitlab_sync.reports.atomic import AtomicFile

with Interruption() as interruption, AtomicFile(sys.argv[1]) as file:
    file.write(b"half")
    interruption.last_words.append(file.discard)
    with interruption.cancel.on_cancel(lambda: print("cancelled", flush=True)):
        print("ready", flush=True)
        threading.Event().wait()
"""


def test_signals_within_a_second_are_one_and_the_rows_are_written(
    sandbox: Sandbox, environ: dict[str, str], tmp_path: Path
) -> None:
    """As `timeout` sends them: to its command, then to the group that it is in."""
    stall_last(sandbox)
    path = tmp_path / "rows.csv"

    def well_under_way() -> bool:
        is_ready = sandbox.traffic.count(NOTES) >= 5
        if is_ready:
            os.kill(os.getpid(), signal.SIGTERM)
        return is_ready

    arguments = (*MRS, *people(sandbox), "-f", "csv", "-o", str(path))
    done = interrupted(environ, *arguments, when=well_under_way, number=signal.SIGTERM)
    assert done.returncode == 143
    with path.open(encoding="utf-8", newline="") as file:
        statuses = [row["Status"] for row in csv.DictReader(file)]
    assert len(statuses) == len(people(sandbox))
    assert set(statuses) <= {"Success", "Partial"}


@pytest.mark.slow
def test_a_later_ctrl_c_ends_a_process_that_does_not_come_to_its_end(tmp_path: Path) -> None:
    """It leaves the old file, and no half of a new one."""
    path = tmp_path / "rows.csv"
    path.write_text("old", encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-c", TWICE, path], stdout=subprocess.PIPE, env=environment(tmp_path)
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == b"cancelled\n"
        while process.poll() is None:
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
    assert process.returncode == 130
    assert [found.name for found in tmp_path.iterdir()] == ["rows.csv"]
    assert path.read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("members", "acme"), "/groups/:id/members/all"),
        (("search", "projects", "figures"), "/projects"),
        (("api", "GET", "users", "--paginate", "--format", "ndjson"), "/users"),
    ],
)
def test_what_has_nothing_to_show_yet_just_ends(
    arguments: tuple[str, ...], path: str, sandbox: Sandbox, environ: dict[str, str]
) -> None:
    """With the code of the signal, and nothing that could be taken for a whole answer."""
    done = interrupted(environ, *arguments, when=stalled(sandbox, path))
    assert (done.returncode, done.stdout) == (130, b""), done.stderr.decode()
