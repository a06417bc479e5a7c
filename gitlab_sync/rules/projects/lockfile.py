"""Reads a `uv.lock`: names, versions and sources of packages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitlab_sync.rules.bounds import MOST_LIST_CHARACTERS, BeyondBounds, within
from gitlab_sync.rules.projects.parsing import parse_toml

Dependencies = dict[str, Any]
"""`{"total_dependencies": int, "packages": [{"name", "version", "source"}]}`, or `{"error": …}`."""


def parse_uvlock_content(text: str) -> Dependencies:
    """Return the packages of a `uv.lock`; never raises.

    `source` is the address of the registry, repository or file, or `""`. The project's own entry
    (and those of its workspace) is no dependency and not counted.
    """
    if not isinstance(text, str) or not text.strip():
        return {"error": "not a uv.lock: it is empty"}
    try:
        data = parse_toml(within(text, MOST_LIST_CHARACTERS))
    except (ValueError, BeyondBounds) as problem:  # a number of 5,000 digits is no TOML error
        return {"error": f"no valid TOML: {problem}"}
    entries = data.get("package", [])
    if not isinstance(entries, list) or not {"package", "version"} & data.keys():
        return {"error": "not a uv.lock"}
    read = [_package(entry) for entry in entries if isinstance(entry, dict)]
    distinct = {tuple(package.values()): package for package in read if package and package["name"]}
    return {"total_dependencies": len(distinct), "packages": list(distinct.values())}


def _package(entry: Mapping[str, Any]) -> dict[str, str] | None:
    """Return a package; None for the project's own."""
    source = entry.get("source")
    if isinstance(source, dict):
        if "virtual" in source or "editable" in source:
            return None
        kinds = ("registry", "git", "url", "path", "directory")
        source = next((source[kind] for kind in kinds if kind in source), "")
    values = {"name": entry.get("name"), "version": entry.get("version"), "source": source}
    return {key: value if isinstance(value, str) else "" for key, value in values.items()}
