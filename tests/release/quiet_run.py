"""Programs that are run only for what comes of them."""

from __future__ import annotations

import subprocess
from pathlib import Path


def run_quietly(*line: str | Path, **how: object) -> str:
    """Run a program to its end and return what it wrote; a failure shows that, too."""
    done = subprocess.run(
        list(map(str, line)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=300, **how,  # type: ignore[call-overload]
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return str(done.stdout)
