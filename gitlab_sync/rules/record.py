"""Reads GitLab's records leniently: a null, missing or unexpected field never raises."""

from __future__ import annotations

from math import isfinite
from typing import Any


def field(record: object, key: str) -> Any:
    """Return `record[key]`; None if it is null or missing, or `record` is not an object."""
    return record.get(key) if isinstance(record, dict) else None


def text(record: object, key: str) -> str | None:
    """Return the text under `key`: empty for null or missing, None for another type."""
    if not isinstance(record, dict):
        return None
    value = record.get(key)
    if value is None:
        return ""
    return value if isinstance(value, str) else None


def number(record: object, key: str) -> int | float | None:
    """Return the number under `key`, or None for anything else, such as true, false and NaN."""
    value = field(record, key)
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def author(record: object) -> str | None:
    """Return the username of the `author` of an item or a note, or None."""
    return text(field(record, "author"), "username") or None


def state(record: object) -> str | None:
    """Return the `state` of an item in lower case (`opened`, `closed`, …), or None."""
    value = text(record, "state")
    return value.lower() if value else None


def link(record: object, suffix: str = "") -> str | None:
    """Return the record's `web_url` followed by `suffix`, or None if it has none."""
    url = text(record, "web_url")
    return url + suffix if url else None


def identity(record: object) -> int | str | None:
    """Return the `id` by which two records are the same item, or None."""
    value = field(record, "id")
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None
