"""Which items of a table a list of GitLab would have: conditions in SQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gitlab_sync.api.period import Moment
from gitlab_sync.rules.dates import Period

_MARGIN = timedelta(days=1)
_LAST = datetime.max.replace(tzinfo=UTC) - _MARGIN


def listed_within(period: Period, moment: Moment) -> tuple[str, list[datetime]]:
    """Return the condition for the items that a list of GitLab has with these filters.

    An item with a time that is not readable is among them, as in GitLab's list.
    """
    conditions, given = ["true"], list[datetime]()
    if period.start is not None:
        column = "created_at" if moment == "created" else "updated_at"
        conditions.append(f"coalesce({column} >= ?, true)")
        given.append(period.start - _MARGIN)
    if period.end is not None and period.end < _LAST:
        conditions.append("coalesce(created_at <= ?, true)")
        given.append(period.end + _MARGIN)
    return " AND ".join(conditions), given
