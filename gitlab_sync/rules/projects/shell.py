"""Finds the programs that a shell script runs, without the prefixes before them.

It is not a shell: it knows enough of the syntax to tell `pytest` in `cd app && uv run pytest -q`
from the same word in `pip install pytest` or `echo pytest`. It never raises.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from gitlab_sync.rules.projects.folders import HERE, PWD, ROOT, below
from gitlab_sync.rules.projects.shell_words import (
    COMMAND_OPTIONS,
    PREFIXES,
    RUNNERS,
    WITH_OPTION,
    WORDS_BETWEEN,
)

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
_MOST_NESTED = 3

_HERE_DOCUMENT = re.compile(r"<<-?[ \t]{0,9}['\"\\]?(\w{1,99})")

_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w{0,99})\}?")
_WHICH = re.compile(r"\s{0,9}(?:which|command -v|type -p) +([\w./+-]{1,99})")
_MOST_VARIABLES = 100
_MOST_VALUES = 20
_LONGEST_VALUE = 1_000
# Of a program with such a name, the command follows `--`: `wlheadless-run -- meson test`.
_WRAPPER = re.compile(r"run|exec|session|wrap|shell|launch|headless|env\b|tini|retry|with")
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ash", "ksh"})
_SCRIPT = re.compile(r"^\.{1,2}/|\.(sh|bash)$")
_PYTHON = re.compile(r"^(python|pypy|py)[\d.]*$")
_VERSION = re.compile(r"(?<=.)(?:@|==|>=|~=)|-\d{1,3}(?:\.\d{1,3}){0,3}$")
_JAR = re.compile(r"(-\d[\w.]{0,99})?(-all|-standalone|-cli)?\.jar$")


@dataclass(frozen=True, slots=True)
class Command:
    """One command: the program, without folder and version, and its arguments.

    `path` is the program as it was written if that is a path or a script, else empty. `folder` is
    where the command runs, below the root of the repository; None if that is unknown.
    """

    program: str
    arguments: tuple[str, ...] = ()
    path: str = ""
    folder: str | None = ""

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments that are not options, in order."""
        return tuple(word for word in self.arguments if not word.startswith("-"))


def commands(
    script: Iterable[str], known: Container[str] = (), folder: str | None = "", here: str = ""
) -> Iterator[Command]:
    """Yield every command of a script, given as pieces of one or more lines.

    `known` are names of programs that the caller looks for. A runner (`uv run --group dev pytest`)
    is yielded itself, followed by the command of the first known name after it. Each piece starts
    in `folder`; `here` is the folder of the script itself.
    """
    for piece in script:
        reader = _Reader(known, folder, here)
        for line in _lines(piece):
            yield from reader.line(line, 0)


def _lines(piece: str) -> Iterator[str]:
    """Yield the lines that are run: the text of a here document is not, unless a shell reads it."""
    end: str | None = None
    for line in piece.replace("\\\n", " ").splitlines():
        if end is not None:
            end = None if line.strip() == end else end
            continue
        yield line
        found = _HERE_DOCUMENT.search(line)
        if found and not _SHELLS.intersection(line[: found.start()].split()):
            end = found[1]


