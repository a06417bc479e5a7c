"""How often Python looks for garbage, in processes that are ours alone."""

from __future__ import annotations

import gc

_YOUNG = 20_000
"""New objects after which it looks; Python's own number is 700, or 2,000 from 3.13 on."""


def collect_seldom() -> None:
    """Let Python look for circles of garbage more seldom, in the whole process.

    A run makes millions of objects and a few dozen that form circles: looking for those took a
    quarter of its CPU, and a third in the app and where most came from a store, at the same memory.
    It is for programs: a library leaves this to the one that uses it.
    """
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
