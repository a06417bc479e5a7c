"""Places of faults, which stay the same whatever a title, a text or a line says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, TypeAlias

from gitlab_sync.rules.items.references import full_reference
from gitlab_sync.types import Record

Kind: TypeAlias = Literal["project", "merge request", "issue"]

_SIGNS: dict[Kind, str] = {"merge request": "!", "issue": "#", "project": ""}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A project, or an item by its number in one. Immutable.

    `project` is the full path as GitLab spells it. A project has no number.
    """

    project: str
    kind: Kind = "project"
    number: int | None = None

    def __str__(self) -> str:
        return f"{self.project}{_SIGNS[self.kind]}{'' if self.number is None else self.number}"

    def fingerprint(self, check: str) -> str:
        """Return by what a fault of this check (by its id) is known here: 64 hexadecimal digits."""
        parts = json.dumps([check, self.kind, self.project, self.number])
        return sha256(parts.encode()).hexdigest()


def place_of_item(item: Record, kind: Kind) -> Place | None:
    """Return the place of a merge request or an issue, or None if its record does not tell it."""
    full = full_reference(item) or ""
    project, _, number = full.rpartition(_SIGNS[kind])
    if not project or not (number.isascii() and number.isdecimal()):
        return None
    return Place(project, kind, int(number))
