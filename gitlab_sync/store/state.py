"""The state of a store on disk, found out without changing it."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gitlab_sync.store import database
from gitlab_sync.store.store import store_path


@dataclass(frozen=True, slots=True)
class StoreState:
    """What is known of a store's file. Immutable.

    `size` is in bytes, with its log (None: there is no file yet). `changed` is when it was last
    written, as epoch time, `items` what it holds. A `fault` says why it cannot be used.
    """

    path: Path
    fault: str | None = None
    size: int | None = None
    mode: int = 0o600
    changed: float | None = None
    items: int = 0

    @property
    def others_can_read(self) -> bool:
        """Whether the mode lets other users of the machine in, where there are modes."""
        return os.name != "nt" and bool(self.mode & 0o077)


def state_of(instance: str, folder: Path | None = None) -> StoreState:
    """Return the state of an instance's store; the parameters are those of a `Store`.

    All of the file is read, to find out whether it is whole.
    """
    path = store_path(instance, folder)
    try:
        found = path.lstat()
    except FileNotFoundError:
        return StoreState(path, _fault_of_folder(path.parent))
    except OSError as error:
        return StoreState(path, error.strerror)
    log = database.next_to(path, "-wal")
    # An empty log is what another reader left, and says nothing.
    files = [found, *([log.stat()] if log.exists() and log.stat().st_size else [])]
    try:
        with closing(database.open_to_read(path)) as connection:
            said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            items = database.number_of(connection, "SELECT count(*) FROM kept")
    except (sqlite3.Error, OSError) as error:
        return StoreState(path, getattr(error, "strerror", None) or str(error))
    return StoreState(
        path,
        None if said == "ok" else str(said),
        sum(file.st_size for file in files),
        stat.S_IMODE(found.st_mode),
        max(file.st_mtime for file in files),
        items,
    )


def _fault_of_folder(folder: Path) -> str | None:
    """Return why no file can be made in a folder that is there or not, or None."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return None
    return f"no file can be created in {there}"
