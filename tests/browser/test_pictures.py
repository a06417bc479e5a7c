"""Each picture in README and documents is one that `make screenshots` makes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documents import DOCS, DOCUMENTS, ROOT, label
from screenshots import EXCERPTS

MADE = {
    *(DOCS / "screenshots" / f"{excerpt.name}.png" for excerpt in EXCERPTS),
    *(DOCS / "explanation" / "performance" / f"{name}.svg" for name in ("growth", "latencies")),
}


@pytest.mark.parametrize("path", DOCUMENTS, ids=label)
def test_each_picture_is_made_by_a_command_and_has_words_for_it(path: Path) -> None:
    """For people who cannot see it."""
    for words, name in re.findall(r"!\[(.*?)\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / name).resolve() in MADE
        assert len(words.split()) > 5


def test_each_picture_that_is_made_is_shown() -> None:
    """No file is left behind."""
    kept = {path for pattern in ("*.png", "*.svg") for path in DOCS.rglob(pattern)}
    assert kept == MADE
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nscreenshots: ")[1]
    assert "--readme docs/screenshots" in recipe.split("\n\n")[0]
