"""The facts about a project for its compliance, and the findings of checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias
from urllib.parse import quote

from gitlab_sync.rules import record
from gitlab_sync.rules.bounds import BeyondBounds, joined, shown, within
from gitlab_sync.rules.waiver import Waiver
from gitlab_sync.types import PartialList, Record

Answer = Literal["pass", "fail", "waived", "unknown", "not applicable"]

# Third-party code, built files and test data do not count for the compliance of the project.
_FOREIGN = frozenset(
    {"node_modules", "bower_components", "vendor", "vendors", "vendored", "third_party"}
    | {"third-party", "thirdparty", "3rdparty", "3rd_party", "3rd-party", "external", "externals"}
    | {"extern", "subprojects", "gnulib", "pods", "carthage", "deps", ".yarn", ".gradle"}
    | {"testdata", "fixtures", "examples", "example", "dist", "build", "target", "_build"}
    | {"generated", "__generated__", ".venv", "venv", "site-packages", "htmlcov"}
)
_FOREIGN_PATHS = ("priv/static/", "public/build/", "public/vendor/", "static/lib/", "wp-includes/")


# Of what was not read, that are named in the reason of one finding.
_MOST_CAUSES = 3


@dataclass(frozen=True, slots=True)
class Unread:
    """Replaces a text that could not be read, with the reason."""

    reason: str


FileText: TypeAlias = str | Unread | None
"""The text of a file, None if it does not exist, or why it was not read."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check on one project.

    `reason` is a short clause for people. `path`, `line` (from 1) and `link` point to the evidence,
    each None if there is none. `share` (0 to 1) is the part of the check's weight that passes; the
    rest has the `result`. `causes` are what keeps it from being known, which end the reason. A
    fault that a `waiver` covers is waived, and its reason says so.
    """

    result: Answer
    reason: str
    path: str | None = None
    line: int | None = None
    link: str | None = None
    share: float = 0.0
    causes: tuple[str, ...] = ()
    waiver: Waiver | None = None

    @property
    def fault(self) -> str:
        """The reason without the causes."""
        return self.reason.removesuffix(joined(self.causes, _MOST_CAUSES)).removesuffix("; ")


@dataclass(frozen=True, slots=True)
class MergedPipeline:
    """A pipeline as GitLab merges it: its YAML, and type and location of each `include`."""

    yaml: str
    includes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """The facts that were read about one project.

    `project` is GitLab's record (with `license`), `{}` if it could not be read. `tree` has entries
    with `path` and `type`, of all folders. `files` maps paths to texts; a path that is not in it
    was not requested. `ref` and `web_url` are for links. `merged` is the pipeline as GitLab merges
    it, or why GitLab refuses that; None if it was not asked or may not be. `languages` are GitLab's
    shares of them in percent, empty if they are not known.
    """

    project: Record
    tree: PartialList
    files: Mapping[str, FileText] = field(default_factory=dict)
    ref: str = "main"
    web_url: str = ""
    merged: MergedPipeline | Unread | None = None
    languages: Mapping[str, float] = field(default_factory=dict)


class Repository:
    """A project's files, as the checks use them."""

    def __init__(self, facts: ProjectFacts) -> None:
        self.project = facts.project
        self.files = facts.files
        self.merged = facts.merged
        self.languages = facts.languages
        self._tree = facts.tree
        self._base = f"{facts.web_url}/-/blob/{quote(facts.ref)}/" if facts.web_url else ""

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The paths of all files in the tree, in order."""
        return paths_of(self._tree)

    @property
    def missing(self) -> str | None:
        """Why the list of files is incomplete, or None."""
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
        """Return the path of a file in the spelling of the tree, ignoring case, or None."""
        return self._lower.get(path.lower())

    def is_listed(self, path: str) -> bool:
        """Return whether the tree has a file at this path."""
        return path in self._listed

    def text(self, path: str) -> FileText:
        """Return the text of a file; a file that is not in the tree does not exist."""
        if path in self.files:
            return bounded(self.files[path])
        if path in self._listed:
            return Unread("not read")
        return Unread(self.missing) if self.missing else None

    def link(self, path: str | None, line: int | None = None) -> str | None:
        """Return the address of a file's page, with the line if given."""
        if path is None or not self._base:
            return None
        return self._base + quote(path) + (f"#L{line}" if line else "")

    def passed(self, reason: str, path: str | None = None, line: int | None = None) -> Finding:
        """Return a finding that passes."""
        return Finding("pass", shown(reason), path, line, self.link(path, line), 1.0)

    def failed(
        self, reason: str, path: str | None = None, line: int | None = None, share: float = 0.0
    ) -> Finding:
        """Return a finding that fails, except for `share` of the weight."""
        return Finding("fail", shown(reason), path, line, self.link(path, line), share)

    def unknown(
        self,
        reasons: Iterable[str],
        path: str | None = None,
        share: float = 0.0,
        fault: str | None = None,
    ) -> Finding:
        """Return a finding that is unknown, for these reasons; `fault` says what was looked for."""
        causes = tuple(dict.fromkeys(reasons))
        reason = joined(causes, _MOST_CAUSES)
        if fault is not None:
            reason = f"{shown(fault)}; {reason}"
        return Finding("unknown", reason, path, None, self.link(path), share, causes)

    def decide(self, fault: str, unread: Iterable[str], path: str | None = None) -> Finding:
        """Return a finding that fails, or unknown if something that matters was `unread`."""
        reasons = list(unread)
        return self.unknown(reasons, path, 0.0, fault) if reasons else self.failed(fault, path)

    @property
    def unlisted(self) -> list[str]:
        """Why a file could exist that is not in the list: a list of no or one reason."""
        return [] if self.missing is None else [self.missing]


def bounded(text: FileText) -> FileText:
    """Return the text of a file, or if it is longer than any real one, that it was not read."""
    try:
        return within(text) if isinstance(text, str) else text
    except BeyondBounds as beyond:
        return Unread(str(beyond))


def paths_of(tree: PartialList) -> tuple[str, ...]:
    """Return the paths of all files in a tree, without folders and submodules."""
    found = (
        record.text(entry, "path") for entry in tree.rows if record.text(entry, "type") == "blob"
    )
    return tuple(path for path in found if path)


def own(paths: Iterable[str], deepest: int = 2) -> Iterator[str]:
    """Yield the project's own paths that are at most `deepest` folders down."""
    for path in paths:
        lower = path.lower()
        folders = lower.split("/")[:-1]
        if len(folders) > deepest or not _FOREIGN.isdisjoint(folders):
            continue
        if not any(part in lower for part in _FOREIGN_PATHS):
            yield path


def file_name(path: str) -> str:
    """Return the name of a file, without its folder and in lower case."""
    return path.rpartition("/")[2].lower()


def line_of(text: str, what: str) -> int | None:
    """Return the number (from 1) of the first line with `what`, or None."""
    place = text.find(what)
    return None if place < 0 else text.count("\n", 0, place) + 1
