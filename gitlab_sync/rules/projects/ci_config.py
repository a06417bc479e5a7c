"""Reads the jobs of a pipeline from `.gitlab-ci.yml`, as GitLab does.

It follows GitLab's order: merge includes, follow `extends`, look up `!reference`, and let each job
inherit from `default` and the top level (docs: CI/CD YAML syntax).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from gitlab_sync.rules.bounds import MOST_SCRIPT_LINES, BeyondBounds, Effort, shown
from gitlab_sync.rules.projects.ci_includes import (
    CI_FILE,
    Included,
    Merged,
    completed,
    deep_merge,
    merged,
)
from gitlab_sync.rules.projects.ci_yaml import Plain, Reference, YamlError
from gitlab_sync.rules.projects.facts import MergedPipeline

Runs = Literal["always", "manual", "never", "unclear"]
"""Whether a job starts automatically, manually, or never in a successful pipeline.

It is unclear if that is said in a file that was not read.
"""

# Top-level keys that are not jobs (`pages` is one).
_NO_JOBS = frozenset({
    "default", "include", "stages", "variables", "workflow", "image", "services", "cache",
    "before_script", "after_script", "spec",
})  # fmt: skip

# The keys that are read of a job; a mapping without any of them is not a job.
_JOB_KEYS = frozenset({
    "script", "run", "trigger", "extends", "before_script", "after_script", "stage", "image",
    "rules", "only", "except", "when", "allow_failure", "coverage", "artifacts", "inherit",
    "variables", "parallel",
})  # fmt: skip

# Only this key of a mapping is kept, and none of others, so that merging is never slow.
_PART = {
    "artifacts": "reports",
    "reports": "coverage_report",
    "only": "refs",
    "except": "refs",
    "image": "name",
    "inherit": "default",
    "parallel": "matrix",
}

# GitLab: at most 11 levels of `extends`, 10 of `!reference`.
_MAX_EXTENDS = 11
_MAX_REFERENCES = 10

_SAYS_WHEN = re.compile(
    r"rules?\b|rules?[-_:]|[-_.:](only|except|when|manual|schedule)", re.IGNORECASE
)
_UNREAD = Reference(("a file that was not read",))

_NAMED = re.compile(r"\$\{?([A-Za-z_]\w{0,99})")
_LONGEST_VARIABLE = 1_000
_MOST_VALUES = 20
_MOST_VARIABLES = 100

_LARGER = "larger than any real pipeline: not all of it was read"


@dataclass(frozen=True, slots=True)
class CIJob:
    """One job that is not hidden, with what it inherits.

    `stage` is as written, None for GitLab's default. `script` has the lines of `before_script`,
    `script` and `after_script`. `coverage` is whether the job reports a coverage figure
    (`coverage:`), `coverage_report` whether it uploads one as an artifact. `path` and `line` (from
    1) are its place.
    """

    name: str
    stage: str | None
    script: tuple[str, ...]
    runs: Runs
    image: str | None = None
    allow_failure: bool = False
    coverage: bool = False
    coverage_report: bool = False
    path: str = CI_FILE
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline's configuration.

    `stages` are as declared (empty if not). `included` has every `include`, `unread` those that
    were not read and can have jobs. `problems` are the faults that GitLab would refuse, in words.
    `error` says why there is nothing to read, else None. `beyond` says why it could not be
    evaluated as a whole: no real pipeline is so large.
    """

    stages: tuple[str, ...] = ()
    jobs: tuple[CIJob, ...] = ()
    included: tuple[Included, ...] = ()
    unread: tuple[Included, ...] = ()
    problems: tuple[str, ...] = ()
    error: str | None = None
    beyond: str | None = None


def read_pipeline(
    text: str,
    local: Mapping[str, str] | None = None,
    path: str = CI_FILE,
    effort: Effort | None = None,
    whole: MergedPipeline | None = None,
) -> Pipeline:
    """Return the pipeline in `text`; raises only what the `effort` raises to end the work.

    `local` maps the paths of included files in the same repository to their texts; `path` is the
    path of `text` itself. `whole` is the same pipeline as GitLab merges it, with what is included
    from elsewhere; the places of jobs come from the texts.
    """
    effort = effort or Effort()
    try:
        found = merged(text, local or {}, path, effort)
        if whole is not None:
            found = completed(found, whole, effort)
        return _Reader(found, effort).pipeline()
    except BeyondBounds as beyond:
        return Pipeline(error=f"not evaluated: {beyond}", beyond=str(beyond))
    except YamlError as problem:
        return Pipeline(error=f"not valid YAML: {problem}")


