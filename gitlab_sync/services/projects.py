"""The projects that a question names: those that are there, and those that are not."""

from __future__ import annotations

from collections.abc import Iterable

from gitlab_sync.errors import NotFound
from gitlab_sync.profiles import resolve_project_paths
from gitlab_sync.session.session import Session


def known_projects(
    session: Session, names: Iterable[int | str]
) -> tuple[list[int | str], list[int | str]]:
    """Return the ids of the projects that were named by id, path or URL, and the unknown names.

    Raises NotFound if projects were named and not one of them can be read. Thread-safe.
    """
    ids, unknown = resolve_project_paths(session, names)
    if unknown and not ids:
        shown = ", ".join(map(str, unknown[:3]))
        raise NotFound(
            f"404 not one of the projects could be read: {shown}",
            status=404,
            hint="Check their paths, and that the token may see them.",
        )
    return list(ids), unknown
