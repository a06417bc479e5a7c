"""Finds the tools that a script runs, directly or through make, tox, npm and others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from gitlab_sync.rules.bounds import Effort
from gitlab_sync.rules.projects.ecosystems.ecosystem import fits
from gitlab_sync.rules.projects.runners import ALIASES, RUNNERS, Call, calls
from gitlab_sync.rules.projects.shell import Command, commands
from gitlab_sync.rules.projects.targets import Runnable, Targets
from gitlab_sync.rules.projects.tools import TOOLS, Purpose, Tool

STAGES: tuple[Purpose, ...] = ("test", "lint", "format", "type_check", "coverage")
"""The five stages of a complete pipeline."""

_WORDS: dict[Purpose, frozenset[str]] = {
    "test": frozenset(
        {"test", "tests", "testing", "unit", "unittest", "unittests", "pytest", "spec", "specs"}
        | {"rspec", "jest", "vitest", "e2e", "integration", "phpunit", "nox", "tox"}
    ),
    "lint": frozenset(
        {"lint", "lints", "linter", "linters", "linting", "eslint", "flake8", "pylint", "ruff"}
        | {"golangci", "clippy", "checkstyle", "rubocop", "staticcheck", "vet"}
    ),
    "format": frozenset(
        {"format", "formatter", "formatting", "fmt", "black", "prettier", "gofmt", "rustfmt"}
        | {"isort", "spotless"}
    ),
    "type_check": frozenset(
        {"typecheck", "typechecking", "types", "typing", "mypy", "pyright", "tsc", "typescript"}
    ),
    "coverage": frozenset({"coverage", "cov", "codecov", "jacoco"}),
}

# A job with one of these words in its name does not run tests: `deploy-test`, `build:test`.
_NOT_TESTS = frozenset(
    {"deploy", "deployment", "release", "publish", "build", "upload", "review", "staging", "image"}
    | {"cleanup", "docs", "pages", "environment", "env", "data", "install", "setup", "prepare"}
)

_ONLY_ASKS = frozenset({"--version", "-V", "--help", "-h", "version", "help"})
_SEVERAL_GOALS = frozenset(
    {"mvn", "gradle", "ninja", "sbt", "rake", "ant", "lein", "rebar3", "xcodebuild", "mill"}
)
_SKIP_TESTS = frozenset(
    {"-DskipTests", "-DskipTests=true", "-Dmaven.test.skip", "-Dmaven.test.skip=true"}
    | {"-DskipUTs", "--no-run", "--collect-only", "--list-tests", "-Dmaven.test.skip.exec"}
)
_INTERPRETERS = frozenset({"php", "ruby", "perl", "node", "dart"})
_VERSION = re.compile(r"(-v?\d[\d.]{0,20})?(\.phar|\.bat|\.cmd)?$")

_MAX_DEPTH = 5
_AT_ROOT = Runnable("")
_PRINTING = frozenset(
    {"echo", "printf", "sleep", "true", ":", "exit", "date", "pwd", "ls", "env", "whoami"}
)


@dataclass(frozen=True, slots=True)
class Use:
    """A tool that a script runs. `via` is the target that runs it (`make lint`), or None."""

    tool: str
    purpose: Purpose
    via: str | None = None


class ToolReader:
    """Reads the tools in scripts. It caches what it found, so it is for one thread.

    `plugins` returns the tools that a command runs inside another one. `typed` are the languages of
    which type checkers count (default: all).
    """

    def __init__(
        self,
        targets: Targets | None = None,
        effort: Effort | None = None,
        plugins: Callable[[Command], Iterable[Use]] = lambda _: (),
        typed: tuple[str, ...] | None = None,
    ) -> None:
        self.targets = targets or Targets()
        self._effort = effort or Effort()
        self._plugins = plugins
        self._typed = typed
        # An entry is empty while it is read, which also ends cycles.
        self._known: dict[tuple[Runnable, str], tuple[Use, ...]] = {}
        self._of_script: dict[tuple[tuple[str, ...], str | None], tuple[Use, ...]] = {}
        self._printing: dict[tuple[str, ...], bool] = {}

    def uses(self, script: Iterable[str], folder: str | None = "") -> list[Use]:
        """Return the tools that a script (lines of shell) runs in `folder`, each once, in order.

        A target with unknown commands counts by its name (`make lint` lints); a target with known
        commands but no recognised tool counts for nothing. Raises BeyondBounds if the effort is
        used up.
        """
        lines = tuple(script)
        key = (lines, folder)
        if key not in self._of_script:
            # With aliases, many lines are the same; where folders change, their order counts.
            each = lines if any("cd " in line for line in lines) else dict.fromkeys(lines)
            self._of_script[key] = self._inside(Runnable("\n".join(each), folder), "", 0)
        self._effort.spend(len(self._of_script[key]) + len(lines) // 10)
        return list(self._of_script[key])

    def only_prints(self, script: tuple[str, ...]) -> bool:
        """Return whether a script only says what it would do, as those of GitLab's template."""
        if script not in self._printing:
            programs = {one.program for line in script for one in self._commands(line, _AT_ROOT)}
            self._printing[script] = bool(programs) and programs <= _PRINTING
        return self._printing[script]

    def _uses(self, runnable: Runnable, passed_on: str, depth: int) -> Iterator[Use]:
        for command in self._commands(f"{runnable.script} {passed_on}", runnable):
            tools = _BY_PROGRAM.get(name_of(command.program), ())
            self._effort.spend(20 + 5 * len(tools))
            found = {tool: None for tool in tools if self._counts(tool) and matches(tool, command)}
            yield from (Use(tool.name, tool.purpose) for tool in found)
            yield from self._plugins(command)
            for call in calls(command):
                self._effort.spend(40)
                known = {tool.purpose for tool in found}
                yield from (use for use in self._through(call, depth) if use.purpose not in known)
            if command.path and (called := self.targets.script(command, runnable.here)):
                path, script = called
                for use in self._inside(script, "", depth + 1):
                    yield replace(use, via=path)

    def _counts(self, tool: Tool) -> bool:
        """Return whether a tool counts: a type checker only for its own language."""
        return (
            tool.purpose != "type_check"
            or self._typed is None
            or not set(tool.languages).isdisjoint(self._typed)
        )

    def _commands(self, script: str, runnable: Runnable) -> Iterator[Command]:
        self._effort.spend(2 * len(script))
        for command in commands([script], _KNOWN, runnable.folder, runnable.here):
            yield command
            if inner := _interpreted(command):
                yield inner

    def _through(self, call: Call, depth: int) -> Iterator[Use]:
        known = self.targets.called(call)
        if call.bare and not known and call.target in _KNOWN:
            # `yarn eslint` runs the program if there is no script of this name.
            program = Runnable(call.target, call.folder)
            yield from self._inside(program, call.passed_on, depth + 1)
        elif known is not None:
            for runnable in known:
                for use in self._inside(runnable, call.passed_on, depth + 1):
                    yield replace(use, via=call.via)
        elif call.by_name:
            named = purposes_of_name(call.target) or _usual(call.runner, call.target)
            if "--cov" in call.passed_on:
                named |= {"coverage"}
            yield from (Use(call.via, stage, call.via) for stage in STAGES if stage in named)

    def _inside(self, runnable: Runnable, passed_on: str, depth: int) -> tuple[Use, ...]:
        key = (runnable, passed_on)
        if key not in self._known and depth <= _MAX_DEPTH:
            self._known[key] = ()
            self._known[key] = tuple(dict.fromkeys(self._uses(runnable, passed_on, depth)))
        return self._known.get(key, ())


