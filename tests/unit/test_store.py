"""A store on disk: who finds what, what it survives, and that it never fails a run."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.credentials import Credential, OidcCredential
from gitlab_sync.store.store import Item, Mode, Store, clear_store, open_store, store_path

INSTANCE = "https://gitlab.example"
TOKEN = "glpat-a-token-that-must-not-be-found"
ALICE, BOB = Credential(TOKEN), Credential("glpat-bob")
posix = pytest.mark.skipif(os.name != "posix", reason="modes and forks are POSIX's")


def item(number: int, data: bytes = b"data", stamp: bytes = b"stamp") -> Item:
    """Return something to keep."""
    return Item(number, stamp, data)


def numbers(items: Iterable[Item]) -> list[int]:
    """Return which were found."""
    return sorted(item.id for item in items)


def keep(folder: Path, *items: Item, mode: Mode = "on", who: Credential = ALICE) -> None:
    """Keep items in a run of its own."""
    with open_store(INSTANCE, who, mode, folder) as store:
        store.keep(items)


def found(
    folder: Path, *ids: int, mode: Mode = "on", who: Credential = ALICE, instance: str = INSTANCE
) -> list[int]:
    """Return what another run finds."""
    with open_store(instance, who, mode, folder) as store:
        return numbers(store.find(ids))


def test_what_one_run_kept_another_finds(tmp_path: Path) -> None:
    """Every byte of it, and nothing that was not asked for or not kept."""
    keep(tmp_path, item(1), item(2, b"\x00\xff", b"\x01"), item(3))
    with open_store(INSTANCE, ALICE, folder=tmp_path) as store:
        assert sorted(store.find([2, 3, 4])) == [Item(2, b"\x01", b"\x00\xff"), item(3)]
        assert list(store.find([])) == []


def test_what_is_kept_again_replaces_what_was_there(tmp_path: Path) -> None:
    """A number has one item."""
    keep(tmp_path, item(1))
    keep(tmp_path, item(1, b"newer", b"other"))
    with open_store(INSTANCE, ALICE, folder=tmp_path) as store:
        assert list(store.find([1])) == [Item(1, b"other", b"newer")]


def test_nobody_finds_what_another_principal_kept(tmp_path: Path) -> None:
    """One token as two kinds is two principals, and so is one token at two instances."""
    keep(tmp_path, item(1))
    assert found(tmp_path, 1) == [1]
    for other in (BOB, Credential(TOKEN, is_oauth=True), Credential(None)):
        assert found(tmp_path, 1, who=other) == []
    assert found(tmp_path, 1, instance="https://gitlab.example/other") == []


def test_a_person_of_openid_connect_is_the_same_with_another_token(tmp_path: Path) -> None:
    """Issuer and subject say who it is."""
    keep(tmp_path, item(1), who=OidcCredential("first", "https://id.example", "7"))
    assert found(tmp_path, 1, who=OidcCredential("second", "https://id.example", "7")) == [1]
    assert found(tmp_path, 1, who=OidcCredential("first", "https://id.example", "8")) == []


def test_a_store_without_its_key_shows_nothing_and_goes_on(tmp_path: Path) -> None:
    """Without the key, the owner cannot be known; half a key is none."""
    keep(tmp_path, item(1))
    key = next(tmp_path.glob("*.key"))
    key.write_bytes(key.read_bytes()[:7])
    assert found(tmp_path, 1) == []
    keep(tmp_path, item(1))
    assert found(tmp_path, 1) == [1]


def test_no_file_holds_the_token(tmp_path: Path) -> None:
    """Neither those that stay nor SQLite's other files while it is open."""
    with open_store(INSTANCE, ALICE, folder=tmp_path) as store:
        store.keep([item(1)])
        files = list(tmp_path.iterdir())
        assert len(files) >= 3
        assert not [file for file in files if TOKEN.encode() in file.read_bytes()]
        assert not [file for file in files if TOKEN in file.name]


