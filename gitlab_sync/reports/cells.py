"""The kind of values in a column, and its cells as typed values, for typed file formats."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Literal, TypeAlias

from gitlab_sync.rules.dates import day_in, moment_in
from gitlab_sync.types import Scalar

Kind: TypeAlias = Literal["text", "integer", "number", "percent", "truth", "day", "moment"]
"""`percent`: numbers such as 75.0 for 75 %. `day`: an ISO 8601 date. `moment`: a date with time and
offset; without an offset it is text."""

Value: TypeAlias = Scalar | date
"""A typed cell. A moment is an aware `datetime` in UTC (and so also a `date`)."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Python would also accept week dates, and any character between day and hour.
_MOMENT = re.compile(_DAY.pattern + "[T ][0-9]{2}:[0-9]{2}.+")
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
# What XML 1.0, section 2.2, forbids in documents, and half a surrogate pair, which is not text.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


STEERING = rb"\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]"
"""What a terminal obeys besides the controls of ASCII, in UTF-8: DEL, U+0080 to U+009F, and the
marks that end a line or turn the direction of text."""


def legal(text: str) -> str:
    """Return `text` without the characters that are not allowed in XML or HTML."""
    return _ILLEGAL.sub("", text)


def visible(text: str) -> str:
    """Return `text` with a `?` for each character that could steer a terminal or hides others.

    These are line breaks, controls of any kind (also U+009B, and those that turn the direction of
    text), and what Unicode has not assigned.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "?" for character in text)


def as_text(cell: Scalar) -> str:
    """Return a known cell as text, with `true` and `false` as in JSON."""
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def shown_moment(moment: datetime) -> str:
    """Return an aware time for people to read: `2024-01-05 09:30:00 UTC`."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(' ', 'seconds')} UTC"


def kind_of(cells: Iterable[Scalar]) -> Kind | None:
    """Return the kind that all known cells share, or None if no cell is known.

    Integers mixed with other numbers are numbers; any other mixture is text, and so are integers of
    more than 64 bits. Never `percent`, which the numbers alone do not show.
    """
    kinds: set[Kind] = {_kind(cell) for cell in cells if _is_known(cell)}
    if len(kinds) > 1:
        return "number" if kinds == {"integer", "number"} else "text"
    return next(iter(kinds), None)


def value_of(cell: Scalar, kind: Kind) -> Value:
    """Return a cell as a typed value of this kind; None if it is unknown.

    NaN and infinity are unknown. In a column of mixed cells each stays as it is.
    """
    if cell is None or not _is_known(cell):
        return None
    if isinstance(cell, str):
        if kind == "day":
            return date.fromisoformat(cell)
        return moment_in(cell, UTC) if kind == "moment" else cell
    return float(cell) if kind in {"number", "percent"} else cell


def _is_known(cell: Scalar) -> bool:
    return cell is not None and (not isinstance(cell, float) or math.isfinite(cell))


def _kind(cell: Scalar) -> Kind:
    if isinstance(cell, bool):
        return "truth"
    if isinstance(cell, int):
        return "integer" if _SMALLEST <= cell <= _LARGEST else "text"
    if isinstance(cell, float):
        return "number"
    if isinstance(cell, str) and _DAY.fullmatch(cell) and day_in(cell) is not None:
        return "day"
    if isinstance(cell, str) and _MOMENT.fullmatch(cell) and moment_in(cell, UTC) is not None:
        return "moment"
    return "text"
