"""Issues of a person, as rows."""

from __future__ import annotations

from datetime import tzinfo

from gitlab_sync.api.period import given_period
from gitlab_sync.api.user_items import Owner, Projects, UserItems, of_user, read_rows
from gitlab_sync.rules.dates import When
from gitlab_sync.rules.items.roles import UserItem, issue_role
from gitlab_sync.session.session import Client
from gitlab_sync.types import Record, RecordList

_SHOWN = (
    *("id", "iid", "title", "description", "project_id", "web_url", "state"),
    *("created_at", "closed_at"),
)
_STATES = {"opened": "opened", "closed": "closed"}
"""The counts of what a person wrote: the title of each, and the state that it counts."""


def get_user_issues(
    client: Client,
    user_id: int | str | None,
    username: str | None = None,
    since: When = None,
    until: When = None,
    project_ids: Projects = None,
    *,
    zone: tzinfo | None = None,
) -> tuple[RecordList, dict[str, int]]:
    """Return all issues that a person wrote or that are assigned to them, as rows, and counts.

    Rows and counts are those of `user_rows`; everything else is as in
    `merge_requests.get_user_mrs`.
    """
    period = given_period(since, until, zone)
    workflow = of_user("issues", Owner.of(user_id, username), period, project_ids)
    return read_rows(client, workflow, user_rows)


def user_rows(found: UserItems) -> tuple[RecordList, dict[str, int]]:
    """Return a person's issues as rows, and counts; no request.

    Keys of a row: `id, iid, title, description, project_id, web_url, state, created_at, closed_at,
    assigned` (whether it is assigned to the person)`, role` (`Author`, `Assigned` or `Authored &
    Assigned`)`, labels, milestone, time_stats, _username`; values as in GitLab's record, None if it
    lacks them. Counts: `total, opened, closed` of what the person wrote, and `assigned`.
    """
    return found.rows(_row), found.numbers(_STATES)


def _row(item: UserItem, username: str) -> Record:
    return {
        **{key: item.record.get(key) for key in _SHOWN},
        "assigned": item.assigned,
        "role": issue_role(item),
        **{key: item.record.get(key) for key in ("labels", "milestone", "time_stats")},
        "_username": username,
    }
