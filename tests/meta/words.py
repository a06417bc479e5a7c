"""Checks the words of documents, docstrings, comments and messages; `make lint` runs it.

Prints `path:line: 'word' -> what to say instead` for each word of `SAY` and ends with 1 if there
is any. Given paths, it reads those files alone; `--count` prints a number for each folder instead.

Not prose are code in backticks or between fences, and strings of one lower-case word. A Python
statement that quotes someone else (a licence, GitLab) ends with the comment `# quoted`.
"""

from __future__ import annotations

import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
READ = (
    "*.md", ".gitlab/**/*.md", "docs/**/*.md",
    "*.py", "docs/*.py", "gitlab_sync/**/*.py", "benchmarks/**/*.py", "tests/**/*.py",
)  # fmt: skip
NOT_READ = {"words.py", "test_words.py"}  # they name the words

SAY = {
    "anew": "again",
    "as far as it goes": "as far as it could be read",
    "beside": "next to, with",
    "heed(s|ed|ing)?": "follow, obey",
    "is chance": "is random, is not fixed",
    "judg(e|es|ed|ing|e?ments?)": "evaluate, evaluated, check",
    "lanes?": "queue",
    "leaf": "task",
    "(lie|lies|lying)": "is",
    "may be": "can be, might be, is allowed to be",
    "mend(s|ed|ing)?": "fix",
    "nobody": "no one, or name the thing",
    "somebody": "someone, a person",
    "(stands?|stood|standing)(?! (in )?for)": "is, means",
    "weightiest": "most severe",
    "whoever": "anyone who, the one who",
    "whom": "who, or turn the sentence around",
    "whose": "with, of the, or a second sentence",
}
_BEFORE, _AFTER = r"(?<![\w./=-])", r"(?![\w/(\\@-]|\.\w)"  # part of a name is no word
_PATTERNS = {
    re.compile(_BEFORE + word.replace(" ", r"\s+") + _AFTER, re.IGNORECASE): say
    for word, say in SAY.items()
}
_CODE = re.compile(r"^```.*?^```|`[^`\n]+\n?[^`\n]*`|\]\([^)\s]*\)", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"\{[^{}]*\}")
_TEXT = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def found(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the word, and what to say instead, for each such word of a file."""
    text = prose(path)
    matches = [(match, say) for each, say in _PATTERNS.items() for match in each.finditer(text)]
    for match, say in sorted(matches, key=lambda pair: pair[0].start()):
        yield text.count("\n", 0, match.start()) + 1, " ".join(match[0].split()), say


def prose(path: Path) -> str:
    """Return a file's text with blanks in place of all that is not prose; lines stay lines."""
    text = path.read_text(encoding="utf-8")
    return _CODE.sub(_blank, text if path.suffix == ".md" else _strings_and_comments(path))


def _strings_and_comments(path: Path) -> str:
    lines = [[" "] * len(line) for line in path.read_text(encoding="utf-8").split("\n")]
    statement: list[tokenize.TokenInfo] = []
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            statement.append(token)
            if token.type == tokenize.NEWLINE:
                _write(statement, lines)
                statement = []
    _write(statement, lines)
    return "\n".join("".join(line) for line in lines)


def _write(statement: list[tokenize.TokenInfo], lines: list[list[str]]) -> None:
    """Put the texts and comments of a statement where they are, unless it quotes someone."""
    if any(token.string == "# quoted" for token in statement):
        return
    for token in statement:
        text = re.sub(r"^#+|^\w*['\"]+|['\"]+$", _blank, token.string)
        is_name = token.type == tokenize.STRING and not re.search(r"[\sA-Z]", text.strip())
        if token.type in _TEXT and not is_name:
            if token.string.lower().startswith(("f", "rf", "fr")):
                text = _FIELD.sub(_blank, text)
            row, column = token.start
            for number, part in enumerate(text.split("\n")):
                first = column if not number else 0
                lines[row - 1 + number][first : first + len(part)] = part


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def main(arguments: list[str]) -> int:
    """Print what was found; 1 if there was anything."""
    paths = [Path(each).resolve() for each in arguments if each != "--count"]
    every = paths or sorted(path for pattern in READ for path in ROOT.glob(pattern))
    count: Counter[str] = Counter()
    for path in every:
        for line, word, say in () if path.name in NOT_READ else found(path):
            where = path.relative_to(ROOT)
            count["/".join(where.parts[:-1][:2]) or where.name] += 1
            if "--count" not in arguments:
                print(f"{where}:{line}: {word!r} -> say {say}")  # noqa: T201 - its result
    if "--count" in arguments:
        for folder, number in sorted(count.items()):
            print(f"{number:5} {folder}")  # noqa: T201
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
