"""A real dask scheduler with worker processes, for as long as a test wants it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


def free_port() -> int:
    """Return a port of this machine that no one listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _dask(*arguments: str, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.Popen(
        # The folder of the tests would be the first place where modules are looked for.
        command,
        env=environ,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _said(process: subprocess.Popen[bytes], word: bytes) -> None:
    """Wait until a process says a word; from then on nothing of it is read."""
    assert process.stderr is not None
    seen = b""
    while word not in seen:
        line = process.stderr.readline()
        assert line, seen.decode()
        seen += line
    threading.Thread(target=process.stderr.read, daemon=True).start()


@contextmanager
def cluster_of(
    environ: dict[str, str], workers: int = 2, scheme: str = "tcp"
) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Run a scheduler and workers; yield its address, and the workers."""
    address = f"{scheme}://127.0.0.1:{free_port()}"
    with ExitStack() as stack:

        def started(word: bytes, *arguments: str) -> subprocess.Popen[bytes]:
            process = stack.enter_context(_dask(*arguments, environ=environ))
            stack.callback(process.kill)
            _said(process, word)
            return process

        where = address.partition("://")[2].rpartition(":")
        started(
            b"Scheduler at:", "distributed.cli.dask_scheduler", "--no-dashboard", "--no-show",
            "--protocol", scheme, "--host", f"{scheme}://{where[0]}", "--port", where[2],
        )  # fmt: skip
        found = [
            started(
                b"Registered to", "distributed.cli.dask_worker", address, "--nthreads", "1",
                "--no-nanny", "--no-dashboard",
            )
            for _ in range(workers)
        ]  # fmt: skip
        yield address, found
