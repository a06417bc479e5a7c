"""Connections: pages of at most 100, found by cursors."""

from __future__ import annotations

import base64
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson
from graphql import GraphQLError

from gitlab_sync.sandbox.graphql.asking import Info
from gitlab_sync.sandbox.records import Record

MOST = 100
"""The rows of a page, at most and by default."""

Resolver: TypeAlias = Callable[..., Any]
"""What gives a field's value, from its object, graphql-core's `info` and the arguments."""

Mark: TypeAlias = tuple[Any, Any, Any]
"""The place of a record in an order: its value, when it was made, its id."""


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list, for cursors that hold even when rows come and go.

    Records are in order of value and id; those without a value come last, the newest first.
    """

    value: Callable[[Record], Any]
    made: Callable[[Record], Any]
    descending: bool

    def mark(self, record: Record) -> Mark:
        """Return the place of a record."""
        return self.value(record), self.made(record), record["id"]

    def beyond(self, record: Record, mark: Mark) -> bool:
        """Whether a record comes after a place."""
        mine = self.mark(record)
        if (mine[0] is None) != (mark[0] is None):
            return mine[0] is None
        if mine[0] is None:
            return mine[1:] < mark[1:]
        here, there = (mine[0], mine[2]), (mark[0], mark[2])
        return here < there if self.descending else here > there


@dataclass(slots=True)
class Page:
    """One page of a connection: `records` from `start` to `stop` of `rows`."""

    rows: Sequence[Record]
    start: int
    stop: int
    order: Order | None

    @property
    def records(self) -> Sequence[Record]:
        """The records of this page."""
        return self.rows[self.start : self.stop]

    def cursor(self, position: int) -> str:
        """Return the cursor of the row at a position of the whole list."""
        if self.order is None:
            place: Any = position + 1
        else:
            place = self.order.mark(self.rows[position])
        return base64.b64encode(orjson.dumps(place)).decode()


def page(rows: Sequence[Record], arguments: Mapping[str, Any], order: Order | None = None) -> Page:
    """Return the page of `rows` that `first`, `last`, `after` and `before` name.

    Cursors follow `order`; without one they are positions, as GitLab has them for what is no table
    of its database. Raises GraphQLError for a cursor that is none, and for `first` with `last`.
    """
    first, last = arguments.get("first"), arguments.get("last")
    after, before = arguments.get("after"), arguments.get("before")
    if first is not None and last is not None:
        raise GraphQLError("Can only provide either `first` or `last`, not both")
    start = 0 if after is None else _after(rows, after, order)
    stop = len(rows) if before is None else max(start, _before(rows, before, order))
    if last is not None:
        start = max(start, stop - max(0, min(last, MOST)))
    else:
        stop = min(stop, start + max(0, min(MOST if first is None else first, MOST)))
    return Page(rows, start, stop, order)


def _after(rows: Sequence[Record], cursor: str, order: Order | None) -> int:
    """Return the position of the first row after a cursor."""
    if order is None:
        return min(len(rows), _position(cursor))
    mark = _mark(cursor)
    return bisect_left(rows, True, key=lambda record: order.beyond(record, mark))


def _before(rows: Sequence[Record], cursor: str, order: Order | None) -> int:
    """Return the position after the last row before a cursor."""
    if order is None:
        return max(0, _position(cursor) - 1)
    end = _after(rows, cursor, order)
    return end - 1 if end and order.mark(rows[end - 1]) == _mark(cursor) else end


def _position(cursor: str) -> int:
    place = _read(cursor)
    if not isinstance(place, int):
        raise _no_cursor()
    return place


def _mark(cursor: str) -> Mark:
    place = _read(cursor)
    if not isinstance(place, list) or len(place) != 3:
        raise _no_cursor()
    return place[0], place[1], place[2]


def _read(cursor: str) -> Any:
    try:
        return orjson.loads(base64.b64decode(cursor, validate=True))
    except ValueError:
        raise _no_cursor() from None


def _no_cursor() -> GraphQLError:
    return GraphQLError("Please provide a valid cursor")


# --- fields ------------------------------------------------------------------------------------


def _nodes(found: Page, _info: Info) -> Sequence[Record]:
    return found.records


def _edges(found: Page, _info: Info) -> list[Record]:
    return [
        {"node": found.rows[position], "cursor": found.cursor(position)}
        for position in range(found.start, found.stop)
    ]


def _itself(found: Page, _info: Info) -> Page:
    return found


def _count(found: Page, _info: Info) -> int:
    return len(found.rows)


def counted_nodes(found: Page, info: Info) -> Sequence[Record]:
    """Give the nodes of a page of merge requests, and count them for the latency."""
    info.context.merge_requests += found.stop - found.start
    return found.records


def counted_edges(found: Page, info: Info) -> list[Record]:
    """Give the edges of a page of merge requests, and count them for the latency."""
    info.context.merge_requests += found.stop - found.start
    return _edges(found, info)


CONNECTION: dict[str, Resolver] = {
    "nodes": _nodes,
    "edges": _edges,
    "pageInfo": _itself,
    "count": _count,
}
"""The fields that every connection has."""

RESOLVERS: dict[str, Resolver] = {
    "MergeRequestConnection.nodes": counted_nodes,
    "MergeRequestConnection.edges": counted_edges,
    "PageInfo.hasNextPage": lambda found, _info: found.stop < len(found.rows),
    "PageInfo.hasPreviousPage": lambda found, _info: found.start > 0,
    "PageInfo.startCursor": lambda found, _info: (
        found.cursor(found.start) if found.start < found.stop else None
    ),
    "PageInfo.endCursor": lambda found, _info: (
        found.cursor(found.stop - 1) if found.start < found.stop else None
    ),
}
