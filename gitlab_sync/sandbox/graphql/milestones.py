"""Milestones: those of a project, and the fields of one."""

from __future__ import annotations

from typing import Any

from gitlab_sync.sandbox.graphql.asking import Info
from gitlab_sync.sandbox.graphql.connections import Page, Resolver, page
from gitlab_sync.sandbox.graphql.scalars import global_id
from gitlab_sync.sandbox.records import Record


def _milestones(
    project: Record,
    info: Info,
    *,
    state: str | None = None,
    title: str | None = None,
    **arguments: Any,
) -> Page:
    found = info.context.world.milestones.get(project["id"], [])
    if state is not None:
        found = [each for each in found if each["state"] == state]
    if title is not None:
        found = [each for each in found if each["title"] == title]
    return page(found, arguments)


RESOLVERS: dict[str, Resolver] = {
    "Project.milestones": _milestones,
    "Milestone.id": lambda record, _info: global_id("Milestone", record["id"]),
}
"""Resolvers by type and field."""
