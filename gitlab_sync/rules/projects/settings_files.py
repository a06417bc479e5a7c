"""Reads the settings files of a project: tables of TOML, sections of INI, keys of JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

from packaging.requirements import InvalidRequirement, Requirement

from gitlab_sync.rules.bounds import MOST_REQUIREMENT, BeyondBounds, Effort
from gitlab_sync.rules.projects.ecosystems.ecosystem import fits
from gitlab_sync.rules.projects.facts import Repository, Unread, file_name
from gitlab_sync.rules.projects.files import build_file, settings_files
from gitlab_sync.rules.projects.licences import declared, licences_in_text
from gitlab_sync.rules.projects.parsing import Sections, read_ini, read_json, read_toml

T = TypeVar("T")

_TOML = ("pyproject.toml", "cargo.toml", "pipfile", "project.toml", "gleam.toml", "fpm.toml")
_JSON = (
    *("package.json", ".nycrc", ".nycrc.json", ".c8rc.json", "composer.json", "vcpkg.json"),
    *("dub.json", "elm.json", "coveralls.json", "lerna.json"),
)

_COMMENTS = re.compile(
    r"<!--.*?(?:-->|\Z)|(?<![\w*])/\*.*?(?:\*/|\Z)|^[ \t]*(?://|#)[^\n]*", re.DOTALL | re.MULTILINE
)


class Settings:
    """The settings files of one repository, read leniently. For one thread at a time.

    `unread` has the files that could not be read, with the reasons: those beyond the bounds, too.
    """

    def __init__(self, repository: Repository, effort: Effort | None = None) -> None:
        self.effort = effort or Effort()
        self.texts: dict[str, str] = {}
        self.unread: dict[str, str] = {}
        for path in settings_files(repository.paths):
            text = repository.text(path)
            if isinstance(text, str):
                self.texts[path] = text
            elif isinstance(text, Unread):
                self.unread[path] = text.reason

    def named(self, *names: str) -> dict[str, str]:
        """Return path and text of the files with one of these names (in lower case)."""
        return {path: text for path, text in self.texts.items() if file_name(path) in names}

    @cached_property
    def tables(self) -> dict[str, dict[str, Any]]:
        """The content of each TOML and JSON file, by path; an invalid file counts as unread."""
        found: dict[str, Any] = {}
        for path, text in self.named(*_TOML).items():
            found[path] = self.within_bounds(path, text, read_toml)
        for path, text in self.named(*_JSON).items():
            found[path] = self.within_bounds(path, text, _read_object)
        return {path: value for path, value in found.items() if value is not None}

    @cached_property
    def sections(self) -> dict[str, Sections]:
        """The content of each INI file, by path; an invalid file counts as unread."""
        found = {}
        names = ("setup.cfg", "tox.ini", ".coveragerc", "pytest.ini")
        for path, text in self.named(*names).items():
            sections = self.within_bounds(path, text, read_ini)
            if sections is not None:
                found[path] = sections
        return found

    @cached_property
    def requirements(self) -> dict[str, bool]:
        """Whether a package is named, for each requirements file by path."""
        found = {}
        for path, text in self.texts.items():
            if "requirements" in file_name(path):
                names_one = self.within_bounds(path, text, _name_packages)
                found[path] = names_one is True
        return found

    @cached_property
    def _squeezed(self) -> dict[str, str]:
        """The text of each file in lower case, without comments and white space."""
        return {path: "".join(self.bare(path).lower().split()) for path in self.texts}

    def bare(self, path: str) -> str:
        """Return the text of a file without its comments."""
        self.effort.spend(len(self.texts[path]) // 10)
        return _COMMENTS.sub("", self.texts[path])

    def declaring(self, word: str) -> str | None:
        """Return the path of the build file that has a word, such as a plugin's id, or None."""
        for path, text in self._squeezed.items():
            if word in text and build_file(path):
                return path
        return None

    def pytest_options(self, path: str) -> Iterator[str]:
        """Yield the options that a settings file gives to pytest."""
        addopts = at(self.tables.get(path), "tool.pytest.ini_options.addopts")
        given = addopts if isinstance(addopts, list) else [addopts]
        yield " ".join(each for each in given if isinstance(each, str))
        for section in ("tool:pytest", "pytest") if path in self.sections else ():
            yield self.option(path, section, "addopts")

    def collects_coverage(self) -> bool:
        """Return whether the settings of jest make each test measure coverage."""
        if any(at(data, "jest.collectCoverage") is True for data in self.tables.values()):
            return True
        names = (path for path in self.texts if "jest.config." in path)
        return any("collectcoverage:true" in self._squeezed[path] for path in names)

    def option(self, path: str, section: str, name: str) -> str:
        """Return the value of an option in an INI file; empty without it."""
        options = self.sections[path].get(section)
        return "" if options is None else options.get(name, "")

    def within_bounds(self, path: str, text: str, read: Callable[[str, Effort], T]) -> T | None:
        """Return what `read` makes of a file; if it raises, note why the file is unread."""
        try:
            return read(text, self.effort)
        except (ValueError, BeyondBounds) as problem:
            self.unread[path] = str(problem)
            return None

    def table(self, name: str) -> tuple[str, str] | None:
        """Return the path and the words of the settings of a tool, or None.

        They are in a table of `pyproject.toml` (`tool.<name>`), a section of `setup.cfg` or
        `tox.ini`, or a key of `package.json` or `lerna.json`; `a.b` is a key in another.
        """
        for path, data in self.tables.items():
            if path.endswith("pyproject.toml"):
                if at(data, f"tool.{name}") is not None:
                    return path, f"[tool.{name}"
            elif path.endswith(("package.json", "lerna.json")) and (name in data or at(data, name)):
                return path, f'"{name.rpartition(".")[2]}"'
        for path, sections in self.sections.items():
            if name in sections:
                return path, f"[{name}"
        return None

    def declares_dependencies(self) -> bool | None:
        """Return whether the project declares a dependency; None if unknown."""
        if any(_has_dependencies(data) for data in self.tables.values()):
            return True
        if any(_has_dependencies_in_text(path, self.bare(path)) for path in self.texts):
            return True
        if any(self.requirements.values()):
            return True
        if any(self.option(path, "options", "install_requires") for path in self.sections):
            return True
        broken = any(_is_broken(path, text) for path, text in self.texts.items())
        return None if self.unread or broken else False

    def declared_licence(self) -> str | None:
        """Return the licence that a manifest at the root declares as SPDX expression, or None."""
        named = {
            **{path: tuple(_licences_in(data)) for path, data in self.tables.items()},
            **{path: (self.option(path, "metadata", "license"),) for path in self.sections},
            **{path: licences_in_text(self.bare(path)) for path in self.named("setup.py")},
            **{path: licences_in_text(self.bare(path)) for path in self.texts if build_file(path)},
        }
        names = (name for path in sorted(named) if "/" not in path for name in named[path])
        return next(filter(None, map(declared, names)), None)


