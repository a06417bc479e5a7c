"""Reads the number in a cell of a table, whichever program and locale wrote it."""

from __future__ import annotations

import re
from math import isfinite
from typing import TypeAlias

OlderCell: TypeAlias = int | float | str | None
"""A number, None for an empty cell, or the text of a cell that is no number."""

_NOTHING = frozenset({"", "-", "–", "—", "?", "n/a", "na", "nan", "none", "null"})  # noqa: RUF001

# White space and typographic apostrophes between groups are `'` here.
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)"
    r"(?P<whole>[1-9][0-9]{0,2}(?P<mark>[,.'])[0-9]{3}(?:(?P=mark)[0-9]{3})*|[0-9]+)"
    r"(?:(?P<point>[.,])(?P<part>[0-9]*))?"
)
_MOST = 40  # characters of a number


def cell_of(given: object) -> OlderCell:
    """Return what a cell of a CSV, a workbook or JSON holds; never raises.

    Numbers can be text: `7`, `7.0` and `7,0` are 7. One sign before each three digits groups
    them, and counts are whole: `1,234`, `1.234`, `1 234` and `1'234` are 1234. A cell with a sign
    for nothing (`-`, `?`, `nan`, `None`) is empty.
    """
    if isinstance(given, int | float) and not isinstance(given, bool):
        return _plain(given) if isfinite(given) else None
    text = "" if given is None else str(given).strip()
    if text.casefold() in _NOTHING:
        return None
    # A spreadsheet keeps an apostrophe before what it is to take as text.
    bare = "'".join(text.removeprefix("'").replace("\u2019", "'").split())
    found = None if len(bare) > _MOST else _NUMBER.fullmatch(bare)
    if found is None or (found["point"] and found["point"] == found["mark"]):
        return text
    digits = "".join(filter(str.isdigit, found["whole"]))
    return _plain(float(f"{found['sign']}{digits}.{found['part'] or 0}"))


def _plain(number: float) -> int | float:
    """Return a whole number as an int."""
    return int(number) if number == int(number) else number
