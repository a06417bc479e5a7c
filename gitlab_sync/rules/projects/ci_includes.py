"""Handles the includes of a `.gitlab-ci.yml`: files of its repository, templates, other projects.

`IncludeReader` names the files that the caller has to read, and `merged` merges their texts.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType

from gitlab_sync.rules.bounds import MAX_INCLUDES, MOST_ENTRIES, BeyondBounds, Effort, shown
from gitlab_sync.rules.projects.ci_inputs import defaults_of, filled, key_of
from gitlab_sync.rules.projects.ci_yaml import Plain, YamlError, load
from gitlab_sync.rules.projects.facts import FileText, MergedPipeline

NO_INPUTS: Mapping[str, Plain] = MappingProxyType({})

CI_FILE = ".gitlab-ci.yml"
"""The path of the pipeline, unless a project has another one."""

_STARS = re.compile(r"(\*\*?)")

# These templates of GitLab add scanners and conditions, but no test, lint or format job.
_HARMLESS_TEMPLATE = re.compile(
    r"^(Security/.*|Workflows/.*"
    r"|Jobs/(SAST|Secret-Detection|Dependency-Scanning|Container-Scanning|License-Scanning)\b.*)$"
)


@dataclass(frozen=True, slots=True)
class Included:
    """One entry of `include`: `kind` is `local`, `template`, `component`, `project` or `remote`.

    `what` names it: a path, a template's name, a URL, or `group/project: path`. `why` says what
    happened if it could not be read. `inputs` are those that it is given.
    """

    kind: str
    what: str
    why: str = "not read"
    inputs: Mapping[str, Plain] = field(default_factory=dict, compare=False)

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


class IncludeReader:
    """Finds the files in a repository that its pipeline includes. For one thread.

    `paths` are all paths of the repository, `start` is that of the pipeline. It is asked level by
    level, as the texts of the last level arrive, and parses each of them once.
    """

    def __init__(self, paths: Iterable[str], start: str, effort: Effort | None = None) -> None:
        self._paths = list(paths)
        self._listed = frozenset(self._paths)
        self._effort = effort or Effort()
        self._start = start
        self._seen = {start}
        self._left = deque([start])

    def missing(self, files: Mapping[str, FileText]) -> list[str]:
        """Return the files that are included, exist, and are not in `files`.

        `files` must hold the results of earlier calls, too. Beyond the bounds nothing is returned.
        """
        missing: list[str] = []
        while self._left:
            path = self._left.popleft()
            text = files.get(path)
            if path not in files:
                missing.append(path)
            elif isinstance(text, str):
                self._follow(text, files)
        self._left.extend(missing)
        return [path for path in missing if path != self._start]

    def _follow(self, text: str, files: Mapping[str, FileText]) -> None:
        try:
            found = local_includes(text, self._paths, self._effort)
        except BeyondBounds:
            return
        for path in found:
            if path not in self._seen and (path in files or path in self._listed):
                self._seen.add(path)
                self._left.append(path)


def local_includes(text: str, paths: Iterable[str] = (), effort: Effort | None = None) -> list[str]:
    """Return the paths in the same repository that a text of CI YAML includes, each once.

    `paths` are all paths of the repository, for patterns such as `ci/*.yml`. A path with a variable
    is left out. A text that is not YAML includes nothing. Raises BeyondBounds if the `effort` is
    used up.
    """
    effort = effort or Effort()
    try:
        value = load(text, effort).value
    except YamlError:
        return []
    known = list(paths)
    found: dict[str, None] = {}
    for entry in entries(value):
        if entry.kind == "local":
            found.update(dict.fromkeys(expanded(entry.what, known, effort)))
    return list(found)[:MAX_INCLUDES]


def entries(value: Plain) -> list[Included]:
    """Return the entries of `include`, of a configuration and of its jobs' child pipelines.

    Raises BeyondBounds for more than any real configuration has.
    """
    found = list(islice(_all_entries(value), MOST_ENTRIES + 1))
    if len(found) > MOST_ENTRIES:
        raise BeyondBounds(f"more than {MOST_ENTRIES:,} entries of include")
    return found


def _all_entries(value: Plain) -> Iterator[Included]:
    if not isinstance(value, dict):
        return
    yield from _entries(value.get("include"))
    for job in value.values():
        trigger = job.get("trigger") if isinstance(job, dict) else None
        if isinstance(trigger, dict):
            yield from _entries(trigger.get("include"))


def merged(
    text: str, local: Mapping[str, str], path: str = CI_FILE, effort: Effort | None = None
) -> Merged:
    """Return the merged configuration of `text` (at `path`) and the `local` files it includes.

    `local` maps paths to texts. Raises `YamlError` if `text` itself is not YAML, and BeyondBounds
    if it is too much; an included file that is not YAML is a problem, and is left out.
    """
    merger = _Merger(local, effort or Effort())
    merger.merge(text, path)
    return merger.result


def completed(own: Merged, whole: MergedPipeline, effort: Effort) -> Merged:
    """Return what GitLab made of the texts in `own`, or `own` if it is about other texts.

    Raises BeyondBounds if it is too much.
    """
    try:
        value = load(whole.yaml, effort).value
    except BeyondBounds:
        raise
    except YamlError:
        return own
    jobs = {name for name, job in own.value.items() if isinstance(job, dict) and name != "include"}
    if not isinstance(value, dict) or not jobs.issubset(value):
        return own
    kinds = {"file": "project"}
    included = [Included(kinds.get(kind, kind), what) for kind, what in whole.includes]
    return Merged(value, own.places, [], [*own.included, *included])


class _Merger:
    def __init__(self, local: Mapping[str, str], effort: Effort) -> None:
        self.result = Merged()
        self._local = local
        self._effort = effort
        self._seen: set[tuple[str, str]] = set()

    def merge(self, text: str, path: str, given: Mapping[str, Plain] = NO_INPUTS) -> None:
        """Merge a file, with the inputs that it is given, over those that it includes."""
        self._seen.add(_once(path, given))
        document = load(text, self._effort)
        inputs = {**defaults_of(document.header), **given}
        value = filled(document.value, inputs, self._effort)
        if not isinstance(value, dict):
            return
        result = self.result
        for entry in entries(value):
            result.included.append(entry)
            found = []
            if entry.kind == "local":
                found = expanded(entry.what, self._local, self._effort)
            if not any(one in self._local for one in found) and entry.may_hold_jobs:
                result.unread.append(entry)
            for one in found:
                if one in self._local:
                    self._include(one, entry.inputs)
        self._effort.spend(len(result.value) // 10)
        result.value = deep_merge(result.value, value)
        places = {key_of(key, inputs): (path, line) for key, line in document.lines.items()}
        result.places.update(places)

    def _include(self, path: str, inputs: Mapping[str, Plain]) -> None:
        # GitLab refuses a file that includes itself; here each is read once with the same inputs.
        if _once(path, inputs) in self._seen:
            return
        if len(self._seen) > MAX_INCLUDES:
            why = f"not read, since it is not one of the first {MAX_INCLUDES}"
            self.result.unread.append(Included("local", path, why))
            return
        try:
            self.merge(self._local[path], path, inputs)
        except BeyondBounds as beyond:
            self.result.unread.append(Included("local", path, f"not read: {beyond}"))
        except YamlError as problem:
            self.result.problems.append(f"{path}: {problem}")


def _once(path: str, inputs: Mapping[str, Plain]) -> tuple[str, str]:
    return path, repr(inputs) if inputs else ""


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
            named = file if isinstance(file, str) else "?"
            yield Included("project", f"{shown(one['project'])}: {shown(named)}")
        return
    inputs = one.get("inputs")
    for kind in ("local", "template", "component", "remote"):
        if isinstance(one.get(kind), str):
            yield _named(kind, one[kind], inputs if isinstance(inputs, dict) else NO_INPUTS)


def _named(kind: str, what: str, inputs: Mapping[str, Plain] = NO_INPUTS) -> Included:
    return Included(kind, what.lstrip("/") if kind == "local" else what, inputs=inputs)


def expanded(path: str, known: Collection[str], effort: Effort) -> list[str]:
    """Return the paths that a path in `include` means: those `known` that match it, if it has `*`.

    It is empty for a path with a variable.
    """
    if "$" in path:
        return []
    if "*" not in path:
        return [path]
    parts = _STARS.split(path)
    found = []
    effort.spend(len(known) // 2)
    for one in known:
        if one.startswith(parts[0]) and one.endswith(parts[-1]):
            effort.spend(len(parts) * len(one) // 10)
            if _matches(parts, one):
                found.append(one)
    return sorted(found)


def _matches(parts: Sequence[str], path: str) -> bool:
    """Return whether a path matches literal parts with `*` (within a folder) or `**` between them.

    All places where the parts can end are followed at once, so the time is no product of the stars.
    """
    ends = [len(parts[0])] if path.startswith(parts[0]) else []
    for star, literal in zip(parts[1::2], parts[2::2], strict=True):
        starts: list[int] = []
        stop = -1
        for end in ends:
            if end > stop:
                slash = -1 if star == "**" else path.find("/", end)
                stop = len(path) if slash < 0 else slash
                starts += range(end, stop + 1)
        ends = [place + len(literal) for place in starts if path.startswith(literal, place)]
    return len(path) in ends