def _read_object(text: str, effort: Effort) -> dict[str, Any]:
    value = read_json(text, effort)
    if not isinstance(value, dict):
        raise ValueError("not valid JSON")  # noqa: TRY004 - as for other files that are not valid
    return value


def _licences_in(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the licences that a manifest in TOML or JSON declares."""
    keys = ("project.license", "license", "licenses", "package.license", "tool.poetry.license")
    for key in keys:
        declared = at(data, key)
        for one in declared if isinstance(declared, list) else [declared]:
            name = (one.get("text") or one.get("type")) if isinstance(one, dict) else one
            if isinstance(name, str):
                yield name
    classifiers = at(data, "project.classifiers")
    for each in classifiers if isinstance(classifiers, list) else ():
        if isinstance(each, str):
            yield each.rpartition(" :: ")[2]


def at(data: Any, path: str) -> Any:
    """Return the value at a dotted path in nested mappings, or None."""
    for step in path.split("."):
        data = data.get(step) if isinstance(data, dict) else None
    return data


_DEPENDENCY_KEYS = (
    *("project.dependencies", "project.optional-dependencies", "dependency-groups"),
    *("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"),
    *("dev-dependencies", "build-dependencies", "workspace.dependencies"),
    *("packages", "dev-packages", "tool.uv.dev-dependencies", "tool.poetry.group", "deps"),
    *("workspaces.catalog", "dependencies.direct"),
)


def _has_dependencies(data: Mapping[str, Any]) -> bool:
    if any(at(data, key) for key in _DEPENDENCY_KEYS):
        return True
    for key in ("tool.poetry.dependencies", "require", "require-dev"):
        needed = at(data, key)
        names = set(needed) - {"python", "php"} if isinstance(needed, dict) else ()
        if any(not name.startswith(("ext-", "lib-")) for name in names):
            return True
    dynamic = at(data, "project.dynamic")
    return isinstance(dynamic, list) and "dependencies" in dynamic


# The words with which a line begins, or that are somewhere, if packages are needed.
_DEPENDENCY_LINES = {
    "go.mod": "require",
    "build.gradle": "dependencies",
    "build.gradle.kts": "dependencies",
    "gemfile": "gem",
    "gems.rb": "gem",
    "cpanfile": "requires",
    "podfile": "pod",
    "description": "imports|depends|suggests",
    "pubspec.yaml": "(?:dev_)?dependencies",
    "shard.yml": "(?:development_)?dependencies",
    "package.yaml": "dependencies",
    "environment.yml": "dependencies",
    "environment.yaml": "dependencies",
}
_DEPENDENCY_WORDS = {
    "pom.xml": "<dependency>",
    "*.csproj": "<packagereference",
    "*.fsproj": "<packagereference",
    "*.vbproj": "<packagereference",
    "directory.packages.props": "<packageversion",
    "packages.config": "<packageid=",
    "mix.exs": ',"~>',
    "rebar.config": "{deps,[{",
    "*.gemspec": "dependency",
    "package.swift": ".package(",
    "build.sbt": "librarydependencies",
    "*.cabal": "build-depends",
    "conanfile.txt": "[requires]",
    "conanfile.py": "requires",
    "makefile.pl": "prereq_pm",
    "*.rockspec": "dependencies",
    "setup.py": "install_requires",
    "*.opam": "depends:",
    "dune-project": "(depends",
    "project.clj": ":dependencies",
    "deps.edn": ":deps{",
}


def _has_dependencies_in_text(path: str, text: str) -> bool:
    """Return whether a build file needs packages; its text has no comments."""
    name = file_name(path)
    if words := _DEPENDENCY_LINES.get(name):
        found = re.search(rf"^[ \t]*+(?:{words})\b", text, re.MULTILINE | re.IGNORECASE)
        return found is not None
    squeezed = "".join(text.lower().split())
    return any(
        fits(pattern, name) and word in squeezed for pattern, word in _DEPENDENCY_WORDS.items()
    )


def _name_packages(text: str, effort: Effort) -> bool:
    """Return whether a line of a requirements file names a package."""
    lines = text.replace("\\\n", " ").splitlines()
    if any(_names_a_package(line, effort) for line in lines):
        return True
    if any(_WORDS_ALONE.fullmatch(line) for line in lines):
        raise ValueError("not valid requirements")
    return False


# A line that is no package, option, address or path.
_WORDS_ALONE = re.compile(r"[^\n#:/.=-][^\n#:/=]*")


def _is_broken(path: str, text: str) -> bool:
    """Return whether a build file lacks what every such file has, so that it says nothing."""
    name = file_name(path)
    known = name in _DEPENDENCY_LINES or any(fits(each, name) for each in _DEPENDENCY_WORDS)
    if not known or not text.strip():
        return False
    lower = text.lower()
    mark = {"go.mod": "module", "pom.xml": "<project"}.get(name, "")
    return "\0" in text or mark not in lower or lower == lower.upper()


def _names_a_package(line: str, effort: Effort) -> bool:
    effort.spend(40 + len(line))
    bare = re.split(r"(?:^|\s)(?:#|--)", line, maxsplit=1)[0].strip()
    if re.search(r"[#&]egg=\w", bare):
        return True
    if len(bare) > MOST_REQUIREMENT:
        raise BeyondBounds(f"a line of more than {MOST_REQUIREMENT:,} characters")
    try:
        Requirement(bare)
    except (InvalidRequirement, RecursionError):  # of a marker with thousands of parentheses
        return False
    return True
