"""The documents of the project: where each is, and the lines in it that a reader types."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
"""All of them: those at the root, and the pages of the site."""

FENCE = re.compile(r"^( *)```(\w*)[ \t]*([^\n]*)\n(.*?)^\1```[ \t]*$", re.DOTALL | re.MULTILINE)
"""A block: its indentation, its language, the words behind that, and its text."""

_PROMPTS = {"console": "$ ", "powershell": "PS> "}


def page(name: str) -> Path:
    """Return the page of the site with that name, whichever part it is in."""
    (found,) = DOCS.rglob(f"{name}.md")
    return found


def text_of(name: str) -> str:
    """Return the text of the page of the site with that name."""
    return page(name).read_text(encoding="utf-8")


def label(path: Path) -> str:
    """Return the path of a document from the root of the project, for the name of a test."""
    return path.relative_to(ROOT).as_posix()


@dataclass(frozen=True, slots=True)
class Block:
    """What is between two fences: its language, the words behind it, and the text. Immutable."""

    language: str
    words: str
    text: str

    def commands(self) -> list[str]:
        """Return what a reader types; lines that go on, and open quotations, are one."""
        lines = self.text.replace("\\\n", " ").splitlines()
        prompt = _PROMPTS.get(self.language, "")
        typed = [line.removeprefix(prompt) for line in lines if line.startswith(prompt)]
        whole: list[str] = []
        for line in typed:
            if whole and _is_open(whole[-1]):
                whole[-1] += f"\n{line}"
            elif line.strip() and not line.lstrip().startswith("#"):
                whole.append(line)
        return whole


def _is_open(line: str) -> bool:
    """Return whether a quotation goes on in the next line."""
    try:
        shlex.split(line, comments=True)
    except ValueError:
        return True
    return False


def blocks(path: Path, *languages: str) -> Iterator[Block]:
    """Yield the blocks of a document in these languages, in order."""
    for indent, language, words, text in FENCE.findall(path.read_text(encoding="utf-8")):
        if language in languages:
            yield Block(language, words.strip(), re.sub(f"^{indent}", "", text, flags=re.MULTILINE))
