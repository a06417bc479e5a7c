"""The project's own files keep what they promise."""

from __future__ import annotations

import ast
import configparser
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import gitlab_sync

ROOT = Path(__file__).parents[2]


PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The versions of Python that have ranges, the lowest of which is that of `python_requires`."""


def ranges(python: str, *extras: str) -> dict[str, Requirement]:
    """Return what setup.cfg requires for a version of Python, by name; extras as named there."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = setup["options"]["install_requires"].splitlines()
    for extra in extras or setup["options.extras_require"]:
        lines += setup["options.extras_require"][extra].splitlines()
    return by_name(lines, python)


def pins(file: str, python: str) -> dict[str, Version]:
    """Return the versions that a file of requirements fixes for a version of Python, by name."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    found = by_name([line for line in lines if not line.startswith("#")], python)
    return {name: bound(pin, "==") for name, pin in found.items()}


def by_name(lines: Iterable[str], python: str) -> dict[str, Requirement]:
    """Return the requirements that hold for a version of Python; each name has at most one."""
    found: dict[str, Requirement] = {}
    for requirement in map(Requirement, filter(str.strip, lines)):
        name, marker = canonicalize_name(requirement.name), requirement.marker
        if name != "gitlab-sync" and (
            marker is None or marker.evaluate({"python_version": python})
        ):
            assert found.setdefault(name, requirement) == requirement, f"two ranges of {name}"
    return found


def bound(requirement: Requirement, operator: str) -> Version:
    """Return the version behind an operator of a requirement."""
    (version,) = (each.version for each in requirement.specifier if each.operator == operator)
    return Version(version)


@pytest.mark.parametrize("python", PYTHONS)
def test_every_dependency_is_pinned_within_its_range(python: str) -> None:
    """What `make` installs is what setup.cfg allows."""
    pinned = pins("requirements.txt", python)
    for name, requirement in ranges(python).items():
        assert name in pinned, f"{name} is not pinned"
        assert requirement.specifier.contains(pinned[name]), f"{requirement}: {pinned[name]}"


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lowest_versions_are_those_of_the_ranges(python: str) -> None:
    """What is tested as the lowest is what setup.cfg calls the lowest; developers' tools apart."""
    required = ranges(python, "app", "parquet", "snapshot").items()
    lowest = {name: bound(each, ">=") for name, each in required if each.specifier}
    assert pins("requirements-lowest.txt", python) == lowest


@pytest.mark.parametrize("python", PYTHONS)
def test_a_range_for_one_python_is_not_lost_for_another(python: str) -> None:
    """Markers that leave a gap would leave a package out."""
    assert ranges(python).keys() == ranges(PYTHONS[0]).keys()


@pytest.mark.slow
def test_the_extra_for_tests_has_all_that_they_import() -> None:
    """With the lowest versions, nothing else is installed."""
    known = importlib.metadata.packages_distributions()
    needed = ranges(PYTHONS[0], "test", "app", "snapshot", "parquet").keys() | _OF_STREAMLIT
    imported = {name for path in (ROOT / "tests").rglob("*.py") for name in imports(path)}
    distributions = {canonicalize_name(known[name][0]) for name in imported if name in known}
    assert distributions - {"gitlab-sync"} <= needed


_OF_STREAMLIT = {"itsdangerous", "pandas"}
"""What the app comes with, since streamlit needs it."""


def imports(path: Path) -> Iterator[str]:
    """Yield the first names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_the_changelog_begins_with_this_version_and_its_day() -> None:
    """By *Keep a Changelog*: what is not released first, then versions, the newest first."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first, newest, *older = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert first == "Unreleased"
    name, _, day = newest.partition(" - ")
    assert name == gitlab_sync.__version__
    assert date.fromisoformat(day)
    versions = [Version(each.partition(" - ")[0]) for each in (newest, *older)]
    assert versions == sorted(versions, reverse=True)
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= kinds


def test_pyproject_names_only_the_build_system_and_tools() -> None:
    """Metadata and dependencies live in setup.cfg."""
    assert set(tomllib.loads((ROOT / "pyproject.toml").read_text())) == {"build-system", "tool"}


def test_importing_the_package_loads_nothing_heavy() -> None:
    """Names are loaded when used: not even requests comes with a bare import."""
    code = (
        "import sys, gitlab_sync; "
        "print([m for m in ('requests', 'gitlab', 'streamlit', 'orjson') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_every_public_name_can_be_had() -> None:
    """`__all__` promises nothing that is not there."""
    assert all(getattr(gitlab_sync, name) is not None for name in gitlab_sync.__all__)
    assert sorted(gitlab_sync.__all__) == gitlab_sync.__dir__()
