"""The first page of the tutorial, followed to the letter where nothing was set up before."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from course import MENTOR, URL, course_world
from documents import page
from terminal import Terminal
from walk import Walk, compare

from gitlab_sync.sandbox import Sandbox

FIRST_TABLE = page("first-table")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_first_table_comes_out_as_the_page_says(
    release: tuple[Path, Path],
    dependencies: Path,
    bare: dict[str, str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """From an unpacked archive to a file with a table. pip has no index: the rest is there."""
    with tarfile.open(release[0]) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.glob("gitlab_sync-*")
    pip = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    environ = {**bare, **pip, "PYTHONPATH": str(dependencies)}
    with Sandbox(course_world()) as sandbox:
        terminal = Terminal(folder, environ, {URL: sandbox.url}, bare=True)
        walk = Walk(terminal, folder, f"{sandbox.token(MENTOR)}\n", complete=True)
        found = walk.retold(FIRST_TABLE.read_text(encoding="utf-8"))
    assert walk.failed == []
    compare(FIRST_TABLE, found, request)
