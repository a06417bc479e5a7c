"""What was found, for people (tables), for documents (Markdown) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks import scenarios
from benchmarks.machine import in_words
from benchmarks.results import Cell, Check

_STYLES = {"met": "green", "MISSED": "bold red", "not checked": "yellow"}
_CHECK_TITLES = ("target", "wanted", "measured", "verdict")
_WORDS = {"client", "state", "evaluated", "grows", "length", *_CHECK_TITLES}

PLACES = ("machine", "targets", "in_brief", *scenarios.NAMES)
"""What a document may show of a run: see `parts`."""

_IN_BRIEF = ("ms", "client", "requests", "CPU / ours", "wall / ours")
_BRIEF_LATENCIES = {0, 50}

Found = Mapping[str, Any]
"""A whole run as its file holds it: `machine, command, notes, sizes, sections`."""


def save(path: Path, found: Found) -> None:
    """Write everything, each single measurement too, as JSON; makes the folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def show(found: Found, console: Console) -> None:
    """Print a table for each section, and the targets at the end."""
    console.print(Text(in_words(found["machine"])))
    for section in found["sections"]:
        console.print()
        console.print(Text(section["title"], style="bold"))
        if section["rows"]:
            titles = list(section["rows"][0])
            console.print(_table(titles, (list(row.values()) for row in section["rows"])))
        for line in _words(section):
            console.print(Text(line, style="dim"))
    table = _table(_CHECK_TITLES, [])
    for check in _checks(found):
        word = Text(check.word, style=_STYLES[check.word])
        table.add_row(check.what, check.target, check.measured, word)
    if table.row_count:
        console.print()
        console.print(table)
    for note in found["notes"]:
        console.print(Text(note, style="dim"))


def markdown(found: Found) -> str:
    """Return the same as Markdown, with the command that makes it."""
    told = parts(found)
    titles = {section["name"]: section["title"] for section in found["sections"]}
    lines = [*told["machine"], ""]
    for name, title in titles.items():
        lines += [f"**{title}**", "", *told[name], ""]
    return "\n".join([*lines, *told["targets"], "", *found["notes"]])


def parts(found: Found) -> dict[str, list[str]]:
    """Return the lines of Markdown for each of `PLACES` that the run has something for.

    That is a scenario's table and words by its name; `in_brief` has the comparison with others in
    few rows and columns.
    """
    cells = ([c.what, c.target, c.measured, c.word] for c in _checks(found))
    told = {
        "machine": [f"Measured by `{found['command']}` on {in_words(found['machine'])}."],
        "targets": list(_markdown_table(_CHECK_TITLES, cells)),
    }
    for section in found["sections"]:
        lines: list[str] = []
        if section["rows"]:
            rows = (list(row.values()) for row in section["rows"])
            lines += [*_markdown_table(list(section["rows"][0]), rows), ""]
        told[section["name"]] = [*lines, " ".join(_words(section))]
        brief = [row for row in section["rows"] if row.get("ms") in _BRIEF_LATENCIES]
        if section["name"] == "side_by_side" and brief:
            cells = ([row[title] for title in _IN_BRIEF] for row in brief)
            told["in_brief"] = list(_markdown_table(_IN_BRIEF, cells))
    return told


def _checks(found: Found) -> Iterator[Check]:
    return (Check(**check) for section in found["sections"] for check in section["checks"])


def _words(section: Found) -> Iterator[str]:
    if section["skipped"] is not None:
        yield f"Skipped: {section['skipped']}."
    if section["failed"] is not None:
        yield f"COULD NOT BE MEASURED: {section['failed']}."
    yield from section["notes"]


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
    """Return whether a column holds words, which are aligned to the left, or figures."""
    return title in _WORDS
