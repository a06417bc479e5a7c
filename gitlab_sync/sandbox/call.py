"""One call of a route: the request, its caller, the world, and how its list is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from cachetools import LRUCache

from gitlab_sync.sandbox.answer import Answer, Refusal, error, json_answer, message, not_found
from gitlab_sync.sandbox.paging import Place, by_keyset, by_offset
from gitlab_sync.sandbox.query import Query
from gitlab_sync.sandbox.records import Record, Row, id_in
from gitlab_sync.sandbox.viewer import Viewer
from gitlab_sync.sandbox.world import World

T = TypeVar("T")


class Lists:
    """Lists that were filtered and ordered lately, so that page 2 does not do it again.

    It holds at most `most` lists.
    """

    def __init__(self, most: int = 512) -> None:
        self._lock = threading.Lock()
        self._lists: LRUCache[Hashable, Sequence[Any]] = LRUCache(most)

    def get(self, key: Hashable, make: Callable[[], Sequence[T]]) -> Sequence[T]:
        """Return the list under `key`, made now if it is not there."""
        with self._lock:
            rows = self._lists.get(key)
        if rows is None:
            rows = make()
            with self._lock:
                self._lists[key] = rows
        return rows


@dataclass(slots=True)
class Call:
    """Everything that a route is given. For one thread.

    `segments` are those of the path below `/api/v4` as they were sent, `arguments` the decoded
    variables among them. `root` is the API's address on the host that links shall name, `version`
    what the instance calls itself.
    """

    world: World
    viewer: Viewer
    method: str
    root: str
    segments: tuple[str, ...]
    arguments: tuple[str, ...]
    query: Query
    lists: Lists
    body: bytes = b""
    version: str = ""

    @property
    def place(self) -> Place:
        """The list that is read, for its links."""
        return Place(self.url, self.query)

    @property
    def url(self) -> str:
        """The address of this route without its query."""
        return f"{self.root}/{'/'.join(self.segments)}"

    @property
    def me(self) -> int | None:
        """The id of the caller, or None."""
        return None if self.viewer.user is None else int(self.viewer.user["id"])

    def signed_in(self) -> Record:
        """Return the caller; raises the 401 if there is none."""
        if self.viewer.user is None:
            raise message(401, "401 Unauthorized")
        return self.viewer.user

    def number(self, index: int, kind: str) -> int:
        """Return a variable of the path as a number; raises the 400 that names it `kind`."""
        try:
            return int(self.arguments[index])
        except ValueError:
            raise error(400, f"{kind} is invalid") from None

    def project(self, index: int = 0) -> Record:
        """Return the project that the path names, by id or by path.

        Raises the 404 if there is none that the caller may see, and the 301 with its `Location`
        if it was renamed.
        """
        name = self.arguments[index]
        row = self.world.project(name)
        if row is not None and self.viewer.sees_project(row.data):
            return row.data
        target = self.world.moved.get(name.lower())
        if row is None and target is not None:
            raise Refusal(self._moved(target))
        raise not_found("Project")

    def _moved(self, project_id: int) -> Answer:
        path = "/".join((self.root, "projects", str(project_id), *self.segments[2:]))
        location = f"{path}?{self.query.text}" if self.query.text else path
        answer = json_answer({"message": f"This resource has been moved to {location}"}, 301)
        answer.headers.append(("location", location))
        return answer

    def group(self, index: int = 0) -> Record:
        """Return the group that the path names; raises the 404 if the caller sees none."""
        row = self.world.group(self.arguments[index])
        if row is None or not self.viewer.sees_group(row.data):
            raise not_found("Group")
        return row.data

    def user(self, index: int = 0) -> Record:
        """Return the user that the path names, by id or by name; raises the 404."""
        name = self.arguments[index]
        number = id_in(name)
        row = (
            self.world.users_by_name.get(name.lower())
            if number is None
            else self.world.users_by_id.get(number)
        )
        if row is None:
            raise not_found("User")
        return row.data

    def visible(self, rows: Sequence[Row], field: str = "project_id") -> Sequence[Row]:
        """Return the rows that belong to projects which the caller can see."""
        allowed = self.viewer.projects
        if allowed is None:
            return rows
        return [row for row in rows if row.data[field] in allowed]

    def kept(self, make: Callable[[], Sequence[Row]]) -> Sequence[Row]:
        """Return the whole list of this call, made once for all its pages."""
        key = (
            self.world.version,
            self.viewer.key,
            self.me,
            self.segments,
            self.query.without("page", "per_page", "cursor", "id_after"),
        )
        return self.lists.get(key, make)

    def rows(
        self, rows: Sequence[Row], *, totals: bool = True, capped: str | None = None
    ) -> Answer:
        """Answer with the page of `rows` that the query asks for."""
        page, headers = by_offset(self.place, rows, totals=totals, capped=capped)
        return Answer(rows=page, headers=headers)

    def page(
        self,
        records: Sequence[T],
        show: Callable[[T], Any] | None = None,
        *,
        totals: bool = True,
        capped: str | None = None,
    ) -> Answer:
        """Answer with a page of `records`, each as `show` gives it."""
        page, headers = by_offset(self.place, records, totals=totals, capped=capped)
        shown = list(page) if show is None else [show(record) for record in page]
        return Answer(body=orjson.dumps(shown), headers=headers)

    def keyset(self, rows: Sequence[Row], parameter: str = "cursor") -> Answer:
        """Answer with the page of `rows` after the id that `parameter` names."""
        page, headers = by_keyset(
            self.place, rows, lambda row: str(row.data["id"]), parameter=parameter
        )
        return Answer(rows=page, headers=headers)

    @property
    def wants_keyset(self) -> bool:
        """Whether the query asks for keyset paging."""
        return self.query.get("pagination") == "keyset"
