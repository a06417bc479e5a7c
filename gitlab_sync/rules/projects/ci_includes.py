"""What a `.gitlab-ci.yml` includes: files of its own repository, templates, other projects.

Nothing is read here: `local_includes` names what a caller has to read, and `merged` puts the texts
together once they are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gitlab_sync.rules.projects.ci_yaml import Plain, YamlError, load

CI_FILE = ".gitlab-ci.yml"
"""Where GitLab looks for the pipeline unless a project says otherwise."""

# GitLab allows 150 includes in one pipeline (ci_max_includes).
MAX_INCLUDES = 150

# Each further star multiplies what it takes to match a path.
_MAX_STARS = 4

# These templates of GitLab's own add scanners and conditions, but no test, lint or format job.
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
        """Whether jobs that test, lint or format may come from it."""
        return not (self.kind == "template" and _HARMLESS_TEMPLATE.match(self.what))


@dataclass(slots=True)
class Merged:
    """The texts of a pipeline put together. Built once, then not changed.

    `value`: keys to values, later ones over earlier ones, mappings merged. `places`: for each key
    the path and line of its last occurrence. `unread`: what was included but is not there.
    `included`: every entry. `problems`: files that cannot be read, in words.
    """

    value: dict[str, Plain] = field(default_factory=dict)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    unread: list[Included] = field(default_factory=list)
    included: list[Included] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def local_includes(text: str, paths: Iterable[str] = ()) -> list[str]:
    """Return the paths in the same repository that a text of CI YAML includes, each once.

    `paths` are all paths of the repository: a pattern such as `ci/*.yml` stands for those that
    match. A path with a variable in it is left out; so is everything if the text is no YAML.
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
    """Yield what the `include` of a configuration names, and its jobs' child pipelines do."""
    if not isinstance(value, dict):
        return
    yield from _entries(value.get("include"))
    for job in value.values():
        trigger = job.get("trigger") if isinstance(job, dict) else None
        if isinstance(trigger, dict):
            yield from _entries(trigger.get("include"))


def merged(text: str, local: Mapping[str, str], path: str = CI_FILE) -> Merged:
    """Return the configuration that `text` (at `path`) and the `local` files make up.

    `local` maps paths to texts. Raises `YamlError` if `text` itself is no YAML; an included file
    that is none is a problem, and is left out.
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
            # A file that includes itself is refused by GitLab; here it is just read once.
            if one in local and one not in seen and len(seen) < MAX_INCLUDES:
                try:
                    _merge_file(result, local[one], one, local, seen)
                except YamlError as problem:
                    result.problems.append(f"{one}: {problem}")
    result.value = deep_merge(result.value, document.value)
    result.places.update({key: (path, line) for key, line in document.lines.items()})


def deep_merge(below: Plain, above: Plain) -> Plain:
    """Return `below` with `above` over it: mappings merge key by key, all else is replaced."""
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
    # `*` stays within a folder, `**` goes through all of them.
    rules = {"*": "[^/]*", "**": ".*"}
    parts = re.split(r"(\*\*?)", path)
    pattern = re.compile("".join(rules.get(part, re.escape(part)) for part in parts))
    start, end = parts[0], parts[-1]
    return sorted(
        one
        for one in known
        if one.startswith(start) and one.endswith(end) and pattern.fullmatch(one)
    )
