"""How many verdicts have which result: what the cells of tables are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

RESULTS = ("pass", "fail", "waived", "unknown")
"""The results that are counted: what does not apply is in no count."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of items by the result of one check. Immutable."""

    passed: int = 0
    failed: int = 0
    waived: int = 0
    unknown: int = 0

    @property
    def known(self) -> int:
        """Of how many items `failed` speaks."""
        return self.passed + self.failed

    @classmethod
    def of_row(cls, row: Mapping[str, Any], prefix: str = "") -> Self:
        """Return the counts in the columns that `counted` makes."""
        return cls(*(row[f"{prefix}{name}"] for name in cls.__dataclass_fields__))


def counted(result: str, prefix: str = "") -> str:
    """Return SQL for columns that count the results in a column, named as in `Counts`."""
    return ", ".join(
        f"count(*) FILTER ({result} = '{value}') AS {prefix}{name}"
        for value, name in zip(RESULTS, Counts.__dataclass_fields__, strict=True)
    )
