"""Whether a row is honest: the true one, or one that says what it does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def assert_honest(found: Mapping[str, Any], true: Mapping[str, Any], titles: Sequence[str]) -> None:
    """Check a row against the true one; `titles` are its counts, the number of items first.

    A complete row must be equal. In any other, no number can be above the truth; and
    where all items were found, none further below it than `Unverified` admits.
    """
    cells = [found[title] for title in titles]
    if found["Status"] in {"Success", "Not Found"}:
        assert {key: found[key] for key in true} == true
        assert found["Error"] is None or found["Status"] == "Not Found"
        return
    assert found["Error"], found
    if found["Status"] == "Error":
        assert cells == [None] * len(cells), found
        assert found["Unverified"] is None, found
        return
    assert found["Status"] == "Partial", found
    counts = [true[title] or 0 for title in titles]
    assert all(cell is None or cell <= n for cell, n in zip(cells, counts, strict=True)), found
    if cells[0] == counts[0]:
        missing = sum(counts) - sum(cell or 0 for cell in cells)
        admitted = found["Unverified"] - (true["Unverified"] or 0)
        assert missing <= admitted, (found, true)
