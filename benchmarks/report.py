"""What was found, for people (tables), for a README (Markdown) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.machine import in_words
from benchmarks.results import Cell, Check, Section

_STYLES = {"met": "green", "MISSED": "bold red", "not judged": "yellow"}
_CHECK_TITLES = ("target", "wanted", "measured", "verdict")
_WORDS = {"client", *_CHECK_TITLES}


def show(
    sections: Sequence[Section], facts: dict[str, object], notes: Iterable[str], console: Console
) -> None:
    """Print a table for each section, and the targets at the end."""
    console.print(Text(in_words(facts)))
    for section in sections:
        console.print()
        console.print(Text(section.title, style="bold"))
        if section.rows:
            titles = list(section.rows[0])
            console.print(_table(titles, (list(row.values()) for row in section.rows)))
        for line in _words(section):
            console.print(Text(line, style="dim"))
    console.print()
    table = _table(_CHECK_TITLES, [])
    for check in _checks(sections):
        word = Text(check.word, style=_STYLES[check.word])
        table.add_row(check.what, check.target, check.measured, word)
    console.print(table)
    for note in notes:
        console.print(Text(note, style="dim"))


def markdown(
    sections: Sequence[Section], facts: dict[str, object], notes: Iterable[str], command: str
) -> str:
    """Return the same as Markdown, with the command that makes it."""
    lines = [f"Measured by `{command}` on {in_words(facts)}.", ""]
    for section in sections:
        lines += [f"**{section.title}**", ""]
        if section.rows:
            rows = (list(row.values()) for row in section.rows)
            lines += [*_markdown_table(list(section.rows[0]), rows), ""]
        for line in _words(section):
            lines += [line, ""]
    cells = ([c.what, c.target, c.measured, c.word] for c in _checks(sections))
    lines += [*_markdown_table(_CHECK_TITLES, cells), ""]
    return "\n".join([*lines, *notes])


def save(
    path: Path, sections: Sequence[Section], facts: dict[str, object], sizes: dict[str, object]
) -> None:
    """Write everything, each single measurement too, as JSON; makes the folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {"machine": facts, "sizes": sizes, "sections": [asdict(found) for found in sections]}
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _checks(sections: Iterable[Section]) -> Iterator[Check]:
    return (check for section in sections for check in section.checks)


def _words(section: Section) -> Iterator[str]:
    if section.skipped is not None:
        yield f"Skipped: {section.skipped}."
    if section.failed is not None:
        yield f"COULD NOT BE MEASURED: {section.failed}."
    yield from section.notes


def _table(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Table:
    table = Table()
    for title in titles:
        table.add_column(title, justify="left" if _is_words(title) else "right")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    return table


def _markdown_table(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    yield "| " + " | ".join(titles) + " |"
    rules = ("---" if _is_words(title) else "---:" for title in titles)
    yield "|" + "|".join(rules) + "|"
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"


def _is_words(title: str) -> bool:
    """Whether a column holds words, which stand to the left, rather than figures."""
    return title in _WORDS
