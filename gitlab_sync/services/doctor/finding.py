"""What a check of the doctor found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gitlab_sync.types import Scalar

Status: TypeAlias = Literal["ok", "warning", "problem", "not checked"]
"""A `problem` keeps runs from working; after a `warning` they work, with less or for now."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, and what to do about it. Immutable.

    `text` is a phrase for people; `facts` are the values in it for programs.
    """

    status: Status
    text: str
    to_do: str = ""
    facts: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        """Whether checks that need this one can be made."""
        return self.status in {"ok", "warning"}


def ok(text: str, **facts: Scalar) -> Finding:
    """Return the finding that all is well."""
    return Finding("ok", text, facts=facts)


def warning(text: str, to_do: str, **facts: Scalar) -> Finding:
    """Return a finding after which runs still work."""
    return Finding("warning", text, to_do, facts)


def problem(text: str, to_do: str, **facts: Scalar) -> Finding:
    """Return a finding after which runs do not work."""
    return Finding("problem", text, to_do, facts)


def not_checked(why: str, to_do: str = "") -> Finding:
    """Return the finding that nothing could be found out."""
    return Finding("not checked", why, to_do)
