"""What lock files and lists of requirements say: names, versions and sources of packages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

import orjson

Dependencies = dict[str, Any]
"""`{"total_dependencies": int, "packages": [{"name", "version", "source"}]}`, or `{"error": …}`."""

# PEP 508 names; what follows (versions, extras, markers, URLs) is told apart by its first sign.
_REQUIREMENT = re.compile(
    r"^(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?P<rest>.*)$"
)
_PINNED = re.compile(r"^===?\s*([^\s;,]+)")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")


def parse_uvlock_content(text: str) -> Dependencies:
    """Return the packages of a `uv.lock`; never raises.

    `source` is the registry's, repository's or file's address, or `""`. The project's own entry
    (and those of its workspace) is no dependency and not counted.
    """
    return _toml(text, "uv.lock", _uv_package)


def parse_poetry_lock(text: str) -> Dependencies:
    """Return the packages of a `poetry.lock`; never raises."""
    return _toml(text, "poetry.lock", _poetry_package)


def parse_pipfile_lock(text: str) -> Dependencies:
    """Return the packages of a `Pipfile.lock`, `default` and `develop` together; never raises."""
    data = _json(text)
    if not isinstance(data, dict) or not ("default" in data or "_meta" in data):
        return _error("not a Pipfile.lock", text)
    found = []
    for group in ("default", "develop"):
        for name, entry in _mapping(data.get(group)).items():
            fields = _mapping(entry)
            source = next((fields[key] for key in ("git", "path", "file") if fields.get(key)), None)
            version = _word(fields.get("version") or fields.get("ref")).removeprefix("==")
            found.append(_package(name, version, source or fields.get("index")))
    return _result(found)


def parse_package_lock(text: str) -> Dependencies:
    """Return the packages of a `package-lock.json`, of any of its versions; never raises."""
    data = _json(text)
    if not isinstance(data, dict) or not ("packages" in data or "dependencies" in data):
        if isinstance(data, dict) and "lockfileVersion" in data:
            return _result([])
        return _error("not a package-lock.json", text)
    found = []
    for place, entry in _mapping(data.get("packages")).items():
        fields = _mapping(entry)
        name = place.rpartition("node_modules/")[2]
        # Links and folders outside of node_modules are the project's own.
        if "node_modules/" in place and not fields.get("link"):
            found.append(_package(name, fields.get("version"), fields.get("resolved")))
    if not isinstance(data.get("packages"), dict):
        found = _nested(data.get("dependencies"))
    return _result(found)


def parse_requirements(text: str) -> Dependencies:
    """Return the packages that a `requirements.txt` names; never raises.

    `version` is the pinned one, or `""`; `source` the address of one that is not from an index.
    Options (`-r`, `--hash`) are passed over.
    """
    found = []
    for line in str(text).replace("\\\n", " ").splitlines():
        bare = re.split(r"(?:^|\s)#", line)[0].strip()
        package = _requirement(re.split(r"\s--", bare)[0].strip()) if bare else None
        if package is not None:
            found.append(package)
    return _result(found)


PARSERS: Mapping[str, Callable[[str], Dependencies]] = {
    "uv.lock": parse_uvlock_content,
    "poetry.lock": parse_poetry_lock,
    "Pipfile.lock": parse_pipfile_lock,
    "package-lock.json": parse_package_lock,
    "requirements.txt": parse_requirements,
}
"""Names of files to how they are read, the most exact first."""


def lock_file(paths: Iterable[str]) -> str | None:
    """Return the path of the best file to read dependencies from (see `PARSERS`), or None.

    One at the root of the repository is better than one in a folder.
    """
    order = list(PARSERS)
    candidates = [path for path in paths if PurePosixPath(path).name in PARSERS]
    return min(
        candidates,
        key=lambda path: (path.count("/"), order.index(PurePosixPath(path).name), path),
        default=None,
    )


def parse(path: str, text: str) -> Dependencies:
    """Return the dependencies in a file, read by its name; never raises."""
    parser = PARSERS.get(PurePosixPath(path).name)
    return {"error": f"{path} is no known lock file"} if parser is None else parser(text)


def _toml(
    text: str, name: str, package: Callable[[Mapping[str, Any]], dict[str, str] | None]
) -> Dependencies:
    if not isinstance(text, str) or not text.strip():
        return _error(f"not a {name}", text)
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:  # a number of 5,000 digits is no TOML error
        return {"error": f"no valid TOML: {problem}"}
    entries = data.get("package", [])
    if not isinstance(entries, list) or not {"package", "version", "metadata"} & data.keys():
        return _error(f"not a {name}", text)
    read = [package(entry) for entry in entries if isinstance(entry, dict)]
    return _result([one for one in read if one is not None])


def _uv_package(entry: Mapping[str, Any]) -> dict[str, str] | None:
    source = _mapping(entry.get("source"))
    if "virtual" in source or "editable" in source:
        return None
    where = next(
        (source[key] for key in ("registry", "git", "url", "path", "directory") if key in source),
        entry.get("source") if not source else "",
    )
    return _package(entry.get("name"), entry.get("version"), where)


def _poetry_package(entry: Mapping[str, Any]) -> dict[str, str]:
    source = _mapping(entry.get("source"))
    return _package(entry.get("name"), entry.get("version"), source.get("url"))


def _nested(dependencies: Any) -> list[dict[str, str]]:
    """Return the packages of the first version of npm's lock file, where they nest."""
    found = []
    left = [_mapping(dependencies)]
    while left:
        for name, entry in left.pop().items():
            fields = _mapping(entry)
            found.append(_package(name, fields.get("version"), fields.get("resolved")))
            left.append(_mapping(fields.get("dependencies")))
    return found


def _requirement(line: str) -> dict[str, str] | None:
    line = re.sub(r"^(-e|--editable)[\s=]+", "", line)
    egg = _EGG.search(line)
    if egg is not None:
        return _package(egg[1], "", line)
    if not line or line.startswith("-") or "://" in line.partition("@")[0]:
        return None
    match = _REQUIREMENT.match(line)
    if match is None or re.match(r"^[/\\]", match["rest"]):
        return None  # a path, which has no name before it is built
    rest = match["rest"].strip("() ")
    pinned = _PINNED.match(rest)
    source = rest[1:].partition(";")[0].strip() if rest.startswith("@") else ""
    return _package(match["name"], pinned[1] if pinned else "", source)


def _json(text: object) -> Any:
    try:
        return orjson.loads(text if isinstance(text, str) else "")
    except orjson.JSONDecodeError:
        return None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


def _package(name: object, version: object, source: object) -> dict[str, str]:
    return {"name": _word(name), "version": _word(version), "source": _word(source)}


def _result(packages: list[dict[str, str]]) -> Dependencies:
    distinct = {(one["name"], one["version"], one["source"]): one for one in packages}
    kept = [one for one in distinct.values() if one["name"]]
    return {"total_dependencies": len(kept), "packages": kept}


def _error(message: str, text: object) -> Dependencies:
    empty = not isinstance(text, str) or not text.strip()
    return {"error": f"{message}: it is empty" if empty else message}
