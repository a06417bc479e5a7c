"""Keeps what need not be read again, in one file on disk for each instance.

A store holds bytes by principal and number, each with a stamp of what they were read from. It does
not interpret them, holds no token, and never fails a run: if something goes wrong with it, it logs
that once, and from then on finds nothing and keeps nothing.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from hmac import compare_digest
from pathlib import Path
from typing import Literal, NamedTuple, Self, TypeAlias, TypeVar
from urllib.parse import urlsplit

import orjson

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.credentials import Credential
from gitlab_sync.store import database

log = logging.getLogger("gitlab_sync")

Mode: TypeAlias = Literal["on", "read-only", "refresh", "off"]
"""`refresh` finds nothing, so that everything is read again, and keeps what was read."""

MOST_MB = 512
"""The default limit of a file, in megabytes."""

# CROSS JOIN fixes the order: one index look-up for each number that is asked for.
_FIND = (
    "SELECT kept.id, CAST(stamp AS BLOB), CAST(data AS BLOB), CAST(seal AS BLOB),"
    " CAST(used AS INTEGER) FROM json_each(?) AS asked"
    " CROSS JOIN kept ON kept.principal = ? AND kept.id = asked.value"
)
_TOUCH = "UPDATE kept SET used = ? WHERE principal = ? AND id IN (SELECT value FROM json_each(?))"
_KEEP = (
    "INSERT OR REPLACE INTO kept (principal, id, stamp, used, data, seal) VALUES (?, ?, ?, ?, ?, ?)"
)
_EVICT = "DELETE FROM kept WHERE rowid IN (SELECT rowid FROM kept ORDER BY used, rowid LIMIT ?)"

_DAY = 86_400
_EVICTED_TO = 0.9  # of the limit, so that not every write has to evict
_KEY_BYTES = 32
T = TypeVar("T")


class Item(NamedTuple):
    """One stored item: its number, a stamp of what it was read from, and the bytes."""

    id: int
    stamp: bytes
    data: bytes


class Store:
    """The file of one instance. Several processes can use it at once.

    `folder` holds it (None: the user's cache folder). `most_mb` limits its size in megabytes: the
    least recently used items are evicted first. Nothing is opened or created before it is needed. A
    context manager, which closes it.
    """

    def __init__(
        self,
        instance: str,
        mode: Mode = "on",
        folder: Path | None = None,
        *,
        most_mb: float = MOST_MB,
    ) -> None:
        self.instance = instance
        self.mode = mode
        self.path = store_path(instance, folder)
        self._most = most_mb * 1_000_000
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._secret = b""
        self._off = mode == "off"
        _stores.add(self)

    def of(self, credential: Credential) -> PrincipalStore:
        """Return the part of the store that belongs to the principal of this credential."""
        key = self._attempt(self._key, b"")
        principal = credential.principal(self.instance, key) if key else ""
        return PrincipalStore(self, bytes.fromhex(principal))

    def find(self, principal: bytes, ids: Iterable[int]) -> Iterable[Item]:
        """Return the items of this principal with these numbers, in any order."""
        if self.mode == "refresh" or not principal:
            return ()
        return self._attempt(lambda connection: self._found(connection, principal, ids), [])

    def keep(self, principal: bytes, items: Iterable[Item]) -> None:
        """Store these items and replace those with the same numbers; all or none are stored."""
        if self.mode == "read-only" or not principal:
            return
        rows = list(items)
        self._attempt(lambda connection: self._kept(connection, principal, rows), None)

    def close(self) -> None:
        """Close the file. Idempotent; another use opens it again."""
        with self._lock:
            self._shut()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _attempt(self, work: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        """Return the result of `work`, or `nothing` if the store cannot be used."""
        with self._lock:
            if self._off:
                return nothing
            try:
                try:
                    return work(self._opened())
                except sqlite3.DatabaseError as error:
                    if not database.is_corrupt(error) or self.mode == "read-only":
                        raise
                    self._move_aside(error)
                    return work(self._opened())
            except (sqlite3.Error, OSError) as error:
                self._off = True
                self._shut()
                if self.mode != "read-only" or self.path.exists():
                    log.warning(
                        "The store %s cannot be used (%s): this run continues without it",
                        self.path, error,
                    )  # fmt: skip
                return nothing

    def _move_aside(self, error: sqlite3.Error) -> None:
        """Rename a corrupt file, unless another process did so meanwhile."""
        self._shut()
        try:
            with closing(self._open()) as connection:
                if connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",):
                    return
        except sqlite3.DatabaseError as again:
            if not database.is_corrupt(again):
                raise
        aside = database.next_to(self.path, ".corrupt")
        log.warning(
            "The store %s is corrupt (%s): it was moved to %s, and a new one was started",
            self.path, error, aside.name,
        )  # fmt: skip
        # First its other files: a new file would take an old log for its own.
        for suffix in ("-wal", "-shm"):
            database.next_to(self.path, suffix).unlink(missing_ok=True)
        self.path.replace(aside)

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _shut(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self.mode == "read-only":
            return database.open_to_read(self.path)
        return database.open_to_write(self.path)

    def _key(self, connection: sqlite3.Connection) -> bytes:
        """Return the key of all hashes in this store; the first caller creates it.

        Empty if there is none, and the store is only read.
        """
        path = database.next_to(self.path, ".key")
        self._secret = self._secret or _read_key(path)
        if not self._secret and self.mode != "read-only":
            with database.writing(connection):  # one process at a time
                self._secret = _read_key(path) or _new_key(path)
        return self._secret

    def _found(
        self, connection: sqlite3.Connection, principal: bytes, ids: Iterable[int]
    ) -> list[Item]:
        now, key = int(time.time()), self._key(connection)
        found: list[Item] = []
        stale: list[int] = []
        rows = connection.execute(_FIND, (orjson.dumps([*ids]).decode(), principal))
        for row in rows:
            number, stamp, data, seal, used = row
            item = Item(number, stamp, data)
            if None in row or not compare_digest(seal, _seal(key, principal, item)):
                continue  # another program wrote this row, or moved it
            found.append(item)
            # Once a day is enough to know what is used, and saves a write for each look-up.
            if used < now - _DAY:
                stale.append(number)
        if stale and self.mode == "on":
            with database.writing(connection):
                connection.execute(_TOUCH, (now, principal, orjson.dumps(stale).decode()))
        return found

    def _kept(
        self, connection: sqlite3.Connection, principal: bytes, items: Iterable[Item]
    ) -> None:
        now, key = int(time.time()), self._key(connection)
        rows = [
            (principal, item.id, item.stamp, now, item.data, _seal(key, principal, item))
            for item in items
        ]
        with database.writing(connection):
            connection.executemany(_KEEP, rows)
        if database.bytes_used(connection) > self._most:
            self._evict(connection)

    def _evict(self, connection: sqlite3.Connection) -> None:
        """Delete the least recently used items, and give their space back."""
        with database.writing(connection):
            while database.bytes_used(connection) > self._most * _EVICTED_TO:
                rows = database.number_of(connection, "SELECT count(*) FROM kept")
                if not rows:
                    break
                connection.execute(_EVICT, (max(1, rows // 10),))
        connection.execute("PRAGMA incremental_vacuum").fetchall()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _after_fork(self) -> None:
        """Start afresh in a forked child. The parent's connection is neither used nor closed."""
        self._lock = threading.Lock()
        if self._connection is not None:
            _parents.append(self._connection)
            self._connection = None


@dataclass(frozen=True, slots=True)
class PrincipalStore:
    """The part of a store that belongs to one principal. Immutable."""

    store: Store
    principal: bytes

    def find(self, ids: Iterable[int]) -> Iterable[Item]:
        """Return the items with these numbers, in any order."""
        return self.store.find(self.principal, ids)

    def keep(self, items: Iterable[Item]) -> None:
        """Store these items and replace those with the same numbers; all or none are stored."""
        self.store.keep(self.principal, items)


@contextmanager
def open_store(
    instance: str,
    credential: Credential,
    mode: Mode = "on",
    folder: Path | None = None,
    *,
    most_mb: float = MOST_MB,
) -> Iterator[PrincipalStore]:
    """Yield the part of an instance's store that belongs to a credential; close it at the end."""
    with Store(instance, mode, folder, most_mb=most_mb) as store:
        yield store.of(credential)


def clear_store(instance: str, folder: Path | None = None) -> int:
    """Delete everything stored about an instance, for all principals; return how many items.

    Raises ConfigurationError if that is not possible.
    """
    store = Store(instance, folder=folder)
    try:
        database.next_to(store.path, ".corrupt").unlink(missing_ok=True)
        if not store.path.exists():
            return 0
        # Deleted by SQLite, not as a file: other processes can have it open.
        with closing(store._open()) as connection:  # noqa: SLF001 - a store of our own
            with database.writing(connection):
                rows = connection.execute("DELETE FROM kept").rowcount
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return rows
    except (sqlite3.Error, OSError) as error:
        raise ConfigurationError(
            f"The store {store.path} cannot be cleared: {error}",
            hint="Stop the programs that use it, then delete the file.",
        ) from error


def remove_items(
    path: Path, is_meant: Callable[[int, bytes], bool], *, only_look: bool = False
) -> int:
    """Delete the items of a store with numbers and bytes that are meant; return how many they are.

    Of all principals, and with `only_look` none. Raises ConfigurationError if that is not possible.
    """
    if not path.exists():
        return 0
    try:
        opened = database.open_to_read(path) if only_look else database.open_to_write(path)
        with closing(opened) as connection:
            rows = connection.execute(
                "SELECT rowid, CAST(id AS INTEGER), CAST(data AS BLOB) FROM kept"
            )
            meant = [(place,) for place, number, data in rows if is_meant(number, data)]
            if meant and not only_look:
                with database.writing(connection):
                    connection.executemany("DELETE FROM kept WHERE rowid = ?", meant)
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if not only_look:
            database.next_to(path, ".corrupt").unlink(missing_ok=True)
        return len(meant)
    except (sqlite3.Error, OSError) as error:
        raise ConfigurationError(
            f"The store {path} cannot be changed: {error}",
            hint="Stop the programs that use it, or delete the file.",
        ) from error


def store_path(instance: str, folder: Path | None = None) -> Path:
    """Return the path of an instance's store, whether it exists or not."""
    if folder is None:
        from platformdirs import user_cache_path  # noqa: PLC0415 - not needed to import us

        folder = user_cache_path("gitlab_sync", appauthor=False)
    name = re.sub(r"[^a-z0-9.-]", "_", (urlsplit(instance).hostname or "")[:60])
    # The host is for people who look into the folder; the hash includes port and path.
    return folder / f"{name}-{blake2b(instance.encode(), digest_size=6).hexdigest()}.sqlite"


def _read_key(path: Path) -> bytes:
    """Return the key in this file; half a key is none."""
    try:
        database.require_own(path)
        with path.open("rb") as file:
            key = file.read(_KEY_BYTES + 1)
    except FileNotFoundError:
        return b""
    return key if len(key) == _KEY_BYTES else b""


def _new_key(path: Path) -> bytes:
    """Return a new key, after writing it into a file with mode 0600 that is never half written."""
    key = os.urandom(_KEY_BYTES)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(key)
            file.close()
            Path(file.name).replace(path)
        except BaseException:  # such as a full disk
            Path(file.name).unlink()
            raise
    return key


def _seal(key: bytes, principal: bytes, item: Item) -> bytes:
    """Return a keyed check of an item and its owner: no other program can make one."""
    parts = (principal, str(item.id).encode(), item.stamp, item.data)
    made = blake2b(key=key, digest_size=16, person=b"item")
    for part in parts:
        made.update(len(part).to_bytes(8) + part)
    return made.digest()


_stores: weakref.WeakSet[Store] = weakref.WeakSet()
_parents: list[sqlite3.Connection] = []


def _in_forked_child() -> None:
    for store in list(_stores):
        store._after_fork()  # noqa: SLF001


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_in_forked_child)
