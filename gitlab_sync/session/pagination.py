"""Lists that can be read: their first request, the rows in an answer, and the pages that follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, Protocol, TypeAlias, overload

from gitlab_sync.errors import BadResponse, NotFound
from gitlab_sync.http.urls import target
from gitlab_sync.http.wire import Reply
from gitlab_sync.rules import record
from gitlab_sync.rules.shape import ANY, Shape
from gitlab_sync.session.request import Request
from gitlab_sync.session.session import CIRCLE, Session, page_params
from gitlab_sync.types import Params, Record

NextPages: TypeAlias = Sequence[tuple[int, Request]]
"""Pages that follow: the place of each in its list, and its request."""


@dataclass(frozen=True, slots=True)
class _NumberedPages(Sequence[tuple[int, Request]]):
    """Pages by number, made one by one: what a server says of their number is only a hint."""

    numbers: range
    make: Callable[[int], Request]

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> tuple[int, Request]: ...

    @overload
    def __getitem__(self, index: slice) -> _NumberedPages: ...

    def __getitem__(self, index: int | slice) -> tuple[int, Request] | _NumberedPages:
        if isinstance(index, slice):
            return _NumberedPages(self.numbers[index], self.make)
        number = self.numbers[index]
        return number, self.make(number)


class PageSource(Protocol):
    """A list that can be read page by page. Immutable."""

    def first(self, session: Session) -> Request:
        """Return the request for its first page."""

    def rows(self, data: object) -> list[Record]:
        """Return the rows of one answer; BadResponse if it does not hold what was requested.

        If only some of the rows are malformed, the error has the others as `.partial`.
        """

    def after(self, session: Session, place: int, reply: Reply, ahead: int = 1) -> NextPages:
        """Return what follows the page at `place` (0: the first); BadResponse for a circle.

        If the number of pages is unknown, up to `ahead` of them can be requested at once; pages
        past the end are empty.
        """


@dataclass(frozen=True, slots=True)
class RestList:
    """A REST list: its endpoint and parameters.

    `single` says that the endpoint returns one object, which counts as a list of one and is
    requested once in a run; a list is requested once only if `once` is set. An object in place of a
    list is a BadResponse: it could be the error of a proxy. `shape` is what each row must be;
    malformed ones are left out. Of each row only `fields` are kept (none: all of them), of objects
    in it as `author.username` says. `check` gets each answer that others follow, and can raise an
    error, which ends the list.
    """

    endpoint: str
    params: Params = field(default_factory=dict)
    single: bool = False
    once: bool = False
    shape: Shape = ANY
    check: Callable[[Reply], None] | None = None
    fields: frozenset[str] = frozenset()

    def first(self, session: Session) -> Request:
        """Return the request for its first page."""
        if self.single:
            return Request("GET", target(self.endpoint, self.params, session.base_url), once=True)
        return self._page(session, None)

    def _page(self, session: Session, number: int | None) -> Request:
        request = session.page_request(self.endpoint, page_params(self.params), number)
        return replace(request, once=True) if self.once else request

    def rows(self, data: object) -> list[Record]:
        """Return the rows of one answer."""
        rows = data
        if self.single:
            rows = [data] if isinstance(data, dict) else None
        if not isinstance(rows, list):
            wanted = "an object" if self.single else "a list of objects"
            raise BadResponse(f"The answer must be {wanted}, got something else", status=200)
        if self.fields:
            rows = _kept(rows, _parts(self.fields))
        return _sound(rows, self.shape)

    def after(self, session: Session, place: int, reply: Reply, ahead: int = 1) -> NextPages:
        """Return all further pages if their number is known, else the next ones."""
        follow = self._following(session, place, reply, ahead)
        if follow and self.check is not None:
            self.check(reply)
        return follow

    def _following(self, session: Session, place: int, reply: Reply, ahead: int) -> NextPages:
        params, number = page_params(self.params), reply.next_page
        if number is None:
            request = session.next_request(self.endpoint, params, reply)
            return [] if request is None else [(place + 1, request)]
        if number <= max(place, 1):
            raise BadResponse(CIRCLE)
        end = number + ahead
        if reply.total_pages is not None:
            end = reply.total_pages + 1 if place == 0 else number + 1
        return _NumberedPages(range(number, end), partial(self._page, session))


@dataclass(frozen=True, slots=True)
class GraphQLConnection:
    """A GraphQL list: a query with a variable `$after`, and the path to the connection in it.

    The connection must request `nodes` and `pageInfo { endCursor hasNextPage }`. `what` names it in
    messages ("time logs of alice"); `shape` is as in a `RestList`.
    """

    what: str
    query: str
    variables: Params
    path: tuple[str, ...]
    shape: Shape = ANY

    def first(self, session: Session) -> Request:
        """Return the request for its first page; it waits, since each person has such a list."""
        return replace(session.graphql_request(self.query, self.variables), waits=True)

    def rows(self, data: object) -> list[Record]:
        """Return the nodes; NotFound if something on the path to them is null."""
        nodes = self._connection(data).get("nodes")
        if not isinstance(nodes, list):
            raise BadResponse(f"The answer holds no {self.what}", status=200)
        return _sound(nodes, self.shape)

    def after(self, session: Session, place: int, reply: Reply, ahead: int = 1) -> NextPages:  # noqa: ARG002
        """Return the next page, by its cursor: no other page can be known."""
        page = self._connection(reply.data).get("pageInfo")
        more, cursor = record.field(page, "hasNextPage"), record.text(page, "endCursor")
        if more is False:
            return []
        if more is not True or not cursor:
            raise BadResponse(f"Nothing says where the {self.what} go on", status=200)
        variables = {**self.variables, "after": cursor}
        return [(place + 1, session.graphql_request(self.query, variables))]

    def _connection(self, data: object) -> Record:
        for key in self.path:
            data = data.get(key) if isinstance(data, dict) else None
        if data is None:
            raise NotFound(f"404 GraphQL shows no {self.what}", status=404)
        if not isinstance(data, dict):
            raise BadResponse(f"The answer holds no {self.what}", status=200)
        return data


@lru_cache(maxsize=16)
def _parts(fields: frozenset[str]) -> dict[str, Any]:
    """Return the keys of `fields`, each with those of the objects there (none: all of them)."""
    parts: dict[str, Any] = {}
    for name in sorted(fields):
        key, _, inner = name.partition(".")
        parts.setdefault(key, {}).update({inner: {}} if inner else {})
    return parts


def _kept(value: Any, parts: Mapping[str, Any]) -> Any:
    """Return an object, or each in a list, with these keys alone; anything else as it is."""
    if isinstance(value, list):
        return [_kept(each, parts) if isinstance(each, dict) else each for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _kept(value[key], inner) if inner else value[key]
        for key, inner in parts.items()
        if key in value
    }


def _sound(rows: list[Any], shape: Shape) -> list[Record]:
    """Return the rows; BadResponse with those that can be used if some of them are malformed."""
    error = shape.malformed(rows)
    if error is None:
        return rows
    error.partial = [row for row in rows if shape.fault(row) is None]
    raise error
