"""The full path of an item's project, by which GraphQL finds it."""

from __future__ import annotations

from urllib.parse import urlsplit

from gitlab_sync.api.projects import extract_path_from_url
from gitlab_sync.rules import record
from gitlab_sync.types import Record


def full_path(item: Record, base_url: str) -> str:
    """Return the full path of the project of a merge request or an issue; empty if it is unknown.

    `base_url` is that of the instance.
    """
    reference = record.text(item.get("references"), "full") or ""
    path = reference.partition("!")[0].partition("#")[0]
    if not path:
        link = record.text(item, "web_url") or ""
        path = extract_path_from_url(link) if "/-/" in link else ""
        prefix = urlsplit(base_url).path.strip("/")
        path = path.removeprefix(f"{prefix}/") if prefix else path
    return path
