"""Usernames: how people type them, how they are compared, and what GitLab accepts."""

from __future__ import annotations

import re

_USERNAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.\-]{0,254}")
_PROFILE = re.compile(r"https?://[^/\s]+/(?:users/)?([^/\s?#]+)/?(?:[?#].*)?", re.IGNORECASE)


def bare_username(text: object) -> str:
    """Return a typed username without white space around it and without an `@` before it.

    Of the address of a profile (`https://gitlab.example/alice`) it is the username. Empty for None
    and blank text.
    """
    typed = str(text or "").strip()
    profile = _PROFILE.fullmatch(typed) if "/" in typed else None
    return (typed if profile is None else profile[1]).removeprefix("@")


def username_key(name: str | None) -> str:
    """Return the key of a person: the bare username in lower case, since GitLab ignores case."""
    return bare_username(name).lower()


def is_username(text: str) -> bool:
    """Return whether `text` can be a username of GitLab: letters, digits, `_`, `.` and `-`."""
    return _USERNAME.fullmatch(text) is not None


class HasUsername:
    """Anything that belongs to one person, identified by username."""

    __slots__ = ()

    username: str

    @property
    def key(self) -> str:
        """The key of the person; see `username_key`."""
        return username_key(self.username)
