"""Which of a project's pipelines are those of a merge request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_sync.rules import record
from gitlab_sync.rules.text import instant
from gitlab_sync.types import PartialList

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from gitlab_sync.types import Record

_MERGE_REQUEST_SOURCES = ("merge_request_event", "")
_BRANCH_SOURCES = (
    *("push", "web", "trigger", "schedule", "api", "external", "pipeline", "chat"),
    "external_pull_request_event",
)
"""What starts pipelines of a branch that GitLab counts among those of its merge requests."""


class ProjectPipelines:
    """The pipelines of one project, from which those of its merge requests are told apart.

    `rows` are all that GitLab lists for the project, or all that changed after `since` (aware).
    Immutable.
    """

    def __init__(self, rows: Iterable[Record], since: datetime | None = None) -> None:
        self._since = since
        self._of_ref: dict[str, list[Record]] = {}
        for pipeline in rows:
            # One without a ref could belong to any merge request: it is under the empty ref.
            self._of_ref.setdefault(record.text(pipeline, "ref") or "", []).append(pipeline)

    def of(self, mr: Record) -> PartialList | None:
        """Return the newest pipeline of a merge request; None unless it is certain.

        The list is empty if there is none. It decides as the merge request's own list does, but
        only if the merge request and its source branch belong to this project (`is_within`).

        GitLab lists for a merge request what ran for it, and what ran for its branch on a commit
        that was once its head. Rows of a project do not tell which commits these were, whether a
        name is that of a tag, nor in old ones which of the merge requests of a branch they ran for.
        So many rows could belong to it; unless the newest certainly does, all rows that could be
        newer must say the same.
        """
        branch = record.text(mr, "source_branch")
        if not branch:
            return None
        rows = [
            pipeline
            for ref in ("", branch, *_refs(mr).values())
            for pipeline in self._of_ref.get(ref, ())
        ]
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

    def _is_of_the_time(self, pipeline: Record) -> bool:
        """Say whether all that came after this one is among the rows, too."""
        created = instant(record.field(pipeline, "created_at"))
        return self._since is None or (created is not None and created > self._since)


def is_within(mr: Record) -> bool:
    """Return whether a merge request belongs to the project of its source branch (no fork)."""
    project = record.number(mr, "project_id")
    sides = [record.number(mr, f"{side}_project_id") for side in ("source", "target")]
    return project is not None and sides == [project, project]


def _refs(mr: Record) -> dict[str, str]:
    """Return the refs that GitLab makes for pipelines of a merge request, by their kind."""
    base = f"refs/merge-requests/{record.field(mr, 'iid')}"
    return {kind: f"{base}/{kind}" for kind in ("head", "merge", "train")}


def _is_surely_of(mr: Record, pipeline: Record) -> bool:
    """Say whether GitLab surely lists this pipeline of the project for the merge request.

    Merge results and trains run on commits of their own; other pipelines, on its head. A tag can
    have the branch's name and be at that commit: so a branch's pipeline does not prove a fault, nor
    its absence if other pipelines that look like it say something else.
    """
    if record.number(pipeline, "id") is None:
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
    """Say whether both ran for that branch, or for a tag of that name, on the same commit."""
    ran = {(record.text(each, "ref"), record.text(each, "sha")) for each in (pipeline, other)}
    return ran == {(branch, record.text(other, "sha"))}


def _number(pipeline: Record) -> float:
    """Return the id that tells how new a pipeline is; one without an id could be the newest."""
    number = record.number(pipeline, "id")
    return float("inf") if number is None else number


def _status(pipeline: Record) -> str | None:
    status = record.text(pipeline, "status")
    return status.lower() if status else None
