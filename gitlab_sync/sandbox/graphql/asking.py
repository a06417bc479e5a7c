"""What the resolvers of one query share: the world, and the viewer it is shown to."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from graphql import GraphQLResolveInfo

from gitlab_sync.sandbox.call import Lists
from gitlab_sync.sandbox.records import Record, Row
from gitlab_sync.sandbox.viewer import Viewer
from gitlab_sync.sandbox.world import World

T = TypeVar("T")


@dataclass(slots=True)
class Asking:
    """The context of one query. For one thread.

    `score` is the query's complexity and `limit` the most it may have. `merge_requests` counts the
    nodes that are given out in lists, for the latency that they cost.
    """

    world: World
    viewer: Viewer
    lists: Lists
    score: int
    limit: int
    merge_requests: int = 0

    def person(self, shown: Record | None) -> Record | None:
        """Return the whole record of a person that another record shows in part."""
        if shown is None:
            return None
        row = self.world.users_by_id.get(shown["id"])
        return shown if row is None else row.data

    def people(self, shown: Sequence[Record]) -> list[Record]:
        """Return the whole records of several people."""
        return [person for person in map(self.person, shown) if person is not None]

    def project(self, project_id: int | None) -> Record | None:
        """Return the project of that id, if the caller may see it."""
        row = None if project_id is None else self.world.projects_by_id.get(project_id)
        return row.data if row is not None and self.viewer.sees_project(row.data) else None

    def visible(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows that belong to projects which the caller can see."""
        allowed = self.viewer.projects
        if allowed is None:
            return rows
        return [row for row in rows if row.data["project_id"] in allowed]

    def kept(self, key: Hashable, make: Callable[[], Sequence[T]]) -> Sequence[T]:
        """Return a list under `key`, made once for all its pages and for all who see the same."""
        return self.lists.get((self.world.version, self.viewer.key, key), make)


Info: TypeAlias = GraphQLResolveInfo[Asking]
"""What graphql-core tells a resolver; its `context` is the query's `Asking`."""
