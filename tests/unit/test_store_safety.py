"""A store touches nothing that is not its own, and believes nothing that it did not write."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.store.store import Item, Mode, Store, clear_store, open_store, store_path

INSTANCE = "https://gitlab.example"
ALICE, BOB = Credential("alice-token"), Credential("bob-token")
SOMEONE_ELSE = 65_534  # a user without rights, where the tests run as root

resource = pytest.importorskip("resource")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes, links and forks are POSIX's")


def keep(folder: Path, *items: Item, who: Credential = ALICE) -> None:
    """Keep items in a run of its own."""
    with open_store(INSTANCE, who, folder=folder) as store:
        store.keep(items)


def found(folder: Path, *ids: int, mode: Mode = "on", who: Credential = ALICE) -> list[Item]:
    """Return what another run finds."""
    with open_store(INSTANCE, who, mode, folder) as store:
        return sorted(store.find(ids))


def items(*numbers: int) -> list[Item]:
    """Return something to keep, each with a stamp and data of its own."""
    return [Item(number, b"stamp %d" % number, b"data %d" % number) for number in numbers]


# -- what is not its own ---------------------------------------------------------------------------


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Make the database of another program, which has a table of the same name."""
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE kept (principal, id, stamp, used, data)")
        connection.execute("CREATE TABLE letters (text)")
        connection.execute("INSERT INTO kept VALUES (1, 2, 3, 4, 5)")
        connection.execute("PRAGMA user_version = 7")
        connection.commit()
    path.chmod(0o644)
    return path


def _as_link(path: Path, other: Path) -> None:
    path.symlink_to(other)


def _as_hard_link(path: Path, other: Path) -> None:
    path.hardlink_to(other)


def _in_its_place(path: Path, other: Path) -> None:
    shutil.copy2(other, path)


@pytest.mark.parametrize("put", [_as_link, _as_hard_link, _in_its_place])
def test_the_database_of_another_program_stays_as_it_is(
    tmp_path: Path, other: Path, caplog: pytest.LogCaptureFixture, put: Callable[..., None]
) -> None:
    """Its rows, its mode, and its journal; the run continues without a store, and says so."""
    path = store_path(INSTANCE, tmp_path)
    put(path, other)
    before = other.read_bytes()
    for mode in ("on", "refresh", "read-only"):
        with open_store(INSTANCE, ALICE, mode, tmp_path) as store:
            store.keep(items(1))
            assert list(store.find([1])) == []
    with pytest.raises(ConfigurationError, match="cannot be cleared"):
        clear_store(INSTANCE, tmp_path)
    for file in (other, path):
        assert file.read_bytes() == before
        assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert {file.name for file in tmp_path.iterdir()} == {other.name, path.name}
    assert [record.message for record in caplog.records if "continues without" in record.message]


@pytest.mark.parametrize("name", ["", ".key"])
@pytest.mark.parametrize("exists", [True, False])
def test_no_file_of_a_store_is_a_link(tmp_path: Path, name: str, exists: bool) -> None:
    """Not even one to a store, nor one that leads nowhere: what it names is not read, nor made."""
    elsewhere = tmp_path / "elsewhere"
    keep(elsewhere, *items(1))
    folder = tmp_path / "folder"
    if name:
        keep(folder, *items(1))
    path, target = (store_path(INSTANCE, each) for each in (folder, elsewhere))
    path, target = (each.with_name(each.name + name) for each in (path, target))
    if not exists:
        target.unlink()
    folder.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)
    before = target.read_bytes() if exists else None
    keep(folder, *items(2))
    assert found(folder, 1, 2) == []
    assert path.is_symlink()
    assert target.exists() == exists
    assert not exists or target.read_bytes() == before


def test_a_store_of_the_layout_before_is_emptied(tmp_path: Path) -> None:
    """It did not say yet that it is one, and its rows have no seal."""
    keep(tmp_path, *items(1))
    with closing(sqlite3.connect(store_path(INSTANCE, tmp_path))) as connection:
        connection.execute("ALTER TABLE kept DROP COLUMN seal")
        connection.execute("PRAGMA application_id = 0")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    assert found(tmp_path, 1, mode="read-only") == []
    assert found(tmp_path, 1) == []
    keep(tmp_path, *items(2))
    assert found(tmp_path, 1, 2) == items(2)


# -- what it did not write -------------------------------------------------------------------------

_CHANGES = {
    "data of another item": "UPDATE kept SET data = (SELECT data FROM kept WHERE id = 2)",
    "everything of another item but its number": (
        "UPDATE kept SET (stamp, data, seal) = (SELECT stamp, data, seal FROM kept WHERE id = 2)"
    ),
    "owner of another item": (
        "UPDATE kept SET (stamp, data, seal, id) ="
        " (SELECT stamp, data, seal, 1 FROM kept WHERE id = 3) WHERE id = 1"
    ),
    "stamp": "UPDATE kept SET stamp = x'00'",
    "one bit": "UPDATE kept SET data = CAST(replace(CAST(data AS TEXT), 'data', 'dat`') AS BLOB)",
    "seal": "UPDATE kept SET seal = zeroblob(16)",
    "other types": "UPDATE kept SET stamp = 1, data = 2.5, seal = 'x', used = 'y'",
}


