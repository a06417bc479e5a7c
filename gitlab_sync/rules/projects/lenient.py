"""Reads TOML, JSON and YAML of strangers leniently: what is not valid has nothing in it.

Each function raises BeyondBounds for a text that no real project has, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitlab_sync.rules.bounds import BeyondBounds, Effort
from gitlab_sync.rules.projects.ci_yaml import Plain, YamlError, load
from gitlab_sync.rules.projects.parsing import read_json, read_toml


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a mapping, or an empty one in the place of any other value."""
    return value if isinstance(value, dict) else {}


def mapping_at(data: Any, *path: str) -> Mapping[str, Any]:
    """Return the mapping at these keys, one in the other."""
    for step in path:
        data = mapping(data).get(step)
    return mapping(data)


def toml(text: str, effort: Effort | None) -> Mapping[str, Any]:
    """Return the tables of a TOML text."""
    try:
        return read_toml(text, effort or Effort())
    except ValueError:
        return {}


def json(text: str, effort: Effort | None) -> Mapping[str, Any]:
    """Return the object in a JSON text."""
    try:
        return mapping(read_json(text, effort or Effort()))
    except ValueError:
        return {}


def yaml(text: str, effort: Effort | None) -> Plain:
    """Return the value of a YAML text."""
    try:
        return load(text, effort).value
    except BeyondBounds:
        raise
    except YamlError:
        return None
