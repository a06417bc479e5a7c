"""An ecosystem: languages that share manifests and tools, as one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Purpose = Literal[
    "test",
    "lint",
    "format",
    "type_check",
    "coverage",
    "dead_code",
    "secret_scan",
    "dependency_audit",
    "changelog",
    "hooks",
]


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool in one of its uses.

    `languages` is empty for a tool for any language. `commands` are programs with what has to
    follow: a subcommand, the begin of an option (`pytest --cov`), or `$` for nothing but options
    (`ruff $`). `files` are names or paths of its configuration files, in lower case. `tables` are
    tables of `pyproject.toml` (dotted), keys of `package.json`, or sections of `setup.cfg` and
    `tox.ini`. `declared` are words in a build file that set it up: a plugin, a package. `templates`
    are parts of the names of GitLab's templates or components. A `*` in commands and files is any
    text, and a file that begins with `/` is only meant at the root.
    """

    name: str
    purpose: Purpose
    languages: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()


# What serves these purposes reads commits or files of any kind.
_FOR_ANY: frozenset[Purpose] = frozenset({"secret_scan", "changelog", "hooks"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A tool in a table: its purpose and its languages are those of the table, if it names none."""

    name: str
    commands: tuple[str, ...]
    files: str
    tables: str
    declared: str
    templates: str
    languages: tuple[str, ...]


def tool(
    name: str,
    *commands: str,
    files: str = "",
    tables: str = "",
    declared: str = "",
    templates: str = "",
    only: tuple[str, ...] = (),
) -> Entry:
    """Return a line of a table; names are separated by spaces. See `Tool` for their meaning."""
    return Entry(name, commands, files, tables, declared, templates, only)


class Names:
    """Names and patterns, to find those that a name fits."""

    def __init__(self, names: Iterable[str]) -> None:
        self._exact: set[str] = set()
        self._patterns: dict[str, list[str]] = {}
        for name in names:
            if "*" in name:
                # By their endings: most names have another one than most patterns.
                self._patterns.setdefault(_ending(name), []).append(name)
            else:
                self._exact.add(name)

    def find(self, name: str) -> str | None:
        """Return the name or pattern that fits a name (in lower case), or None."""
        if name in self._exact:
            return name
        for ending in (_ending(name), "*"):
            for pattern in self._patterns.get(ending, ()):
                if fits(pattern, name):
                    return pattern
        return None


def _ending(name: str) -> str:
    ending = name.rpartition(".")[2]
    return "*" if "*" in ending else ending


def fits(pattern: str, name: str) -> bool:
    """Return whether a name is what a pattern says; each `*` is any text."""
    first, *parts = pattern.split("*")
    if not parts:
        return name == pattern
    last = parts.pop()
    if len(name) < len(first) + len(last) or not (name.startswith(first) and name.endswith(last)):
        return False
    place, end = len(first), len(name) - len(last)
    for part in parts:
        place = name.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecosystem:
    """Languages with their files, tools and commands.

    `languages` maps each of them to the suffixes of its source files. `manifests` are the files of
    a project that uses them: what builds it, and what declares its packages. They are read;
    `marks` are other such files. `locks` are lock files. All are in lower case; a `*` is any text.
    `commands` are what to run for a purpose, `own_commands` those of one of the languages.
    """

    languages: Mapping[str, str]
    manifests: str = ""
    marks: str = ""
    locks: str = ""
    tools: Mapping[Purpose, tuple[Entry, ...]] = field(default_factory=dict)
    commands: Mapping[Purpose, str] = field(default_factory=dict)
    own_commands: Mapping[str, Mapping[Purpose, str]] = field(default_factory=dict)

    def all_tools(self) -> list[Tool]:
        """Return its tools with their purposes and languages."""
        return [
            Tool(
                entry.name,
                purpose,
                () if purpose in _FOR_ANY else entry.languages or tuple(self.languages),
                entry.commands,
                *(
                    tuple(names.split())
                    for names in (entry.files, entry.tables, entry.declared, entry.templates)
                ),
            )
            for purpose, entries in self.tools.items()
            for entry in entries
        ]
