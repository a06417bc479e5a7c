"""Reads what the checks of compliance need about a project: its record and its files.

A project takes a request for its record, one for each 100 entries in its list of files, and one for
each file that the checks read, which are few: see `rules.projects.files`. Files that the pipeline
includes from the same repository come on top. Record and list are read together, then all files
together, so a project takes three rounds, and so do many projects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitlab_sync.api.files import file_endpoint, text_of, tree_of
from gitlab_sync.api.projects import endpoint
from gitlab_sync.errors import GitLabSyncError, NotFound
from gitlab_sync.http.wire import Reply
from gitlab_sync.rules import record
from gitlab_sync.rules.bounds import MAX_INCLUDES, Effort
from gitlab_sync.rules.projects import files as project_files
from gitlab_sync.rules.projects.called_files import called_files
from gitlab_sync.rules.projects.ci_includes import IncludeReader
from gitlab_sync.rules.projects.facts import FileText, ProjectFacts, Unread, bounded, paths_of
from gitlab_sync.rules.unique import unique
from gitlab_sync.session.fetch import ListResult
from gitlab_sync.session.pagination import NextPages, PageSource, RestList
from gitlab_sync.session.request import Request
from gitlab_sync.session.session import PER_PAGE, Session
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.types import PartialList, Record

MOST_PAGES = 200
"""The most pages of 100 that are read of one list of files: each has to wait for the last."""

_SYMBOLIC_LINK = "120000"  # the mode in git's trees; its content is only the path it leads to


class TooLarge(GitLabSyncError):
    """A repository has more files than are listed."""

    hint_text = "Checks that are unknown now could pass with files that were not listed."


@dataclass(frozen=True, slots=True)
class ProjectRead:
    """What was read of one project. Immutable.

    `facts` is None if not even its record could be read; `errors` has the most severe first.
    """

    facts: ProjectFacts | None
    errors: Sequence[GitLabSyncError] = ()


def of_project(
    project_id: int | str, ref: str | None = None, effort: Effort | None = None
) -> Workflow[ProjectRead]:
    """Return the workflow that reads what the checks need about a project, given its id or path.

    A list of files that is longer than `MOST_PAGES` breaks off there; the files at the root are
    still read, since most of those that count are there. Links within a repository are not
    followed. `effort` bounds the search for files that the pipeline includes.
    """
    found = yield {
        "project": RestList(endpoint(project_id), {"license": True}, single=True),
        "tree": _tree(project_id, ref),
    }
    if found["project"].error is not None:
        return ProjectRead(None, [found["project"].error])
    project = found["project"].reading.rows[0]
    number = record.identity(project) or project_id
    here = ref or record.text(project, "default_branch") or "HEAD"
    tree, error = found["tree"].reading, found["tree"].error
    if isinstance(error, TooLarge):
        root = (yield {"root": _tree(number, ref, recursive=False)})["root"].reading
        entries = unique([*tree.rows, *root.rows], lambda entry: str(entry.get("path")))
        tree = PartialList(entries, tree.missing)
    elif record.field(project, "empty_repo") is True:
        tree, error = PartialList(), None  # GitLab answers 404 for a repository without a commit
    elif isinstance(error, NotFound) and ref:
        tree = PartialList((), f"{error.reason}: is there a branch, tag or commit {ref}?")
    files, errors = yield from _files(number, here, tree, project, effort)
    facts = ProjectFacts(project, tree, files, here, record.text(project, "web_url") or "")
    errors += yield from _called(number, facts, files, effort)
    return ProjectRead(facts, errors if error is None else [error, *errors])


def _called(
    number: int | str, facts: ProjectFacts, texts: dict[str, FileText], effort: Effort | None
) -> Workflow[list[GitLabSyncError]]:
    """Add the scripts of the repository that are called to its texts, level by level."""
    errors: list[GitLabSyncError] = []
    left = project_files.MOST_SCRIPTS
    while left and (wanted := called_files(facts, effort)[:left]):
        left -= len(wanted)
        yield from _read(number, facts.ref, wanted, texts, errors)
    return errors


def _files(
    number: int | str, ref: str, tree: PartialList, project: Record, effort: Effort | None
) -> Workflow[tuple[dict[str, FileText], list[GitLabSyncError]]]:
    """Read the files that the checks need, then those the pipeline includes, level by level."""
    texts: dict[str, FileText] = {
        path: Unread("a symbolic link")
        for entry in tree.rows
        if record.text(entry, "mode") == _SYMBOLIC_LINK and (path := record.text(entry, "path"))
    }
    errors: list[GitLabSyncError] = []
    start, left = project_files.ci_file(project), MAX_INCLUDES
    includes = None if start is None else IncludeReader(paths_of(tree), start, effort)
    wanted = [path for path in project_files.wanted_files(tree, project) if path not in texts]
    while wanted:
        yield from _read(number, ref, wanted, texts, errors)
        wanted = [] if includes is None else includes.missing(texts)[:left]
        left -= len(wanted)
    return texts, errors


def _read(
    number: int | str,
    ref: str,
    paths: Iterable[str],
    texts: dict[str, FileText],
    errors: list[GitLabSyncError],
) -> Workflow[None]:
    """Read files and add their texts, or the reasons why they could not be read."""
    found = yield {
        path: RestList(file_endpoint(number, path), {"ref": ref}, single=True) for path in paths
    }
    for path in found:
        texts[path] = _text(found[path], errors)


def _text(found: ListResult[str], errors: list[GitLabSyncError]) -> FileText:
    """Return the text of a file; if it could not be read, note the error and return the reason."""
    try:
        if found.error is not None:
            raise found.error
        return bounded(text_of(found.reading.rows[0]))
    except GitLabSyncError as error:
        errors.append(error)
        return Unread(error.reason)


@dataclass(frozen=True, slots=True)
class _Bounded:
    """A list of files that ends with `TooLarge` after `MOST_PAGES`. Immutable."""

    rest_list: RestList

    def first(self, session: Session) -> Request:
        return self.rest_list.first(session)

    def rows(self, data: object) -> list[Record]:
        return self.rest_list.rows(data)

    def after(self, session: Session, place: int, reply: Reply, ahead: int = 1) -> NextPages:  # noqa: ARG002
        pages = list(self.rest_list.after(session, place, reply))
        if any(number >= MOST_PAGES for number, _ in pages):
            read = (place + 1) * PER_PAGE
            raise TooLarge(f"only the first {read:,} of its files and folders were listed")
        return pages


def _tree(project_id: int | str, ref: str | None, *, recursive: bool = True) -> PageSource:
    return _Bounded(tree_of(project_id, ref, recursive=recursive))
