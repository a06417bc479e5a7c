"""References of merge requests and issues, as people write them."""

from __future__ import annotations

import re

from gitlab_sync.rules import record
from gitlab_sync.types import Record

_SIGNS = {"merge_requests": "!", "issues": "#", "work_items": "#"}
_ADDRESS = re.compile(
    rf"https?://[^/]+/(?P<project>.+?)/(-/)?(?P<kind>{'|'.join(_SIGNS)})/(?P<iid>[0-9]+)"
)


def reference(item: Record) -> str | None:
    """Return the reference of an item from its address: `group/app!7`, `group/app#12`; or None.

    A path prefix of the instance stays in it: only the client knows the prefix.
    """
    return reference_at(record.link(item) or "")


def reference_at(address: str) -> str | None:
    """Return the reference of the item at an address, as `reference` does."""
    found = _ADDRESS.fullmatch(address)
    return None if found is None else f"{found['project']}{_SIGNS[found['kind']]}{found['iid']}"


def full_reference(item: Record) -> str | None:
    """Return the reference as GitLab says it, or else from the item's address; or None."""
    full = record.text(record.field(item, "references"), "full")
    return full or reference(item)
