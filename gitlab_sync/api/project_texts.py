"""Reads the texts of files of a repository: many with one GraphQL query, or one by one over REST.

Whatever GraphQL does not return is read over REST, which also says why a file cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from gitlab_sync.api.files import file_endpoint, text_of
from gitlab_sync.api.graphql.health import Bulk, GraphQLHealth, Refusals, Server
from gitlab_sync.errors import Cancelled, GitLabSyncError, RateLimited
from gitlab_sync.rules import record
from gitlab_sync.rules.projects.facts import FileText, Unread, bounded
from gitlab_sync.session.fetch import ListResult
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.types import Record, Source

_MOST_PATHS = 50
"""Of one query: each path adds 2 to its complexity."""

_FEWEST = 2
"""A single file is not worth a query."""

_QUERY = """
query texts($project: ID!, $ref: String, $paths: [String!]!) {
  project(fullPath: $project) {
    repository { blobs(ref: $ref, paths: $paths) { nodes { path rawTextBlob } } }
  }
}
"""

Texts = dict[str, FileText]
"""Texts by path."""


class TextSource(Protocol):
    """Reads texts of files."""

    def read(
        self, project: Record, ref: str, paths: Sequence[str], errors: list[GitLabSyncError]
    ) -> Workflow[Texts]:
        """Return the workflow that reads these files of a project at a branch, tag or commit.

        A file that could not be read has the reason, and its error is added to `errors`.
        """


class RestTexts:
    """Reads each file with a request."""

    def read(
        self, project: Record, ref: str, paths: Sequence[str], errors: list[GitLabSyncError]
    ) -> Workflow[Texts]:
        """Return the workflow that reads these files."""
        number = record.identity(project) or ""
        found = yield {
            path: RestList(file_endpoint(number, path), {"ref": ref}, single=True) for path in paths
        }
        return {path: _text(found[path], errors) for path in paths}


class _Refusals(Refusals):
    """When an instance last refused to return texts in bulk, shared by all its users."""


class GraphQLTexts:
    """Reads dozens of files with one query, the rest with a request each.

    Some versions of GitLab refuse queries for more than one file as too complex. An instance that
    refuses one is not asked again for an hour.
    """

    def __init__(self, session: Session, *, named: bool = False) -> None:
        self._server = session.bridge.of_instance(session.base_url, Server)
        self._refusals = session.bridge.of_instance(session.base_url, _Refusals)
        self._health = GraphQLHealth(self._server, "files of repositories", named=named)
        self._rest = RestTexts()

    def read(
        self, project: Record, ref: str, paths: Sequence[str], errors: list[GitLabSyncError]
    ) -> Workflow[Texts]:
        """Return the workflow that reads these files."""
        texts: Texts = {}
        path = record.text(project, "path_with_namespace")
        if path and len(paths) >= _FEWEST and self._usable:
            asked = {str(place): each for place, each in enumerate(_queries(path, ref, paths))}
            found = yield asked
            for name in asked:
                texts |= self._take(found[name], paths)
        rest = [each for each in paths if each not in texts]
        if rest:
            texts |= yield from self._rest.read(project, ref, rest, errors)
        return texts

    @property
    def _usable(self) -> bool:
        return not (self._health.over or self._refusals.lasts) and bool(self._server.schema.facts)

    def _take(self, found: ListResult[str], paths: Iterable[str]) -> Iterator[tuple[str, FileText]]:
        """Yield the texts in an answer by their paths."""
        if found.error is not None:
            if not isinstance(found.error, Cancelled | RateLimited):
                self._refusals.note()
                self._health.end(found.error.reason)
            return
        self._health.passed()
        node: object = found.reading.rows[0]
        for key in ("project", "repository", "blobs", "nodes"):
            node = record.field(node, key)
        wanted = frozenset(paths)
        for blob in node if isinstance(node, list) else ():
            path, text = record.text(blob, "path"), record.field(blob, "rawTextBlob")
            if path in wanted and isinstance(text, str):
                yield path, bounded(text.removeprefix("\ufeff"))


def _queries(project: str, ref: str, paths: Sequence[str]) -> Iterator[Bulk[int]]:
    for start in range(0, len(paths), _MOST_PATHS):
        part = list(paths[start : start + _MOST_PATHS])
        yield Bulk(_QUERY, {"project": project, "ref": ref, "paths": part}, len(part))


def text_source(session: Session, choice: Source = "auto") -> TextSource:
    """Return the source of texts for a choice: GraphQL, unless it is `rest`. No request yet."""
    return RestTexts() if choice == "rest" else GraphQLTexts(session, named=choice == "graphql")


def _text(found: ListResult[str], errors: list[GitLabSyncError]) -> FileText:
    """Return the text of a file; if it could not be read, note the error and return the reason."""
    try:
        if found.error is not None:
            raise found.error
        return bounded(text_of(found.reading.rows[0]))
    except GitLabSyncError as error:
        errors.append(error)
        return Unread(error.reason)
