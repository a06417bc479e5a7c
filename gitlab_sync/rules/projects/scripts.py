"""Reads the commands of make targets, npm scripts, tox environments and pre-commit hooks.

Each function raises BeyondBounds for a file that no real project has, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from gitlab_sync.rules.bounds import MOST_CHARACTERS, MOST_TARGETS, BeyondBounds, Effort, within
from gitlab_sync.rules.projects.ci_yaml import YamlError, load
from gitlab_sync.rules.projects.parsing import read_ini, read_json

_RECIPE_PREFIX = re.compile(r"^[\s@+-]+")

# Hooks with another name than their program.
_HOOKS: Mapping[str, str] = {
    "ruff": "ruff check",
    "ruff-check": "ruff check",
    "ruff-format": "ruff format",
    "go-fmt": "gofmt",
    "go-imports": "goimports",
    "go-vet": "go vet",
    "golangci-lint": "golangci-lint run",
    "golangci-lint-full": "golangci-lint run",
    "fmt": "cargo fmt",
    "cargo-fmt": "cargo fmt",
    "clippy": "cargo clippy",
    "cargo-clippy": "cargo clippy",
    "biome-check": "biome check",
    "biome-format": "biome format",
    "biome-lint": "biome lint",
    "ggshield": "ggshield secret",
}


def make_targets(text: str, effort: Effort | None = None) -> dict[str, str]:
    """Return the commands of each target of a Makefile: those of its dependencies, then its own.

    `""` is the first target, which plain `make` builds.
    """
    (effort or Effort()).spend(len(within(text)))
    targets: dict[str, list[str]] = {}
    current: list[str] = []
    left = MOST_CHARACTERS
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("\t"):
            commands = [_RECIPE_PREFIX.sub("", line)]
        elif rule := _rule(line):
            current, needs = rule
            current = [name for name in current if name in targets or len(targets) < MOST_TARGETS]
            commands = [f"make {need}" for need in needs]
        else:
            if line.strip() and not line.startswith("#"):
                current = []
            continue
        left -= (len(line) + 1) * len(current)
        if left < 0:
            raise BeyondBounds("the commands of all its targets are too long")
        for name in current:
            targets.setdefault(name, []).extend(commands)
    found = {name: "\n".join(lines) for name, lines in targets.items()}
    return {"": next(iter(found.values())), **found} if found else {}


def _rule(line: str) -> tuple[list[str], list[str]] | None:
    """Return the targets and dependencies in a line `a b: c d`, or None for another line."""
    head, colon, tail = line.partition(":")
    tail = tail.removeprefix(":").partition("#")[0].partition(";")[0]
    if not colon or "=" in head or "=" in tail or head[:1] in {"", "#", " "}:
        return None
    names = [name for name in head.split() if not name.startswith(".")]
    return names, [need for need in tail.split() if need != "|"]


def npm_scripts(text: str, effort: Effort | None = None) -> dict[str, str]:
    """Return the scripts of a `package.json`, empty if it is not valid."""
    try:
        data = read_json(text, effort or Effort())
    except ValueError:
        return {}
    scripts = data.get("scripts") if isinstance(data, dict) else None
    if not isinstance(scripts, dict):
        return {}
    texts = {name: script for name, script in scripts.items() if isinstance(script, str)}
    return dict(islice(texts.items(), MOST_TARGETS))


def tox_environments(text: str, effort: Effort | None = None) -> dict[str, str]:
    """Return the commands of each environment of a `tox.ini`; `""` has all."""
    try:
        sections = read_ini(text, effort or Effort())
    except ValueError:
        return {}
    usual = sections["testenv"].get("commands", "") if "testenv" in sections else ""
    found = {}
    for section, options in islice(sections.items(), MOST_TARGETS):
        kind, _, name = section.partition(":")
        if kind == "testenv":
            found[name] = options.get("commands", usual)
    return _with_all(found)


def pre_commit_hooks(text: str, effort: Effort | None = None) -> dict[str, str]:
    """Return the commands of pre-commit hooks by id; `""` has all."""
    found = {}
    for hook in islice(_hooks(text, effort), MOST_TARGETS):
        name, entry = hook.get("id"), hook.get("entry")
        if isinstance(name, str):
            command = _HOOKS.get(name, name)
            found[name] = f"{command}\n{entry}" if isinstance(entry, str) else command
    return _with_all(found)


def _hooks(text: str, effort: Effort | None) -> Iterator[dict[str, object]]:
    try:
        value = load(text, effort).value
    except BeyondBounds:
        raise
    except YamlError:
        return
    repositories = value.get("repos") if isinstance(value, dict) else value
    for repository in repositories if isinstance(repositories, list) else []:
        listed = repository.get("hooks") if isinstance(repository, dict) else None
        for hook in listed if isinstance(listed, list) else []:
            if isinstance(hook, dict):
                yield hook


def _with_all(found: dict[str, str]) -> dict[str, str]:
    """Return the commands with `""` for all of them, each text once."""
    return {**found, "": "\n".join(dict.fromkeys(found.values()))} if found else {}
