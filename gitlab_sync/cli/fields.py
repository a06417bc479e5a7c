"""Parses parameters given as `KEY=VALUE`, as texts or with types, and nested by brackets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import click

from gitlab_sync.cli.files import read_bytes
from gitlab_sync.types import Params

_KEY = re.compile(r"(?P<name>[^\[\]]+)(?P<inner>(?:\[[^\[\]]+\])*)(?P<many>\[\])?")
_INNER = re.compile(r"\[([^\[\]]+)\]")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_WORDS = {"true": True, "false": False, "null": None}


def fields(texts: Iterable[str], typed: Iterable[str]) -> Params | None:
    """Return the parameters that `KEY=VALUE` pairs make, or None for none at all.

    The values of `texts` stay as they are; those of `typed` can be `true`, `false`, `null`, whole
    numbers, or `@FILE`. `a[]=1` makes a list, `a[b]=1` an object. Raises click.UsageError, which
    names the key, for a malformed pair, or a file that cannot be read.
    """
    found: Params = {}
    for pair in texts:
        _put(found, *_split(pair))
    for pair in typed:
        key, value = _split(pair)
        _put(found, key, _with_type(key, value))
    return found or None


def _split(pair: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    if not equals:
        raise click.UsageError("A field must be KEY=VALUE, got no “=”.")
    return key, value


def _with_type(key: str, value: str) -> Any:
    if value in _WORDS:
        return _WORDS[value]
    if _INTEGER.fullmatch(value):
        return int(value)
    if value.startswith("@"):
        return _content(key, value[1:])
    return value


def _content(key: str, name: str) -> str:
    try:
        return read_bytes(name).decode()
    except UnicodeDecodeError:
        raise click.UsageError(f"{key}: {name} must be UTF-8") from None


def _put(into: Params, key: str, value: Any) -> None:
    """Put a value at the place of its key; missing lists and objects are created."""
    parts = _KEY.fullmatch(key)
    if parts is None:
        raise click.UsageError(f"A key must be like a, a[], a[b] or a[b][], got {key!r}.")
    *way, last = parts["name"], *_INNER.findall(parts["inner"])
    place: Any = into
    for step in way:
        place = place.setdefault(step, {})
        if not isinstance(place, dict):
            raise click.UsageError(f"{key!r} is below a key that has a value of its own.")
    if not parts["many"]:
        place[last] = value
        return
    values = place.setdefault(last, [])
    if not isinstance(values, list):
        raise click.UsageError(f"{key!r} is a list, but also has a value of its own.")
    values.append(value)
