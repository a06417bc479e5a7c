"""The real command against a sandbox, in a bare environment: in this process, or in its own.

`run` and `interrupted` call `main` here, with the streams, the environment and the log that a new
process has. `start` and `run_process` are for what only a process shows: how it ends, pipes that
close, terminals that redraw, what is loaded.
"""

from __future__ import annotations

import functools
import io
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias
from unittest import mock

import pytest

from gitlab_sync.cli.main import main
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.sandbox import Sandbox, World, generate_world
from gitlab_sync.session import runtime

Done: TypeAlias = subprocess.CompletedProcess[bytes]
"""A run that has ended: `returncode`, `stdout` and `stderr`."""

LIMIT = 60.0  # seconds, only so that a broken test ends
_OURS = ("GITLAB", "CI_", "PYTHON_GITLAB", "FORCE_COLOR", "NO_COLOR", "PYTHONWARNINGS")
_QUICK = functools.partial(RetryPolicy, base=0.01, cap=0.05)  # all attempts, with little between
# The server of a sandbox is named "sandbox"; the workers of the test's own start when needed.
_THREADS = re.compile(r"(gitlab-sync|progress|signals).*|sandbox")
_SILENT = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


def _small_world() -> World:
    return generate_world(seed=1, users=5, merge_requests=3, issues=2, projects=2)


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Return an environment that knows no GitLab but what `variables` say, and an empty home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    folders = {"HOME": home, "USERPROFILE": home, "XDG_CONFIG_HOME": home / "x"}
    folders["XDG_CACHE_HOME"] = home / "cache"
    usual = {name: str(path) for name, path in folders.items()}
    # Worlds know their rows under this policy; those of another are asked for by name.
    return {**kept, **usual, "GITLAB_SYNC_POLICY": "classic", **variables}


def of_sandbox(sandbox: Sandbox, home: Path, **variables: str) -> dict[str, str]:
    """Return an environment in which the sandbox is the GitLab, and its administrator signs in."""
    told = {"GITLAB_URL": sandbox.url, "GITLAB_TOKEN": sandbox.token("admin"), **variables}
    return environment(home, **told)


def shared(make: Callable[[], World] = _small_world) -> tuple[Any, Any, Any]:
    """Return the fixtures `served`, `sandbox` and `world` for a module that changes no world.

    All its tests share one sandbox, which each finds without faults and without traffic.
    """

    @pytest.fixture(scope="module")
    def served() -> Iterator[Sandbox]:
        with Sandbox(make()) as running:
            yield running

    @pytest.fixture
    def sandbox(served: Sandbox) -> Iterator[Sandbox]:
        served.start()  # for a test after one that stopped it
        served.traffic.reset()
        yield served
        served.faults.clear()  # which lets go of what was stalled
        assert served.traffic.wait(lambda traffic: not traffic.in_flight)

    @pytest.fixture
    def world(served: Sandbox) -> World:
        return served.world

    return served, sandbox, world


# -- in this process -------------------------------------------------------------------------------


def run(
    environ: Mapping[str, str],
    *arguments: str,
    given: bytes = b"",
    terminal: BinaryIO | None = None,
) -> Done:
    """Run the command here to its end, with `given` as its standard input.

    Standard output goes to `terminal` if there is one. Retries come quickly. An error that `main`
    lets through is raised, and a thread that outlives the run fails the test.
    """
    out, err = io.BytesIO(), io.BytesIO()
    threads = set(threading.enumerate())
    with (
        _streams(io.BytesIO(given), terminal or out, err),
        _variables(environ),
        _as_logged_at_a_shell(),
        mock.patch.object(runtime, "RetryPolicy", _QUICK),
    ):
        code = main(arguments)
    left = set(threading.enumerate()) - threads
    assert not [thread for thread in left if _THREADS.fullmatch(thread.name)], left
    assert b"Traceback" not in err.getvalue(), err.getvalue().decode()
    return Done(arguments, code, out.getvalue(), err.getvalue())


def interrupted(
    environ: Mapping[str, str],
    *arguments: str,
    when: Callable[[], object],
    number: signal.Signals = signal.SIGINT,
) -> Done:
    """Run the command here, and send the process a signal once `when` returns something true."""
    assert not when(), "the signal would come before the command can take it"
    ended, sent = threading.Event(), threading.Event()

    def send() -> None:
        while not ended.wait(0.005):
            if when():
                os.kill(os.getpid(), number)
                sent.set()
                return

    # A signal that comes just after the command has ended must not end the tests.
    handler = signal.signal(number, lambda _number, _frame: None)
    sender = threading.Thread(target=send, name="sender")
    sender.start()
    try:
        done = run(environ, *arguments)
    finally:
        ended.set()
        sender.join()
        signal.signal(number, handler)
    assert sent.is_set(), "the command ended before it could be interrupted"
    return done


def stalled(sandbox: Sandbox, path: str) -> Callable[[], object]:
    """Let no request to `path` be answered; return what says whether one has come."""
    planted = sandbox.faults.add("stall", path=path, times=None)
    return lambda: planted.hits


@contextmanager
def _streams(given: BinaryIO, out: BinaryIO, err: BinaryIO) -> Iterator[None]:
    """Let the standard streams be these; what they hold back is written at the end."""
    streams = {
        "stdin": io.TextIOWrapper(given, encoding="utf-8"),
        "stdout": io.TextIOWrapper(out, encoding="utf-8"),
        "stderr": io.TextIOWrapper(err, encoding="utf-8", errors="backslashreplace"),
    }
    with mock.patch.multiple(sys, **streams):
        yield
    for stream in streams.values():
        stream.detach()  # or it would close what is below it


@contextmanager
def _variables(environ: Mapping[str, str]) -> Iterator[None]:
    """Let the process have this environment; only what differs is touched."""
    before = dict(os.environ)
    _become(environ)
    try:
        yield
    finally:
        _become(before)


def _become(environ: Mapping[str, str]) -> None:
    for name in os.environ.keys() - environ.keys():
        del os.environ[name]
    os.environ.update(environ.items() - os.environ.items())


@contextmanager
def _as_logged_at_a_shell() -> Iterator[None]:
    """Send warnings and the log where a process that sets up neither sends them."""
    root, log = logging.getLogger(), logging.getLogger("gitlab_sync")
    handlers, level = log.handlers, log.level
    with warnings.catch_warnings(), mock.patch.object(root, "handlers", []):
        warnings.resetwarnings()
        for category in _SILENT:
            warnings.simplefilter("ignore", category)
        warnings.showwarning = _show_warning
        log.handlers = [*handlers]
        try:
            yield
        finally:
            log.handlers = handlers
            log.setLevel(level)


def _show_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object
) -> None:
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno))


# -- in a process of its own -----------------------------------------------------------------------


def start(environ: Mapping[str, str], *arguments: str, **how: Any) -> subprocess.Popen[bytes]:
    """Start the command with both outputs piped; use it as a context manager."""
    line = [sys.executable, "-m", "gitlab_sync.cli.main", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    return subprocess.Popen(line, env=environ, **pipes)


def run_process(environ: Mapping[str, str], *arguments: str, given: bytes = b"") -> Done:
    """Run the command in a process to its end, with `given` as its standard input."""
    with start(environ, *arguments, stdin=subprocess.PIPE) as process:
        out, err = process.communicate(given, timeout=LIMIT)
    assert b"Traceback" not in err, err.decode()
    return Done(process.args, process.returncode, out, err)
