"""The SQLite file of a store: opening, creating, and writing it from several processes."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LAYOUT = 2
"""The version of the tables' layout; a store with another one is emptied."""

APPLICATION = 0x47_4C_53_79  # "GLSy"
"""How a store says in its header that it is one; those of layout 1 did not."""

_TABLES = """
DROP TABLE IF EXISTS kept;
CREATE TABLE kept (
    principal BLOB NOT NULL,
    id INTEGER NOT NULL,
    stamp BLOB NOT NULL,
    used INTEGER NOT NULL,
    data BLOB NOT NULL,
    seal BLOB NOT NULL,
    PRIMARY KEY (principal, id)
);
CREATE INDEX kept_used ON kept (used);
"""
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNWRITABLE = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})
_BUSY = 10.0  # seconds to wait while another process writes
_LOG_BYTES = 4 * 1024 * 1024


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open a store for writing, and create it and its folder if need be, for this user alone.

    A store with another layout is emptied; a file of another user or program stays as it is, and
    is an error. The connection can change threads, but serves one thread at a time. Raises
    sqlite3.Error and OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    require_own(path)
    connection = _connect(path.absolute().as_uri(), _prepare)
    # A store that was open to others: SQLite has given its other files the same mode.
    for file in (path, next_to(path, "-wal"), next_to(path, "-shm")):
        with contextlib.suppress(FileNotFoundError):
            require_own(file)
            file.chmod(0o600)
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open an existing store read-only; otherwise like `open_to_write`.

    A reader needs the log's index next to the file. In a folder that it cannot write to, it reads
    without one, if there is nothing in the log.
    """
    require_own(path)
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        return _connect(uri, _check_layout)
    except sqlite3.OperationalError as error:
        log = next_to(path, "-wal")
        if _code(error) not in _UNWRITABLE or (log.exists() and log.stat().st_size):
            raise
        return _connect(f"{uri}&immutable=1", _check_layout)


def require_own(path: Path) -> None:
    """Raise OSError unless this is a plain file of this user or of root, and no link to one."""
    found = path.lstat()
    owners = {0, os.geteuid()} if hasattr(os, "geteuid") else {found.st_uid}
    if not stat.S_ISREG(found.st_mode) or found.st_uid not in owners:
        raise OSError(errno.EPERM, "it must be a plain file of this user, not a link", str(path))


def next_to(path: Path, suffix: str) -> Path:
    """Return the path of one of a store's other files."""
    return path.with_name(path.name + suffix)


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block as one transaction, during which nothing else writes to the file."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def bytes_used(connection: sqlite3.Connection) -> int:
    """Return how many bytes of the file are in use."""
    pages = number_of(connection, "PRAGMA page_count")
    free = number_of(connection, "PRAGMA freelist_count")
    return (pages - free) * number_of(connection, "PRAGMA page_size")


def number_of(connection: sqlite3.Connection, query: str) -> int:
    """Return the single number that a query returns."""
    return int(connection.execute(query).fetchone()[0])


def is_corrupt(error: sqlite3.Error) -> bool:
    """Return whether the error says that the file is corrupt, or is not an SQLite file."""
    return _code(error) in _CORRUPT


def _connect(uri: str, prepare: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri, uri=True, timeout=_BUSY, isolation_level=None, check_same_thread=False
    )
    try:
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_layout(connection: sqlite3.Connection) -> None:
    _require_store(connection)
    if number_of(connection, "PRAGMA user_version") != LAYOUT:
        raise sqlite3.DatabaseError("another version wrote it")


def _require_store(connection: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError for a database of another program."""
    layout = number_of(connection, "PRAGMA user_version")
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    # Last, since another process can begin the store meanwhile: then it says that it is one.
    application = number_of(connection, "PRAGMA application_id")
    if application == APPLICATION:
        return
    if application or (layout, tables) not in ((0, []), (1, [("kept",)])):
        raise sqlite3.DatabaseError("it is a database of another program")


def _prepare(connection: sqlite3.Connection) -> None:
    """Prepare a connection for writing, and create the tables if the file lacks them."""
    _require_store(connection)
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only while the file is empty
    _to_wal(connection)
    # A crash of the machine can lose the last commits, but leaves the file intact.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
    if number_of(connection, "PRAGMA user_version") == LAYOUT:
        return
    with writing(connection):
        if number_of(connection, "PRAGMA user_version") != LAYOUT:  # not done meanwhile
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {LAYOUT}")


def _to_wal(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log. If two processes do so, SQLite makes one fail at once."""
    end = time.monotonic() + _BUSY
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)


def _code(error: sqlite3.Error) -> int:
    """Return the primary code of an SQLite error, or 0 if there is none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
