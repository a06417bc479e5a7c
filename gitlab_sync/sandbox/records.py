"""The rows of the sandbox's tables, and the small shapes that are cut from them."""

from __future__ import annotations

import gc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias

import orjson

Record: TypeAlias = dict[str, Any]
"""One JSON object in the shape that GitLab gives it."""

_LONGEST_ID = 18
_BASIC_USER = ("id", "username", "name", "state", "locked", "avatar_url", "web_url")


class Row:
    """One record and, after the first use, its JSON text.

    Lists are sent by joining the texts of their rows, since encoding the same hundred merge
    requests for every page would cost more than all the rest of an answer.
    """

    __slots__ = ("_json", "_mark", "data")

    def __init__(self, data: Record, json: bytes | None = None) -> None:
        self.data = data
        self._json = json
        self._mark: int | None = None

    @property
    def json(self) -> bytes:
        """The record as JSON."""
        if self._json is None:
            self._json = orjson.dumps(self.data)
        return self._json

    @property
    def mark(self) -> int:
        """A checksum of the text; what ETags are made of."""
        if self._mark is None:
            self._mark = zlib.crc32(self.json)
        return self._mark


@lru_cache(maxsize=65_536)
def instant(text: str) -> float:
    """Return the time that `text` (ISO 8601; without offset it is UTC) names, in epoch seconds.

    Raises ValueError for anything else.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def id_in(text: str) -> int | None:
    """Return the id that a text is, or None; no id has thousands of digits."""
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_ID else None


@contextmanager
def without_collection() -> Iterator[None]:
    """Keep the garbage collector from running while a world is made or read.

    A world is hundreds of thousands of dicts that all stay: each of its many runs would look at all
    of them in vain, which takes several times as long as making them. Other threads go without it
    as long.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def basic_user(user: Record) -> Record:
    """Return the few fields of a user that lists and other records show."""
    return {key: user.get(key) for key in _BASIC_USER}