class _Reader:
    def __init__(self, whole: Merged, effort: Effort) -> None:
        self._whole = whole
        self._effort = effort
        self._top = whole.value
        self._problems = dict.fromkeys(whole.problems)
        self._expanded: dict[str, dict[str, Plain] | None] = {}
        self._lines_left = MOST_SCRIPT_LINES
        self._named: dict[str, list[str]] = {}
        self._variables_of_all = _texts(self._top.get("variables"))

    def pipeline(self) -> Pipeline:
        if not self._top:
            return Pipeline(error="the CI configuration is empty")
        workflow = self._top.get("workflow")
        # A workflow that never starts a pipeline starts none of its jobs.
        dead = isinstance(workflow, dict) and self._by_rules(workflow, "always") == "never"
        jobs = tuple(self._job(name, dead=dead) for name in self._names())
        stages = self._flat(self._top.get("stages"))
        return Pipeline(
            tuple(stages),
            jobs,
            tuple(self._whole.included),
            tuple(self._whole.unread),
            tuple(self._problems),
            beyond=_LARGER if self._lines_left < 0 else None,
        )

    def _names(self) -> Iterator[str]:
        for name, value in self._top.items():
            if name in _NO_JOBS or name.startswith(".") or not isinstance(value, dict):
                continue
            if _JOB_KEYS.intersection(value):
                yield name

    def _problem(self, text: str) -> None:
        self._problems[shown(text)] = None

    def _job(self, name: str, *, dead: bool) -> CIJob:
        self._effort.spend(20)
        own = self._extended(name, ())
        keys = own or self._top[name]
        image = self._resolved(self._inherited(keys, "image"))
        path, line = self._whole.places.get(name, (CI_FILE, None))
        script = [
            *self._flat(self._inherited(keys, "before_script")),
            *self._script(keys),
            *self._flat(self._inherited(keys, "after_script")),
        ]
        script = [*self._variables(keys, script), *script]
        reports = _mapping(_mapping(keys.get("artifacts")).get("reports"))
        return CIJob(
            name,
            _text(self._resolved(keys.get("stage"))),
            tuple(script),
            "never" if dead or own is None else self._runs(keys),
            _text(image.get("name") if isinstance(image, dict) else image),
            keys.get("allow_failure") not in (None, False),
            keys.get("coverage") is not None,
            reports.get("coverage_report") is not None,
            path,
            line,
        )

    def _variables(self, keys: dict[str, Plain], script: Iterable[str]) -> list[str]:
        """Return the variables that a script names, as the assignments of a shell."""
        named = dict.fromkeys(name for line in script for name in self._named_in(line))
        if not named:
            return []
        matrix = _mapping(keys.get("parallel")).get("matrix")
        given = [_texts(each) for each in matrix[:_MOST_VALUES]] if isinstance(matrix, list) else []
        given += [_texts(keys.get("variables")), self._variables_of_all]
        found = ((name, next((each[name] for each in given if name in each), "")) for name in named)
        return [f"{name}='{text}'" for name, text in found if text]

    def _named_in(self, line: str) -> list[str]:
        """Return the variables that a line names. Many jobs have the same lines."""
        if line not in self._named:
            self._effort.spend(1 + len(line) // 100)
            self._named[line] = _NAMED.findall(line) if "$" in line else []
        return self._named[line]

    def _script(self, keys: dict[str, Plain]) -> list[str]:
        lines = self._flat(keys.get("script"))
        steps = keys.get("run")
        for step in steps if isinstance(steps, list) else []:
            lines += self._flat(_mapping(step).get("script"))
        return lines

    def _extended(self, name: str, way: tuple[str, ...]) -> dict[str, Plain] | None:
        """Return a job merged over the jobs that it extends; None if GitLab refuses it."""
        if name in self._expanded:
            return self._expanded[name]
        own = _own_keys(self._top[name])
        result: dict[str, Plain] | None = {}
        for parent in _names(own.get("extends")):
            below = self._parent(name, parent, (*way, name))
            if below is None:
                result = None
                break
            result = deep_merge(result, below)
        if result is not None:
            result = deep_merge(result, {key: own[key] for key in own if key != "extends"})
        self._expanded[name] = result
        return result

    def _parent(self, name: str, parent: str, way: tuple[str, ...]) -> dict[str, Plain] | None:
        if parent in way:
            self._problem(f"{shown(name)} extends {shown(parent)}, which extends it in a circle")
            return None
        if len(way) > _MAX_EXTENDS:
            self._problem(f"{shown(name)} extends more than {_MAX_EXTENDS} levels")
            return None
        if isinstance(self._top.get(parent), dict):
            return self._extended(parent, way)
        if self._whole.unread:
            # It can be in a file that was not read, and many of those only say when a job runs.
            return {"when": _UNREAD} if _SAYS_WHEN.search(parent) else {}
        self._problem(f"{shown(name)} extends {shown(parent)}, which does not exist")
        return None

    def _inherited(self, keys: dict[str, Plain], key: str) -> Plain:
        """Return a job's own value, else that of `default` or the top level if `inherit` allows."""
        if key in keys:
            return keys[key]
        allowed = _mapping(keys.get("inherit")).get("default", True)
        if allowed is False or (isinstance(allowed, list) and key not in allowed):
            return None
        return _mapping(self._top.get("default")).get(key, self._top.get(key))

    def _runs(self, keys: dict[str, Plain]) -> Runs:
        unread = keys.get("when") is _UNREAD
        if isinstance(keys.get("rules"), list | Reference):
            return self._by_rules(keys, "always" if unread else _when(keys.get("when")))
        if self._switched_off(keys):
            return "never"
        return "unclear" if unread else _when(keys.get("when"))

    def _by_rules(self, keys: dict[str, Plain], usual: Runs) -> Runs:
        """Return the best way in which a list of rules lets a job run; the first match decides."""
        if "rules" not in keys:
            return usual
        best: Runs = "never"
        for rule in self._items(keys["rules"], 0):
            if not isinstance(rule, dict):
                # It was not looked up, so it could match.
                return "unclear" if self._whole.unread else usual
            runs = _when(rule["when"]) if "when" in rule else usual
            if runs == "always":
                return runs
            if runs == "manual":
                best = runs
            if not {"if", "changes", "exists"}.intersection(rule):
                break  # it always matches, so no later rule is reached
        return best

    def _switched_off(self, keys: dict[str, Plain]) -> bool:
        if keys.get("only") == []:
            return True
        refs = keys.get("except")
        refs = refs.get("refs") if isinstance(refs, dict) else refs
        return {"branches", "tags"}.issubset(self._flat(refs)) and keys.get("only") is None

    def _flat(self, value: Plain) -> list[str]:
        """Return the texts in a text, a list or nested lists, with references looked up."""
        return [item for item in self._items(value, 0) if isinstance(item, str)]

    def _items(self, value: Plain, depth: int) -> list[Plain]:
        """Return the items of a list and of the lists in it; a single value is a list of one.

        Like GitLab it allows 10 levels. The items are counted over the whole pipeline.
        """
        value = self._resolved(value)
        if not isinstance(value, list):
            return [] if value is None else [value]
        found: list[Plain] = []
        for one in value if depth <= _MAX_REFERENCES else ():
            self._lines_left -= 1
            if self._lines_left < 0:
                self._problem(_LARGER)
                break
            found += self._items(one, depth + 1)
        return found

    def _resolved(self, value: Plain) -> Plain:
        for _ in range(_MAX_REFERENCES):
            if not isinstance(value, Reference):
                return value
            value = self._looked_up(value)
        return None

    def _looked_up(self, reference: Reference) -> Plain:
        steps = reference.path
        if not steps:
            return None
        known = self._top.get(steps[0])
        if isinstance(known, dict) and steps[0] not in _NO_JOBS and len(steps) > 1:
            # Keys of a job come from what it extends, too; other keys only from the text itself.
            inherited = self._extended(steps[0], ()) or {}
            known = inherited if steps[1] in inherited else known
        for step in steps[1:]:
            if known is None:
                break
            known = _mapping(known).get(step)
        if known is None and not self._whole.unread:
            named = ", ".join(map(shown, steps[:_MAX_REFERENCES]))
            self._problem(f"!reference [{named}] leads nowhere")
        return known


def _names(value: Plain) -> list[str]:
    """Return the names in `extends`; GitLab reads it before it looks references up."""
    return [
        each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)
    ]


