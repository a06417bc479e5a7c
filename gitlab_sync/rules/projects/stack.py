"""Finds the languages of a project from its list of files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from gitlab_sync.rules.projects.facts import own

LANGUAGES = ("Python", "JavaScript", "TypeScript", "Go", "Rust", "Java")
"""The languages with known tools, in the order of display."""

_MANIFESTS: Mapping[str, str] = {
    **dict.fromkeys(("pyproject.toml", "setup.cfg", "setup.py", "requirements.txt"), "Python"),
    **dict.fromkeys(("uv.lock", "poetry.lock", "pipfile", "pipfile.lock"), "Python"),
    **dict.fromkeys(("package.json", "package-lock.json", "yarn.lock"), "JavaScript"),
    **dict.fromkeys(("pnpm-lock.yaml", "bun.lock"), "JavaScript"),
    "tsconfig.json": "TypeScript",
    "go.mod": "Go",
    "cargo.toml": "Rust",
    **dict.fromkeys(("pom.xml", "build.gradle", "build.gradle.kts"), "Java"),
}

_ENDINGS: Mapping[str, str] = {
    **dict.fromkeys((".py", ".pyi", ".pyx"), "Python"),
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte"), "JavaScript"),
    **dict.fromkeys((".ts", ".tsx", ".mts", ".cts"), "TypeScript"),
    ".go": "Go",
    ".rs": "Rust",
    **dict.fromkeys((".java", ".kt"), "Java"),
    **dict.fromkeys((".c", ".h", ".cc", ".cpp", ".hpp", ".cxx"), "C"),
    **dict.fromkeys((".cs", ".fs", ".vb"), ".NET"),
    **dict.fromkeys((".rb", ".php", ".swift", ".scala", ".dart", ".ex", ".exs"), "other"),
    **dict.fromkeys((".hs", ".ml", ".clj", ".erl", ".jl", ".lua", ".pl", ".m", ".zig"), "other"),
}

# A few scripts do not make a project one of their language.
_LEAST_SHARE = 0.2


def languages(paths: Iterable[str]) -> tuple[str, ...]:
    """Return those of `LANGUAGES` that a project with these files uses, in their order.

    A language counts with a manifest, or with a fifth of the source files. In a project with
    TypeScript, JavaScript needs a fifth of its own.
    """
    mine = list(own(paths, deepest=20))
    by_manifest = {_MANIFESTS.get(path.rpartition("/")[2].lower()) for path in own(mine)}
    counted = _counted(mine)
    total = sum(counted.values())
    by_share = {name for name, number in counted.items() if number >= _LEAST_SHARE * total}
    if "TypeScript" in by_manifest | by_share and "JavaScript" not in by_share:
        by_manifest.discard("JavaScript")
    return tuple(name for name in LANGUAGES if name in by_manifest | by_share)


def has_code(paths: Iterable[str]) -> bool:
    """Return whether there is source code, in any language."""
    mine = list(own(paths, deepest=20))
    return bool(_counted(mine)) or bool(languages(mine))


def is_code(path: str) -> bool:
    """Return whether a file is source code, by its suffix."""
    return _language(path) is not None


def _counted(paths: Iterable[str]) -> Counter[str]:
    names = (_language(path) for path in paths)
    return Counter(name for name in names if name is not None)


def _language(path: str) -> str | None:
    stem, dot, ending = path.rpartition("/")[2].rpartition(".")
    return _ENDINGS.get(f".{ending.lower()}") if stem and dot else None
