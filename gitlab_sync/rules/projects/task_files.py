"""Reads the commands of tasks: of Taskfiles, mise, lefthook, composer, pyproject.toml and others.

Each function raises BeyondBounds for a file that no real project has, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from gitlab_sync.rules.bounds import MOST_TARGETS, Effort, within
from gitlab_sync.rules.projects.ci_yaml import Plain
from gitlab_sync.rules.projects.lenient import json, mapping, mapping_at, toml, yaml

Commands = dict[str, str]
"""The commands of each target, by its name."""


def _listed(found: Iterable[tuple[str, Iterable[str]]]) -> Commands:
    return {name: "\n".join(lines) for name, lines in islice(found, MOST_TARGETS)}


def _texts(value: Any, *keys: str) -> Iterator[str]:
    """Yield the commands in a text, in a mapping under one of these keys, or in a list of both."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield from (one[key] for key in keys if isinstance(one.get(key), str))
        elif isinstance(one, str):
            yield one


def taskfile_tasks(text: str, effort: Effort | None = None) -> Commands:
    """Return the commands of the tasks of a Taskfile; `default` is also `""`."""
    found = _listed(
        (name, _of_task(task)) for name, task in mapping_at(yaml(text, effort), "tasks").items()
    )
    return {**found, **({"": found["default"]} if "default" in found else {})}


def _of_task(task: Plain) -> Iterator[str]:
    if not isinstance(task, dict):
        yield from _texts(task, "cmd")
        return
    for need in task["deps"] if isinstance(task.get("deps"), list) else []:
        yield from (f"task {name}" for name in _texts(need, "task"))
    for command in [*_as_list(task.get("cmds")), *_as_list(task.get("cmd"))]:
        yield from _texts(command, "cmd")
        if isinstance(command, dict) and isinstance(command.get("task"), str):
            yield f"task {command['task']}"


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def mise_tasks(text: str, effort: Effort | None = None) -> Commands:
    """Return the commands of the tasks of a `mise.toml`."""
    return _listed(
        (name, [*_needs(task), *_texts(task, "run"), *_texts(mapping(task).get("run"))])
        for name, task in mapping_at(toml(text, effort), "tasks").items()
    )


def _needs(task: Any) -> Iterator[str]:
    return (f"mise run {name}" for name in _texts(mapping(task).get("depends")))


def lefthook_hooks(text: str, effort: Effort | None = None) -> Commands:
    """Return the commands of each hook of a `lefthook.yml`."""
    return _listed((name, _of_hook(hook, 0)) for name, hook in mapping(yaml(text, effort)).items())


def _of_hook(hook: Plain, depth: int) -> Iterator[str]:
    jobs = mapping(hook).get("jobs")
    for one in [*mapping_at(hook, "commands").values(), *(jobs if isinstance(jobs, list) else [])]:
        if isinstance(one, dict):
            yield from _texts(one, "run")
            if depth < _MOST_GROUPS:
                yield from _of_hook(one.get("group"), depth + 1)


_MOST_GROUPS = 5


def composer_scripts(text: str, effort: Effort | None = None) -> Commands:
    """Return the commands of the scripts of a `composer.json`."""
    scripts = mapping_at(json(text, effort), "scripts")
    return _listed((name, map(_of_composer, _texts(lines))) for name, lines in scripts.items())


def _of_composer(line: str) -> str:
    first, _, rest = line.partition(" ")
    if first in {"@php", "@composer"}:
        return f"{first[1:]} {rest}"
    return f"composer {line[1:]}" if line.startswith("@") else line


def hooks_of_package(text: str, effort: Effort | None = None) -> Commands:
    """Return the commands of `simple-git-hooks`, and of husky before it had files."""
    data = json(text, effort)
    hooks = {**mapping_at(data, "husky", "hooks"), **mapping_at(data, "simple-git-hooks")}
    return _listed((name, _texts(line)) for name, line in hooks.items())


def lint_staged(text: str, effort: Effort | None = None) -> Commands:
    """Return the commands that lint-staged runs by a `package.json`; `""` has all of them."""
    given = mapping_at(json(text, effort), "lint-staged")
    lines = [line for value in given.values() for line in _texts(value)]
    return {"": "\n".join(lines)} if lines else {}


def cargo_aliases(text: str, effort: Effort | None = None) -> Commands:
    """Return what the aliases in a `.cargo/config.toml` run."""
    aliases = mapping_at(toml(text, effort), "alias")
    return _listed((name, [f"cargo {' '.join(_texts(value))}"]) for name, value in aliases.items())


_TASKS: tuple[tuple[str, ...], ...] = (
    ("tool", "poe", "tasks"),
    ("tool", "pdm", "scripts"),
    ("tool", "rye", "scripts"),
    ("tool", "pixi", "tasks"),
    ("tool", "taskipy", "tasks"),
    ("tasks",),  # of a `pixi.toml`
)


