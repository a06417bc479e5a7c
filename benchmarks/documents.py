"""Figures in documents: `python -m benchmarks.documents` puts those of a run where they belong.

A document has places, each between two comments: `<!-- benchmark: NAME -->` and `<!-- end -->`.
`machine` is the machine with the command, `targets` what was wanted, a scenario's name its table.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import charts, report
from benchmarks.server import ROOT

LATEST = Path(__file__).parent / "results" / "latest.json"
FOLDER = ROOT / "docs" / "explanation" / "performance"
FIGURES = FOLDER / "figures.json"
DOCUMENTS = (
    FOLDER.with_suffix(".md"),
    ROOT / "docs" / "how-to" / "scale.md",
    ROOT / "README.md",
)

_PLACE = re.compile(r"(<!-- benchmark: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_DIGITS = 6  # of a figure that no table shows so exactly

Found = Mapping[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Renew figures, pictures and documents; 1 if there is nothing to renew them from."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.documents", description="Put a run's figures into documents."
    )
    parser.add_argument("run", type=Path, nargs="?", default=LATEST, help="the run's JSON file")
    run: Path = parser.parse_args(arguments).run
    if not run.exists():
        print(f"There is no {run}: measure first, with make bench-all", file=sys.stderr)
        return 1
    found = brief(json.loads(run.read_text(encoding="utf-8")))
    FOLDER.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if charts.can_be_drawn():
        charts.draw(FOLDER, found["sections"])
    else:
        print(f"No pictures were drawn: {charts.NEEDED} is not installed", file=sys.stderr)
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        document.write_text(filled(text, found), encoding="utf-8")
    return 0


def brief(found: Found) -> dict[str, Any]:
    """Return a run's figures without what only a closer look needs."""
    sections = [
        {**section, "raw": [_brief(sample) for sample in section["raw"]]}
        for section in found["sections"]
    ]
    return {**found, "sections": sections}


def _brief(sample: Found) -> dict[str, Any]:
    left_out = {"endpoints", "proof", "extra", "busy"}
    return {
        name: round(value, _DIGITS) if isinstance(value, float) else value
        for name, value in sample.items()
        if name not in left_out
    }


def filled(text: str, found: Found) -> str:
    """Return a document with these figures in its places.

    ValueError for a place that is unknown; one of a scenario that was not measured stays as it is.
    """
    parts = {name: "\n".join(lines) for name, lines in report.parts(found).items()}

    def fill(match: re.Match[str]) -> str:
        begin, name, end = match.groups()
        if name not in parts:
            if name in report.PLACES:
                return match[0]
            raise ValueError(f"nothing is called {name}")
        return f"{begin}{parts[name]}\n{end}"

    return _PLACE.sub(fill, text)


if __name__ == "__main__":
    sys.exit(main())
