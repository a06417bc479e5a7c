"""Reads what the checks of compliance need about a project: its record and its files.

A project takes a request for its record, one for its languages, up to three for its list of files,
and one GraphQL query for the files that the checks read: see `rules.projects.files`. Files that the
pipeline includes from the same repository, and scripts that it calls, take a query for each level.
If it includes others, GitLab is asked once for the merged pipeline. Without GraphQL, each file
takes a request.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from posixpath import dirname, join, normpath

from gitlab_sync.api.project_texts import RestTexts, Texts, TextSource
from gitlab_sync.api.project_tree import first_pages, whole_tree
from gitlab_sync.api.projects import endpoint
from gitlab_sync.errors import (
    AuthenticationError,
    BadResponse,
    GitLabSyncError,
    NotFound,
    PermissionDenied,
)
from gitlab_sync.rules import record
from gitlab_sync.rules.bounds import MAX_INCLUDES, Effort
from gitlab_sync.rules.projects import files as project_files
from gitlab_sync.rules.projects.called_files import called_files
from gitlab_sync.rules.projects.ci_config import read_pipeline
from gitlab_sync.rules.projects.ci_includes import IncludeReader
from gitlab_sync.rules.projects.facts import MergedPipeline, ProjectFacts, Unread, paths_of
from gitlab_sync.session.fetch import ListResult
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.types import PartialList, Record

_ALL = 100
_SYMBOLIC_LINK = "120000"  # the mode in git's trees; its content is only the path it leads to


@dataclass(frozen=True, slots=True)
class ProjectRead:
    """What was read of one project. Immutable.

    `facts` is None if not even its record could be read; `errors` has the most severe first.
    """

    facts: ProjectFacts | None
    errors: Sequence[GitLabSyncError] = ()


def of_project(
    project_id: int | str,
    ref: str | None = None,
    effort: Effort | None = None,
    texts: TextSource | None = None,
) -> Workflow[ProjectRead]:
    """Return the workflow that reads what the checks need about a project, given its id or path.

    Symbolic links are followed within the repository. `effort` bounds the search for files that the
    pipeline includes or calls, `texts` is the source of files (default: REST).
    """
    found = yield {
        "project": RestList(endpoint(project_id), {"license": True}, single=True),
        "tree": first_pages(project_id, ref),
        "languages": RestList(endpoint(project_id, "languages"), single=True),
    }
    if found["project"].error is not None:
        return ProjectRead(None, [found["project"].error])
    project = found["project"].reading.rows[0]
    number = record.identity(project) or project_id
    tree, error = yield from whole_tree(number, ref, found["tree"])
    if record.field(project, "empty_repo") is True:
        tree, error = PartialList(), None  # GitLab answers 404 for a repository without a commit
    elif isinstance(error, NotFound) and ref:
        tree = PartialList((), f"{error.reason}: is there a branch, tag or commit {ref}?")
    here = ref or record.text(project, "default_branch") or "HEAD"
    shares = {} if ref else _shares(found["languages"])
    web_url = record.text(project, "web_url") or ""
    facts = ProjectFacts(project, tree, {}, here, web_url, languages=shares)
    reader = _Reader({"id": number, **project}, here, texts or RestTexts(), effort)
    facts = yield from reader.facts(facts)
    return ProjectRead(facts, reader.errors if error is None else [error, *reader.errors])


class _Reader:
    """Reads the files of one project, and what GitLab makes of its pipeline."""

    def __init__(
        self, project: Record, ref: str, source: TextSource, effort: Effort | None
    ) -> None:
        self._project = project
        self._ref = ref
        self._source = source
        self._effort = effort
        self.errors: list[GitLabSyncError] = []

    def facts(self, facts: ProjectFacts) -> Workflow[ProjectFacts]:
        """Return the facts with the texts of files: what is listed, included and called."""
        links = {
            path: Unread("a symbolic link")
            for entry in facts.tree.rows
            if record.text(entry, "mode") == _SYMBOLIC_LINK and (path := record.text(entry, "path"))
        }
        texts: Texts = dict(links)
        yield from self._listed(facts.tree, texts)
        yield from self._linked(facts.tree, links, texts)
        merged = yield from self._merged(texts)
        facts = replace(facts, files=texts, merged=merged)
        left = project_files.MOST_SCRIPTS
        while left and (wanted := called_files(facts, self._effort)[:left]):
            left -= len(wanted)
            yield from self._read(wanted, texts)
        return facts

    def _read(self, paths: Sequence[str], texts: Texts) -> Workflow[None]:
        texts |= yield from self._source.read(self._project, self._ref, paths, self.errors)

    def _listed(self, tree: PartialList, texts: Texts) -> Workflow[None]:
        """Read the files that the checks need, then those the pipeline includes, by levels."""
        start, left = project_files.ci_file(self._project), MAX_INCLUDES
        includes = None if start is None else IncludeReader(paths_of(tree), start, self._effort)
        wanted = project_files.wanted_files(tree, self._project)
        wanted = [path for path in wanted if path not in texts]
        while wanted:
            yield from self._read(wanted, texts)
            wanted = [] if includes is None else includes.missing(texts)[:left]
            left -= len(wanted)

    def _linked(self, tree: PartialList, links: Container[str], texts: Texts) -> Workflow[None]:
        """Give the links among the files that the checks need the texts that they lead to."""
        start = project_files.ci_file(self._project)  # GitLab does not follow it
        wanted = [path for path in project_files.wanted_files(tree, self._project) if path in links]
        wanted = [path for path in wanted if path != start]
        if not wanted:
            return
        led: Texts = {}
        yield from self._read(wanted, led)
        listed = frozenset(paths_of(tree))
        places = {
            path: normpath(join(dirname(path), text.strip()))
            for path, text in led.items()
            if isinstance(text, str)
        }
        inside = {path: place for path, place in places.items() if place in listed}
        missing = [place for place in dict.fromkeys(inside.values()) if place not in texts]
        if missing:
            yield from self._read(missing, texts)
        out = Unread("a symbolic link that leads to no file of the repository")
        for path, text in led.items():
            if path in inside:
                texts[path] = texts[inside[path]]
            else:
                texts[path] = out if isinstance(text, str) else text

    def _merged(self, texts: Texts) -> Workflow[MergedPipeline | Unread | None]:
        """Ask GitLab for the merged pipeline, if some of what it includes cannot be read."""
        start = project_files.ci_file(self._project)
        text = None if start is None else texts.get(start)
        if start is None or not isinstance(text, str):
            return None
        local = {path: one for path, one in texts.items() if isinstance(one, str)}
        pipeline = read_pipeline(text, local, start, self._effort)
        if all(entry.kind == "local" for entry in pipeline.unread):
            return None
        where = endpoint(record.identity(self._project) or "", "ci/lint")
        found = (yield {"lint": RestList(where, {"content_ref": self._ref}, single=True)})["lint"]
        if found.error is None:
            return _of_lint(found.reading.rows[0])
        may_not = (AuthenticationError, PermissionDenied, NotFound, BadResponse)
        if not isinstance(found.error, may_not):
            self.errors.append(found.error)
        return None


def _shares(found: ListResult[str]) -> dict[str, float]:
    """Return GitLab's shares of languages on the default branch; without them files are counted."""
    if found.error is not None or not found.reading.rows:
        return {}
    shares = found.reading.rows[0]
    return {
        name: float(share)
        for name, share in shares.items()
        if isinstance(share, int | float) and 0 < share <= _ALL
    }


def _of_lint(answer: Record) -> MergedPipeline | Unread | None:
    """Return the pipeline in an answer of GitLab's CI lint, or why GitLab refuses it."""
    merged = record.text(answer, "merged_yaml")
    if record.field(answer, "valid") is True and merged:
        listed = record.field(answer, "includes")
        includes = (
            (record.text(one, "type") or "", record.text(one, "location") or "")
            for one in (listed if isinstance(listed, list) else [])
        )
        return MergedPipeline(merged, tuple(includes))
    errors = record.field(answer, "errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return Unread(f"GitLab says: {first}") if isinstance(first, str) else None
