"""A file is written whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gitlab_sync.reports.atomic import AtomicFile

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")


def names(folder: Path) -> list[str]:
    """Return the names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_the_new_content_takes_the_place_of_the_old_at_the_end(tmp_path: Path) -> None:
    """A reader meanwhile finds the old file, whole."""
    path = tmp_path / "rows.csv"
    path.write_bytes(b"old")
    with AtomicFile(path) as file:
        file.write(b"new")
        file.write(b"er")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"newer"
    assert names(tmp_path) == ["rows.csv"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    """Half a report looks like a whole one of fewer people."""
    path = tmp_path / "rows.csv"
    path.write_bytes(b"old")

    def fail() -> None:
        with AtomicFile(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["rows.csv"]


def test_discard_removes_what_was_written(tmp_path: Path) -> None:
    """For a process that is about to end without any further ado."""
    file = AtomicFile(tmp_path / "rows.csv")
    file.__enter__()
    file.write(b"half")
    file.discard()
    file.discard()
    assert names(tmp_path) == []
    with pytest.raises(OSError):  # noqa: PT011 - whichever, so long as it is not silent
        file.__exit__(None, None, None)


def test_a_folder_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    """Before minutes of reading, not after them."""
    with pytest.raises(OSError, match="No such file"), AtomicFile(tmp_path / "no" / "rows.csv"):
        pass


@posix
def test_the_mode_is_what_the_umask_says(tmp_path: Path) -> None:
    """Not the private mode of temporary files."""
    code = (
        "import sys; from gitlab_sync.reports.atomic import AtomicFile\n"
        "with AtomicFile(sys.argv[1]) as file: file.write(b'x')"
    )
    path = tmp_path / "rows.csv"
    subprocess.run([sys.executable, "-c", code, path], check=True, umask=0o027)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@posix
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """The file it leads to is the one that is written."""
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_bytes(b"old")
    link.symlink_to(real)
    with AtomicFile(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


@posix
def test_what_is_no_plain_file_is_not_replaced() -> None:
    """Else a run as root would put a file in the place of /dev/null."""
    with AtomicFile(os.devnull) as file:
        file.write(b"x")
    assert not Path(os.devnull).is_file()
