"""Reads the list of a repository's files in few requests, whatever its length.

The first page tells how many there are. A few pages are read side by side, more of them as one list
without pages, which GitLab has for recursive lists.
"""

from __future__ import annotations

from dataclasses import dataclass

from gitlab_sync.api.files import tree_of
from gitlab_sync.api.projects import endpoint
from gitlab_sync.errors import Cancelled, GitLabSyncError
from gitlab_sync.http.wire import Reply
from gitlab_sync.rules.unique import unique
from gitlab_sync.session.fetch import ListResult
from gitlab_sync.session.pagination import NextPages, PageSource, RestList
from gitlab_sync.session.request import Request
from gitlab_sync.session.session import PER_PAGE, Session
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.types import PartialList, Record

FEW_PAGES = 3
"""So many pages are read side by side."""

MOST_PAGES = 1_000
"""Of 100 entries: a longer list is not read, but for its first page and the root folder."""

_MOST_SINGLE_PAGES = 200


class TooLarge(GitLabSyncError):
    """A repository has more files than are listed."""

    hint_text = "Checks that are unknown now could pass with files that were not listed."


class _Long(GitLabSyncError):
    """A list has more than a few pages: `pages`, None if GitLab does not say how many."""

    pages: int | None = None


@dataclass(frozen=True, slots=True)
class _Pages:
    """A list of files that ends with an error if it has more than `most` pages. Immutable."""

    rest_list: RestList
    most: int

    def first(self, session: Session) -> Request:
        return self.rest_list.first(session)

    def rows(self, data: object) -> list[Record]:
        return self.rest_list.rows(data)

    def after(self, session: Session, place: int, reply: Reply, ahead: int = 1) -> NextPages:
        follow = self.rest_list.after(session, place, reply, ahead)
        last = max((number for number, _ in follow), default=0)
        if not follow or (last <= self.most and (self.most > FEW_PAGES or reply.total_pages)):
            return follow
        error = _Long(
            f"only the first {(place + 1) * PER_PAGE:,} of its files and folders were listed"
        )
        error.pages = reply.total_pages
        raise error


def first_pages(project_id: int | str, ref: str | None) -> PageSource:
    """Return the first page of the list of files, with the others if they are few."""
    return _Pages(_numbered(project_id, ref), FEW_PAGES)


def whole_tree(
    project_id: int | str, ref: str | None, found: ListResult[str]
) -> Workflow[tuple[PartialList, GitLabSyncError | None]]:
    """Return the list of files that `first_pages` began, and the error that kept some from it.

    Of one that is too long, the files at the root are read in any case, since most of those that
    count are there.
    """
    first, error = found.reading, found.error
    if not isinstance(error, _Long):
        return first, error
    if error.pages is None or error.pages <= MOST_PAGES:
        params = {"ref": ref or None, "recursive": True, "pagination": "none"}
        unpaged = RestList(endpoint(project_id, "repository/tree"), params)
        found = (yield {"tree": unpaged})["tree"]
        if found.error is not None and not isinstance(found.error, Cancelled):
            # An older GitLab knows no list without pages.
            found = (yield {"tree": _Pages(_numbered(project_id, ref), _MOST_SINGLE_PAGES)})["tree"]
        if not isinstance(found.error, _Long):
            return _joined(first, found.reading, found.reading.missing), found.error
        first, error = found.reading, found.error
    too_large = TooLarge(error.message)
    root = (yield {"root": tree_of(project_id, ref, recursive=False)})["root"].reading
    return _joined(first, root, too_large.reason), too_large


def _numbered(project_id: int | str, ref: str | None) -> RestList:
    return RestList(
        endpoint(project_id, "repository/tree"), {"ref": ref or None, "recursive": True}
    )


def _joined(first: PartialList, more: PartialList, missing: str | None) -> PartialList:
    entries = unique([*first.rows, *more.rows], lambda entry: str(entry.get("path")))
    return PartialList(entries, missing)