class _Reader:
    def __init__(self, known: Container[str], folder: str | None, here: str) -> None:
        self._known = known
        self._folder = folder
        self._here = here
        self._before: list[str | None] = []
        self._variables: dict[str, list[str]] = {}

    def line(self, line: str, depth: int) -> Iterator[Command]:
        """Yield the commands of one line; those in substitutions come first."""
        if depth > _MAX_DEPTH:
            return
        for _ in range(_MOST_NESTED):
            inside = [found[1] or found[2] or "" for found in _SUBSTITUTION.finditer(line)]
            if not inside:
                break
            for inner in inside:
                yield from self._apart(inner, depth)
            line = _SUBSTITUTION.sub(_place, line)
        for words, end in _split(line):
            self._assign(words)
            yield from self._words(words, depth)
            if end == "(":
                self._before.append(self._folder)
            elif end == ")" and self._before:
                self._folder = self._before.pop()

    def _assign(self, words: list[str]) -> None:
        """Remember the commands that are assigned to variables: `LINT="python3 -m pylint"`."""
        for word in words:
            if word in {"export", "declare", "local", "readonly"}:
                continue
            if not _ASSIGNMENT.match(word):
                break
            name, _, value = word.partition("=")
            if value.strip() and len(self._variables) < _MOST_VARIABLES:
                self._variables[name] = value[:_LONGEST_VALUE].split()

    def _with_values(self, words: list[str]) -> list[str]:
        """Return the words with the values of variables, as far as they are known."""
        if not self._variables:
            return words
        known: list[str] = []
        left = _MOST_VALUES
        for word in words:
            if not left or "$" not in word:
                known.append(word)
                continue
            found = _VARIABLE.fullmatch(word)
            value = self._variables.get(found[1]) if found else [_VARIABLE.sub(self._part, word)]
            left -= value is not None
            known += [word] if value is None else value
        return _without_prefixes(known)

    def _part(self, found: re.Match[str]) -> str:
        """Return the value of a variable within a word (`ci/$NAME.sh`), if it is one word."""
        value = self._variables.get(found[1], ())
        return value[0] if len(value) == 1 else found[0]

    def _apart(self, line: str, depth: int) -> Iterator[Command]:
        """Yield the commands of a line that runs in a shell of its own."""
        before, folder = self._before, self._folder
        self._before = []
        yield from self.line(line, depth + 1)
        self._before, self._folder = before, folder

    def _words(self, words: list[str], depth: int) -> Iterator[Command]:
        words = self._with_values(_without_prefixes(words))
        if not words or depth > _MAX_DEPTH:
            return
        program, arguments = _program(words[0]), words[1:]
        if program in {"cd", "pushd", "popd"}:
            given = [word for word in arguments if word == "-" or not word.startswith("-")]
            self._folder = below(self._folder, given[0] if given else "", self._here)
        elif program in _SHELLS:
            yield from self._shell(arguments, depth)
        elif words[0] in {".", "source"}:
            yield from self._script(arguments)
        elif _PYTHON.match(program):
            yield from self._words(_run_by_python(arguments), depth + 1)
        else:
            path = words[0] if "/" in words[0] else ""
            yield Command(program, tuple(arguments), path, self._folder)
            if words[0].startswith("$") and arguments and _program(arguments[0]) in self._known:
                # An unknown value before the name of a program is a prefix: `$IN_CONTAINER pytest`.
                yield from self._words(arguments, depth + 1)
                return
            for runner in RUNNERS.get(program, ()):  # the longest first
                if (program, *arguments[: len(runner) - 1]) == runner:
                    rest = arguments[len(runner) - 1 :]
                    option = _command_option(rest) if program in WITH_OPTION else None
                    if option is None:
                        yield from self._behind_runner(rest, depth)
                    else:
                        yield from self._behind_option(rest[option + 1 :], depth)
                    return
            if "--" in arguments and _WRAPPER.search(program):
                yield from self._words(arguments[arguments.index("--") + 1 :], depth + 1)

    def _shell(self, arguments: list[str], depth: int) -> Iterator[Command]:
        """Yield the commands of `sh -c TEXT`, or the script of `sh -e FILE`."""
        rest = iter(arguments)
        for word in rest:
            if not word.startswith(("-", "+")):
                yield from self._script([word, *rest])
                return
            if not word.startswith("--") and "c" in word:
                text = next((each for each in rest if not each.startswith("-")), "")
                yield from self._apart(text, depth)
                return
            if not word.startswith("--") and word.endswith(("o", "O")):
                next(rest, None)  # `-o pipefail`

    def _script(self, words: list[str]) -> Iterator[Command]:
        if words:
            yield Command(_program(words[0]), tuple(words[1:]), words[0], self._folder)

    def _behind_option(self, rest: list[str], depth: int) -> Iterator[Command]:
        """Yield the commands in one text (`nix-shell --run "make test"`), or in the words."""
        if " " in rest[0]:
            yield from self._apart(rest[0], depth)
        else:
            yield from self._words(rest, depth + 1)

    def _behind_runner(self, rest: list[str], depth: int) -> Iterator[Command]:
        between = 0
        for position, word in enumerate(rest):
            if word == "-m":
                yield from self._words(rest[position + 1 :], depth + 1)
                return
            if word.startswith("-"):
                continue
            program = _program(word)
            if (
                program in self._known
                or program in _SHELLS
                or _PYTHON.match(program)
                or _SCRIPT.search(word)
            ):
                yield from self._words(rest[position:], depth + 1)
                return
            between += 1
            if between == WORDS_BETWEEN:
                return


def _command_option(words: list[str]) -> int | None:
    """Return the place of the option that a command follows, or None."""
    places = (place for place, word in enumerate(words[:-1]) if word in COMMAND_OPTIONS)
    return next(places, None)


def _place(found: re.Match[str]) -> str:
    """Return what a substitution prints if that is a well-known folder, else a space."""
    inner = found[1] or found[2] or ""
    if which := _WHICH.match(inner):
        return which[1]
    if HERE in inner or "dirname" in inner:
        return HERE
    if "--show-toplevel" in inner:
        return ROOT
    return PWD if inner.strip() == "pwd" else " "


def _split(line: str) -> Iterator[tuple[list[str], str]]:
    words: list[str] = []
    for token in _TOKEN.finditer(line):
        if token["end"]:
            yield words, token["end"]
            words = []
        elif token["word"]:
            words.append(token["word"].replace("'", "").replace('"', ""))
    yield words, ""


def _run_by_python(arguments: list[str]) -> list[str]:
    """Return the words that Python runs: a module like a program, or a script by name."""
    position = 0
    while position < len(arguments):
        word = arguments[position]
        if word == "-m":
            return arguments[position + 1 :]
        if not word.startswith("-"):
            # Its name counts, but it is no script of a shell.
            return [arguments[position].rpartition("/")[2], *arguments[position + 1 :]]
        position += 2 if word in {"-W", "-X"} else 1
    return []


def _without_prefixes(words: list[str]) -> list[str]:
    position = 0
    while position < len(words):
        word = words[position]
        if word == "command" and words[position + 1 : position + 2] in (["-v"], ["-V"]):
            return []  # it only looks for the program
        if word in PREFIXES:
            prefix = PREFIXES[word]
            position += 1
            while position < len(words) and words[position].startswith("-"):
                position += 2 if words[position] in prefix.values else 1
            position += prefix.arguments
        elif _ASSIGNMENT.match(word):
            position += 1
        else:
            break
    return words[position:]


def _program(word: str) -> str:
    """Return the name of a program without its folder and version."""
    name = word.rstrip("/").rpartition("/")[2].removeprefix("npm:").removesuffix(".exe")
    if name.endswith(".jar"):
        return _JAR.sub("", name)
    return _VERSION.split(name)[0]
