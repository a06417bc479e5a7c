"""What the targets and scripts of a repository run: those of make, npm and others, and files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import islice
from posixpath import dirname

from gitlab_sync.rules.projects.facts import FileText, Unread
from gitlab_sync.rules.projects.folders import below
from gitlab_sync.rules.projects.runners import Call
from gitlab_sync.rules.projects.shell import Command

# The tasks in a `pyproject.toml` are in one table, whatever runs them.
_TABLES = dict.fromkeys(("pdm", "hatch", "rye", "pixi", "uv", "poetry"), "poe")

# Of one name in several packages, and of one pattern (`lint:*`).
_MOST_ALIKE = 20

_LONGEST_ARGUMENTS = 1_000

# Characters of one script, in all the ways in which it is called: with arguments, in a folder. The
# first way is always read.
_MOST_READ = 500_000

_SHEBANG = re.compile(r"#![^\n]{0,99}\b(ba|da|a|k|z)?sh\b")
# Scripts that are the same in every project.
_WRAPPERS = frozenset({"gradlew", "mvnw", "configure", "autogen.sh", "sbt", "waf", "activate"})
# Sources of other languages, and what no one runs: a command can name it, and it can be large.
_NO_SHELL = re.compile(
    r"\.(py|js|mjs|cjs|ts|rb|pl|php|lua|groovy|exs?|go|rs|ps1|bat|cmd|java|kts?|cs|c|cc|cpp|h|hpp"
    r"|css|scss|json|ya?ml|toml|xml|html?|md|rst|txt|csv|svg|png|jpe?g|gif|ico|map|lock|conf|cfg|ini"
    r"|zip|gz|xz|bz2|tar|jar|war|whl|exe|dll|so|deb|rpm|apk|pdf|tex|patch|log)$"
)


@dataclass(frozen=True, slots=True)
class Runnable:
    """Commands with the folder in which they run, and `here`, the folder of their script."""

    script: str
    folder: str | None = ""
    here: str = ""


@dataclass(slots=True)
class Targets:
    """The targets of a repository, by runner and folder. For one thread.

    `tables` have the commands of each target: `{("make", ""): {"lint": "ruff check ."}}`. A target
    `""` is the default one. What is missing was not read.

    `read` returns the text of a listed file, None for one that does not exist. `unread` gets each
    script that is called and could not be read, with the reason.
    """

    tables: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    read: Callable[[str], FileText] = lambda _: None
    paths: Iterable[str] = ()
    unread: dict[str, str] = field(default_factory=dict)
    _by_runner: dict[str, list[tuple[str, Mapping[str, str]]]] = field(default_factory=dict)
    _by_name: dict[str, list[str]] | None = None
    _ways: dict[str, set[Runnable]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for (runner, folder), commands in self.tables.items():
            self._by_runner.setdefault(runner, []).append((folder, commands))
        for tables in self._by_runner.values():
            tables.sort(key=lambda each: (each[0].count("/") + bool(each[0]), each[0]))

    def called(self, call: Call) -> list[Runnable] | None:
        """Return what a target runs; None if nothing is known about it."""
        if call.runner == "shell":
            return [Runnable(call.target, call.folder)]
        tables = self._by_runner.get(_TABLES.get(call.runner, call.runner))
        if tables is None:
            return None
        own = self._own(call, tables)
        found = [
            Runnable(script, folder)
            for folder, commands in ([own] if own and call.runner == "npm" else tables)
            if (script := _script(call, commands)) is not None
        ]
        if call.folder is not None:
            # Of a folder without the target, the file at the root or one that it includes is meant.
            found = [each for each in found if own and each.folder == own[0]] or found[:1]
        if found or call.runner != "npm" or own is None:
            return found[:_MOST_ALIKE] or None
        return []  # a script that is not in package.json runs nothing

    def _own(
        self, call: Call, tables: Iterable[tuple[str, Mapping[str, str]]]
    ) -> tuple[str, Mapping[str, str]] | None:
        """Return the targets of the call's folder; npm also looks in the folders above."""
        known = dict(tables)
        folder = call.folder
        while folder is not None:
            if folder in known:
                return folder, known[folder]
            folder = dirname(folder) if folder and call.runner == "npm" else None
        return None

    def script(self, command: Command, here: str = "") -> tuple[str, Runnable] | None:
        """Return the path and the commands of a script in the repository that a command runs."""
        path = None if command.program in _WRAPPERS else self._path(command, here)
        if path is None or _NO_SHELL.search(path):
            return None
        text = self.read(path)
        if isinstance(text, Unread):
            self.unread[path] = text.reason
        if not isinstance(text, str):
            return None
        if text.startswith("#!") and not _SHEBANG.match(text):
            return None
        found = Runnable(_with_arguments(text, command), command.folder, dirname(path))
        ways = self._ways.setdefault(path, set())
        if ways and found not in ways and (len(ways) + 1) * len(text) > _MOST_READ:
            self.unread[path] = "called in too many ways"
            return None
        ways.add(found)
        return path, found

    def _path(self, command: Command, here: str) -> str | None:
        if not command.path:
            return None
        path = below(command.folder, command.path, here)
        if path and self.read(path) is not None:
            return path
        if path and command.folder == "":
            return None
        # Of a folder that is unknown, such as one in a variable, the end of the path is enough.
        names = [part for part in command.path.split("/") if part not in {".", ".."}]
        while names and ("$" in names[0] or not names[0]):
            names = names[1:]
        ends = "/".join(names)
        listed = self._named(names[-1]) if names else []
        alike = [each for each in listed if each == ends or each.endswith(f"/{ends}")]
        return alike[0] if len(alike) == 1 else None

    def _named(self, name: str) -> list[str]:
        if self._by_name is None:
            self._by_name = {}
            for path in self.paths:
                self._by_name.setdefault(path.rpartition("/")[2], []).append(path)
        return self._by_name.get(name, [])


def _with_arguments(text: str, command: Command) -> str:
    """Return the text of a script with the arguments that it passes on."""
    given = " ".join(command.arguments)[:_LONGEST_ARGUMENTS]
    return text.replace('"$@"', given, _MOST_ALIKE).replace("$@", given, _MOST_ALIKE)


def _script(call: Call, commands: Mapping[str, str]) -> str | None:
    """Return the commands of a target, with those around it; None if there is none such."""
    names: Iterator[str] = iter([call.target])
    if call.runner == "npm":
        if "*" in call.target:
            names = (name for name in commands if _like(name, call.target))
        else:
            names = iter([f"pre{call.target}", call.target, f"post{call.target}"])
    elif call.runner == "tox" and call.target not in commands:
        names = iter(["testenv"])
    found = [commands[name] for name in islice(names, _MOST_ALIKE) if name in commands]
    if call.runner == "npm" and "*" not in call.target and call.target not in commands:
        return None
    return "\n".join(found) if found else None


def _like(name: str, pattern: str) -> bool:
    """Return whether a name matches a pattern of npm-run-all: `*` is for one part, `**` for all."""
    parts, wanted = name.split(":"), pattern.split(":")
    if wanted[-1] == "**" and len(parts) >= len(wanted):
        parts, wanted = parts[: len(wanted) - 1], wanted[:-1]
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))
