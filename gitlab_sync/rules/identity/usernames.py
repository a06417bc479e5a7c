"""Usernames: as people type them, as they are compared, and what GitLab accepts as one."""

from __future__ import annotations

import re

_USERNAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.\-]{0,254}")


def bare_username(text: object) -> str:
    """Return a username as it was typed, without white space around it and an `@` before it.

    Empty for None and other blanks.
    """
    return str(text or "").strip().removeprefix("@")


def username_key(name: str | None) -> str:
    """Return what tells people apart: the bare username in lower case. GitLab ignores case, too."""
    return bare_username(name).lower()


def is_username(text: str) -> bool:
    """Say whether `text` can be a username of GitLab: letters, digits, `_`, `.` and `-`."""
    return _USERNAME.fullmatch(text) is not None


class HasUsername:
    """Anything that belongs to one person, who is known by their username."""

    __slots__ = ()

    username: str

    @property
    def key(self) -> str:
        """What tells people apart; see `username_key`."""
        return username_key(self.username)
