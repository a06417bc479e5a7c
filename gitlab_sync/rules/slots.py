"""The parts of a working day, into which commits are sorted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Literal, TypeAlias

Slot: TypeAlias = Literal["Morning", "Afternoon", "Other"]


@dataclass(frozen=True, slots=True)
class Slots:
    """When the morning and the afternoon begin, and when the afternoon ends. Immutable.

    The three are in order. The rest of the day is `Other`.
    """

    morning: time = time(9)
    afternoon: time = time(12, 30)
    evening: time = time(17)

    def of(self, clock: time) -> Slot:
        """Return the part of the day that a time is in."""
        if self.morning <= clock < self.afternoon:
            return "Morning"
        return "Afternoon" if self.afternoon <= clock < self.evening else "Other"


USUAL_SLOTS = Slots()
"""Morning from 9:00, afternoon from 12:30 to 17:00."""