@posix
def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """Whatever the umask is; an open file is closed to others when it is used again."""
    folder = tmp_path / "new" / "folder"
    before = os.umask(0)
    try:
        with open_store(INSTANCE, ALICE, folder=folder) as store:
            store.keep([item(1)])
            modes = {file.suffix: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}
    assert {".sqlite", ".key", ".sqlite-wal"} <= set(modes)
    path = store_path(INSTANCE, folder)
    path.chmod(0o644)
    assert found(folder, 1) == [1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_store_that_is_off_touches_no_file(tmp_path: Path) -> None:
    """And finds nothing of what is there."""
    keep(tmp_path, item(1), mode="off")
    assert list(tmp_path.iterdir()) == []
    keep(tmp_path, item(1))
    assert found(tmp_path, 1, mode="off") == []


def test_a_read_only_store_finds_and_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where there is none it makes none, which is nothing to speak of."""
    assert found(tmp_path, 1, mode="read-only") == []
    assert list(tmp_path.iterdir()) == []
    keep(tmp_path, item(1))
    content = store_path(INSTANCE, tmp_path).read_bytes()
    keep(tmp_path, item(2), mode="read-only")
    assert found(tmp_path, 1, 2, mode="read-only") == [1]
    assert store_path(INSTANCE, tmp_path).read_bytes() == content
    assert not caplog.records


def test_a_refreshed_store_finds_nothing_and_keeps_all(tmp_path: Path) -> None:
    """So that everything is read again, for the next run."""
    keep(tmp_path, item(1))
    assert found(tmp_path, 1, mode="refresh") == []
    keep(tmp_path, item(1, b"new"), mode="refresh")
    with open_store(INSTANCE, ALICE, folder=tmp_path) as store:
        assert list(store.find([1])) == [item(1, b"new")]


def test_each_instance_has_a_file_with_a_safe_name(tmp_path: Path) -> None:
    """Port and path tell instances apart, too."""
    urls = ["https://gitlab.example", "https://gitlab.example:8443", "https://gitlab.example/git"]
    urls += ["https://[::1]:80", f"https://{'long.' * 60}example"]
    paths = [store_path(url, tmp_path) for url in urls]
    assert len(set(paths)) == len(urls)
    for path in paths:
        assert path.parent == tmp_path
        assert len(path.name) < 100
        assert set(path.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_")


def test_the_users_cache_folder_is_where_it_lies() -> None:
    """Unless another folder is named."""
    from platformdirs import user_cache_path

    assert user_cache_path() in store_path(INSTANCE).parents


def test_clearing_forgets_everybody_and_says_how_much(tmp_path: Path) -> None:
    """While another has it open, and where there is nothing."""
    assert clear_store(INSTANCE, tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
    keep(tmp_path, item(1, b"secret text"), item(2))
    keep(tmp_path, item(1), who=BOB)
    with open_store(INSTANCE, ALICE, folder=tmp_path) as store:
        assert numbers(store.find([1, 2])) == [1, 2]
        assert clear_store(INSTANCE, tmp_path) == 3
        assert numbers(store.find([1, 2])) == []
        store.keep([item(3)])
    assert found(tmp_path, 1, 2, 3) == [3]
    assert b"secret text" not in store_path(INSTANCE, tmp_path).read_bytes()


def test_what_cannot_be_cleared_is_an_error(tmp_path: Path) -> None:
    """The caller must know."""
    store_path(INSTANCE, tmp_path).write_bytes(b"something else" * 1000)
    with pytest.raises(ConfigurationError, match="cannot be cleared"):
        clear_store(INSTANCE, tmp_path)


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6000])


def _zeros(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(len(content) - 4096))


@pytest.mark.parametrize("spoil", [_garbage, _cut, _zeros])
def test_a_corrupt_file_is_moved_aside_and_a_new_one_begins(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: object
) -> None:
    """The log says so, once."""
    keep(tmp_path, *(item(number, bytes(500)) for number in range(100)))
    path = store_path(INSTANCE, tmp_path)
    assert callable(spoil)
    spoil(path)
    with open_store(INSTANCE, ALICE, folder=tmp_path) as store:
        assert list(store.find(range(100))) == []
        store.keep([item(7)])
    assert found(tmp_path, *range(100)) == [7]
    assert path.with_name(f"{path.name}.corrupt").is_file()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "is corrupt" in caplog.text


def test_a_file_that_is_corrupted_while_it_is_open_does_not_fail_the_run(tmp_path: Path) -> None:
    """What was asked for is not found, and what is kept later is there."""
    with Store(INSTANCE, folder=tmp_path) as store:
        mine = store.of(ALICE)
        mine.keep(item(number, bytes(500)) for number in range(100))
        store.close()
        mine.find([1])
        _zeros(store.path)
        os.truncate(store.path, 6000)
        list(mine.find(list(range(100))))
        mine.keep([item(200)])
    keep(tmp_path, item(201))
    assert found(tmp_path, 201) == [201]


def test_a_corrupt_file_is_left_alone_by_who_may_only_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said, and nothing is found."""
    keep(tmp_path, item(1))
    _garbage(store_path(INSTANCE, tmp_path))
    assert found(tmp_path, 1, mode="read-only") == []
    assert "cannot be used" in caplog.text
    assert not list(tmp_path.glob("*.corrupt"))


def test_a_file_of_another_layout_begins_anew(tmp_path: Path) -> None:
    """Older or newer: it is a cache, and nothing is lost but time."""
    keep(tmp_path, item(1))
    with closing(sqlite3.connect(store_path(INSTANCE, tmp_path))) as connection:
        connection.execute("ALTER TABLE kept RENAME COLUMN stamp TO mark")
        connection.execute("PRAGMA user_version = 9")
        connection.commit()
    assert found(tmp_path, 1, mode="read-only") == []
    assert found(tmp_path, 1) == []
    keep(tmp_path, item(2))
    assert found(tmp_path, 1, 2) == [2]


def test_a_folder_that_cannot_be_made_costs_one_line_of_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file is where the folder should be."""
    folder = tmp_path / "file"
    folder.write_text("in the way")
    with open_store(INSTANCE, ALICE, folder=folder) as store:
        for number in range(3):
            store.keep([item(number)])
            assert list(store.find([number])) == []
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "continues without it" in caplog.text


def test_a_full_disk_costs_one_line_of_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was kept before is still there for the next run."""
    keep(tmp_path, item(1))
    with Store(INSTANCE, folder=tmp_path) as store:
        mine = store.of(ALICE)
        store._opened().execute("PRAGMA max_page_count = 20")
        for number in range(2, 5):
            mine.keep([item(number, bytes(200_000))])
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "full" in caplog.text
    assert found(tmp_path, 1, 2, 3, 4) == [1]


def test_it_stays_within_its_size_and_forgets_what_was_not_used_for_longest(
    tmp_path: Path,
) -> None:
    """The first of a hundred were looked up lately, so others go before them."""
    most_mb = 1.0
    path = store_path(INSTANCE, tmp_path)
    keep(tmp_path, *(item(number, os.urandom(5000)) for number in range(100)))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE kept SET used = 0")
        connection.commit()
    assert found(tmp_path, *range(20)) == list(range(20))
    with open_store(INSTANCE, ALICE, folder=tmp_path, most_mb=most_mb) as store:
        for number in range(100, 200):
            store.keep([item(number, os.urandom(5000))])
            assert path.stat().st_size <= (most_mb + 0.1) * 1_000_000
        left = numbers(store.find(range(200)))
    assert set(range(20)) <= set(left)
    assert set(range(100, 200)) <= set(left)
    assert 130 <= len(left) < 200


def test_what_is_larger_than_the_store_is_not_in_it(tmp_path: Path) -> None:
    """And does not stop it."""
    with open_store(INSTANCE, ALICE, folder=tmp_path, most_mb=0.1) as store:
        store.keep([item(1, os.urandom(500_000))])
        assert list(store.find([1])) == []
        store.keep([item(2)])
        assert numbers(store.find([1, 2])) == [2]


def test_many_threads_share_a_store(tmp_path: Path) -> None:
    """Each of eight keeps and finds what is its own."""

    def work(thread: int) -> bool:
        mine = store.of(Credential(f"token-{thread}"))
        for number in range(50):
            mine.keep([item(number, b"%d" % thread)])
        return {each.data for each in mine.find(range(50))} == {b"%d" % thread}

    with Store(INSTANCE, folder=tmp_path) as store, ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


_PROCESS = """
import sys
from pathlib import Path
from gitlab_sync.http.credentials import Credential
from gitlab_sync.store.store import Item, open_store
first = int(sys.argv[2])
with open_store("https://gitlab.example", Credential("one"), folder=Path(sys.argv[1])) as store:
    for number in range(first, first + 50):
        store.keep([Item(number, b"stamp", b"data")])
"""


def test_processes_that_begin_a_store_at_once_share_it(tmp_path: Path) -> None:
    """All have one key, and nothing of what they keep is lost."""
    command = [sys.executable, "-c", _PROCESS, str(tmp_path)]
    running = [
        subprocess.Popen([*command, str(first)], stderr=subprocess.PIPE)
        for first in range(0, 200, 50)
    ]
    for process in running:
        _, said = process.communicate(timeout=100)
        assert (process.returncode, said) == (0, b"")
    assert found(tmp_path, *range(200), who=Credential("one")) == list(range(200))


@posix
def test_a_forked_child_has_a_connection_of_its_own(tmp_path: Path) -> None:
    """Both go on with the store that the parent opened."""
    with Store(INSTANCE, folder=tmp_path) as store:
        mine = store.of(ALICE)
        mine.keep([item(1)])
        connection = store._connection
        child = os.fork()
        if not child:
            status = 1
            try:
                mine.keep([item(2)])
                status = int(store._connection is connection or numbers(mine.find([1])) != [1])
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        mine.keep([item(3)])
        assert numbers(mine.find([1, 2, 3])) == [1, 2, 3]


def test_a_look_up_is_no_write_where_the_day_is_known(tmp_path: Path) -> None:
    """So that readers do not wait for each other."""
    keep(tmp_path, item(1))
    with Store(INSTANCE, folder=tmp_path) as store:
        mine = store.of(ALICE)
        mine.find([1])
        with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert numbers(mine.find([1])) == [1]
            other.execute("ROLLBACK")


def test_a_store_makes_nothing_before_it_is_used(tmp_path: Path) -> None:
    """Closing it is possible all the same, and twice."""
    store = Store(INSTANCE, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
    store.close()
    store.close()