def pyproject_tasks(text: str, effort: Effort | None = None) -> Commands:
    """Return the commands of the tasks in a `pyproject.toml`: of poe, pdm, hatch and others."""
    data = toml(text, effort)
    found = _listed(
        (name, _of_python(task))
        for path in _TASKS
        for name, task in mapping_at(data, *path).items()
    )
    for name, environment in mapping_at(data, "tool", "hatch", "envs").items():
        for script, lines in mapping_at(environment, "scripts").items():
            text = "\n".join(_texts(lines))
            found.setdefault(script, text)
            found[f"{name}:{script}"] = text
    return found


def _of_python(task: Any) -> Iterator[str]:
    keys = ("cmd", "shell", "script")
    if isinstance(task, list):
        for step in task:
            # A step of poe's sequences is the name of a task.
            yield from (f"poe {step}",) if isinstance(step, str) else _texts(step, *keys)
        return
    yield from _texts(task, *keys)
    rest = mapping(task)
    for key in ("sequence", "composite", "deps", "depends-on", "depends_on"):
        for step in _as_list(rest.get(key)):
            yield from (f"poe {name}" for name in _texts(step, "ref", "task"))
            yield from _texts(step, *keys)
    yield from (line for line in _texts(rest.get("cmd")) if isinstance(rest.get("cmd"), list))


def pipfile_scripts(text: str, effort: Effort | None = None) -> Commands:
    """Return the commands of the scripts of a Pipfile."""
    scripts = mapping_at(toml(text, effort), "scripts")
    return _listed((name, _texts(line)) for name, line in scripts.items())


def deno_tasks(text: str, effort: Effort | None = None) -> Commands:
    """Return the commands of the tasks of a `deno.json`."""
    tasks = mapping_at(json(text, effort), "tasks")
    return _listed((name, _texts(task, "command")) for name, task in tasks.items())


def tox_toml(text: str, effort: Effort | None = None) -> Commands:
    """Return the commands of each environment of a `tox.toml`; `testenv` is the usual one."""
    data = toml(text, effort)
    usual = _tox_commands(mapping_at(data, "env_run_base"))
    given = {name: _tox_commands(env) or usual for name, env in mapping_at(data, "env").items()}
    found = _listed({"testenv": usual, **given}.items())
    return {**found, "": "\n".join(dict.fromkeys(found.values()))}


def _tox_commands(environment: Mapping[str, Any]) -> list[str]:
    lines = _as_list(environment.get("commands"))
    return [" ".join(_texts(line)) if isinstance(line, list) else str(line) for line in lines]


_SESSION = re.compile(r"^[ \t]{0,99}def[ \t]{1,9}(\w{1,200})")
_DECORATED = re.compile(r"\bname[ \t]{0,9}=[ \t]{0,9}['\"]([\w.-]{1,200})['\"]")
_RUN = re.compile(r"\.(?:run|run_always)\(([^)]*)")
_STRING = re.compile(r"(['\"])([^'\"\n]*)\1")


def nox_sessions(text: str, effort: Effort | None = None) -> Commands:
    """Return the commands of each session of a `noxfile.py`; `""` has all of them.

    It is not run: only texts that are given to `session.run` count.
    """
    (effort or Effort()).spend(len(within(text)))
    sessions: dict[str, list[str]] = {}
    name, given = "", ""
    for part in re.split(r"(?m)^(?=def |@)", text):
        if part.startswith("@"):
            found = _DECORATED.search(part)
            given = found[1] if found else given
        if session := _SESSION.match(part[part.find("def ") :] if "def " in part else ""):
            name, given = given or session[1], ""
            lines = [
                " ".join(each[2] for each in _STRING.finditer(run[1]))
                for run in _RUN.finditer(part)
            ]
            if len(sessions) < MOST_TARGETS:
                sessions.setdefault(name, []).extend(lines)
    found_all = {key: "\n".join(lines) for key, lines in sessions.items()}
    return {**found_all, "": "\n".join(found_all.values())} if found_all else {}


_MIX_ALIAS = re.compile(r"(?m)^[ \t]{0,99}\"?([\w.]{1,200})\"?:[ \t]{0,99}(\[[^\]]*|\"[^\"\n]*)")
_MIX_TASK = re.compile(r"\"([^\"\n]*)\"?")


def mix_aliases(text: str, effort: Effort | None = None) -> Commands:
    """Return what the aliases in a `mix.exs` run."""
    (effort or Effort()).spend(len(within(text)))
    start = text.find("defp aliases")
    start = text.find("def aliases") if start < 0 else start
    if start < 0:
        return {}
    found = _MIX_ALIAS.finditer(text, start)
    return _listed(
        (one[1], (_of_mix(task[1]) for task in _MIX_TASK.finditer(one[2]))) for one in found
    )


def _of_mix(task: str) -> str:
    return task.removeprefix("cmd ") if task.startswith("cmd ") else f"mix {task}"
