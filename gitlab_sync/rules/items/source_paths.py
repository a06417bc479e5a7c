"""Recognises source files by their paths: changes that could have a test."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache
from pathlib import PurePosixPath

EXTENSIONS = frozenset(
    {
        *(".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".cs", ".go", ".java", ".kt"),
        *(".kts", ".scala", ".groovy", ".py", ".pyx", ".rb", ".rs", ".js", ".jsx", ".mjs", ".cjs"),
        *(".ts", ".tsx", ".vue", ".svelte", ".php", ".pl", ".pm", ".swift", ".m", ".mm", ".dart"),
        *(".ex", ".exs", ".erl", ".hs", ".ml", ".clj", ".cljs", ".lua", ".r", ".jl", ".f", ".f90"),
        *(".vala", ".zig", ".nim", ".sh", ".bash", ".ps1", ".sql"),
    }
)
"""The extensions of source files, in lower case."""

OTHER_FOLDERS = frozenset(
    {"vendor", "node_modules", "third_party", "docs", "doc", "examples", "migrations"}
)
"""Folders in which no file is a source file of the project, in lower case."""

GENERATED = (
    *("*.min.js", "*.pb.go", "*_pb2.py", "*_pb2_grpc.py", "*.generated.*", "*.g.dart", "*.d.ts"),
    "zz_generated*",
)
"""The names of files that a program wrote, in lower case."""

_GENERATED = re.compile("|".join(map(translate, GENERATED)))


@lru_cache(maxsize=10_000)  # the same files change again and again
def is_source_path(path: str) -> bool:
    """Return whether `path` (with `/`, from the root of the repository) is a source file."""
    file = PurePosixPath(path.lower())
    return (
        file.suffix in EXTENSIONS
        and OTHER_FOLDERS.isdisjoint(file.parts[:-1])
        and _GENERATED.match(file.name) is None
    )
