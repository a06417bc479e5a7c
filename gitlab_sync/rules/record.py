"""Reads GitLab's records leniently: a null, missing or unexpected field never raises.

Null means no value; what needs a key that is missing is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

STATES = frozenset({"opened", "closed", "merged", "locked"})
"""The states of merge requests and issues, in lower case."""


@dataclass(frozen=True, slots=True)
class NotKnown:
    """The value of a field that cannot be known any more, with the reason. No reader takes it."""

    reason: str


def field(record: object, key: str) -> Any:
    """Return `record[key]`; None if it is null or missing, or `record` is not an object."""
    return record.get(key) if isinstance(record, dict) else None


def text(record: object, key: str) -> str | None:
    """Return the text under `key`: empty for null or missing, None for another type."""
    if not isinstance(record, dict):
        return None
    value = record.get(key)
    if isinstance(value, str):
        return value
    return "" if value is None else None


def read_text(record: object, key: str) -> str | None:
    """Return the text under `key`: empty for null, None if it is missing or of another type."""
    # As `text`, written out: it is called for each check of each item.
    if not isinstance(record, dict):
        return None
    value = record.get(key)
    if isinstance(value, str):
        return value
    return "" if value is None and key in record else None


def number(record: object, key: str) -> int | float | None:
    """Return the number under `key`, or None for anything else, such as true, false and NaN."""
    value = field(record, key)
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def count(record: object, key: str) -> int | None:
    """Return the whole number from 0 up under `key`, or None for anything else."""
    value = record.get(key) if isinstance(record, dict) else None
    return value if type(value) is int and value >= 0 else None


def author(record: object) -> str | None:
    """Return the username of the `author` of an item or a note, or None."""
    found = record.get("author") if isinstance(record, dict) else None
    return text(found, "username") or None


def state(record: object) -> str | None:
    """Return the `state` of an item in lower case, one of `STATES`, or None."""
    value = record.get("state") if isinstance(record, dict) else None
    if not isinstance(value, str):
        return None
    known = value if value in STATES else value.lower()
    return known if known in STATES else None


def link(record: object, suffix: str = "") -> str | None:
    """Return the record's `web_url` followed by `suffix`, or None if it has none."""
    url = record.get("web_url") if isinstance(record, dict) else None
    return url + suffix if url and isinstance(url, str) else None


def identity(record: object) -> int | str | None:
    """Return the `id` by which two records are the same, a number or a text, or None."""
    value = field(record, "id")
    return value if value and isinstance(value, str) else number_id(record)


def number_id(record: object, key: str = "id") -> int | None:
    """Return the number under `key` that GitLab knows a record by, or None."""
    return count(record, key)


def why(record: object, key: str, otherwise: str) -> str:
    """Return why the value under `key` cannot be known, or `otherwise` for any other value."""
    value = field(record, key)
    return value.reason if isinstance(value, NotKnown) else otherwise


def unreadable(record: object, key: str, kind: str) -> str:
    """Return why `key` of a record is not `kind`: missing, not known, or something else."""
    if isinstance(value := field(record, key), NotKnown):
        return value.reason
    if isinstance(record, dict) and key not in record:
        return f"{key} not in the list"
    return f"{key} is not {kind}"
