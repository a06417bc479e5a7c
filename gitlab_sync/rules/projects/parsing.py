"""Reads TOML, JSON and INI of strangers, in time that grows no faster than the text.

Each function raises BeyondBounds for a text that no real project has, and ValueError, with the
reason, for one that is not valid.
"""

from __future__ import annotations

import re
import tomllib
from collections import ChainMap
from collections.abc import Mapping
from typing import Any, TypeAlias

import orjson

from gitlab_sync.rules.bounds import MOST_KEY_PARTS, BeyondBounds, Effort, within

Sections: TypeAlias = dict[str, ChainMap[str, str]]
"""The values of an INI file by section and option; options are in lower case."""

# `tomllib` takes time and memory that grow with the square of the parts of a key. So long keys are
# found first, among strings of several lines, comments, other keys, and a quote that stays open.
_PART = r"""(?:[\w-]+|"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*')"""
_DOTTED = rf"(?:[ \t]*\.[ \t]*{_PART})"
_TOML = re.compile(
    r'''"""(?:[^"\\]|\\.?|"(?!""))*(?:"{3,5}|\Z)'''
    r"""|'''(?:[^']|'(?!''))*(?:'{3,5}|\Z)"""
    r"|\#[^\n]*"
    rf"|(?P<long>{_PART}{_DOTTED}{{{MOST_KEY_PARTS}}})|{_PART}{_DOTTED}*"
    r"|[\"'].*",
    re.DOTALL,
)

_DELIMITER = re.compile("[=:]")


def read_toml(text: str, effort: Effort) -> dict[str, Any]:
    """Return the tables of a TOML text."""
    effort.spend(len(within(text)))
    try:
        return parse_toml(text)
    except ValueError:
        raise ValueError("not valid TOML") from None


def parse_toml(text: str) -> dict[str, Any]:
    """Return the tables of a TOML text of any length; a ValueError says where it is not valid."""
    if any(found["long"] for found in _TOML.finditer(text)):
        raise BeyondBounds(f"a key with more than {MOST_KEY_PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise BeyondBounds("too many levels") from None


def read_json(text: str, effort: Effort) -> Any:
    """Return the value of a JSON text."""
    effort.spend(len(within(text)) // 10)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ValueError("not valid JSON") from None


def read_ini(text: str, effort: Effort) -> Sections:
    """Return the sections of an INI text, as `configparser` reads them.

    It is not used itself: the time it takes grows with the square of the length of a line, and with
    that of the number of invalid lines.
    """
    effort.spend(len(within(text)) // 2)
    usual: dict[str, list[str]] = {}
    sections: dict[str, dict[str, list[str]]] = {"DEFAULT": usual}
    options: dict[str, list[str]] | None = None
    value: list[str] | None = None
    indent = 0
    for line in text.split("\n"):
        bare = line.strip()
        if bare[:1] in {"#", ";"}:
            continue
        here = len(line) - len(line.lstrip())
        if value is not None and (here > indent or not bare):
            value.append(bare)
        elif bare[:1] == "[" and bare.rfind("]") > 1:
            options, value, indent = sections.setdefault(bare[1 : bare.rindex("]")], {}), None, here
        elif bare:
            found = _DELIMITER.search(bare)
            name = bare[: found.start()].rstrip().lower() if found else ""
            if options is None or found is None or not name:
                raise ValueError("not a valid INI file")
            value, indent = [bare[found.end() :].strip()], here
            options[name] = value
    del sections["DEFAULT"]
    shared = _texts(usual)
    return {name: ChainMap(_texts(own), shared) for name, own in sections.items()}


def _texts(options: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: "\n".join(lines).rstrip() for name, lines in options.items()}
