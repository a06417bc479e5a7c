"""A walk along a document, as a reader takes it: line by line, in one terminal.

Console blocks show what comes out, and Python has it behind `# →`; both are compared. A block with
the name of a file behind its language is put into that file. One that says `foreign: …` needs what
no test has, and is left out.
"""

from __future__ import annotations

import ast
import difflib
import io
import re
import shlex
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from documents import FENCE, Block
from terminal import PROGRAM, Terminal, agreed

from gitlab_sync.cli import exits

ARROW = "# → "
PROMPT = "$ "
FOREIGN = "foreign: "
TYPED = ("sh", "bash", "console", "powershell")
CRONTAB = "crontab"
GATES = {"check", "compliance", "parity"}
"""Commands that end with 1 if they find something."""

OF_WHOLE_PEOPLE = {"users"}
"""Commands that count groups, which only an administrator sees in full: they end with 3."""

A_RUN = "20261129T054550Z"
"""What documents write for the name of a run of a snapshot: the last one of the folder."""

WRITES = {"POST", "PUT"}
"""Methods that change something: the line is understood, and the sandbox refuses it."""

# What runs until it is stopped, and the test that starts it.
SERVERS = {
    "gitlab-sync app": "tests/app/test_own_app.py",
    "streamlit run app.py": "tests/browser/running_app.py",
}
_FILE = re.compile(r"[\w.-]+\.\w+")
_FIELDS_OF_CRON = 5


class Walk:
    """Types what a document shows into a terminal. For one thread.

    `folder` is where files of the document go, `given` what is typed where a line asks for it. A
    `complete` document shows all that its lines write, and its Python runs, too; of others only
    blocks that show something are compared.
    `failed` has the lines that ended as no reader would like, with what they wrote.
    """

    def __init__(
        self, terminal: Terminal, folder: Path, given: str = "", *, complete: bool = False
    ) -> None:
        self._terminal = terminal
        self._folder = folder
        self._given = given
        self._complete = complete
        self._files: set[str] = set()
        self._names: dict[str, object] = {}
        self.failed: list[str] = []
        self.typed = 0

    def retold(self, document: str) -> str:
        """Return the document with what its blocks give now, kept where it agrees."""
        return FENCE.sub(self._fence, document)

    def _fence(self, found: re.Match[str]) -> str:
        indent, language, words, text = found.groups()
        block = Block(language, words.strip(), re.sub(f"^{indent}", "", text, flags=re.MULTILINE))
        if block.words.startswith(FOREIGN):
            return found[0]
        lines = block.text.splitlines()
        shows = self._complete or not all(line.startswith(PROMPT) for line in lines)
        if language == "console" and shows:
            return _fenced(indent, block, self._console(lines))
        if language == "python" and self._complete:
            return _fenced(indent, block, self._python(lines))
        if _FILE.fullmatch(block.words):
            mode = "a" if block.words in self._files else "w"
            self._files.add(block.words)
            with (self._folder / block.words).open(mode, encoding="utf-8") as file:
                file.write(block.text)
        elif block.words == CRONTAB:
            for line in block.text.splitlines():
                self._type(line.split(maxsplit=_FIELDS_OF_CRON)[-1])
        elif language in TYPED:
            for line in block.commands():
                if language != "powershell" or line.startswith(PROGRAM):
                    self._type(line)
        return found[0]

    def _type(self, line: str) -> str:
        """Return what a line writes; remember it if it ended badly."""
        self.typed += 1
        line = line.replace(A_RUN, self._last_run())
        if any(line.startswith(server) for server in SERVERS):
            return ""
        if line.startswith("make "):
            line = f"make -n {line.removeprefix('make ')}"
        told = self._terminal.type(line, self._given)
        if told.code not in ends(line):
            self.failed.append(f"{line}\nended with {told.code}:\n{told.output}")
        return told.output

    def _last_run(self) -> str:
        runs = sorted(path.name for path in self._folder.glob("snapshots/*Z"))
        return runs[-1] if runs else A_RUN

    def _python(self, lines: list[str]) -> list[str]:
        """Run statement by statement; each one's output is below it, as comments."""
        retold: list[str] = []
        at = 0
        for statement in ast.parse("\n".join(lines)).body:
            end = statement.end_lineno or 0
            retold += _written(lines[at:end])
            at = _after(lines, end, lambda line: line.startswith(ARROW))
            told = [line.removeprefix(ARROW) for line in lines[end:at]]
            code = compile(ast.Module([statement], []), "document", "exec")
            with redirect_stdout(io.StringIO()) as output:
                exec(code, self._names)
            retold += [ARROW + line for line in agreed(told, output.getvalue())]
        return retold + _written(lines[at:])

    def _console(self, lines: list[str]) -> list[str]:
        """Run command by command; each one's output is below it, as it is."""
        retold: list[str] = []
        at = 0
        while at < len(lines):
            line = lines[at]
            end = _after(lines, at + 1, lambda line: not line.startswith(PROMPT))
            told = lines[at + 1 : end]
            retold += [line, *agreed(told, self._type(line.removeprefix(PROMPT)))]
            at = end
        return retold


def compare(path: Path, found: str, request: pytest.FixtureRequest) -> None:
    """Fail with the differences if a document is not as found; `--write-docs` renews it."""
    told = path.read_text(encoding="utf-8")
    if request.config.getoption("--write-docs"):
        path.write_text(found, encoding="utf-8")
    elif told != found:
        pair = told.splitlines(), found.splitlines()
        changes = difflib.unified_diff(*pair, "told", "found", n=1, lineterm="")
        pytest.fail("\n".join(changes), pytrace=False)


def ends(line: str) -> set[int]:
    """Return the exit codes with which a line of a document can end."""
    words = set(shlex.split(line, comments=True)) if PROGRAM in line else set()
    found = {exits.OK}
    if words & GATES:
        found.add(exits.FAILED)
    if words & WRITES:
        found = {exits.NOTHING}
    if words & OF_WHOLE_PEOPLE:
        found.add(exits.INCOMPLETE)
    return found


def _fenced(indent: str, block: Block, lines: list[str]) -> str:
    head = f"```{block.language} {block.words}".rstrip()
    return "\n".join(f"{indent}{line}".rstrip() for line in (head, *lines, "```"))


def _written(lines: list[str]) -> list[str]:
    """Return lines of Python without any output, which would be where nothing checks it."""
    return [line for line in lines if not line.startswith(ARROW)]


def _after(lines: list[str], start: int, belongs: Callable[[str], bool]) -> int:
    """Return the number of the first line from `start` on that does not belong."""
    return next((n for n in range(start, len(lines)) if not belongs(lines[n])), len(lines))
