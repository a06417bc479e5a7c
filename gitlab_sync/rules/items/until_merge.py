"""What was there when a merge request was merged: its notes until then, and how long it took."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Self

from gitlab_sync.rules import record
from gitlab_sync.rules.items import item
from gitlab_sync.rules.text import instant, second_after
from gitlab_sync.rules.working_time import WorkingTime
from gitlab_sync.types import PartialList, Record

_READY = "marked this merge request as **ready**"


class UntilMerge(NamedTuple):
    """The time from being ready to the merge, and the notes up to the merge. Immutable.

    `start` is the creation, or the last time that it was marked as ready. A time is None where it
    is not known.
    """

    start: datetime | None
    end: datetime | None
    notes: PartialList

    @classmethod
    def of(cls, mr: Record, notes: PartialList) -> Self:
        """Return it for a merged merge request with these notes."""
        created, end = instant(mr.get("created_at")), instant(mr.get("merged_at"))
        in_time = until(notes, end, "a note")
        return cls(_ready(in_time) or created, end, in_time)

    def taken(self, working: WorkingTime) -> int | str:
        """Return the working time from start to end in seconds, or why it is not known."""
        return item.working_time(self.start, self.end, working, "merged")


def _ready(notes: PartialList) -> datetime | None:
    """Return when it was last marked as ready, as far as notes were read; None: never."""
    marks = [
        note
        for note in notes.rows
        if record.field(note, "system") is True
        and (record.text(note, "body") or "").strip().lower() == _READY
    ]
    times = (instant(note["created_at"]) for note in marks)
    return max(filter(None, times), default=None)


def until(reading: PartialList, end: datetime | None, noun: str) -> PartialList:
    """Return the rows that were made up to `end`, in whole seconds; the same list if all were.

    Where a time is not readable, the list is not whole: the row could be one of them.
    """
    if not reading.rows:
        return reading
    rows, missing = [], reading.missing
    first_after = None if end is None else second_after(end)
    for row in reading.rows:
        made = instant(record.field(row, "created_at"))
        if made is None or first_after is None:
            missing = missing or (
                "merged_at is not a time" if end is None else f"time of {noun} not known"
            )
        elif made < first_after:
            rows.append(row)
    return reading if len(rows) == len(reading.rows) else PartialList(rows, missing)
