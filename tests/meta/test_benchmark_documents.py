"""The figures in the documents are those of one run of the benchmarks, and of no other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from documents import ROOT, page

PERFORMANCE = page("performance")
SCALE = page("scale")
FIGURES = PERFORMANCE.with_suffix("") / "figures.json"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


@pytest.fixture
def figures() -> dict[str, Any]:
    """Return the figures that are kept with the documents."""
    found: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    "path", [PERFORMANCE, SCALE, ROOT / "README.md"], ids=lambda path: path.name
)
def test_the_tables_are_what_the_figures_say(path: Path, figures: dict[str, Any]) -> None:
    """None was edited by hand or left behind by an earlier run."""
    from benchmarks.documents import filled

    text = path.read_text(encoding="utf-8")
    assert filled(text, figures) == text


def test_the_document_shows_all_that_was_measured(figures: dict[str, Any]) -> None:
    """A scenario has its place there, and so have the machine and the targets."""
    from benchmarks.scenarios import NAMES

    text = "".join(path.read_text(encoding="utf-8") for path in (PERFORMANCE, SCALE))
    shown = re.findall(r"<!-- benchmark: (\w+) -->", text)
    assert sorted(shown) == sorted(("machine", "targets", *NAMES))
    assert {section["name"] for section in figures["sections"]} == set(NAMES)


def test_a_document_is_filled_between_its_marks_alone(figures: dict[str, Any]) -> None:
    """What is between them is replaced; what is around them stays."""
    from benchmarks.documents import filled

    text = "before\n<!-- benchmark: machine -->\nold\n<!-- end -->\nafter\n"
    found = filled(text, figures)
    assert found.startswith("before\n<!-- benchmark: machine -->\nMeasured by `")
    assert found.endswith(".\n<!-- end -->\nafter\n")
    assert "old" not in found
    assert filled(found, figures) == found


def test_what_was_not_measured_stays_as_it_is(figures: dict[str, Any]) -> None:
    """A run of one scenario renews that one."""
    from benchmarks.documents import filled

    text = "<!-- benchmark: lists -->\nas it was\n<!-- end -->\n"
    assert filled(text, {**figures, "sections": []}) == text


def test_a_place_that_nothing_can_fill_is_a_mistake(figures: dict[str, Any]) -> None:
    """A name that is written wrongly would stay empty for ever."""
    from benchmarks.documents import filled

    with pytest.raises(ValueError, match="nothing is called speed"):
        filled("<!-- benchmark: speed -->\n<!-- end -->\n", figures)
