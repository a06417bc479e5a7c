"""Has the C library give free memory back: glibc would keep some of it for each thread."""

from __future__ import annotations

import ctypes
import os

_OPTIONS = {
    "MALLOC_ARENA_MAX": (-8, 2),
    "MALLOC_MMAP_THRESHOLD_": (-3, 131_072),
    "MALLOC_TRIM_THRESHOLD_": (-1, 131_072),
}
"""The numbers of `mallopt` with our values, by the variables with which an operator sets them."""


def give_back_memory() -> list[str]:
    """Set what the environment does not set; return its names. Nothing without glibc.

    Call it when the process starts: what is kept already is not given back.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # musl, macOS, Windows
        return []
    return [
        name
        for name, (option, value) in _OPTIONS.items()
        if name not in os.environ and mallopt(option, value)
    ]
