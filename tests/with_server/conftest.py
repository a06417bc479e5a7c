"""What tests with a server need besides: a shelf of repositories, and the rules' examples."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitlab_sync.sandbox import Sandbox

# The examples are next to the tests of the rules, which read them without a server.
sys.path.insert(0, str(Path(__file__).parents[1] / "unit/rules"))

from shelf import Shelf


@pytest.fixture
def shelf(sandbox: Sandbox) -> Shelf:
    """Put repositories into the sandbox: `shelf.put({"README.md": "…"})` gives the path."""
    return Shelf(sandbox)
