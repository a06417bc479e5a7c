"""Commits as rows: message, time of day, and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from gitlab_sync.rules import record
from gitlab_sync.rules.dates import moment_in
from gitlab_sync.rules.slots import USUAL_SLOTS, Slots
from gitlab_sync.rules.unique import unique
from gitlab_sync.types import Record, TableRow


def commit_row(
    commit: Record, project_name: str, zone: tzinfo | None = None, slots: Slots = USUAL_SLOTS
) -> TableRow:
    """Return a commit as a row; never raises.

    Keys: `project_name, message` (the whole text)`, date` (`YYYY-MM-DD`)`, time` (`HH:MM:SS`)`,
    slot, sha, short_id, author_name, web_url`. Date and time are the author's, with the commit's
    offset, or in `zone` if given. They and the slot, one of `slots`, are None if not readable.
    """
    moment = written_at(commit, zone)
    return {
        "project_name": project_name,
        "message": record.text(commit, "message") or record.text(commit, "title") or "",
        "date": None if moment is None else moment.date().isoformat(),
        "time": None if moment is None else moment.strftime("%H:%M:%S"),
        "slot": None if moment is None else slots.of(moment.time()),
        "sha": record.text(commit, "id"),
        "short_id": record.text(commit, "short_id"),
        "author_name": record.text(commit, "author_name"),
        "web_url": record.text(commit, "web_url"),
    }


def distinct_rows(rows: Iterable[TableRow]) -> list[TableRow]:
    """Return each commit once, in order: a fork also holds the commits of its origin."""
    return unique(rows, lambda row: row["sha"] or None)


def commit_stats(
    rows: Sequence[TableRow],
    merges: int | None = 0,
    unmatched: int | None = 0,
    *,
    whole: bool = True,
) -> dict[str, int | float | None]:
    """Return the number of a person's commits, in total and by time of day.

    Keys: `total, morning_commits, afternoon_commits, morning_pct, afternoon_pct, other_commits,
    merges, unmatched`. Shares are percent of `total` with one decimal, or 0 without commits; None
    unless the commits are `whole`. A commit without a known time is in `total` and in no part of
    the day. `merges` and `unmatched`, of the projects that were read, are in no total.
    """
    slots = Counter(row["slot"] for row in rows)
    return {
        "total": len(rows),
        "morning_commits": slots["Morning"],
        "afternoon_commits": slots["Afternoon"],
        "morning_pct": _percent(slots["Morning"], len(rows)) if whole else None,
        "afternoon_pct": _percent(slots["Afternoon"], len(rows)) if whole else None,
        "other_commits": slots["Other"],
        "merges": merges,
        "unmatched": unmatched,
    }


def written_at(commit: Record, zone: tzinfo | None = None) -> datetime | None:
    """Return when a commit was written, by the author's clock or in `zone`; None if not readable.

    A time without an offset is one of the author's clock.
    """
    text = record.field(commit, "authored_date")
    moment = moment_in(text, zone)
    if moment is not None or not isinstance(text, str):
        return moment
    try:
        written = datetime.fromisoformat(text)
    except ValueError:
        return None
    # Without an offset it cannot be converted, but it is still the time on the clock.
    return written if written.tzinfo is None else None


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
