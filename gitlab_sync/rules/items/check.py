"""What a check is: data that tables, pages and documentation show; other modules evaluate it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Check:
    """One question that a rule set asks about every item.

    `id` is the key of its verdict, `title` its column. `fails_when` says what is a fault, `why`
    what one costs the team, and `how_to_fix` what to do about it, in whole sentences. `needs` names
    the facts that may have to be read for it, beyond the item as a list gives it (none: it costs no
    request).
    """

    id: str
    title: str
    severity: Severity
    fails_when: str
    why: str
    how_to_fix: str
    needs: tuple[str, ...] = ()
