"""Handles the includes of a `.gitlab-ci.yml`: files of its repository, templates, other projects.

`local_includes` names the files that the caller has to read, and `merged` merges their texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gitlab_sync.rules.projects.ci_yaml import Plain, YamlError, load

CI_FILE = ".gitlab-ci.yml"
"""The path of the pipeline, unless a project has another one."""

# GitLab allows 150 includes in one pipeline (ci_max_includes).
MAX_INCLUDES = 150

# Each star multiplies the time to match a path.
_MAX_STARS = 4

# These templates of GitLab add scanners and conditions, but no test, lint or format job.
_HARMLESS_TEMPLATE = re.compile(
    r"^(Security/.*|Workflows/.*"
    r"|Jobs/(SAST|Secret-Detection|Dependency-Scanning|Container-Scanning|License-Scanning)\b.*)$"
)


@dataclass(frozen=True, slots=True)
class Included:
    """One entry of `include`: `kind` is `local`, `template`, `component`, `project` or `remote`.

    `what` names it: a path, a template's name, a URL, or `group/project: path`.
    """

    kind: str
    what: str

    @property
    def may_hold_jobs(self) -> bool:
        """Whether it can contain jobs that test, lint or format."""
        return not (self.kind == "template" and _HARMLESS_TEMPLATE.match(self.what))


@dataclass(slots=True)
class Merged:
    """The merged texts of a pipeline.

    In `value` later keys replace earlier ones, and mappings are merged. `places` has the last path
    and line of each key. `included` has every entry, `unread` those without a text. `problems` are
    the files that cannot be read, in words.
    """

    value: dict[str, Plain] = field(default_factory=dict)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    unread: list[Included] = field(default_factory=list)
    included: list[Included] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def local_includes(text: str, paths: Iterable[str] = ()) -> list[str]:
    """Return the paths in the same repository that a text of CI YAML includes, each once.

    `paths` are all paths of the repository, for patterns such as `ci/*.yml`. A path with a variable
    is left out. A text that is not YAML includes nothing.
    """
    try:
        value = load(text).value
    except YamlError:
        return []
    known = list(paths)
    found: dict[str, None] = {}
    for entry in entries(value):
        if entry.kind == "local":
            found.update(dict.fromkeys(_expand(entry.what, known)))
    return list(found)[:MAX_INCLUDES]


def entries(value: Plain) -> Iterator[Included]:
    """Yield the entries of `include`, of a configuration and of its jobs' child pipelines."""
    if not isinstance(value, dict):
        return
    yield from _entries(value.get("include"))
    for job in value.values():
        trigger = job.get("trigger") if isinstance(job, dict) else None
        if isinstance(trigger, dict):
            yield from _entries(trigger.get("include"))


def merged(text: str, local: Mapping[str, str], path: str = CI_FILE) -> Merged:
    """Return the merged configuration of `text` (at `path`) and the `local` files it includes.

    `local` maps paths to texts. Raises `YamlError` if `text` itself is not YAML; an included file
    that is not YAML is a problem, and is left out.
    """
    result = Merged()
    _merge_file(result, text, path, local, set())
    return result


def _merge_file(
    result: Merged, text: str, path: str, local: Mapping[str, str], seen: set[str]
) -> None:
    document = load(text)
    if not isinstance(document.value, dict):
        return
    seen.add(path)
    for entry in entries(document.value):
        result.included.append(entry)
        found = _expand(entry.what, local) if entry.kind == "local" else []
        if not any(one in local for one in found) and entry.may_hold_jobs:
            result.unread.append(entry)
        for one in found:
            # GitLab refuses a file that includes itself; here it is read once.
            if one in local and one not in seen and len(seen) < MAX_INCLUDES:
                try:
                    _merge_file(result, local[one], one, local, seen)
                except YamlError as problem:
                    result.problems.append(f"{one}: {problem}")
    result.value = deep_merge(result.value, document.value)
    result.places.update({key: (path, line) for key, line in document.lines.items()})


def deep_merge(below: Plain, above: Plain) -> Plain:
    """Return `below` with `above` over it: mappings are merged, other values replaced."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    made = dict(below)
    for key, value in above.items():
        made[key] = deep_merge(made[key], value) if key in made else value
    return made


def _entries(include: Plain) -> Iterator[Included]:
    for one in include if isinstance(include, list) else [include]:
        if isinstance(one, str):
            yield _named("remote" if re.match(r"https?://", one) else "local", one)
        elif isinstance(one, dict):
            yield from _entry(one)


def _entry(one: dict[str, Plain]) -> Iterator[Included]:
    if isinstance(one.get("project"), str):
        files = one.get("file")
        for file in files if isinstance(files, list) else [files]:
            yield Included("project", f"{one['project']}: {file}")
        return
    for kind in ("local", "template", "component", "remote"):
        if isinstance(one.get(kind), str):
            yield _named(kind, one[kind])


def _named(kind: str, what: str) -> Included:
    return Included(kind, what.lstrip("/") if kind == "local" else what)


def _expand(path: str, known: Iterable[str]) -> list[str]:
    if "$" in path or path.count("*") > _MAX_STARS:
        return []
    if "*" not in path:
        return [path]
    # `*` matches within a folder, `**` across folders.
    rules = {"*": "[^/]*", "**": ".*"}
    parts = re.split(r"(\*\*?)", path)
    pattern = re.compile("".join(rules.get(part, re.escape(part)) for part in parts))
    start, end = parts[0], parts[-1]
    return sorted(
        one
        for one in known
        if one.startswith(start) and one.endswith(end) and pattern.fullmatch(one)
    )