def purposes_of_name(name: str) -> frozenset[Purpose]:
    """Return the stages of a complete pipeline that the name of a job or target means."""
    words = set(re.findall(r"[a-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))
    found: set[Purpose] = {stage for stage in STAGES if words & _WORDS[stage]}
    if "type" in words and words & {"check", "checks", "checking"}:
        found.add("type_check")
    if words == {"check"}:
        found.add("test")  # as `make check`; a `link-check` tests no code
    if found & {"lint", "format", "type_check"} or words & _NOT_TESTS:
        # `lint-tests` lints: a name means tests only without another purpose.
        found.discard("test")
    return frozenset(found)


def matches(tool: Tool, command: Command) -> bool:
    """Return whether a command runs this tool; asking for its version does not count."""
    if command.arguments and _ONLY_ASKS.issuperset(command.arguments):
        return False
    if tool.purpose == "test" and _skips_tests(command.arguments):
        return False
    return any(_is(pattern, command) for pattern in tool.commands)


def _skips_tests(arguments: tuple[str, ...]) -> bool:
    if not _SKIP_TESTS.isdisjoint(arguments):
        return True
    left_out = (after for word, after in pairwise(arguments) if word in {"-x", "--exclude-task"})
    return any(task.rpartition(":")[2] in {"test", "check"} for task in left_out)


def _is(pattern: str, command: Command) -> bool:
    program, _, rest = pattern.partition(" ")
    if name_of(command.program) != program:
        return False
    if rest.startswith(("-", "/")):
        return _has_option(rest.split(), command.arguments)
    if rest in {"", "$"}:
        return not (rest and command.words)
    words = tuple(word for word in command.words if not word.startswith("+"))
    if program in _SEVERAL_GOALS or words[:1] == ("do",):
        goals = (goal for word in words for goal in word.replace(";", " ").split())
        return any(_is_goal(program, rest, goal.rstrip(",")) for goal in goals)
    if rest.startswith("*"):
        return any(fits(rest, word) for word in command.arguments)
    return _begin(rest.split(), words)


def _has_option(pattern: list[str], arguments: tuple[str, ...]) -> bool:
    """Return whether the begin of an option is among these, followed by the rest of a pattern."""
    option, *values = pattern
    places = (
        place
        for place, word in enumerate(arguments)
        if word == option or word.startswith((f"{option}=", f"{option}-"))
    )
    size = len(values)
    return any(_begin(values, arguments[place + 1 : place + 1 + size]) for place in places)


def _begin(patterns: Sequence[str], words: Sequence[str]) -> bool:
    """Return whether these are the first words."""
    return len(words) >= len(patterns) and all(map(fits, patterns, words))


def _is_goal(program: str, goal: str, word: str) -> bool:
    if program == "gradle":
        return fits(goal, word.rpartition(":")[2])
    plugin, colon, _ = goal.partition(":")
    if program == "mvn" and colon:
        return ":" in word and plugin in word
    return fits(goal, word)


def name_of(program: str) -> str:
    """Return the usual name of a program, without its version and the ending of its archive."""
    fixed = program.partition("$")[0].rstrip("-") or program  # `clang-format-$VERSION`
    bare = _VERSION.sub("", fixed)
    return ALIASES.get(bare, bare)


def _interpreted(command: Command) -> Command | None:
    """Return the program that an interpreter runs: `phpunit` of `php vendor/bin/phpunit`."""
    if command.program not in _INTERPRETERS:
        return None
    words = iter(command.arguments)
    for word in words:
        if word in {"-d", "-r", "-I"}:
            next(words, None)
        elif not word.startswith("-"):
            return Command(word.rpartition("/")[2], tuple(words))
    return None


_KNOWN = frozenset(
    {pattern.partition(" ")[0] for tool in TOOLS for pattern in tool.commands}
    | RUNNERS
    | _INTERPRETERS
)
_BY_PROGRAM: dict[str, list[Tool]] = {}
for _tool in TOOLS:
    for _program in {pattern.partition(" ")[0] for pattern in _tool.commands}:
        _BY_PROGRAM.setdefault(_program, []).append(_tool)


# These build an archive of the sources, and run the tests on it.
_TESTS_TOO = frozenset({("make", "distcheck"), ("ninja", "dist")})


def _usual(runner: str, target: str) -> frozenset[Purpose]:
    """Return the purpose of a runner if the name of its target does not show one."""
    if (runner, target) in _TESTS_TOO:
        return frozenset({"test"})
    if target and not (runner == "tox" and target.startswith("py")):
        return frozenset()
    if runner in {"tox", "nox"}:
        return frozenset({"test"})
    return frozenset({"lint"} if runner == "pre-commit" else ())
