"""The query of one request, read as GitLab's parameter checks read it."""

from __future__ import annotations

from collections.abc import Container
from urllib.parse import parse_qsl

from gitlab_sync.sandbox.answer import invalid, not_a_value
from gitlab_sync.sandbox.records import instant

_TRUE = frozenset({"true", "t", "1", "yes", "on"})
_FALSE = frozenset({"false", "f", "0", "no", "off"})


class Query:
    """The parameters of one request. `name[]` may repeat; else the last one given counts.

    The reading methods raise the `Refusal` (status 400) that GitLab answers with.
    """

    __slots__ = ("_values", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._values: dict[str, list[str]] = {}
        if text:
            for name, value in parse_qsl(text, keep_blank_values=True):
                self._values.setdefault(name, []).append(value)

    def get(self, name: str) -> str | None:
        """Return the value; None if it is missing or empty."""
        values = self._values.get(name)
        return values[-1] or None if values else None

    def names(self, name: str) -> list[str]:
        """Return the values of `name[]` (or of `name`, split at its commas); empty ones left out.

        Both forms are taken, as GitLab does for `iids`, `labels` and `assignee_username`.
        """
        values = self._values.get(name + "[]")
        if values is None:
            values = [part for value in self._values.get(name, ()) for part in value.split(",")]
        return [value.strip() for value in values if value.strip()]

    def number(self, name: str) -> int | None:
        """Return the value as an int."""
        value = self.get(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError:
            raise invalid(name) from None

    def numbers(self, name: str) -> list[int]:
        """Return the values of `name[]` as ints."""
        try:
            return [int(value) for value in self.names(name)]
        except ValueError:
            raise invalid(name) from None

    def flag(self, name: str) -> bool | None:
        """Return the value as a bool; None if it is missing."""
        value = self.get(name)
        if value is None:
            return None
        if value.lower() in _TRUE:
            return True
        if value.lower() in _FALSE:
            return False
        raise invalid(name)

    def choice(self, name: str, allowed: Container[str], default: str) -> str:
        """Return the value, which must be one of `allowed`."""
        value = self.get(name)
        if value is None:
            return default
        if value not in allowed:
            raise not_a_value(name)
        return value

    def time(self, name: str) -> float | None:
        """Return the value, an ISO 8601 time, in epoch seconds."""
        value = self.get(name)
        if value is None:
            return None
        try:
            return instant(value.replace(" ", "+") if "T" in value else value)
        except ValueError:
            raise invalid(name) from None

    def without(self, *names: str) -> tuple[tuple[str, str], ...]:
        """Return all pairs but those named, in order: the parts of a link or of a cache key."""
        return tuple(
            (name, value)
            for name, values in self._values.items()
            if name not in names
            for value in values
        )
