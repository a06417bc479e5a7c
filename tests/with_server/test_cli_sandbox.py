"""`gitlab-sync sandbox`: a GitLab that runs until it is told to stop."""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path

import pytest
from cli_runs import LIMIT, environment, run, start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

EXAMPLE = re.compile(rb"GITLAB_URL=(\S+) GITLAB_TOKEN=(\S+) gitlab-sync mrs (\S+)")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "number"),
    [
        ((), signal.SIGINT),
        (("--demo",), signal.SIGTERM),
        (("--seed", "7", "--users", "3", "--merge-requests", "2"), signal.SIGINT),
    ],
)
def test_its_example_works_and_ending_it_is_a_0(
    world: tuple[str, ...], number: signal.Signals, tmp_path: Path
) -> None:
    """What it says can be pasted; nothing goes to standard output."""
    environ = environment(tmp_path)
    with start(environ, "sandbox", "--port", "0", *world) as process:
        assert process.stderr is not None
        said = b""
        while (found := EXAMPLE.search(said)) is None:
            line = process.stderr.readline()
            assert line, said
            said += line
        url, token, somebody = (part.decode() for part in found.groups())
        told = {**environ, "GITLAB_URL": url, "GITLAB_TOKEN": token}
        done = run(told, "mrs", somebody, "-f", "json")
        process.send_signal(number)
        out, _ = process.communicate(timeout=LIMIT)
    assert (process.returncode, out) == (0, b"")
    assert done.returncode == 0
    assert json.loads(done.stdout)[0]["Closed MRs"] > 0


def test_a_port_that_is_taken_is_a_2(tmp_path: Path, sandbox: object) -> None:
    """With the port in the message."""
    port = str(sandbox.url).rpartition(":")[2]  # type: ignore[attr-defined]
    done = run(environment(tmp_path), "sandbox", "--port", port)
    assert done.returncode == 2
    assert port.encode() in done.stderr
