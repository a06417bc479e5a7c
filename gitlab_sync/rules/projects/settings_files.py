"""Reads the settings files of a project: tables of TOML, sections of INI, keys of JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, TypeVar

from packaging.requirements import InvalidRequirement, Requirement

from gitlab_sync.rules.bounds import MOST_REQUIREMENT, BeyondBounds, Effort
from gitlab_sync.rules.projects.facts import Repository, Unread
from gitlab_sync.rules.projects.files import settings_files
from gitlab_sync.rules.projects.licences import spdx
from gitlab_sync.rules.projects.parsing import Sections, read_ini, read_json, read_toml

T = TypeVar("T")


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
        return {
            path: text
            for path, text in self.texts.items()
            if PurePosixPath(path).name.lower() in names
        }

    @cached_property
    def tables(self) -> dict[str, dict[str, Any]]:
        """The content of each TOML and JSON file, by path; an invalid file counts as unread."""
        found: dict[str, Any] = {}
        for path, text in self.named("pyproject.toml", "cargo.toml", "pipfile").items():
            found[path] = self.within_bounds(path, text, read_toml)
        for path, text in self.named("package.json", ".nycrc", ".nycrc.json", ".c8rc.json").items():
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
            if "requirements" in PurePosixPath(path).name.lower():
                names_one = self.within_bounds(path, text, _name_packages)
                found[path] = names_one is True
        return found

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
        `tox.ini`, or a key of `package.json`.
        """
        for path, data in self.tables.items():
            if path.endswith("pyproject.toml"):
                if at(data, f"tool.{name}") is not None:
                    return path, f"[tool.{name}"
            elif path.endswith("package.json") and name in data:
                return path, f'"{name}"'
        for path, sections in self.sections.items():
            if name in sections:
                return path, f"[{name}"
        return None

    def declares_dependencies(self) -> bool | None:
        """Return whether the project declares a dependency; None if unknown."""
        if any(_has_dependencies(data) for data in self.tables.values()):
            return True
        if any(_has_dependencies_in_text(path, text) for path, text in self.texts.items()):
            return True
        if any(self.requirements.values()):
            return True
        if any(self.option(path, "options", "install_requires") for path in self.sections):
            return True
        return None if self.unread else False

    def declared_licence(self) -> str | None:
        """Return the licence that a manifest declares as an SPDX expression, or None."""
        keys = ("project.license", "license", "package.license", "tool.poetry.license")
        for data in self.tables.values():
            for key in keys:
                declared = at(data, key)
                if isinstance(declared, dict):
                    declared = declared.get("text")
                if isinstance(declared, str) and (name := spdx(declared)):
                    return name
        for path in self.sections:
            if name := spdx(self.option(path, "metadata", "license")):
                return name
        return None


def _read_object(text: str, effort: Effort) -> dict[str, Any]:
    value = read_json(text, effort)
    if not isinstance(value, dict):
        raise ValueError("not valid JSON")  # noqa: TRY004 - as for other files that are not valid
    return value


def at(data: Any, path: str) -> Any:
    """Return the value at a dotted path in nested mappings, or None."""
    for step in path.split("."):
        data = data.get(step) if isinstance(data, dict) else None
    return data


_DEPENDENCY_KEYS = (
    *("project.dependencies", "project.optional-dependencies", "dependency-groups"),
    *("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"),
    *("dev-dependencies", "build-dependencies", "workspace.dependencies"),
    *("packages", "dev-packages", "tool.uv.dev-dependencies", "tool.poetry.group"),
)


def _has_dependencies(data: Mapping[str, Any]) -> bool:
    if any(at(data, key) for key in _DEPENDENCY_KEYS):
        return True
    poetry = at(data, "tool.poetry.dependencies")
    if isinstance(poetry, dict) and set(poetry) - {"python"}:
        return True
    dynamic = at(data, "project.dynamic")
    return isinstance(dynamic, list) and "dependencies" in dynamic


def _has_dependencies_in_text(path: str, text: str) -> bool:
    name = PurePosixPath(path).name.lower()
    if name == "go.mod":
        return re.search(r"^[ \t]*require\b", text, re.MULTILINE) is not None
    if name == "pom.xml":
        return "<dependency>" in text
    if name.startswith("build.gradle"):
        return re.search(r"^[ \t]*dependencies\b", text, re.MULTILINE) is not None
    return False


def _name_packages(text: str, effort: Effort) -> bool:
    """Return whether a line of a requirements file names a package."""
    lines = text.replace("\\\n", " ").splitlines()
    return any(_names_a_package(line, effort) for line in lines)


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
