"""Finds the tools that run inside another one: plugins of Maven and Gradle, linters of Go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any

from gitlab_sync.rules.bounds import Effort
from gitlab_sync.rules.projects.ci_yaml import YamlError, load
from gitlab_sync.rules.projects.lenient import mapping_at
from gitlab_sync.rules.projects.settings_files import Settings
from gitlab_sync.rules.projects.shell import Command
from gitlab_sync.rules.projects.tool_uses import Use, matches, name_of
from gitlab_sync.rules.projects.tools import TOOLS, Purpose, tools_for

# Each phase of Maven runs those before it.
_PHASES = (
    *("validate", "initialize", "generate-sources", "process-sources", "compile"),
    *("process-classes", "test-compile", "test", "package", "integration-test", "verify"),
    *("install", "deploy"),
)
_USUAL_PHASE = {"jacoco-maven-plugin": "initialize", "git-code-format-maven-plugin": "initialize"}
# What is only described, but not run, or only if a person asks for it.
_NOT_RUN = ("pluginManagement", "reporting", "profiles")

_GRADLE_CHECKS = frozenset({"check", "build", "buildNeeded"})
_GRADLE_TESTS = _GRADLE_CHECKS | {"test"}

_TEST_RUNNERS = frozenset({"pytest", "jest", "rspec", "rake", "rails"})

_TESTS = tools_for("test")

_USUAL_LINTERS = frozenset({"unused", "staticcheck"})
_GO_TOOLS: Mapping[str, tuple[str, Purpose]] = {
    "unused": ("unused", "dead_code"),
    **{name: (name, "format") for name in ("gofmt", "gofumpt", "goimports", "gci", "golines")},
}


class BuildPlugins:
    """What the build tools of a project run besides what their name says. For one thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def uses(self, command: Command) -> Iterator[Use]:
        """Yield the tools that a command runs as plugins."""
        program = name_of(command.program)
        if program == "mvn":
            yield from self._maven(command)
        elif program == "gradle":
            tasks = {word.rpartition(":")[2] for word in command.words}
            for tool in TOOLS if tasks & _GRADLE_TESTS else ():
                needed = _GRADLE_TESTS if tool.purpose == "coverage" else _GRADLE_CHECKS
                if tasks & needed and self._declared_in(tool.declared, ".gradle", ".gradle.kts"):
                    yield Use(tool.name, tool.purpose, f"gradle {min(tasks & needed)}")
        elif program in _TEST_RUNNERS and any(matches(tool, command) for tool in _TESTS):
            for name, via in self._measured(program):
                yield Use(name, "coverage", via)
        elif program == "golangci-lint" and command.words[:1] in {(), ("run",)}:
            for name in sorted(self._linters(command.arguments)):
                if name in _GO_TOOLS:
                    yield Use(*_GO_TOOLS[name], "golangci-lint run")

    def _measured(self, program: str) -> Iterator[tuple[str, str]]:
        """Yield the tools for coverage that run with each test, as the settings say."""
        settings = self._settings
        given = (settings.pytest_options(path) for path in (*settings.tables, *settings.sections))
        if program == "pytest" and any("--cov" in one for one in chain.from_iterable(given)):
            yield "coverage.py", "pytest"
        if program == "jest" and settings.collects_coverage():
            yield "Istanbul", "jest"
        if program in {"rspec", "rake", "rails"} and settings.declaring("simplecov"):
            yield "SimpleCov", program

    def set_up(self, purpose: Purpose) -> Iterator[tuple[str, str]]:
        """Yield the name and the settings file of each tool in golangci-lint for a purpose."""
        for path, enabled in self._golangci.items():
            for name in sorted(enabled):
                if name in _GO_TOOLS and _GO_TOOLS[name][1] == purpose:
                    yield _GO_TOOLS[name][0], path

    def _declared_in(self, words: tuple[str, ...], *endings: str) -> bool:
        paths = (self._settings.declaring(word) for word in words)
        return any(path.endswith(endings) for path in paths if path)

    def _maven(self, command: Command) -> Iterator[Use]:
        last = max((_PHASES.index(word) for word in command.words if word in _PHASES), default=-1)
        for plugin, phase in self._plugins.items() if last >= 0 else ():
            for tool in TOOLS if _PHASES.index(phase) <= last else ():
                measures_nothing = tool.purpose == "coverage" and last < _PHASES.index("test")
                if plugin in tool.declared and not measures_nothing:
                    yield Use(tool.name, tool.purpose, f"mvn {_PHASES[last]}")

    @cached_property
    def _plugins(self) -> dict[str, str]:
        """The plugins that Maven runs in any case, with the first of their phases."""
        found: dict[str, str] = {}
        for path in self._settings.named("pom.xml"):
            text = self._settings.bare(path)
            for part in _NOT_RUN:
                text = _without(text, part)
            for chunk in text.split("<plugin>")[1:]:
                plugin = chunk.partition("</plugin>")[0]
                name = _inside(plugin, "artifactId")
                if "<execution>" in plugin:
                    usual = _USUAL_PHASE.get(name, "verify")
                    phase = _inside(plugin, "phase") or usual
                    found.setdefault(name, phase if phase in _PHASES else usual)
        return found

    @cached_property
    def _golangci(self) -> dict[str, frozenset[str]]:
        """The linters and formatters that each settings file of golangci-lint switches on."""
        found = {}
        for path, text in self._settings.named(".golangci.yml", ".golangci.yaml").items():
            read = self._settings.within_bounds(path, text, _enabled)
            if read is not None:
                found[path] = read
        return found

    def _linters(self, arguments: tuple[str, ...]) -> frozenset[str]:
        chosen: set[str] = set()
        for word, after in zip(arguments, (*arguments[1:], ""), strict=True):
            option, _, value = word.partition("=")
            if option in {"-E", "--enable", "--enable-only"}:
                chosen |= set((value or after).split(","))
        if "--enable-only" in " ".join(arguments) or "--disable-all" in arguments:
            return frozenset(chosen)
        return next(iter(self._golangci.values()), _USUAL_LINTERS) | chosen


def _enabled(text: str, effort: Effort) -> frozenset[str]:
    """Return what a `.golangci.yml` of either version switches on."""
    try:
        settings: Any = load(text, effort).value
    except YamlError:
        raise ValueError("not valid YAML") from None
    linters = mapping_at(settings, "linters")
    usual = _USUAL_LINTERS
    if linters.get("default") == "none" or linters.get("disable-all") is True:
        usual = frozenset()
    if linters.get("default") == "all" or linters.get("enable-all") is True:
        usual = frozenset(_GO_TOOLS) if "enable-all" in linters else frozenset({"unused"})
    enabled = _names(linters, "enable") | _names(mapping_at(settings, "formatters"), "enable")
    return (usual - _names(linters, "disable")) | enabled


def _names(value: Mapping[str, Any], key: str) -> frozenset[str]:
    listed = value.get(key)
    return (
        frozenset(each for each in listed if isinstance(each, str))
        if isinstance(listed, list)
        else frozenset()
    )


def _without(text: str, element: str) -> str:
    """Return an XML text without these elements."""
    first, *rest = text.split(f"<{element}>")
    return first + "".join(each.partition(f"</{element}>")[2] for each in rest)


def _inside(text: str, element: str) -> str:
    """Return the text of the first of these elements, or an empty text."""
    return text.partition(f"<{element}>")[2].partition("<")[0].strip()
