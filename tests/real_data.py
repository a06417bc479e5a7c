"""Where the history of a real project is: 4 MB that are kept next to this project's folder.

Tests that read it have the mark `large`, and are skipped where it is not. `REAL_DATA` names another
place for it.
"""

from __future__ import annotations

import os
from pathlib import Path

BESIDE = Path(__file__).parents[2] / "shared" / "data" / "gitlab-runner"
REAL = Path(os.environ.get("REAL_DATA") or BESIDE)
