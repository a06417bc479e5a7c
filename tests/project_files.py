"""The files of the project, as a commit of this folder would have them."""

from __future__ import annotations

import subprocess

from documents import ROOT


def project_files() -> list[str]:
    """Return the paths from the root of all files that git has, or would add."""
    line = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
