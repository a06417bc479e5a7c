"""The page of the app that a visitor left to sign in elsewhere, to bring them back to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gitlab_sync.errors import without_secrets

LIFE = 900.0
"""Seconds that a return path is kept. After a longer sign-in the visitor expects the first page."""

MOST_CHARACTERS = 20_000
"""The longest query that is kept. Of a longer one only the page is kept."""


@dataclass(frozen=True, slots=True)
class ReturnPath:
    """A page of the app: the path of its URL, and the query as values by name. Immutable.

    It has no host, so it cannot lead outside the app, and it has no tokens.
    """

    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, path: str, query: Mapping[str, Sequence[str]]) -> ReturnPath:
        """Return the path with its query, without secrets; without a query that is too long."""
        clean = {name: [*map(without_secrets, values)] for name, values in query.items()}
        length = sum(len(value) for values in clean.values() for value in values)
        return cls(path, clean if length <= MOST_CHARACTERS else {})
