"""The note that this program keeps on a merge request. It is nothing that a person said."""

from __future__ import annotations

from gitlab_sync.rules import record
from gitlab_sync.types import Record

MARKER = "<!-- gitlab-sync check -->"
"""The first line of the note, which GitLab does not show."""


def is_own(note: Record) -> bool:
    """Return whether this program wrote a note, with anyone's token."""
    return (record.text(note, "body") or "").startswith(MARKER)
