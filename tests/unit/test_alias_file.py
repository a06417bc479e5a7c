"""A file of aliases on the disk: whole or not at all, and never over what another wrote."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.services.alias_file import Change, change_file, read_text, undo


def test_a_change_is_written_and_undone(tmp_path: Path) -> None:
    """With the mode of the file; a file that was not there is gone again."""
    path = tmp_path / "aliases"
    first = change_file(path, lambda text: f"{text}one\n")
    assert first == Change(None, b"one\n")
    path.chmod(0o600)
    second = change_file(path, lambda text: f"{text}two\n")
    assert (read_text(path), path.stat().st_mode & 0o777) == ("one\ntwo\n", 0o600)
    assert change_file(path, lambda text: text) is None
    assert second is not None
    undo(path, second)
    assert read_text(path) == "one\n"
    undo(path, first)
    assert not path.exists()
    assert [*tmp_path.iterdir()] == []


def test_what_another_wrote_in_the_meantime_is_kept(tmp_path: Path) -> None:
    """The change is made again, of the newer text; one that never comes to an end is refused."""
    path = tmp_path / "aliases"
    others = iter(["two\n"])

    def changed(text: str) -> str:
        for line in others:
            path.write_text(f"{text}{line}")
        return f"{text}three\n"

    change_file(path, changed)
    assert path.read_text() == "two\nthree\n"

    def overtaken(text: str) -> str:
        path.write_text(f"{text}again\n")
        return f"{text}four\n"

    with pytest.raises(ConfigurationError, match="nothing was written"):
        change_file(path, overtaken)
    assert "four" not in path.read_text()


def test_an_undo_never_takes_away_what_another_wrote(tmp_path: Path) -> None:
    """It says that it did nothing."""
    path = tmp_path / "aliases"
    change = change_file(path, lambda text: f"{text}one\n")
    assert change is not None
    path.write_text("one\ntwo\n")
    with pytest.raises(ConfigurationError, match="nothing was undone"):
        undo(path, change)
    assert path.read_text() == "one\ntwo\n"


def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each of them has its line."""
    path = tmp_path / "aliases"
    threads = [
        threading.Thread(target=change_file, args=(path, lambda text, at=at: f"{text}{at}\n"))
        for at in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.read_text().split()) == [str(at) for at in range(8)]


def test_a_change_that_fails_leaves_the_file_alone(tmp_path: Path) -> None:
    """Nor anything next to it."""
    path = tmp_path / "aliases"
    path.write_text("one\n")
    with pytest.raises(ZeroDivisionError):
        change_file(path, lambda _: str(1 / 0))
    assert path.read_text() == "one\n"
    assert [*tmp_path.iterdir()] == [path]


def test_what_is_no_file_or_no_text_is_refused(tmp_path: Path) -> None:
    """Before anything is written."""
    with pytest.raises(ConfigurationError, match="must be a file"):
        change_file(tmp_path, lambda text: f"{text}x")
    latin = tmp_path / "latin"
    latin.write_bytes(b"J\xf6rg")
    with pytest.raises(ConfigurationError, match="must be UTF-8"):
        read_text(latin)
    with pytest.raises(ConfigurationError, match="cannot be written: No such file"):
        change_file(tmp_path / "no" / "aliases", lambda _: "x")
