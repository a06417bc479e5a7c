"""The operator's aliases file: read for every run on the live GitLab, written by admins."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.pages.state.server_settings import is_own_gitlab, server_secrets
from gitlab_sync.pages.state.sign_ins import SignIn
from gitlab_sync.rules.identity.alias_text import Assigned, form_of, with_assigned
from gitlab_sync.rules.identity.known_by import NOBODY_ELSE, KnownBy, parse_known_by
from gitlab_sync.rules.text import plural
from gitlab_sync.services import alias_file
from gitlab_sync.services.alias_file import Change

VARIABLE = "GITLAB_SYNC_ALIASES"
"""The environment variable with the path of the file."""

log = logging.getLogger("gitlab_sync")


@dataclass(frozen=True, slots=True)
class ServerAliases:
    """What the file says, and what changes whenever the file does. Immutable."""

    known_by: KnownBy = NOBODY_ELSE
    state: object = None


@dataclass(frozen=True, slots=True)
class LastWrite:
    """The last write of this process: who wrote it and when (aware, UTC), and how many."""

    username: str
    when: datetime
    number: int
    change: Change


NO_ALIASES = ServerAliases()
"""Where there is no file, or it does not count."""

_last: LastWrite | None = None
_lock = threading.Lock()


def aliases_path() -> Path | None:
    """Return the path that the secrets name as `aliases`, else the environment; None without."""
    named = str(server_secrets().get("aliases") or os.environ.get(VARIABLE, "")).strip()
    return Path(named) if named else None


def server_aliases(sign_in: SignIn) -> ServerAliases:
    """Return what the file says to a visitor of the configured GitLab; nothing to others.

    A file that is not there says nothing. Raises ConfigurationError if it is not valid.
    """
    path = aliases_path()
    if path is None or not is_own_gitlab(sign_in):
        return NO_ALIASES
    try:
        found = path.stat()
    except FileNotFoundError:
        return ServerAliases(state=(str(path), None))
    except OSError as error:
        raise ConfigurationError(
            f"the file of {VARIABLE} cannot be read: {error.strerror}"
        ) from None
    return _read(path, (found.st_mtime_ns, found.st_size, found.st_ino))


@lru_cache(maxsize=4)
def _read(path: Path, state: object) -> ServerAliases:
    known_by = parse_known_by(alias_file.read_text(path), f"the file of {VARIABLE}")
    return ServerAliases(known_by, (str(path), state))


def write(path: Path, username: str, assigned: Iterable[Assigned]) -> bool:
    """Add to the file; return False if it says all of that already. Thread-safe.

    `username` is that of the admin. Raises ConfigurationError as `with_assigned` and `change_file`:
    then nothing is written.
    """
    global _last  # noqa: PLW0603 - the file has one last write
    each = list(assigned)

    def changed(text: str) -> str:
        return with_assigned(text, each, form_of(path.name, text), path.name)

    with _lock:
        change = alias_file.change_file(path, changed)
        if change is None:
            return False
        _last = LastWrite(username, datetime.now(UTC), len(each), change)
    log.info("%s added %s to %s", username, plural(len(each), "signature"), path)
    return True


def last_write() -> LastWrite | None:
    """Return the last write of this process that was not undone."""
    return _last


def undo_write(path: Path, username: str, write: LastWrite) -> None:
    """Put back what the file was before a write. Thread-safe.

    Raises ConfigurationError if it is not the last one, or the file was changed since.
    """
    global _last  # noqa: PLW0603
    with _lock:
        if write is not _last:
            raise ConfigurationError("Something was written since, so nothing was undone")
        alias_file.undo(path, write.change)
        _last = None
    log.info("%s undid the last write to %s", username, path)
