"""Users."""

from __future__ import annotations

from gitlab_sync.reading import Listing


def by_username(username: str) -> Listing:
    """Return the list that holds the user of that name, ignoring case, or nothing."""
    return Listing("users", {"username": username})
