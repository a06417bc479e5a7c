"""Checks the newest finished pipeline that was there when a merge request was merged."""

from __future__ import annotations

from datetime import datetime

from gitlab_sync.rules import record
from gitlab_sync.rules.items import item
from gitlab_sync.rules.items.verdict import Verdict
from gitlab_sync.rules.text import instant, second_after
from gitlab_sync.types import PartialList, Record

FINISHED = frozenset({"success", "failed"})
RUNNING = frozenset(
    {
        *("created", "waiting_for_resource", "preparing", "waiting_for_callback", "pending"),
        *("running", "canceling", "scheduled"),
    }
)
"""The statuses that decide, and those that will become another one. Others say nothing."""

_TELLING = FINISHED | RUNNING


def newest_until(mr: Record, pipelines: PartialList, end: datetime | None) -> Verdict:
    """Check the pipeline with the highest id of those that finished, created up to `end`.

    Only a complete list decides. A pipeline without an id, a status or a time leaves the check
    unknown, unless it would change nothing.
    """
    link = record.link(mr, "/pipelines")
    if not pipelines.whole:
        return Verdict("unknown", item.not_read("pipelines", pipelines), link)
    first_after = None if end is None else second_after(end)
    known: dict[int, str] = {}
    doubtful: list[tuple[int | None, str | None, str]] = []
    for row in pipelines.rows:
        status = (record.text(row, "status") or "").lower() or None
        if status is not None and status not in _TELLING:
            continue
        number, in_time = record.number_id(row), _was_there(row, first_after)
        if in_time is False:
            continue
        if in_time is None or number is None or status is None:
            why = record.why(row, "status", "newest pipeline not known")
            doubtful.append((number, status, why))
        else:
            known[number] = status
    finished = {number: status for number, status in known.items() if status in FINISHED}
    newest = max(finished, default=-1)
    status = finished.get(newest)
    for number, other, why in doubtful:
        newer = number is None or number > newest
        if newer and (other is None or (other in FINISHED and other != status) or status is None):
            return Verdict("unknown", why, link)
    if status is not None:
        return Verdict("fail" if status == "failed" else "pass", f"newest pipeline: {status}", link)
    if known:
        return Verdict("unknown", f"pipeline is {max(known.items())[1]}", link, pending=True)
    return Verdict("n/a", "no finished pipeline before the merge", link)


def _was_there(pipeline: Record, first_after: datetime | None) -> bool | None:
    """Return whether a pipeline was created before `first_after`; None: not known."""
    made = instant(record.field(pipeline, "created_at"))
    return None if made is None or first_after is None else made < first_after
