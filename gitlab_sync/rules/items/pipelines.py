"""Checks the newest pipeline of a merge request."""

from __future__ import annotations

from gitlab_sync.rules import record
from gitlab_sync.rules.items import item
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.types import PartialList, Record

_NO_STATUS = "status of the newest pipeline not known"


def newest(mr: Record, pipelines: PartialList) -> Verdict:
    """Check the pipeline with the highest id; GitLab's list is not sorted by id.

    Only a complete list decides. Without a pipeline nothing failed, so the check passes.
    """
    link = record.link(mr, "/pipelines")
    if not pipelines.whole:
        # The newest can be on the page that was not read.
        return Verdict("unknown", item.not_read("pipelines", pipelines), link)
    if not pipelines.rows:
        return Verdict("pass", "no pipeline", link)
    numbers = [record.number_id(pipeline) for pipeline in pipelines.rows]
    highest = max((number for number in numbers if number is not None), default=None)
    # A pipeline without an id can be the newest.
    newest = [
        pipeline
        for pipeline, number in zip(pipelines.rows, numbers, strict=True)
        if number is None or number == highest
    ]
    candidates = {record.text(pipeline, "status") or None for pipeline in newest}
    if len(candidates) > 1:
        return Verdict("unknown", "newest pipeline not known", link)
    return _by_status(candidates.pop(), link, record.why(newest[0], "status", _NO_STATUS))


def newest_in_list(mr: Record) -> Verdict:
    """Check the `head_pipeline` or `pipeline` in the merge request's own record.

    Both null and missing are unknown: rows made from lists have null for what the list lacks.
    """
    for key in ("head_pipeline", "pipeline"):
        pipeline = record.field(mr, key)
        if pipeline is not None:
            return _by_status(record.text(pipeline, "status"), record.link(mr, "/pipelines"))
    return Verdict("unknown", "pipeline not in the list", record.link(mr))


def _by_status(status: str | None, link: str | None, missing: str = _NO_STATUS) -> Verdict:
    if not status:
        return Verdict("unknown", missing, link)
    result = status.lower()
    return Verdict("fail" if result == "failed" else "pass", f"newest pipeline: {result}", link)
