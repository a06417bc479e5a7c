"""Finds the tools that a script runs, directly or through make, tox, npm and others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from gitlab_sync.rules.bounds import Effort
from gitlab_sync.rules.projects.ecosystems.ecosystem import fits
from gitlab_sync.rules.projects.shell import Command, commands
from gitlab_sync.rules.projects.tools import TOOLS, Purpose, Tool

Scripts = Mapping[str, Mapping[str, str]]
"""The commands of each target of a runner: `{"make": {"lint": "ruff check ."}}`. `""` is the
default target. A runner that is missing was not read."""

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
_ALIASES = {
    "mvnw": "mvn",
    "gradlew": "gradle",
    "gmake": "make",
    "inv": "invoke",
    "prek": "pre-commit",
}
_SEVERAL_GOALS = frozenset(
    {"mvn", "gradle", "ninja", "sbt", "rake", "ant", "lein", "rebar3", "xcodebuild", "mill"}
)
_SKIP_TESTS = frozenset(
    {"-DskipTests", "-DskipTests=true", "-Dmaven.test.skip", "-Dmaven.test.skip=true"}
    | {"-DskipUTs", "--no-run", "--collect-only", "--list-tests", "-Dmaven.test.skip.exec"}
)
_INTERPRETERS = frozenset({"php", "ruby", "perl", "node", "dart"})
_VERSION = re.compile(r"(-v?\d[\d.]{0,20})?(\.phar|\.bat|\.cmd)?$")

_TARGET_RUNNERS = frozenset(
    {"make", "just", "task", "rake", "invoke", "doit", "poe", "nx", "turbo", "earthly", "mage"}
)
_PACKAGE_RUNNERS = frozenset({"npm", "yarn", "pnpm", "bun"})

_MAX_DEPTH = 5


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
        scripts: Scripts | None = None,
        effort: Effort | None = None,
        plugins: Callable[[Command], Iterable[Use]] = lambda _: (),
        typed: tuple[str, ...] | None = None,
    ) -> None:
        self._scripts = scripts or {}
        self._effort = effort or Effort()
        self._plugins = plugins
        self._typed = typed
        self._of_script: dict[tuple[str, ...], tuple[Use, ...]] = {}
        # The entry of a target is empty while it is read, which also ends cycles.
        self._of_target: dict[tuple[str, str], tuple[Use, ...]] = {}

    def uses(self, script: Iterable[str]) -> list[Use]:
        """Return the tools that a script (lines of shell) runs, each once, in order.

        A target with unknown commands counts by its name (`make lint` lints); a target with known
        commands but no recognised tool counts for nothing. Raises BeyondBounds if the effort is
        used up.
        """
        lines = tuple(dict.fromkeys(script))  # with aliases, many are the same
        if lines not in self._of_script:
            self._of_script[lines] = tuple(dict.fromkeys(self._uses(lines, 0)))
        self._effort.spend(len(self._of_script[lines]))
        return list(self._of_script[lines])

    def _uses(self, script: Iterable[str], depth: int) -> Iterator[Use]:
        for command in self._commands(script):
            tools = _BY_PROGRAM.get(name_of(command.program), ())
            self._effort.spend(20 + 5 * len(tools))
            for tool in tools:
                if self._counts(tool) and matches(tool, command):
                    yield Use(tool.name, tool.purpose)
            yield from self._plugins(command)
            passed_on = _passed_on(command)
            for runner, target in _targets(command):
                self._effort.spend(40)
                yield from self._through(runner, target, passed_on, depth)

    def _counts(self, tool: Tool) -> bool:
        """Return whether a tool counts: a type checker only for its own language."""
        return (
            tool.purpose != "type_check"
            or self._typed is None
            or not set(tool.languages).isdisjoint(self._typed)
        )

    def _commands(self, script: Iterable[str]) -> Iterator[Command]:
        for piece in script:
            self._effort.spend(2 * len(piece))
            for command in commands([piece], _KNOWN):
                yield command
                if inner := _interpreted(command):
                    yield inner

    def _through(self, runner: str, target: str, passed_on: str, depth: int) -> Iterator[Use]:
        typed = "npm run" if runner == "npm" and target != "test" else runner
        via = f"{typed} {target}".strip()
        known = self._scripts.get(runner, {})
        if target in known:
            for use in self._inside(runner, f"{target} {passed_on}", known[target], depth):
                yield replace(use, via=via)
            return
        if runner == "npm" and runner in self._scripts:
            return  # a script that is not in package.json runs nothing
        named = purposes_of_name(target) or _usual(runner, target)
        if "--cov" in passed_on:
            named |= {"coverage"}
        yield from (Use(via, purpose, via) for purpose in STAGES if purpose in named)

    def _inside(self, runner: str, target: str, script: str, depth: int) -> tuple[Use, ...]:
        key = (runner, target)
        if key not in self._of_target and depth < _MAX_DEPTH:
            self._of_target[key] = ()
            script = f"{script} {target.partition(' ')[2]}"
            self._of_target[key] = tuple(dict.fromkeys(self._uses([script], depth + 1)))
        return self._of_target.get(key, ())


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
    return any(_begin(values, arguments[place + 1 :]) for place in places)


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
    bare = _VERSION.sub("", program)
    return _ALIASES.get(bare, bare)


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
    | set(_ALIASES)
    | _TARGET_RUNNERS
    | _PACKAGE_RUNNERS
    | {"pre-commit", "tox", "nox"}
    | _INTERPRETERS
)
_BY_PROGRAM: dict[str, list[Tool]] = {}
for _tool in TOOLS:
    for _program in {pattern.partition(" ")[0] for pattern in _tool.commands}:
        _BY_PROGRAM.setdefault(_program, []).append(_tool)


def _usual(runner: str, target: str) -> frozenset[Purpose]:
    """Return the purpose of a runner if the name of its target does not show one."""
    if target and not (runner == "tox" and target.startswith("py")):
        return frozenset()
    if runner in {"tox", "nox"}:
        return frozenset({"test"})
    return frozenset({"lint"} if runner == "pre-commit" else ())


def _targets(command: Command) -> Iterator[tuple[str, str]]:
    """Yield the runner and the name of each target that a command runs."""
    runner = name_of(command.program)
    words = [word for word in _without_folder(command).words if "=" not in word]
    if runner in _TARGET_RUNNERS:
        named = [word.lstrip("+") for word in words if word != "run"]
        yield from ((runner, target) for target in named or [""])
    elif runner in _PACKAGE_RUNNERS:
        yield from (("npm", target) for target in _package_script(runner, words))
    elif runner == "pre-commit":
        if words[:1] == ["run"]:
            yield runner, words[1] if len(words) > 1 else ""
    elif runner in {"tox", "nox"}:
        yield from ((runner, target) for target in _environments(command.arguments) or [""])
    elif runner == "hatch" and words[:1] == ["run"] and len(words) > 1:
        yield runner, words[1]


def _without_folder(command: Command) -> Command:
    """Return the command without `-C folder` and `-f file`: their values are not targets."""
    words = iter(command.arguments)
    left = (word for word in words if word not in {"-C", "-f"} or next(words, None) is None)
    return replace(command, arguments=tuple(left))


def _passed_on(command: Command) -> str:
    """Return the arguments after `--`, which npm passes to the script."""
    if "--" not in command.arguments:
        return ""
    return " ".join(command.arguments[command.arguments.index("--") + 1 :])


def _package_script(runner: str, words: list[str]) -> list[str]:
    if not words:
        return []
    if words[0] in {"run", "run-script"}:
        return words[1:2]
    if words[0] in {"test", "t", "tst"}:
        return ["test"] if runner != "bun" else []
    # yarn and pnpm run a script by its bare name, npm does not.
    named = runner in {"yarn", "pnpm"} and purposes_of_name(words[0])
    return words[:1] if named else []


def _environments(arguments: tuple[str, ...]) -> list[str]:
    """Return the values of `-e`, `-s` and their long forms, split at commas."""
    found: list[str] = []
    for position, word in enumerate(arguments):
        name, _, value = word.partition("=")
        if name in {"-e", "-s", "--session", "--sessions", "--env"}:
            value = value or " ".join(arguments[position + 1 : position + 2])
            found += [part for part in re.split(r"[,\s]+", value) if part]
    return found
