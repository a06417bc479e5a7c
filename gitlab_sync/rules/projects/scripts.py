"""Reads the commands of make targets, npm scripts, tox environments and pre-commit hooks."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from itertools import islice

import orjson

from gitlab_sync.rules.projects.ci_yaml import YamlError, load

# Far more than a project has; it limits the lookups.
_MOST = 500

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


def make_targets(text: str) -> dict[str, str]:
    """Return the commands of each target of a Makefile: those of its dependencies, then its own.

    `""` is the first target, which plain `make` builds. Never raises.
    """
    targets: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("\t"):
            for name in current:
                targets[name].append(re.sub(r"^[\s@+-]+", "", line))
        elif rule := _rule(line):
            current, needs = rule
            current = [name for name in current if name in targets or len(targets) < _MOST]
            for name in current:
                targets.setdefault(name, []).extend(f"make {need}" for need in needs)
        elif line.strip() and not line.startswith("#"):
            current = []
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


def npm_scripts(text: str) -> dict[str, str]:
    """Return the scripts of a `package.json`, empty if it cannot be read. Never raises."""
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    scripts = data.get("scripts") if isinstance(data, dict) else None
    if not isinstance(scripts, dict):
        return {}
    texts = {name: script for name, script in scripts.items() if isinstance(script, str)}
    return dict(islice(texts.items(), _MOST))


def tox_environments(text: str) -> dict[str, str]:
    """Return the commands of each environment of a `tox.ini`; `""` has all. Never raises."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    usual = parser.get("testenv", "commands", fallback="")
    found = {}
    for section in parser.sections()[:_MOST]:
        kind, _, name = section.partition(":")
        if kind == "testenv":
            found[name] = parser.get(section, "commands", fallback=usual)
    return {**found, "": "\n".join(found.values())} if found else {}


def pre_commit_hooks(text: str) -> dict[str, str]:
    """Return the commands of pre-commit hooks by id; `""` has all. Never raises."""
    found = {}
    for hook in _hooks(text)[:_MOST]:
        name, entry = hook.get("id"), hook.get("entry")
        if isinstance(name, str):
            command = _HOOKS.get(name, name)
            found[name] = f"{command}\n{entry}" if isinstance(entry, str) else command
    return {**found, "": "\n".join(found.values())} if found else {}


def _hooks(text: str) -> list[dict[str, object]]:
    try:
        value = load(text).value
    except YamlError:
        return []
    repositories = value.get("repos") if isinstance(value, dict) else value
    hooks: list[dict[str, object]] = []
    for repository in repositories if isinstance(repositories, list) else []:
        listed = repository.get("hooks") if isinstance(repository, dict) else None
        hooks += [h for h in (listed if isinstance(listed, list) else []) if isinstance(h, dict)]
    return hooks
