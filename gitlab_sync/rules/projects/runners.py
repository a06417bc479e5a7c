"""Tells which targets and scripts a command runs: of make, npm, tox, composer and many others.

What a target runs is another question: see `targets`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitlab_sync.rules.projects.folders import below
from gitlab_sync.rules.projects.shell import Command


@dataclass(frozen=True, slots=True)
class Call:
    """One target that a command runs.

    `runner` is the kind of file with the target (`npm` for yarn and pnpm, too), `target` its name,
    or "" for the default. `folder` is the file's; None means any. `passed_on` are arguments for the
    commands of the target. `bare` says that the name can be that of another program.
    """

    runner: str
    target: str
    folder: str | None = ""
    passed_on: str = ""
    bare: bool = False

    @property
    def via(self) -> str:
        """How people write it: `make lint`."""
        typed = "npm run" if self.runner == "npm" and self.target != "test" else self.runner
        return f"{typed} {self.target}".strip()

    @property
    def by_name(self) -> bool:
        """Whether the name alone can say what a target is for, if its commands are not known."""
        return self.runner not in _ONLY_KNOWN


ALIASES: Mapping[str, str] = {
    "mvnw": "mvn",
    "gradlew": "gradle",
    "gmake": "make",
    "nmake": "make",
    "mingw32-make": "make",
    "inv": "invoke",
    "prek": "pre-commit",
    "pre_commit": "pre-commit",
    "go-task": "task",
    "run-s": "npm-run-all",
    "run-p": "npm-run-all",
    "npm-run-all2": "npm-run-all",
    "ninja-build": "ninja",
    "samu": "ninja",
}
"""Other names of programs."""

# Options with a value, of each runner; those of a folder are in `_WITH_FOLDER`.
_VALUES: Mapping[str, frozenset[str]] = {
    "make": frozenset(["-f", "--file", "--makefile", "-I", "-o", "-W", "--include-dir"]),
    "ninja": frozenset(["-f", "-d", "-t"]),
    "just": frozenset(["-f", "--justfile", "--set", "--shell"]),
    "task": frozenset(["-t", "--taskfile", "-o", "--output", "-c", "--concurrency"]),
    "turbo": frozenset(["--filter", "-F", "--concurrency", "--cache-dir", "--env-mode"]),
    "nx": frozenset(["--base", "--head", "--exclude", "--parallel", "-c", "--configuration", "-p"]),
    "npm": frozenset(
        ["-w", "--workspace", "--loglevel", "--filter", "-F", "--registry", "--cache"]
    ),
    "rake": frozenset(["-f", "--rakefile", "-R"]),
    "ant": frozenset(["-f", "-file", "-buildfile", "-lib", "-logger"]),
    "invoke": frozenset(["-r", "--search-root", "-f", "--config"]),
    "concurrently": frozenset(
        ["-n", "--names", "-c", "--prefix-colors", "-p", "--prefix", "-m", "--max-processes"]
    ),
    "npm-run-all": frozenset(["--max-parallel", "--npm-path"]),
}
_WITH_FOLDER: Mapping[str, frozenset[str]] = {
    "make": frozenset({"-C", "--directory"}),
    "ninja": frozenset({"-C"}),
    "just": frozenset({"-d", "--working-directory"}),
    "task": frozenset({"-d", "--dir"}),
    "npm": frozenset({"--prefix", "-C", "--dir", "--cwd"}),
    "composer": frozenset({"-d", "--working-dir"}),
    "poe": frozenset({"-C", "--directory"}),
}
# Without a target of this name, these run something else, or commands of their own.
_ONLY_KNOWN = frozenset(
    ["cargo", "mix", "uv", "poetry", "pdm", "simple-git-hooks", "lint-staged", "shell"]
)
_TARGETS = frozenset(
    {"make", "just", "task", "rake", "invoke", "doit", "poe", "earthly", "mage", "ant", "waf"}
)
_PACKAGE_RUNNERS = frozenset({"npm", "yarn", "pnpm", "bun"})
_EVERYWHERE = frozenset(
    ["-r", "--recursive", "-w", "--workspace", "--workspaces", "-ws", "--filter", "-F"]
)
# Commands of the package managers themselves, which are no scripts.
_OWN_COMMANDS = frozenset(
    {"add", "audit", "cache", "ci", "config", "constraints", "create", "dedupe", "deploy"}
    | {"dlx", "env", "exec", "fetch", "help", "i", "import", "info", "init", "install", "link"}
    | {"list", "login", "logout", "ls", "node", "npm", "outdated", "pack", "patch", "plugin"}
    | {"plugins", "pm", "prune", "publish", "rebuild", "remove", "set", "store", "unlink", "up"}
    | {"update", "upgrade", "version", "why", "x"}
)


def calls(command: Command) -> Iterator[Call]:
    """Yield each target that a command runs."""
    program = ALIASES.get(command.program, command.program)
    if program in _PACKAGE_RUNNERS:
        yield from _package_scripts(program, command)
    elif program in _TARGETS:
        yield from _plain(program, command)
    elif program in _READERS:
        yield from _READERS[program](command)


def words_of(runner: str, command: Command) -> tuple[list[str], str | None]:
    """Return the arguments that are no options or assignments, and the folder of the target."""
    folder = command.folder
    values = _VALUES.get(runner, frozenset())
    folders = _WITH_FOLDER.get(runner, frozenset())
    words = []
    rest = iter(command.arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--":
            break
        if name in folders:
            folder = below(folder, value if equals else next(rest, ""))
        elif runner == "make" and word.startswith("-C"):
            folder = below(folder, word[2:])
        elif word in values:
            next(rest, None)
        elif word.isdigit():
            pass  # of `-j 4`, where `-j test` is possible, too
        elif not word.startswith("-") and (not equals or runner == "concurrently"):
            words.append(word)
    return words, folder


def _passed_on(command: Command) -> str:
    """Return the arguments after `--`, which npm passes to the script."""
    if "--" not in command.arguments:
        return ""
    return " ".join(command.arguments[command.arguments.index("--") + 1 :])


def _plain(runner: str, command: Command) -> Iterator[Call]:
    """Yield the targets of runners that are called with their names, as make is."""
    words, folder = words_of(runner, command)
    named = [word.lstrip("+") for word in words if word != "run"]
    if runner == "poe":
        named = named[:1]
    passed_on = _passed_on(command) if runner == "task" else ""
    for target in named or [""]:
        yield Call(runner, target, folder, passed_on)


def _package_scripts(runner: str, command: Command) -> Iterator[Call]:
    words, folder = words_of("npm", command)
    if not words:
        return
    passed_on = _passed_on(command)
    if _EVERYWHERE.intersection(word.partition("=")[0] for word in command.arguments):
        folder = None
    if runner == "yarn" and words[0] in {"workspace", "workspaces"}:
        folder = None
        words = words[2:] if words[0] == "workspace" or words[1:2] == ["foreach"] else words[1:]
        words = words[1:] if words[:1] == ["foreach"] else words
    if not words:
        return
    if words[0] in {"run", "run-script", "rum", "urn"}:
        for target in words[1:2]:
            yield Call("npm", target, folder, passed_on)
    elif words[0] in {"test", "t", "tst"}:
        if runner != "bun":  # `bun test` is its own runner of tests
            yield Call("npm", "test", folder, passed_on)
    elif words[0] == "start" or (runner != "npm" and words[0] not in _OWN_COMMANDS):
        # yarn and pnpm run a script by its bare name, npm does not.
        rest = command.arguments[command.arguments.index(words[0]) + 1 :]
        yield Call("npm", words[0], folder, passed_on or " ".join(rest), bare=True)


def _npm_run_all(command: Command) -> Iterator[Call]:
    words, folder = words_of("npm-run-all", command)
    for word in words:
        yield Call("npm", word.split(" ")[0], folder)


def _concurrently(command: Command) -> Iterator[Call]:
    words, folder = words_of("concurrently", command)
    for word in words:
        runner, colon, target = word.partition(":")
        if colon and runner in _PACKAGE_RUNNERS and " " not in runner:
            yield Call("npm", target, folder)
        else:
            yield Call("shell", word, folder)


def _monorepo(command: Command) -> Iterator[Call]:
    """Yield the tasks of turbo, nx, lerna and rush: scripts of any package."""
    runner = command.program
    words, _ = words_of(runner, command)
    given = list(_values_of(command.arguments, {"-t", "--target", "--targets"}))
    if runner == "turbo":
        words = words[1:] if words[:1] == ["run"] else words
    elif words[:1] == ["run"]:
        words = [target.partition(":")[2] or target for target in words[1:2]]
    elif runner == "nx" and words[:1] in (["affected"], ["run-many"]):
        words = []
    elif runner == "nx":
        words = (
            words[:1]
            if words and not words[0].startswith("affected:")
            else [word.partition(":")[2] for word in words[:1]]
        )
    else:
        words = words[:1] if runner in {"rush", "wsrun", "melos"} else []
    for target in (*given, *words):
        yield Call("npm", target, None)


def _values_of(arguments: Sequence[str], names: set[str]) -> Iterator[str]:
    """Yield the values of these options, split at commas and spaces."""
    for position, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name in names:
            value = value if equals else " ".join(arguments[position + 1 : position + 2])
            yield from (part for part in re.split(r"[,\s]+", value) if part)


_ENVIRONMENT_OPTIONS = {"-e", "-s", "--session", "--sessions", "--env", "-m", "-f", "-t", "--tags"}


def _environments(command: Command) -> Iterator[Call]:
    """Yield the environments of tox or the sessions of nox."""
    runner = command.program
    options = _ENVIRONMENT_OPTIONS if runner == "tox" else _ENVIRONMENT_OPTIONS - {"-f", "-m"}
    named = list(_values_of(command.arguments, options)) or [""]
    passed_on = _passed_on(command)
    for target in named:
        yield Call(runner, target, command.folder, passed_on)


def _hooks(command: Command) -> Iterator[Call]:
    words, _ = words_of("pre-commit", command)
    if words[:1] == ["run"]:
        skipped = {*_values_of(command.arguments, {"--hook-stage", "-c", "--config", "--color"})}
        skipped |= {*_values_of(command.arguments, {"--from-ref", "--to-ref", "-s", "-o"})}
        named = [word for word in words[1:2] if word not in skipped]
        if "--files" in command.arguments and command.arguments.index("--files") < 2:
            named = []
        yield Call("pre-commit", named[0] if named else "")


def _after(*before: str, several: bool = False) -> Callable[[Command], Iterator[Call]]:
    """Return the reader of a runner with its target behind one of the words `before` (or none)."""

    def read(command: Command) -> Iterator[Call]:
        kind = command.program
        words, folder = words_of(kind, command)
        if words[:1] and words[0] in before:
            words = words[1:]
        elif "" not in before:
            return
        passed_on = _passed_on(command)
        for word in words if several else words[:1]:
            yield Call(kind, word, folder, passed_on, bare=True)

    return read


def _cargo(command: Command) -> Iterator[Call]:
    words = [word for word in command.words if not word.startswith("+")]
    if words[:1] == ["make"]:
        yield from (Call("cargo-make", word) for word in words[1:2])
    elif words:
        rest = command.arguments[command.arguments.index(words[0]) + 1 :]
        yield Call("cargo", words[0], "", " ".join(rest), bare=True)


def _mix(command: Command) -> Iterator[Call]:
    for part in " ".join(command.arguments).split(" + "):
        words = part.removeprefix("do ").replace(",", " ").split()
        for word in words if part.startswith("do ") else words[:1]:
            yield Call("mix", word, command.folder, bare=True)


def _built(command: Command) -> Iterator[Call]:
    """Yield the targets of `cmake --build . --target test` and of ninja."""
    if command.program == "cmake":
        if "--build" in command.arguments:
            options = {"--target", "-t"}
            yield from (
                Call("cmake", each, None) for each in _values_of(command.arguments, options)
            )
        return
    words, _ = words_of(command.program, command)
    for target in words:
        yield Call("ninja", target, None)


def _meson(command: Command) -> Iterator[Call]:
    words = list(command.words)
    if words[:1] == ["compile"]:
        yield from (Call("ninja", word, None) for word in words[1:])
    elif words[:1] in (["dist"], ["test"]):
        yield Call("ninja", words[0], None)


_READERS: Mapping[str, Callable[[Command], Iterator[Call]]] = {
    "npm-run-all": _npm_run_all,
    "concurrently": _concurrently,
    **dict.fromkeys(("turbo", "nx", "lerna", "rush", "wsrun", "melos"), _monorepo),
    **dict.fromkeys(("tox", "nox"), _environments),
    "pre-commit": _hooks,
    "lefthook": _after("run"),
    "simple-git-hooks": _after(""),
    "lint-staged": lambda command: iter([Call("lint-staged", "", command.folder)]),
    "composer": _after("", "run", "run-script"),
    "mix": _mix,
    "cargo": _cargo,
    "mise": _after("", "run", "r", several=True),
    "hatch": _after("run", "fmt"),
    "pdm": _after("", "run"),
    "rye": _after("run"),
    "pixi": _after("run"),
    "pipenv": _after("run"),
    "poetry": _after("run"),
    "uv": _after("run"),
    "deno": _after("task"),
    "cmake": _built,
    "ninja": _built,
    "meson": _meson,
}


RUNNERS = frozenset({*ALIASES, *_TARGETS, *_PACKAGE_RUNNERS, *_READERS})
"""All programs that run targets."""
