"""What was read about a project for its compliance, and what a check answers about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias
from urllib.parse import quote

from gitlab_sync.rules import record
from gitlab_sync.types import PartialList, Record

Answer = Literal["pass", "fail", "unknown", "not applicable"]

# Code of others, and material for tests: it says nothing about how the project is kept.
_FOREIGN = frozenset(
    {"node_modules", "vendor", "third_party", "third-party", "testdata", "fixtures", "examples"}
    | {"example", "dist", "build", "target", ".venv", "venv", "site-packages"}
)


@dataclass(frozen=True, slots=True)
class Unread:
    """In the place of a text: it could not be read, for this reason."""

    reason: str


FileText: TypeAlias = str | Unread | None
"""The text of a file, that it does not exist (None), or why it was not read."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer about one project.

    `reason` is a short clause for people; `path` and `line` (from 1) the place that shows it, with
    a `link` to it, each None where there is none. `share` (0 to 1) is the part of the check's
    weight that passes: the rest is at fault, or unknown, as `result` says.
    """

    result: Answer
    reason: str
    path: str | None = None
    line: int | None = None
    link: str | None = None
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What was read about one project.

    `project` is GitLab's record (with `license` if it was asked for), `{}` if it could not be read.
    `tree`: entries with `path` and `type`, of all folders. `files`: paths to texts (`FileText`); a
    path that is missing here was not asked for. `ref` and `web_url` make the links.
    """

    project: Record
    tree: PartialList
    files: Mapping[str, FileText] = field(default_factory=dict)
    ref: str = "main"
    web_url: str = ""


class Repository:
    """A project's files as the checks ask for them."""

    def __init__(self, facts: ProjectFacts) -> None:
        self.project = facts.project
        self.files = facts.files
        self._tree = facts.tree
        self._base = f"{facts.web_url}/-/blob/{quote(facts.ref)}/" if facts.web_url else ""

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The paths of all files that the tree lists, in its order."""
        return paths_of(self._tree)

    @property
    def missing(self) -> str | None:
        """Why the list of files is not whole, or None."""
        if record.field(self.project, "empty_repo") is True:
            return None  # GitLab answers 404 for the tree of a repository without a commit
        return None if self._tree.whole else f"list of files not read: {self._tree.missing}"

    @cached_property
    def _listed(self) -> frozenset[str]:
        return frozenset(self.paths)

    @cached_property
    def _lower(self) -> dict[str, str]:
        return {path.lower(): path for path in reversed(self.paths)}

    def named(self, path: str) -> str | None:
        """Return the file's path as the tree spells it, letters compared without case, or None."""
        return self._lower.get(path.lower())

    def text(self, path: str) -> FileText:
        """Return the text of a file; one that the tree does not list does not exist."""
        if path in self.files:
            return self.files[path]
        if path in self._listed:
            return Unread("not read")
        return Unread(self.missing) if self.missing else None

    def link(self, path: str | None, line: int | None = None) -> str | None:
        """Return the address of a file's page, at a line if one is given."""
        if path is None or not self._base:
            return None
        return self._base + quote(path) + (f"#L{line}" if line else "")

    def passed(self, reason: str, path: str | None = None, line: int | None = None) -> Finding:
        """Answer that all is well."""
        return Finding("pass", reason, path, line, self.link(path, line), 1.0)

    def failed(
        self, reason: str, path: str | None = None, line: int | None = None, share: float = 0.0
    ) -> Finding:
        """Answer that it is at fault; `share` of it is well."""
        return Finding("fail", reason, path, line, self.link(path, line), share)

    def unknown(
        self, reasons: Iterable[str], path: str | None = None, share: float = 0.0
    ) -> Finding:
        """Answer that it could not be evaluated, for these reasons."""
        text = "; ".join(dict.fromkeys(reasons))
        return Finding("unknown", text, path, None, self.link(path), share)

    def decide(self, fault: str, unread: Iterable[str], path: str | None = None) -> Finding:
        """Answer when nothing speaks against a fault: unknown if some of it was `unread`."""
        reasons = list(unread)
        return self.unknown(reasons, path) if reasons else self.failed(fault, path)

    @property
    def unlisted(self) -> list[str]:
        """The reason why a file may exist although it is not listed, as a list of none or one."""
        return [] if self.missing is None else [self.missing]


def paths_of(tree: PartialList) -> tuple[str, ...]:
    """Return the paths of all files in a tree; folders and submodules are none."""
    found = (
        record.text(entry, "path") for entry in tree.rows if record.text(entry, "type") == "blob"
    )
    return tuple(path for path in found if path)


def own(paths: Iterable[str], deepest: int = 2) -> Iterator[str]:
    """Yield the paths that are the project's own and at most `deepest` folders down."""
    for path in paths:
        folders = path.lower().split("/")[:-1]
        if len(folders) <= deepest and _FOREIGN.isdisjoint(folders):
            yield path


def line_of(text: str, what: str) -> int | None:
    """Return the number (from 1) of the first line that holds `what`, or None."""
    place = text.find(what)
    return None if place < 0 else text.count("\n", 0, place) + 1
