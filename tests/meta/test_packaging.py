"""The project's own files keep what they promise."""

from __future__ import annotations

import configparser
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]


def ranges() -> dict[str, Requirement]:
    """Return the dependencies of setup.cfg, extras included, by name."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = setup["options"]["install_requires"].splitlines()
    for extra in setup["options.extras_require"].values():
        lines += extra.splitlines()
    found = [Requirement(line) for line in lines if line.strip()]
    return {canonicalize_name(r.name): r for r in found if r.name != "gitlab-sync"}


def pins(file: str = "requirements.txt") -> dict[str, str]:
    """Return the versions of a file of requirements by name."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def test_every_dependency_is_pinned_within_its_range() -> None:
    """What `make` installs is what setup.cfg allows."""
    pinned = pins()
    for name, requirement in ranges().items():
        assert name in pinned, f"{name} is not pinned"
        assert requirement.specifier.contains(pinned[name]), f"{requirement}: {pinned[name]}"


def test_the_lowest_versions_are_those_of_the_ranges() -> None:
    """What is tested as the lowest is what setup.cfg calls the lowest; developers' tools apart."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = setup["options.extras_require"]
    lines = "\n".join([setup["options"]["install_requires"], extras["app"], extras["parquet"]])
    lowest = {}
    for requirement in map(Requirement, filter(str.strip, lines.splitlines())):
        bounds = [spec.version for spec in requirement.specifier if spec.operator == ">="]
        if bounds:
            lowest[canonicalize_name(requirement.name)] = Version(bounds[0])
    pinned = {name: Version(pin) for name, pin in pins("requirements-lowest.txt").items()}
    assert pinned == lowest


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
    import gitlab_sync

    assert all(getattr(gitlab_sync, name) is not None for name in gitlab_sync.__all__)
    assert sorted(gitlab_sync.__all__) == gitlab_sync.__dir__()
