"""How many examples and cases a test tries: as many as there is time for in a profile."""

from __future__ import annotations

from hypothesis import settings

QUICK = 25
"""The most examples in the profile `quick`."""


def examples(usual: int, explored: int | None = None) -> int:
    """Return the number for the profile of this run; `explore` tries `explored`, or as usual.

    A number that a test asks for by itself would be above the one of its profile.
    """
    if settings.default.max_examples <= QUICK:
        return min(usual, QUICK)
    return usual if explored is None or settings.default.derandomize else explored
