"""The kinds of files that define targets, and what was found in those of one repository."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from posixpath import dirname

from gitlab_sync.rules.bounds import Effort
from gitlab_sync.rules.projects import makefiles, scripts, task_files
from gitlab_sync.rules.projects.facts import line_of

_Read = Callable[[str, Effort], dict[str, str]]
_Find = Callable[[str, str], int | None]


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """A file with targets: the runner that calls them, and their commands by name."""

    runner: str
    path: str
    text: str
    commands: Mapping[str, str]
    _find: _Find

    @property
    def folder(self) -> str:
        """The folder in which its commands run."""
        return "" if self.path.lower().startswith(_AT_ROOT) else dirname(self.path)

    def line(self, target: str) -> int | None:
        """Return the line of a target, or None."""
        return self._find(self.text, target) if target else None


def script_files(
    texts: Mapping[str, str], read: Callable[[str, str, _Read], dict[str, str] | None]
) -> Iterator[ScriptFile]:
    """Yield each file of `texts` (by path) that has targets.

    `read` calls a reader for a path and its text; it returns None if that cannot be read.
    """
    for path, text in texts.items():
        name = path.lower()
        base = name.rpartition("/")[2]
        for kind in _KINDS:
            if base in kind.names or name in kind.names or (kind.end and base.endswith(kind.end)):
                commands = read(path, text, kind.read)
                if commands:
                    yield ScriptFile(kind.runner, path, text, commands, kind.find)


_AT_ROOT = (".husky/", ".cargo/", ".config/")


def _named_line(before: str, after: str, content: str, name: str) -> int | None:
    return line_of(content, f"{before}{name}{after}")


def _hook_line(content: str, name: str) -> int | None:
    match = re.search(rf"id:\s*+['\"]?{re.escape(name)}\b", content)
    return content.count("\n", 0, match.start()) + 1 if match else None


def _whole(text: str, _effort: Effort) -> dict[str, str]:
    return {"hook": text}


_rule_line = partial(_named_line, "", ":")
_key_line = partial(_named_line, '"', '"')
_word_line = partial(_named_line, "", "")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of files: by lower-case names or paths, or by the end of the name."""

    runner: str
    names: frozenset[str]
    read: _Read
    find: _Find
    end: str = ""


def _kind(runner: str, names: str, read: _Read, find: _Find, end: str = "") -> _Kind:
    return _Kind(runner, frozenset(names.split()), read, find, end)


_KINDS = (
    _kind("make", "makefile gnumakefile", makefiles.make_targets, _rule_line, ".mk"),
    _kind("just", "justfile .justfile", makefiles.just_recipes, _rule_line),
    _kind("npm", "package.json", scripts.npm_scripts, _key_line),
    _kind("simple-git-hooks", "package.json", task_files.hooks_of_package, _key_line),
    _kind("lint-staged", "package.json", task_files.lint_staged, _key_line),
    _kind("tox", "tox.ini", scripts.tox_environments, partial(_named_line, "[testenv:", "")),
    _kind("tox", "tox.toml", task_files.tox_toml, _word_line),
    _kind(
        "pre-commit",
        ".pre-commit-config.yaml .pre-commit-config.yml",
        scripts.pre_commit_hooks,
        _hook_line,
    ),
    _kind("task", "taskfile.yml taskfile.yaml", task_files.taskfile_tasks, _rule_line),
    _kind("mise", "mise.toml .mise.toml", task_files.mise_tasks, _word_line),
    _kind(
        "lefthook",
        "lefthook.yml .lefthook.yml lefthook.yaml",
        task_files.lefthook_hooks,
        _rule_line,
    ),
    _kind("composer", "composer.json", task_files.composer_scripts, _key_line),
    _kind("poe", "pyproject.toml pixi.toml", task_files.pyproject_tasks, _word_line),
    _kind("pipenv", "pipfile", task_files.pipfile_scripts, _word_line),
    _kind("deno", "deno.json", task_files.deno_tasks, _key_line),
    _kind("nox", "noxfile.py", task_files.nox_sessions, partial(_named_line, "def ", "")),
    _kind("mix", "mix.exs", task_files.mix_aliases, _word_line),
    _kind("cargo", ".cargo/config.toml", task_files.cargo_aliases, _word_line),
    _kind("husky", ".husky/pre-commit .husky/pre-push", _whole, _word_line),
)
