"""A person's items and their roles: author, assignee, or both."""

from __future__ import annotations

from dataclasses import dataclass

from gitlab_sync.types import Record

_BOTH, _ASSIGNED = "Authored & Assigned", "Assigned"


@dataclass(frozen=True, slots=True)
class UserItem:
    """A merge request or an issue with the roles of a person in it.

    An item with both roles counts as authored everywhere.
    """

    record: Record
    authored: bool
    assigned: bool


def merge_request_role(item: UserItem) -> str:
    """Return the role in a merge request: `Authored`, `Assigned` or `Authored & Assigned`."""
    return _role(item, "Authored")


def issue_role(item: UserItem) -> str:
    """Return the role in an issue: `Author`, `Assigned` or `Authored & Assigned`."""
    return _role(item, "Author")


def _role(item: UserItem, authored: str) -> str:
    if item.authored:
        return _BOTH if item.assigned else authored
    return _ASSIGNED
