"""Reads the commands of make targets and of just's recipes.

Each function raises BeyondBounds for a file that no real project has, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from gitlab_sync.rules.bounds import MOST_CHARACTERS, MOST_TARGETS, BeyondBounds, Effort, within

_RECIPE_PREFIX = re.compile(r"^[\s@+-]+")
_VARIABLE = re.compile(
    r"(?:export[ \t]+|override[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*"
    r"(?:::?:?|(?P<how>[?+!]))?=(?P<value>[^\n]*)"
)
_REFERENCE = re.compile(r"(?<!\$)\$\(([A-Za-z_][\w.-]*)\)|(?<!\$)\$\{([A-Za-z_][\w.-]*)\}")
_DIRECTIVE = re.compile(
    r"[ \t]*(ifn?eq|ifn?def|else|endif|include|-include|sinclude|export|unexport|vpath)\b"
)
_LONGEST_VALUE = 10_000
_MOST_NESTED = 5
_JUST_VARIABLE = re.compile(r"(?:export[ \t]+)?([A-Za-z_][\w-]*)[ \t]*:=([^\n]*)")
_JUST_RECIPE = re.compile(r"@?([A-Za-z_][\w-]*)(?:[ \t][^:\n]*)?:([^\n]*)")
_BRACES = re.compile(r"\{\{[ \t]*([A-Za-z_][\w-]*)[ \t]*\}\}")


def make_targets(text: str, effort: Effort | None = None) -> dict[str, str]:
    """Return the commands of each target of a Makefile: those of its dependencies, then its own.

    Variables have the values that the file gives them. `""` is the first target, which plain `make`
    builds.
    """
    effort = effort or Effort()
    effort.spend(len(within(text)))
    variables: dict[str, str] = {"MAKE": "make"}
    recipes = _Recipes()
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("\t"):
            recipes.add(_RECIPE_PREFIX.sub("", line))
        elif found := _VARIABLE.match(line):
            name, how, value = found["name"], found["how"], found["value"].partition(" #")[0]
            if how == "+":
                value = f"{variables.get(name, '')} {value}"
            if how != "?" or name not in variables:
                variables[name] = value[:_LONGEST_VALUE].strip()
        elif rule := _rule(line):
            recipes.begin(*rule)
        elif line.strip() and not line.startswith("#") and not _DIRECTIVE.match(line):
            recipes.end()
    return recipes.targets(lambda script: expanded(script, variables, effort))


class _Recipes:
    """Collects the commands of targets, as they are read. For one file."""

    def __init__(self, runner: str = "make") -> None:
        self._runner = runner
        self._found: dict[str, list[str]] = {}
        self._current: list[str] = []
        self._left = MOST_CHARACTERS

    def begin(self, names: Sequence[str], needs: Sequence[str], command: str = "") -> None:
        """Go on to the rule for these targets."""
        self._current = [
            name for name in names if name in self._found or len(self._found) < MOST_TARGETS
        ]
        for name in self._current:
            self._found.setdefault(name, [])
        for line in (*(f"{self._runner} {need}" for need in needs), command.strip()):
            if line:
                self.add(line)

    def add(self, command: str) -> None:
        """Add a command to the targets of this rule."""
        self._left -= (len(command) + 1) * len(self._current)
        if self._left < 0:
            raise BeyondBounds("the commands of all its targets are too long")
        for name in self._current:
            # Each line of a recipe has a shell of its own.
            self._found[name].append(f"({command})" if "cd " in command else command)

    def end(self) -> None:
        """Leave the rule: what follows belongs to no target."""
        self._current = []

    def targets(self, expand: Callable[[str], str]) -> dict[str, str]:
        """Return the commands by target; `""` is the first."""
        found = {name: expand("\n".join(lines)) for name, lines in self._found.items()}
        found = {expand(name): script for name, script in found.items() if name}
        return {"": next(iter(found.values())), **found} if found else {}


def expanded(script: str, variables: Mapping[str, str], effort: Effort) -> str:
    """Return a text with the values of make's variables; unknown ones are empty."""
    left = MOST_CHARACTERS

    def value(found: re.Match[str]) -> str:
        nonlocal left
        text = variables.get(found[1] or found[2], "")
        left -= len(text)
        effort.spend(1 + len(text) // 10)
        if left < 0:
            raise BeyondBounds("the commands of all its targets are too long")
        return text

    for _ in range(_MOST_NESTED):
        effort.spend(len(script) // 10)
        before, script = script, _REFERENCE.sub(value, script)
        if script == before:
            break
    return script.replace("$$", "$")


def _rule(line: str) -> tuple[list[str], list[str], str] | None:
    """Return the targets, dependencies and command in a line `a b: c d; e`; None for another."""
    head, colon, tail = line.partition(":")
    tail, _, command = tail.removeprefix(":").partition("#")[0].partition(";")
    if not colon or "=" in head or "=" in tail or head[:1] in {"", "#", " "}:
        return None
    names = [name for name in head.split() if not name.startswith(".")]
    return names, [need for need in tail.split() if need != "|"], command


def just_recipes(text: str, effort: Effort | None = None) -> dict[str, str]:
    """Return the commands of each recipe of a justfile, as `make_targets` does."""
    effort = effort or Effort()
    effort.spend(len(within(text)))
    variables: dict[str, str] = {}
    recipes = _Recipes("just")
    for line in text.replace("\\\n", " ").splitlines():
        if line[:1] in {" ", "\t"}:
            recipes.add(_RECIPE_PREFIX.sub("", line))
        elif found := _JUST_VARIABLE.match(line):
            variables[found[1]] = found[2].strip(" '\"")
        elif (found := _JUST_RECIPE.match(line)) and ":=" not in line:
            needs = found[2].partition("#")[0].replace("(", " ").replace(")", " ")
            recipes.begin([found[1]], [need for need in needs.split() if need != "&&"])
        elif line.strip() and line[:1] not in "#[":
            recipes.end()
    return recipes.targets(
        lambda script: _BRACES.sub(lambda found: variables.get(found[1], ""), script)
    )