@pytest.mark.parametrize("change", _CHANGES)
def test_a_row_that_another_program_changed_is_not_there(tmp_path: Path, change: str) -> None:
    """Nothing of it is found, and it can be kept again."""
    keep(tmp_path, *items(1, 2))
    keep(tmp_path, *items(3), who=BOB)
    with closing(sqlite3.connect(store_path(INSTANCE, tmp_path))) as connection:
        statement = _CHANGES[change]
        connection.execute(
            statement if "WHERE id = 1" in statement else f"{statement} WHERE id = 1"
        )
        connection.commit()
    for mode in ("on", "read-only"):
        assert found(tmp_path, 1, 2, mode=mode) == items(2)
    assert found(tmp_path, 1, 2, 3, who=BOB) == items(3)
    keep(tmp_path, *items(1))
    assert found(tmp_path, 1, 2) == items(1, 2)


def test_rows_of_two_people_that_were_swapped_are_not_there(tmp_path: Path) -> None:
    """Each would give the facts of the other with success."""
    keep(tmp_path, *items(1))
    keep(tmp_path, *items(2), who=BOB)
    with closing(sqlite3.connect(store_path(INSTANCE, tmp_path))) as connection:
        (a,), (b,) = connection.execute("SELECT principal FROM kept ORDER BY id").fetchall()
        connection.execute("UPDATE kept SET principal = iif(principal = ?, ?, ?)", (a, b, a))
        connection.commit()
    assert found(tmp_path, 1, 2) == found(tmp_path, 1, 2, who=BOB) == []


def test_a_row_from_the_store_of_another_machine_is_not_there(tmp_path: Path) -> None:
    """Its key is another one, so the owner is another one; with our owner, the seal is wrong."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        keep(folder, *items(1))
    with closing(sqlite3.connect(store_path(INSTANCE, here))) as connection:
        connection.execute("ATTACH ? AS there", (str(store_path(INSTANCE, there)),))
        connection.execute("UPDATE kept SET seal = (SELECT seal FROM there.kept)")
        connection.commit()
    assert found(here, 1) == []


@pytest.mark.parametrize("size", [0, 7, 100])
def test_a_key_of_another_size_is_none(tmp_path: Path, size: int) -> None:
    """Without a key nothing can be checked."""
    keep(tmp_path, *items(1))
    key = next(tmp_path.glob("*.key"))
    key.write_bytes(bytes(size))
    assert found(tmp_path, 1, mode="read-only") == []
    assert found(tmp_path, 1) == []
    keep(tmp_path, *items(1))
    assert found(tmp_path, 1) == items(1)


# -- folders and disks that cannot be written ------------------------------------------------------


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Make a folder that other users can reach."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


def _without_rights(work: Callable[[], bool]) -> bool:
    """Return the result of `work` in a child process, which is not root."""
    child = os.fork()
    if not child:
        status = 1
        try:
            if os.geteuid() == 0:
                os.seteuid(SOMEONE_ELSE)
            status = int(not work())
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def test_a_store_in_a_folder_that_cannot_be_written_can_be_read(open_folder: Path) -> None:
    """As in the image of a container; there is no place for the index of SQLite's log."""
    keep(open_folder, *items(1))
    before = {file.name for file in open_folder.iterdir()}
    if os.geteuid() == 0:
        for file in open_folder.iterdir():
            os.chown(file, SOMEONE_ELSE, -1)
    open_folder.chmod(0o555)
    assert _without_rights(lambda: found(open_folder, 1, mode="read-only") == items(1))
    assert _without_rights(lambda: found(open_folder, 1) == [])
    assert {file.name for file in open_folder.iterdir()} == before


def test_a_store_with_a_log_in_such_a_folder_is_not_read(open_folder: Path) -> None:
    """Half of a change could be in the one, and half in the other."""
    with Store(INSTANCE, folder=open_folder) as store:
        store.of(ALICE).keep(items(1))
        copied = open_folder / "copied"
        copied.mkdir()
        for file in open_folder.glob("*.sqlite*"):
            if file.suffix != ".sqlite-shm":
                shutil.copy2(file, copied)
                if os.geteuid() == 0:
                    os.chown(copied / file.name, SOMEONE_ELSE, -1)
    assert next(copied.glob("*-wal")).stat().st_size
    copied.chmod(0o555)
    assert _without_rights(lambda: found(copied, 1, mode="read-only") == [])


def test_a_store_of_another_user_is_not_read(open_folder: Path) -> None:
    """That user has its key, and can write whatever they like into it."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    keep(open_folder, *items(1))
    for file in open_folder.iterdir():
        os.chown(file, SOMEONE_ELSE, -1)
    before = store_path(INSTANCE, open_folder).read_bytes()
    keep(open_folder, *items(2))
    assert found(open_folder, 1, 2) == found(open_folder, 1, 2, mode="read-only") == []
    assert store_path(INSTANCE, open_folder).read_bytes() == before


def test_a_disk_that_is_full_leaves_no_half_of_a_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor anything else: the next run can begin."""
    keep(tmp_path, *items(1))
    next(tmp_path.glob("*.key")).unlink()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Store(INSTANCE, folder=tmp_path) as store:
        store._opened().execute("SELECT count(*) FROM kept").fetchall()
        files = {file.name for file in tmp_path.iterdir()}
        resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
        try:
            store.of(ALICE)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert {file.name for file in tmp_path.iterdir()} <= files
    assert "continues without it" in caplog.text
    keep(tmp_path, *items(2))
    assert found(tmp_path, 2) == items(2)
