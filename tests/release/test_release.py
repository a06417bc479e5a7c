"""A release works by itself: from its wheel, without this folder."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from documents import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from project_files import project_files
from quiet_run import run_quietly

from gitlab_sync._version import __version__
from gitlab_sync.sandbox import Sandbox, demo_world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WHERE_FROM = """
import json, sys
from gitlab_sync.cli.main import main
code = main(sys.argv[1:])
files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
print(json.dumps([code, sorted(filter(None, files))]), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def python(
    release: tuple[Path, Path], dependencies: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Install the wheel into a new environment, and return its Python.

    The dependencies are those of the running environment: nothing is downloaded.
    """
    folder = tmp_path_factory.mktemp("environment")
    run_quietly(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    (packages,) = (folder / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(f"{dependencies}\n", encoding="utf-8")
    run_quietly(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index"),
        release[1],
    )
    return python


def test_the_wheel_evaluates_the_demo_and_no_file_of_the_checkout(
    python: Path, bare: dict[str, str], tmp_path: Path
) -> None:
    """The command is there, and all that it loads of ours is what was installed."""
    line = [python, "-c", WHERE_FROM, "mrs", "--demo", "--format", "json"]
    done = subprocess.run(
        line, env=bare, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert len(json.loads(done.stdout)) == 13
    code, files = json.loads(done.stderr.splitlines()[-1])
    assert code == 0
    assert [name for name in files if name.startswith(str(ROOT / "gitlab_sync"))] == []
    assert any(name.startswith(str(python.parents[1])) for name in files)
    version = run_quietly(python.with_name("gitlab-sync"), "--version", env=bare, cwd=tmp_path)
    assert __version__ in version


def test_the_wheel_serves_the_app(python: Path, bare: dict[str, str], tmp_path: Path) -> None:
    """On the demo, which a visitor opens without a sign-in: it answers over HTTP."""
    app = subprocess.Popen(
        [python.with_name("gitlab-sync"), "app", "--no-browser"],
        env=bare, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert app.stdout is not None
        said = next(line for line in app.stdout if "http://" in line)
        url = next(word for word in said.split() if word.startswith("http://")).rstrip(".,;/")
        assert "<html" in answered(url)
        assert answered(f"{url}/_stcore/health") == "ok"
    finally:
        app.terminate()
        app.communicate(timeout=30)


def answered(url: str) -> str:
    """Return what is at an address, once something answers there."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end, pause = time.monotonic() + 60, threading.Event()
    while True:
        try:
            with direct.open(url, timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            assert time.monotonic() < end
            pause.wait(0.1)


def test_the_wheel_examines_a_gitlab(python: Path, bare: dict[str, str], tmp_path: Path) -> None:
    """One that is well: whatever is only a warning there."""
    with Sandbox(demo_world()) as sandbox:
        environ = {**bare, "GITLAB_URL": sandbox.url, "GITLAB_TOKEN": sandbox.token()}
        line = [python.with_name("gitlab-sync"), "doctor"]
        done = subprocess.run(
            line, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
    assert done.returncode in {0, 3}, done.stdout + done.stderr
    assert sandbox.token() not in done.stdout


def test_the_archives_have_what_they_need_and_nothing_else(release: tuple[Path, Path]) -> None:
    """The package with its few files of data, and what a build and a person read."""
    package = {name for name in project_files() if name.startswith("gitlab_sync/")}
    sdist, wheel = release
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name for name in names if ".dist-info/" not in name} == package
    with tarfile.open(sdist) as archive:
        files = {entry.name.partition("/")[2] for entry in archive if entry.isfile()}
    made = {name for name in files if ".egg-info/" in name} | {"PKG-INFO"}
    assert files - made - package == {
        "CHANGELOG.md", "LICENSE", "MANIFEST.in", "README.md", "build_backend/reproducible.py",
        "pyproject.toml", "setup.cfg",
    }  # fmt: skip
    assert package <= files


def test_the_same_sources_give_the_same_bytes(
    build: Callable[[], tuple[Path, Path]], release: tuple[Path, Path], sources: Path
) -> None:
    """However late they are built, and whatever the times of the files."""
    for path in sources.rglob("*.py"):
        path.touch()
    for first, second in zip(release, build(), strict=True):
        assert first.name == second.name
        assert first.read_bytes() == second.read_bytes()


def test_the_list_of_what_is_installed_has_every_package_that_is_pinned(tmp_path: Path) -> None:
    """As `make sbom` writes it: CycloneDX, with a version and a licence for each."""
    target = tmp_path / "sbom.json"
    line = [Path(sys.executable).with_name("cyclonedx-py"), "environment", "--no-validate"]
    run_quietly(*line, "--output-file", target, sys.executable)
    bill = json.loads(target.read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    listed = {canonicalize_name(each["name"]): each["version"] for each in bill["components"]}
    pinned = {
        canonicalize_name(each.name): each.specifier
        for each in map(
            Requirement, (ROOT / "requirements.txt").read_text("utf-8").splitlines()[1:]
        )
        if each.marker is None or each.marker.evaluate()
    }
    assert {name for name, each in pinned.items() if listed.get(name) not in each} == set()


def test_the_texts_for_an_index_can_be_shown(release: tuple[Path, Path]) -> None:
    """By twine, which is strict about warnings, too."""
    told = run_quietly(sys.executable, "-m", "twine", "check", "--strict", *release)
    assert told.count("PASSED") == 2
