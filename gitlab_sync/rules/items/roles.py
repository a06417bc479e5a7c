"""Whose an item is: written by the person, assigned to them, or both.

Rows of merge requests and issues carry a `role`. What is both counts as authored, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_sync.rules import record

if TYPE_CHECKING:
    from gitlab_sync.types import Record

_AUTHORED = frozenset({"authored", "author", "authored & assigned"})
_ASSIGNED = frozenset({"assigned", "authored & assigned"})


def is_authored(row: Record) -> bool:
    """Say whether the person wrote it."""
    return _role(row) in _AUTHORED


def is_assigned(row: Record) -> bool:
    """Say whether it is assigned to the person."""
    return _role(row) in _ASSIGNED


def _role(row: Record) -> str:
    return (record.text(row, "role") or "").lower()
