"""What the owner of a token may see."""

from __future__ import annotations

from dataclasses import dataclass

from gitlab_sync.sandbox.records import Record, Row
from gitlab_sync.sandbox.tokens import Token
from gitlab_sync.sandbox.world import World, namespace_group, source_kind

_OPEN = ("public", None)


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person (or no one) that a request is answered for.

    `projects` and `groups` are the ids that this person may see; None stands for all.
    """

    user: Record | None
    token: Token | None
    admin: bool
    projects: frozenset[int] | None
    groups: frozenset[int] | None

    def sees_project(self, project: Record) -> bool:
        """Whether this person may know that the project exists."""
        return self.projects is None or project["id"] in self.projects

    def sees_group(self, group: Record) -> bool:
        """Whether this person may know that the group exists."""
        return self.groups is None or group["id"] in self.groups

    @property
    def key(self) -> int:
        """What lists that are kept for a while are kept under: who sees the same shares them."""
        return 0 if self.projects is None and self.groups is None else hash(self.projects) or 1


class Viewers:
    """Makes viewers of tokens; remembers what each person may see."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[tuple[int, Token | None], Viewer] = {}

    def of(self, token: Token | None) -> Viewer:
        """Return the viewer with this `token`; None is a caller without a token."""
        key = (self._world.version, token)
        viewer = self._known.get(key)
        if viewer is None:
            if len(self._known) > 10_000:
                self._known.clear()
            viewer = self._known[key] = self._make(token)
        return viewer

    def _make(self, token: Token | None) -> Viewer:
        world = self._world
        row = None if token is None else world.users_by_id.get(token.user_id)
        user = None if row is None else row.data
        admin = token is not None and token.admin
        if admin or world.all_public:
            return Viewer(user, token, admin, None, None)
        opened = _OPEN if token is None else (*_OPEN, "internal")
        mine = set()
        if user is not None:
            for membership in world.memberships_of.get(user["id"], ()):
                mine.add((source_kind(membership), membership["source_id"]))
        groups = frozenset(
            group.data["id"]
            for group in world.groups
            if group.data.get("visibility") in opened
            or any(source in mine for source in world.group_chain(group.data["id"]))
        )
        projects = frozenset(
            project.data["id"]
            for project in world.projects
            if self._sees(project, opened, mine, user, token)
        )
        return Viewer(user, token, admin, projects, groups)

    def _sees(
        self,
        project: Row,
        opened: tuple[str | None, ...],
        mine: set[tuple[str, int]],
        user: Record | None,
        token: Token | None,
    ) -> bool:
        record = project.data
        if record.get("visibility") in opened:
            return True
        if token is not None and token.kind == "job" and token.project != record["id"]:
            return False
        if user is not None and namespace_group(record) is None:
            owner = (record.get("namespace") or {}).get("path", "")
            if owner.lower() == user["username"].lower():
                return True
        return any(source in mine for source in self._world.source_chain(record))
