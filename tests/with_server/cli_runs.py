"""The real command in a process of its own, against a sandbox, in a bare environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from gitlab_sync.sandbox import Sandbox

LIMIT = 60.0  # seconds, only so that a broken test ends
_OURS = ("GITLAB", "CI_", "PYTHON_GITLAB", "FORCE_COLOR", "NO_COLOR", "PYTHONWARNINGS")


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Return an environment that knows no GitLab but what `variables` say, and an empty home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    folders = {"HOME": home, "USERPROFILE": home, "XDG_CONFIG_HOME": home / "x"}
    folders["XDG_CACHE_HOME"] = home / "cache"
    return {**kept, **{name: str(path) for name, path in folders.items()}, **variables}


def of_sandbox(sandbox: Sandbox, home: Path, **variables: str) -> dict[str, str]:
    """Return an environment in which the sandbox is the GitLab, and its administrator signs in."""
    told = {"GITLAB_URL": sandbox.url, "GITLAB_TOKEN": sandbox.token("admin"), **variables}
    return environment(home, **told)


def start(environ: dict[str, str], *arguments: str, **how: Any) -> subprocess.Popen[bytes]:
    """Start the command with both outputs piped; use it as a context manager."""
    line = [sys.executable, "-m", "gitlab_sync.cli.main", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    return subprocess.Popen(line, env=environ, **pipes)


def run(
    environ: dict[str, str], *arguments: str, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run the command to its end, with `given` as its standard input."""
    with start(environ, *arguments, stdin=subprocess.PIPE) as process:
        out, err = process.communicate(given, timeout=LIMIT)
    assert b"Traceback" not in err, err.decode()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
