"""The SQLite file of a store: how it is opened, made, and written by several processes."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LAYOUT = 1
"""The number of the tables' layout; a file of another one is emptied."""

_TABLES = """
DROP TABLE IF EXISTS kept;
CREATE TABLE kept (
    principal BLOB NOT NULL,
    id INTEGER NOT NULL,
    stamp BLOB NOT NULL,
    used INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (principal, id)
);
CREATE INDEX kept_used ON kept (used);
"""
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BUSY = 10.0  # seconds to wait for another process that writes
_LOG_BYTES = 4 * 1024 * 1024


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open a file, and make it and its folder first if they are not there; nobody else may read it.

    A file of another layout is emptied. The connection is not bound to this thread, but for one
    thread at a time. Raises sqlite3.Error and OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite gives the files beside it the mode of this one.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    return _connect(path.absolute().as_uri(), _prepare)


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a file that is there so that it cannot be changed; else as `open_to_write`."""
    return _connect(f"{path.absolute().as_uri()}?mode=ro", _check_layout)


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Make one transaction of a block; nothing else writes to the file meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def bytes_used(connection: sqlite3.Connection) -> int:
    """Return how many bytes of the file hold something."""
    pages = number_of(connection, "PRAGMA page_count")
    free = number_of(connection, "PRAGMA freelist_count")
    return (pages - free) * number_of(connection, "PRAGMA page_size")


def number_of(connection: sqlite3.Connection, query: str) -> int:
    """Return the one number that a query gives."""
    return int(connection.execute(query).fetchone()[0])


def is_corrupt(error: sqlite3.Error) -> bool:
    """Say whether SQLite found that the file is none of its own, or not any more."""
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
    if number_of(connection, "PRAGMA user_version") != LAYOUT:
        raise sqlite3.DatabaseError("another version wrote it")


def _prepare(connection: sqlite3.Connection) -> None:
    """Make a connection ready to write, and the file whatever it is not yet."""
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only while nothing is in the file
    _to_wal(connection)
    # A crash of the machine may lose the last commits, but leaves the file whole.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
    if number_of(connection, "PRAGMA user_version") == LAYOUT:
        return
    with writing(connection):
        if number_of(connection, "PRAGMA user_version") != LAYOUT:  # nobody did it meanwhile
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {LAYOUT}")


def _to_wal(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log. Of two who do so at once, SQLite lets one fail at once."""
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
    """Return the primary code of an error of SQLite; 0 for one that was not SQLite's."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
