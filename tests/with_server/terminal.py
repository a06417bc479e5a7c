"""A reader's terminal: lines of a document are typed into it, and it says what they write."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from cli_runs import LIMIT, run

PROGRAM = "gitlab-sync"
VARIES = "…"
"""What stands for anything within a line of the output in a document."""

_FOR_A_SHELL = frozenset("|&;<>()$`\\*?[]~")


@dataclass(frozen=True, slots=True)
class Told:
    """What a line wrote: rows first, then what went to standard error. Immutable."""

    code: int
    output: str


class Terminal:
    """Runs line after line; variables, the folder and `$?` go on from one to the next.

    `yours` has what a reader puts in place of an example. What needs no shell runs in this process,
    where all is loaded already, unless `bare`. For one thread.
    """

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        yours: Mapping[str, str] | None = None,
        *,
        bare: bool = False,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._environ = dict(environ)
        self._yours = dict(yours or {})
        self._bare = bare
        self._code = 0

    def type(self, line: str, given: str = "") -> Told:
        """Run a line with `given` as what is typed into it; return what it wrote."""
        for example, own in self._yours.items():
            line = line.replace(example, own)
        if not self._bare and line.startswith(PROGRAM) and not _FOR_A_SHELL & set(line):
            words = shlex.split(line, comments=True)[1:]
            with chdir(self._folder):
                done = run(self._environ, *words, given=given.encode())
            told = Told(done.returncode, (done.stdout + done.stderr).decode())
        else:
            told = self._by_a_shell(line, given)
        self._code = told.code
        output = told.output
        for example, own in self._yours.items():
            output = output.replace(own, example)
        return Told(told.code, output)

    def _by_a_shell(self, line: str, given: str) -> Told:
        read, write = os.pipe()
        # The line comes as an argument, so that what it does with quotes is its own affair.
        script = (
            f'set -a; (exit $1); eval "$2"; code=$?; pwd >&{write}; env -0 >&{write}; exit $code'
        )
        with open(read, encoding="utf-8") as state:  # noqa: PTH123 - a descriptor
            done = subprocess.run(
                ["bash", "-c", script, "bash", str(self._code), line],
                cwd=self._folder,
                env=self._environ,
                input=given,
                pass_fds=[write],
                capture_output=True,
                timeout=10 * LIMIT,
                encoding="utf-8",
            )
            os.close(write)
            folder, _, variables = state.read().partition("\n")
        if folder:  # else the line has ended the shell
            self._folder = Path(folder)
            self._environ = dict(each.partition("=")[::2] for each in variables.split("\0") if each)
            self._environ.pop("_", None)
        return Told(done.returncode, done.stdout + done.stderr)


def path_with_command(environ: Mapping[str, str] = os.environ) -> str:
    """Return a PATH on which the command installed with this Python goes before any other."""
    return os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", "")])


def agreed(told: list[str], output: str) -> list[str]:
    """Return the lines told if the output is as they say, else those of the output."""
    found = [line.rstrip() for line in output.splitlines()]
    if len(told) != len(found):
        return found
    pairs = zip(told, found, strict=True)
    return [line if pattern(line).fullmatch(new) else new for line, new in pairs]


def pattern(line: str) -> re.Pattern[str]:
    """Return what a line of the document says of a line of output."""
    return re.compile(".*".join(re.escape(part) for part in line.split(VARIES)))
