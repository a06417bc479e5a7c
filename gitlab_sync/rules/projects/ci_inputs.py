"""Inputs of included CI files: `$[[ inputs.name ]]` and the values that take its place."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gitlab_sync.rules.bounds import Effort
from gitlab_sync.rules.projects.ci_yaml import Plain

_INPUT = re.compile(r"\$\[\[\s{0,9}inputs\.([\w-]{1,99})[^\]\n]{0,200}\]\]")
_LONGEST = 10_000


def defaults_of(header: Plain) -> dict[str, Plain]:
    """Return the default values of the inputs that a `spec` header declares."""
    spec = header.get("spec") if isinstance(header, dict) else None
    declared = spec.get("inputs") if isinstance(spec, dict) else None
    if not isinstance(declared, dict):
        return {}
    return {
        name: one["default"]
        for name, one in declared.items()
        if isinstance(one, dict) and "default" in one
    }


def filled(value: Plain, inputs: Mapping[str, Plain], effort: Effort) -> Plain:
    """Return a value with the inputs in its texts and keys; what has no value stays as it is.

    A text that is nothing but one input becomes its value, whatever that is.
    """
    if not inputs:
        return value
    if isinstance(value, str):
        effort.spend(1 + len(value) // 100)
        return _text(value, inputs) if "$[[" in value else value
    if isinstance(value, list):
        return [filled(one, inputs, effort) for one in value]
    if isinstance(value, dict):
        return {key_of(key, inputs): filled(one, inputs, effort) for key, one in value.items()}
    return value


def key_of(key: str, inputs: Mapping[str, Plain]) -> str:
    """Return a key with the inputs in it."""
    found = _text(key, inputs) if "$[[" in key else key
    return found if isinstance(found, str) else key


def _text(text: str, inputs: Mapping[str, Plain]) -> Plain:
    whole = _INPUT.fullmatch(text)
    if whole is not None:
        return inputs.get(whole[1], text)

    def value(found: re.Match[str]) -> str:
        given = inputs.get(found[1])
        return found[0] if given is None or isinstance(given, list | dict) else str(given)

    return _INPUT.sub(value, text)[:_LONGEST]
