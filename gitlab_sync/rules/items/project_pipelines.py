"""Finds the newest pipeline of a merge request among its project's pipelines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gitlab_sync.rules import record
from gitlab_sync.rules.text import instant
from gitlab_sync.types import PartialList, Record

_MERGE_REQUEST_SOURCES = ("merge_request_event", "")
_BRANCH_SOURCES = (
    *("push", "web", "trigger", "schedule", "api", "external", "pipeline", "chat"),
    "external_pull_request_event",
)
"""The sources of branch pipelines that GitLab lists for the branch's merge requests."""


class ProjectPipelines:
    """The pipelines of one project, indexed for its merge requests.

    `rows` are all that GitLab lists for the project, or all that changed after `since` (aware).
    """

    def __init__(self, rows: Iterable[Record], since: datetime | None = None) -> None:
        self._since = since
        self._of_ref: dict[str, list[Record]] = {}
        for pipeline in rows:
            # A pipeline without a ref can belong to any merge request: its key is empty.
            self._of_ref.setdefault(record.text(pipeline, "ref") or "", []).append(pipeline)

    def of(self, mr: Record) -> PartialList | None:
        """Return the newest pipeline of a merge request; None unless it is certain.

        The list is empty if there is none. It decides as the merge request's own list does, but
        only if the merge request and its source branch are in this project (`is_within`).

        GitLab lists for a merge request the pipelines that ran for it, and those that ran for its
        branch on a commit that was once its head. The project's rows do not tell which commits
        these were, or whether a name is a tag; old rows do not tell for which merge request of a
        branch they ran. So more rows are candidates than belong to it. The newest certain one
        decides only if all candidates that can be newer have the same status.
        """
        branch = record.text(mr, "source_branch")
        if not branch:
            return None
        rows = self._candidates(mr, branch)
        sure = [pipeline for pipeline in rows if _is_surely_of(mr, pipeline)]
        newest = max(sure, key=_number, default=None)
        if newest is None:
            return None if rows or self._since is not None else PartialList()
        if not self._is_of_the_time(newest):
            return None
        states = {
            _status(each)
            for each in rows
            if _number(each) >= _number(newest) or _looks_like(each, newest, branch)
        }
        return PartialList([newest]) if len(states) == 1 and None not in states else None

    def all_of(self, mr: Record) -> PartialList | None:
        """Return all pipelines of a merge request; None unless it is certain which they are.

        As `of`, for rules that look at more than the newest one: no row is in doubt, and the
        rows must go back to before the merge request.
        """
        branch = record.text(mr, "source_branch")
        if not branch or self._since is not None:
            return None
        rows = self._candidates(mr, branch)
        return PartialList(rows) if all(_is_surely_of(mr, row) for row in rows) else None

    def _candidates(self, mr: Record, branch: str) -> list[Record]:
        refs = ("", branch, *_refs(mr).values())
        return [pipeline for ref in refs for pipeline in self._of_ref.get(ref, ())]

    def _is_of_the_time(self, pipeline: Record) -> bool:
        """Return whether the rows hold all pipelines after this one."""
        created = instant(record.field(pipeline, "created_at"))
        return self._since is None or (created is not None and created > self._since)


def is_within(mr: Record) -> bool:
    """Return whether a merge request is in the project of its source branch, not from a fork."""
    project = record.number_id(mr, "project_id")
    sides = [record.number_id(mr, f"{side}_project_id") for side in ("source", "target")]
    return project is not None and sides == [project, project]


def _refs(mr: Record) -> dict[str, str]:
    """Return the refs that GitLab makes for pipelines of a merge request, by their kind."""
    base = f"refs/merge-requests/{record.field(mr, 'iid')}"
    return {kind: f"{base}/{kind}" for kind in ("head", "merge", "train")}


def _is_surely_of(mr: Record, pipeline: Record) -> bool:
    """Return whether GitLab certainly lists this pipeline for the merge request.

    Merge results and trains run on commits of their own, other pipelines on the head. A tag can
    have the name of the branch and point to the same commit. So a branch's pipeline does not prove
    a fault, nor its absence if similar pipelines have another status.
    """
    if record.number_id(pipeline) is None:
        return False
    ref, source = (record.text(pipeline, key) for key in ("ref", "source"))
    sha = record.text(pipeline, "sha")
    on_its_head = bool(sha) and sha == record.text(mr, "sha")
    refs = _refs(mr)
    if ref in refs.values():
        return source in _MERGE_REQUEST_SOURCES and (on_its_head or ref != refs["head"])
    failed = _status(pipeline) == "failed"
    named = ref == record.text(mr, "source_branch")
    return named and on_its_head and source in _BRANCH_SOURCES and not failed


def _looks_like(pipeline: Record, other: Record, branch: str) -> bool:
    """Return whether both ran for this branch, or a tag of this name, on the same commit."""
    ran = {(record.text(each, "ref"), record.text(each, "sha")) for each in (pipeline, other)}
    return ran == {(branch, record.text(other, "sha"))}


def _number(pipeline: Record) -> float:
    """Return the id, by which the newest is found; a pipeline without one can be the newest."""
    number = record.number_id(pipeline)
    return float("inf") if number is None else number


def _status(pipeline: Record) -> str | None:
    status = record.text(pipeline, "status")
    return status.lower() if status else None
