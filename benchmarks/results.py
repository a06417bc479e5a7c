"""The result of a scenario: rows of figures, targets met or missed, and notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

Cell: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True)
class Check:
    """One target. `passed` is None if a run is too small to check it."""

    what: str
    target: str
    measured: str
    passed: bool | None

    @property
    def word(self) -> str:
        """The verdict in a word."""
        return {True: "met", False: "MISSED", None: "not checked"}[self.passed]


@dataclass(slots=True)
class Section:
    """The outcome of one scenario.

    `rows` are for people (titles to values, the same titles in each), `raw` is for the file: every
    single measurement. `skipped` says why nothing was measured, `failed` why nothing could be.
    """

    name: str
    title: str
    rows: list[dict[str, Cell]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    raw: list[dict[str, object]] = field(default_factory=list)
    skipped: str | None = None
    failed: str | None = None
