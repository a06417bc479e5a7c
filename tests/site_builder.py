"""Builds the site of the documents as `make docs` does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from documents import DOCS, ROOT


def build_site(folder: Path) -> Path:
    """Build the site into a folder and return it; a warning, as of a dead link, is an error."""
    done = subprocess.run(
        [*options(), "--doctree-dir", str(folder / "doctrees"), str(DOCS), str(folder / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return folder / "site"


def options() -> list[str]:
    """Return how `make docs` calls Sphinx, up to the folders."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.search(r"python (-m sphinx .*?)--doctree-dir", makefile)
    assert found is not None
    return [sys.executable, *found[1].split()]
