"""The sandbox imports nothing of the client: it must not agree with it by accident."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import gitlab_sync.sandbox

ROOT = Path(gitlab_sync.sandbox.__file__).parent
LIBRARIES = {"cheroot", "graphql", "orjson"}
FILES = sorted(ROOT.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Return the modules that a file names in its imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_it_may(path: Path) -> None:
    """The standard library, cheroot, graphql-core, orjson, and the sandbox itself."""
    for name in imported(path):
        if name.startswith("gitlab_sync.sandbox"):
            continue
        assert name.split(".")[0] in {*sys.stdlib_module_names, *LIBRARIES}, name
