"""What a record must be to be used: checked once, where lists are read.

One malformed record is left out and makes its list incomplete, with the reason; the others stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gitlab_sync.rules import record
from gitlab_sync.rules.text import instant

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
NUMBER = Kind("a whole number", lambda value: type(value) is int)
TEXT = Kind("a text", lambda value: isinstance(value, str))
NAME = Kind("a name", lambda value: isinstance(value, str) and bool(value.strip()))
PATH = Kind("a path", lambda value: isinstance(value, str) and _PATH.fullmatch(value) is not None)
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
LIST = Kind("a list", lambda value: isinstance(value, list))
TIME = Kind("a time", lambda value: instant(value) is not None)
STATE = Kind("a state", lambda value: record.state({"state": value}) is not None)


class Fault(NamedTuple):
    """What is wrong with a record; `vital`: it cannot be used at all."""

    reason: str
    vital: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """Which fields a record must have, and of which kinds. Immutable.

    `noun` names one such record ("merge request"). Without one of the `vital` fields, or of the
    `inner` objects, a record cannot be used. Without one of the `needed` fields it can, but
    something about it is unknown.
    """

    noun: str = "row"
    vital: Mapping[str, Kind] = field(default_factory=dict)
    needed: Mapping[str, Kind] = field(default_factory=dict)
    inner: Mapping[str, Shape] = field(default_factory=dict)

    def fault(self, thing: object) -> Fault | None:
        """Return the first fault of a record, a vital one if there is one; None if it is sound."""
        if not isinstance(thing, dict):
            return Fault("it is not an object", vital=True)
        for key, shape in self.inner.items():
            found = shape.fault(thing.get(key))
            if found is not None:
                return Fault(f"{key}: {found.reason}", vital=True)
        for fields, vital in ((self.vital, True), (self.needed, False)):
            for key, kind in fields.items():
                if not kind.fits(thing.get(key, _MISSING)):
                    return Fault(_reason(thing, key, kind), vital)
        return None


ANY = Shape()
"""Any object."""

WITH_ID = Shape(vital={"id": ID})
"""Any object with a number as its id."""


def _reason(thing: Mapping[str, Any], key: str, kind: Kind) -> str:
    return f"{key} is not {kind.name}" if key in thing else f"{key} is missing"
