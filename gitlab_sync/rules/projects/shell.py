"""Finds the programs that a shell script runs, without the prefixes before them.

It is not a shell: it knows enough of the syntax to tell `pytest` in `cd app && uv run pytest -q`
from the same word in `pip install pytest` or `echo pytest`. It never raises.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

_MAX_DEPTH = 4

_TOKEN = re.compile(
    r"(?P<comment>(?:^|(?<=\s))\#[^\n]*)"
    r"|(?P<end>&&|\|\||[;&|()\n])"
    r"|(?P<word>(?:[^\s'\"\\;&|()`]|\\.|'[^']*'|\"(?:\\.|[^\"\\])*\")+)"
    r"|.",  # an open quote, and white space
    re.DOTALL,
)

# `$(…)` and backticks also run commands, even inside quotes.
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)|`([^`]*)`")

_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")
_SHELLS = frozenset({"sh", "bash", "zsh", "dash"})
_PYTHON = re.compile(r"^(python|pypy|py)[\d.]*$")

# Words before a command that do not change it, with the number of their arguments.
_PREFIXES = {
    **dict.fromkeys(("if", "then", "else", "elif", "do", "while", "until", "!", "{", "time"), 0),
    **dict.fromkeys(("exec", "command", "env", "sudo", "nohup", "xvfb-run", "nice", "eval"), 0),
    "timeout": 1,
}

# Words that run the program after them; options in between are skipped.
_RUNNERS = (
    *(("uv", "run"), ("uvx",), ("uv", "tool", "run"), ("poetry", "run"), ("pipenv", "run")),
    *(("pdm", "run"), ("rye", "run"), ("hatch", "run"), ("pixi", "run"), ("pipx", "run")),
    *(("npx",), ("bunx",), ("npm", "exec"), ("pnpm", "exec"), ("pnpm", "dlx"), ("yarn", "dlx")),
    *(("yarn", "exec"), ("yarn", "run"), ("bundle", "exec"), ("micromamba", "run")),
    *(("conda", "run"), ("go", "tool"), ("docker", "run"), ("docker", "exec")),
    *(("docker-compose", "run"), ("docker-compose", "exec"), ("podman", "run"), ("dotenv", "run")),
    *(("docker", "compose", "run"), ("docker", "compose", "exec"), ("coverage", "run")),
)
_BY_PROGRAM: dict[str, list[tuple[str, ...]]] = {}
for _runner in sorted(_RUNNERS, key=len, reverse=True):
    _BY_PROGRAM.setdefault(_runner[0], []).append(_runner)

# The most words between a runner and its program: values of options, an image, a service.
_WORDS_BETWEEN = 4


@dataclass(frozen=True, slots=True)
class Command:
    """One command: the program, without folder and version, and its arguments."""

    program: str
    arguments: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments that are not options, in order."""
        return tuple(word for word in self.arguments if not word.startswith("-"))


def commands(script: Iterable[str], known: Container[str] = ()) -> Iterator[Command]:
    """Yield every command of a script, given as its lines or pieces of several lines.

    `known` are names of programs that the caller looks for. A runner (`uv run --group dev pytest`)
    is yielded itself, followed by the command of the first known name after it.
    """
    reader = _Reader(known)
    for piece in script:
        for line in piece.replace("\\\n", " ").splitlines():
            yield from reader.line(line, 0)


class _Reader:
    def __init__(self, known: Container[str]) -> None:
        self._known = known

    def line(self, line: str, depth: int) -> Iterator[Command]:
        """Yield the commands of one line; those in substitutions come first."""
        if depth > _MAX_DEPTH:
            return
        for inner in _SUBSTITUTION.finditer(line):
            yield from self.line(inner.group(1) or inner.group(2) or "", depth + 1)
        for words in _split(_SUBSTITUTION.sub(" ", line)):
            yield from self._words(words, depth)

    def _words(self, words: list[str], depth: int) -> Iterator[Command]:
        words = _without_prefixes(words)
        if not words or depth > _MAX_DEPTH:
            return
        program, arguments = _program(words[0]), words[1:]
        if program in _SHELLS and "-c" in arguments:
            script = arguments[arguments.index("-c") + 1 :]
            yield from self.line(script[0] if script else "", depth + 1)
        elif _PYTHON.match(program):
            yield from self._words(_run_by_python(arguments), depth + 1)
        else:
            yield Command(program, tuple(arguments))
            for runner in _BY_PROGRAM.get(program, ()):  # the longest first
                if (program, *arguments[: len(runner) - 1]) == runner:
                    yield from self._behind_runner(arguments[len(runner) - 1 :], depth)
                    return

    def _behind_runner(self, rest: list[str], depth: int) -> Iterator[Command]:
        between = 0
        for position, word in enumerate(rest):
            if word == "-m":
                yield from self._words(rest[position + 1 :], depth + 1)
                return
            if word.startswith("-"):
                continue
            program = _program(word)
            if program in self._known or program in _SHELLS or _PYTHON.match(program):
                yield from self._words(rest[position:], depth + 1)
                return
            between += 1
            if between == _WORDS_BETWEEN:
                return


def _split(line: str) -> Iterator[list[str]]:
    words: list[str] = []
    for token in _TOKEN.finditer(line):
        if token["end"]:
            yield words
            words = []
        elif token["word"]:
            words.append(token["word"].replace("'", "").replace('"', ""))
    yield words


def _run_by_python(arguments: list[str]) -> list[str]:
    """Return the words that Python runs: a module like a program, or a script by name."""
    position = 0
    while position < len(arguments):
        word = arguments[position]
        if word == "-m":
            return arguments[position + 1 :]
        if not word.startswith("-"):
            return arguments[position:]
        position += 2 if word in {"-W", "-X"} else 1
    return []


def _without_prefixes(words: list[str]) -> list[str]:
    position = 0
    while position < len(words):
        word = words[position]
        if word == "command" and words[position + 1 : position + 2] in (["-v"], ["-V"]):
            return []  # it only looks for the program
        if word in _PREFIXES:
            position += 1 + _PREFIXES[word]
            while position < len(words) and words[position].startswith("-"):
                position += 1
        elif _ASSIGNMENT.match(word):
            position += 1
        else:
            break
    return words[position:]


def _program(word: str) -> str:
    """Return the name of a program without its folder and version."""
    name = word.rstrip("/").rpartition("/")[2].removesuffix(".exe")
    return re.split(r"(?<=.)(@|==|>=|~=)", name)[0]
