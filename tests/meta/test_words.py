"""The check of words looks at prose, and at nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from words import SAY, found, main

PYTHON = '''\
"""What nobody reads."""

nobody = f"{nobody} and {stands} are names"  # it lies `beside` the code
MESSAGE = (
    "this may "
    "be two lines"
)
LICENCE = "Whose terms stand"  # quoted
USER = "nobody"
"stands-for, test_stands, stands() and stands.py are names"
'''
MARKDOWN = """\
A page that [nobody](judge.md#lies) reads: `whom`, `mend
it`, and what may
be.

```
whoever stands
```

Heed this.
"""


def written(folder: Path, name: str, text: str) -> Path:
    """Write a file and return its path."""
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.py", PYTHON, [(1, "nobody"), (3, "lies"), (5, "may be")]),
        ("a.md", MARKDOWN, [(1, "nobody"), (2, "may be"), (9, "Heed")]),
    ],
)
def test_words_are_found_in_prose_alone(
    tmp_path: Path, name: str, text: str, words: list[tuple[int, str]]
) -> None:
    """Not in names, in code, or in what is marked as a quotation."""
    assert [(line, word) for line, word, _ in found(written(tmp_path, name, text))] == words


def test_it_says_where_and_what_instead(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for each word, or one for each folder, and a status that stops `make lint`."""
    monkeypatch.setattr("words.ROOT", tmp_path)
    clean = written(tmp_path, "b.md", "Fine.\n")
    assert main([str(clean)]) == 0
    path = written(tmp_path, "a.md", "Fine.\nBegin anew.\n")
    assert main([str(clean), str(path)]) == 1
    assert capsys.readouterr().out == f"a.md:2: 'anew' -> say {SAY['anew']}\n"
    assert main(["--count", str(clean), str(path)]) == 1
    assert capsys.readouterr().out == "    1 a.md\n"
