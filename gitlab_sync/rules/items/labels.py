"""Labels as lists of GitLab hold them."""

from __future__ import annotations

from gitlab_sync.rules import record
from gitlab_sync.rules.shape import Kind


def label_name(label: object) -> str | None:
    """Return the name of a label, which lists show as a text, or with its details; or None."""
    return label if isinstance(label, str) else record.text(label, "name") or None


LABELS = Kind(
    "a list of labels",
    lambda value: isinstance(value, list | tuple) and None not in map(label_name, value),
)
