"""What a record must be to be used.

A malformed record is left out of its list, which is then incomplete, with the reason; the others
stay. Fields that only some checks need are checked by the rules.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from gitlab_sync.errors import BadResponse
from gitlab_sync.rules import record
from gitlab_sync.rules.text import instant, plural

_MISSING = object()
_SEGMENT = r"(?!\.{1,2}(?:/|\Z))[\w.-]+"
_PATH = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: its name ("a text"), and whether a value is of this kind."""

    name: str
    fits: Callable[[object], bool]

    def or_null(self) -> Kind:
        """Return the kind of these values and null."""
        return Kind(self.name, lambda value: value is None or self.fits(value))

    def if_any(self) -> Kind:
        """Return the kind of these values and null, for a key that can be missing."""
        return Kind(self.name, lambda value: value is None or value is _MISSING or self.fits(value))


ID = Kind("an id", lambda value: type(value) is int and value > 0)
COUNT = Kind("a number from 0 up", lambda value: type(value) is int and value >= 0)
TEXT = Kind("a text", lambda value: isinstance(value, str))
NAME = Kind("a name", lambda value: isinstance(value, str) and bool(value.strip()))
PATH = Kind("a path", lambda value: isinstance(value, str) and _PATH.fullmatch(value) is not None)
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
LIST = Kind("a list", lambda value: isinstance(value, list))
TIME = Kind("a time", lambda value: instant(value) is not None)
STATE = Kind("a state", lambda value: record.state({"state": value}) is not None)


@dataclass(frozen=True, slots=True)
class Shape:
    """Which fields a record must have, and of which kinds. Immutable.

    `noun` names one such record ("merge request"); `inner` has the shapes of objects in it.
    """

    noun: str = "row"
    fields: Mapping[str, Kind] = field(default_factory=dict)
    inner: Mapping[str, Shape] = field(default_factory=dict)

    def fault(self, thing: object) -> str | None:
        """Return the first thing that is wrong with a record; None if it is of this shape."""
        if not isinstance(thing, dict):
            return "it is not an object"
        for key, kind in self.fields.items():
            value = thing.get(key, _MISSING)
            if not kind.fits(value):
                if isinstance(value, record.NotKnown):
                    return f"{key} is not known: {value.reason}"
                return f"{key} is not {kind.name}" if key in thing else f"{key} is missing"
        for key, shape in self.inner.items():
            found = shape.fault(thing.get(key))
            if found is not None:
                return f"{key}: {found}"
        return None

    def malformed(self, things: Iterable[object]) -> BadResponse | None:
        """Return the error that says how many of these are not of this shape; None if all are."""
        faults = [fault for fault in map(self.fault, things) if fault is not None]
        if not faults:
            return None
        reason, _ = Counter(faults).most_common(1)[0]
        return BadResponse(f"{plural(len(faults), self.noun)} not readable: {reason}")


ANY = Shape()
"""Any object."""

WITH_ID = Shape(fields={"id": ID})
"""Any object with a number as its id."""
