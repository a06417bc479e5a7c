"""What a release consists of, built once, and environments that have only that."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from documents import ROOT
from project_files import project_files
from quiet_run import run_quietly

sys.path.insert(0, str(ROOT / "tests" / "with_server"))

OURS = ("gitlab_sync", "gitlab-sync", "__editable__")


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a build can see of the project: all files but the tests."""
    folder = tmp_path_factory.mktemp("sources")
    for name in project_files():
        if not name.startswith(("tests/", "docs/", "benchmarks/")):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    return folder


@pytest.fixture(scope="session")
def build(
    sources: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], tuple[Path, Path]]:
    """Build an archive of the sources, and from it a wheel; return both."""

    def built() -> tuple[Path, Path]:
        folder = tmp_path_factory.mktemp("dist")
        run_quietly(
            *(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder), cwd=sources
        )
        (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
        return sdist, wheel

    return built


@pytest.fixture(scope="session")
def release(build: Callable[[], tuple[Path, Path]]) -> tuple[Path, Path]:
    """Return the archive of the sources and the wheel of this checkout."""
    return build()


@pytest.fixture(scope="session")
def dependencies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all packages that are installed here, but for this project."""
    # Streamlit takes itself for a checkout unless its path has this name.
    folder = tmp_path_factory.mktemp("dependencies") / "site-packages"
    folder.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(OURS):
            (folder / entry.name).symlink_to(entry)
    return folder


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a machine on which nothing was set up: a home, and a Python."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    home = tmp_path / "home"
    home.mkdir()
    system = os.defpath.removeprefix(".").lstrip(os.pathsep)
    return {
        "HOME": str(home),
        "PATH": f"{programs}{os.pathsep}{system}",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }
