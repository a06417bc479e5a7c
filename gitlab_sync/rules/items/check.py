"""Checks as data, for tables, pages and documentation; other modules evaluate them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["low", "medium", "high", "off"]
"""How much a fault matters. A check that a policy switches off applies to nothing."""

Fix = Literal["now", "follow-up", "next time"]
"""When a fault can be fixed: by an edit now, by a merge request of one's own, or only next time."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question that a rule set asks about every item.

    `id` is the key of its verdict, `title` its column. In whole sentences, `fails_when` says what
    is a fault, `why` what a fault costs the team, and `how_to_fix` what to do about it. `needs`
    names the facts to read beyond the item's record in a list (none: the check costs no request).
    `fix` says when a fault of an ended item can be fixed. `can_still_come` says that while an item
    is open, what the check asks for cannot be expected to be there yet.
    """

    id: str
    title: str
    severity: Severity
    fails_when: str
    why: str
    how_to_fix: str
    needs: tuple[str, ...] = ()
    fix: Fix = "next time"
    can_still_come: bool = False
