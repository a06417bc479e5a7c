"""docs/tour.md shows what happens: all of its snippets run, in their order.

`python tests/with_server/test_tour.py --write` puts what comes out now into the document.
"""

from __future__ import annotations

import ast
import difflib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import chdir, redirect_stdout
from pathlib import Path

import pytest
from cli_runs import LIMIT, environment, run

TOUR = Path(__file__).parents[2] / "docs" / "tour.md"
SNIPPET = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ARROW = "# → "
PROMPT = "$ "
PROGRAM = "gitlab-sync"
FOR_A_SHELL = frozenset("|&;<>()$`\\*?[]~")
VARIES = "…"


class Walk:
    """One walk along the document: Python shares its names, commands share an empty folder."""

    def __init__(self, folder: Path) -> None:
        # The command that is installed with this Python goes before any other.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        # Without a choice of the policy, as a reader has it.
        self._environment = environment(folder, PATH=path, GITLAB_SYNC_POLICY="")
        self._folder = folder
        self._names: dict[str, object] = {}
        self._code = 0

    def retold(self, document: str) -> str:
        """Return the document with what its snippets give now, kept where it agrees."""
        return SNIPPET.sub(self._snippet, document)

    def _snippet(self, found: re.Match[str]) -> str:
        language, body = found.groups()
        tell = self._python if language == "python" else self._console
        return "\n".join([f"```{language}", *tell(body.splitlines()), "```"])

    def _python(self, lines: list[str]) -> list[str]:
        """Run statement by statement; each one's output is below it, as comments."""
        retold: list[str] = []
        at = 0
        for statement in ast.parse("\n".join(lines)).body:
            end = statement.end_lineno or 0
            retold += written(lines[at:end])
            at = after(lines, end, lambda line: line.startswith(ARROW))
            told = [line.removeprefix(ARROW) for line in lines[end:at]]
            code = compile(ast.Module([statement], []), TOUR.name, "exec")
            with redirect_stdout(io.StringIO()) as output:
                exec(code, self._names)
            retold += [ARROW + line for line in agreed(told, output.getvalue())]
        return retold + written(lines[at:])

    def _console(self, lines: list[str]) -> list[str]:
        """Run command by command; each one's output is below it, as it is."""
        retold: list[str] = []
        at = 0
        while at < len(lines):
            line = lines[at]
            end = after(lines, at + 1, lambda line: not line.startswith(PROMPT))
            told = lines[at + 1 : end]
            retold += [line, *agreed(told, self._run(line.removeprefix(PROMPT)))]
            at = end
        return retold

    def _run(self, line: str) -> str:
        """Return what a command writes: first its rows, then what it says on standard error.

        What needs no shell runs in this process, where all is loaded already.
        """
        if line.startswith(PROGRAM) and not FOR_A_SHELL & set(line):
            with chdir(self._folder):
                told = run(self._environment, *shlex.split(line)[1:])
            self._code = told.returncode
            return (told.stdout + told.stderr).decode()
        # Each line has a shell of its own, which is told how the one before it ended: for `$?`.
        shell = ["sh", "-c", f"(exit {self._code}); {line}"]
        done = subprocess.run(
            shell,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT,
            encoding="utf-8",
        )
        self._code = done.returncode
        return done.stdout + done.stderr


def written(lines: list[str]) -> list[str]:
    """Return lines of Python without any output, which would be where nothing checks it."""
    return [line for line in lines if not line.startswith(ARROW)]


def after(lines: list[str], start: int, belongs: Callable[[str], bool]) -> int:
    """Return the number of the first line from `start` on that does not belong."""
    return next((n for n in range(start, len(lines)) if not belongs(lines[n])), len(lines))


def agreed(told: list[str], output: str) -> list[str]:
    """Return the lines told if the output is as they say, else those of the output.

    `…` stands for anything within a line.
    """
    found = [line.rstrip() for line in output.splitlines()]
    if len(told) != len(found):
        return found
    pairs = zip(told, found, strict=True)
    return [line if pattern(line).fullmatch(new) else new for line, new in pairs]


def pattern(line: str) -> re.Pattern[str]:
    """Return what a line of the document says of a line of output."""
    return re.compile(".*".join(re.escape(part) for part in line.split(VARIES)))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_each_snippet_of_the_tour_gives_what_stands_below_it(tmp_path: Path) -> None:
    """Otherwise the difference is shown, and `--write` fixes the document."""
    told = TOUR.read_text(encoding="utf-8")
    found = Walk(tmp_path).retold(told)
    if told != found:
        pair = told.splitlines(), found.splitlines()
        changes = difflib.unified_diff(*pair, "told", "found", n=1, lineterm="")
        pytest.fail("\n".join(changes), pytrace=False)


TOLD = """
```python
# → 5
number = 6  # half a dozen
print(number)
# → 7

# → 8
```
Prose, and `code`.
```python
for n in range(2):
    print(number * n)

print(id(number), "is …", end="")
# → … is …
```
```console
$ gitlab-sync --version > version; (exit 5)
7
$ echo $?; cut -c -11 version
6
```
"""

RETOLD = """
```python
number = 6  # half a dozen
print(number)
# → 6

```
Prose, and `code`.
```python
for n in range(2):
    print(number * n)
# → 0
# → 6

print(id(number), "is …", end="")
# → … is …
```
```console
$ gitlab-sync --version > version; (exit 5)
$ echo $?; cut -c -11 version
5
gitlab-sync
```
"""


def test_what_a_snippet_gives_takes_the_place_of_what_it_does_not(tmp_path: Path) -> None:
    """Names are shared, a loop's output is below the loop, and `$?` is of the line before."""
    assert Walk(tmp_path).retold(TOLD) == RETOLD


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    with tempfile.TemporaryDirectory() as empty:
        retold = Walk(Path(empty)).retold(TOUR.read_text(encoding="utf-8"))
    TOUR.write_text(retold, encoding="utf-8")