def _when(value: Plain) -> Runs:
    """Read `when`; a job that waits for a failure checks nothing, so it never runs."""
    if value == "manual":
        return "manual"
    return "never" if value in ("never", "on_failure") else "always"


def _texts(variables: Plain) -> dict[str, str]:
    """Return the variables with the texts that they have; of several, all."""
    found = {}
    for name, given in _mapping(variables).items():
        value = given.get("value") if isinstance(given, dict) else given
        values = value if isinstance(value, list) else [value]
        text = " ".join(each for each in values[:_MOST_VALUES] if isinstance(each, str))
        if len(text) <= _LONGEST_VARIABLE and "'" not in text:
            found[name] = text
    return found


def _own_keys(job: dict[str, Plain]) -> dict[str, Plain]:
    return {key: _shortened(key, job[key]) for key in job if key in _JOB_KEYS}


def _shortened(key: str, value: Plain) -> Plain:
    if not isinstance(value, dict):
        return value
    if key == "variables":
        return dict(islice(value.items(), _MOST_VARIABLES))
    part = _PART.get(key, "")
    return {part: _shortened(part, value[part])} if part in value else {}


def _mapping(value: Plain) -> dict[str, Plain]:
    return value if isinstance(value, dict) else {}


def _text(value: Plain) -> str | None:
    return value if isinstance(value, str) else None
