"""The facts of merge requests read from GraphQL, many with one query; the rest from REST.

Whatever GraphQL does not give, or not beyond doubt, is read over REST, for just those merge
requests and facts. So what comes out is the same as from `RestFacts`, for fewer requests.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gitlab_sync.api.facts import FactSource, FactsRead, RestFacts, costs, facts_of
from gitlab_sync.api.graphql_pages import FEW_ROWS, Pages, Size
from gitlab_sync.api.graphql_query import Schema, is_same, nodes_of, query, readings_of
from gitlab_sync.api.projects import extract_path_from_url
from gitlab_sync.errors import (
    AuthenticationError,
    BadResponse,
    Cancelled,
    GitLabSyncError,
    GraphQLError,
    NotFound,
    PermissionDenied,
    QueryTooComplex,
    RateLimited,
    ServerError,
    TimedOut,
)
from gitlab_sync.http.wire import Reply
from gitlab_sync.listing import Follow
from gitlab_sync.plans import Plan, together
from gitlab_sync.reading import Found
from gitlab_sync.rest import Rest
from gitlab_sync.rules import record
from gitlab_sync.types import Reading, Record, Source
from gitlab_sync.view import Request

log = logging.getLogger("gitlab_sync")

_FEWEST = 2
"""One alone is not worth a query: REST reads its facts side by side."""

_MOST_FAILURES = 8
"""After so many queries in a row that failed, a run asks no more."""

_REMEMBERED = 3600.0
"""Seconds after which a server is asked again whether it has what it lacked."""


def fact_source(rest: Rest, choice: Source = "auto") -> FactSource:
    """Return where facts come from; asks nothing yet. Thread-safe.

    `auto` asks GraphQL where the instance has it and more than a handful of merge requests are
    wanted, `graphql` for few ones, too. Where it cannot be asked, REST is, and the log says so: as
    a warning if GraphQL was chosen by name.
    """
    if choice == "rest":
        return RestFacts()
    return GraphQLFacts(rest, named=choice == "graphql")


@dataclass(frozen=True, slots=True)
class _Bulk:
    """A query about many merge requests: an answer that is one row and has no further pages."""

    text: str
    variables: Mapping[str, object]
    size: Size

    def first(self, rest: Rest) -> Request:
        """Return the request."""
        return rest.graphql_request(self.text, dict(self.variables))

    def rows(self, data: object) -> list[Record]:
        """Return the answer's data as the only row."""
        if not isinstance(data, dict):
            raise BadResponse("The answer holds no merge requests", status=200)
        return [data]

    def after(self, rest: Rest, place: int, reply: Reply, ahead: int = 1) -> Follow:  # noqa: ARG002
        """Return nothing: that was all."""
        return ()


class _Server:
    """What is known of one instance's GraphQL, for all who ask it. Thread-safe."""

    def __init__(self) -> None:
        self.pages = Pages()
        self._lock = threading.Lock()
        self._schema = Schema()
        self._learnt = 0.0

    @property
    def schema(self) -> Schema:
        """What it has, as far as is known; what it lacked long ago it may have by now."""
        with self._lock:
            if self._learnt and time.monotonic() - self._learnt > _REMEMBERED:
                self._schema, self._learnt = Schema(), 0.0
            return self._schema

    def lacks(self, refusal: str) -> bool:
        """Learn what a refusal says that it lacks; False if it speaks of something else."""
        with self._lock:
            left = self._schema.without(refusal)
            if left is not None:
                self._schema, self._learnt = left, time.monotonic()
            return left is not None

    def is_off(self) -> None:
        """Remember that it has no GraphQL at all."""
        with self._lock:
            self._schema, self._learnt = Schema(frozenset()), time.monotonic()


@dataclass(slots=True)
class _Item:
    """A merge request: the path of its project and its number there, what is wanted and known."""

    mr: Record
    path: str
    iid: str
    wanted: frozenset[str]
    known: dict[str, Reading] = field(default_factory=dict)


class GraphQLFacts:
    """Facts of GraphQL, a few dozen merge requests with one query. Thread-safe.

    With `named`, GraphQL was asked for by name. What an instance lacks is learnt from its first
    refusal and remembered on the bridge.
    """

    def __init__(self, rest: Rest, *, named: bool = False) -> None:
        self._base_url = rest.base_url
        self._server = rest.bridge.of_instance(rest.base_url, _Server)
        self._fewest = 1 if named else _FEWEST
        self._level = logging.WARNING if named else logging.INFO
        self._lock = threading.Lock()
        self._failures = 0
        self._gave_up = False

    def plans(self, mrs: Sequence[Record]) -> Iterator[tuple[int, Plan[list[FactsRead]]]]:
        """Return plans for a few dozen merge requests each, by project."""
        if mrs and not self._usable:
            self._give_up("the instance lacks what is needed")
        if len(mrs) < self._fewest or not self._usable:
            yield from RestFacts().plans(mrs)
            return
        items = sorted((self._item(mr) for mr in mrs), key=lambda item: item.path)
        for part in self._parts(items):
            yield len(part), self._read(part)

    @property
    def _usable(self) -> bool:
        return bool(self._server.schema.facts) and not self._gave_up

    def _item(self, mr: Record) -> _Item:
        return _Item(mr, self._path(mr), str(mr.get("iid") or ""), frozenset(costs(mr)))

    def _path(self, mr: Record) -> str:
        """Return the full path of the project that a record says to lie in, or an empty text."""
        reference = record.text(mr.get("references"), "full") or ""
        path = reference.rpartition("!")[0]
        if not path:
            link = record.text(mr, "web_url") or ""
            path = extract_path_from_url(link) if "/-/" in link else ""
            prefix = urlsplit(self._base_url).path.strip("/")
            path = path.removeprefix(f"{prefix}/") if prefix else path
        return path

    def _read(self, items: Sequence[_Item]) -> Plan[list[FactsRead]]:
        """Ask GraphQL, in smaller parts where it must be, and REST for all that is still open."""
        parts = list(self._parts([item for item in items if item.path and item.wanted]))
        while parts and self._usable:
            asked = {str(place): self._bulk(part) for place, part in enumerate(parts)}
            found = yield asked
            parts = [
                smaller
                for part, (name, bulk) in zip(parts, asked.items(), strict=True)
                for smaller in self._take(part, bulk, found[name])
            ]
        plans = {str(place): facts_of(item.mr, item.known) for place, item in enumerate(items)}
        read = yield from together(plans)
        return [read[name] for name in plans]

    def _parts(self, items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
        """Cut items, sorted by project, into what a query may hold when the part is asked for."""
        start = 0
        while start < len(items):
            size, stop = self._server.pages.size, start
            paths: set[str] = set()
            while stop < len(items) and stop - start < size.items:
                paths.add(items[stop].path)
                if len(paths) > size.projects:
                    break
                stop += 1
            yield items[start:stop]
            start = stop

    def _bulk(self, part: Sequence[_Item]) -> _Bulk:
        schema, rows = self._server.schema, self._server.pages.size.rows
        groups = _by_project(part)
        facts = frozenset().union(*(item.wanted for item in part)) & schema.facts
        variables: dict[str, object] = {}
        for place, (path, items) in enumerate(groups.items()):
            variables[f"p{place}"] = path
            variables[f"i{place}"] = list(items)
        text = query(facts, len(groups), rows, tells=schema.tells)
        return _Bulk(text, variables, Size(len(part), len(groups), rows))

    def _take(
        self, part: Sequence[_Item], bulk: _Bulk, found: Found[str]
    ) -> Iterator[Sequence[_Item]]:
        """Take an answer; yield what is to be asked again, and how."""
        if found.error is not None:
            yield from self._again(part, bulk, found.error)
            return
        answer = found.reading.rows[0]
        with self._lock:
            self._failures = 0
        self._server.pages.passed(bulk.size, answer.get("queryComplexity"))
        for place, items in enumerate(_by_project(part).values()):
            nodes = nodes_of(answer.get(f"p{place}"))
            for iid, item in items.items():
                node = nodes.get(iid)
                if node is not None and is_same(item.mr, node):
                    item.known = readings_of(node, item.wanted)

    def _again(
        self, part: Sequence[_Item], bulk: _Bulk, error: GitLabSyncError
    ) -> Iterator[Sequence[_Item]]:
        """Learn from a failure; yield the parts that another query may bring."""
        pages = self._server.pages
        if isinstance(error, NotFound):
            self._server.is_off()
            self._give_up(error.reason)
            return
        if isinstance(error, AuthenticationError | PermissionDenied):
            self._give_up(error.reason)
            return
        if isinstance(error, RateLimited | Cancelled):
            return  # REST meets the same, and has the words for it
        parts: list[Sequence[_Item]] = []
        if isinstance(error, GraphQLError) and self._server.lacks(error.message):
            parts = [part]
        elif isinstance(error, QueryTooComplex) and "complexity" in error.message:
            pages.too_complex(bulk.size, error.message)
            if bulk.size.rows <= FEW_ROWS:
                self._failed(error)
            parts = list(self._parts(part))
        elif isinstance(error, GraphQLError | TimedOut | ServerError):
            self._failed(error)
            pages.too_slow(bulk.size)
            parts = list(self._parts(part))
        if len(parts) > 1 or (parts and self._bulk(part) != bulk):
            yield from parts
        else:
            self._failed(error)

    def _failed(self, error: GitLabSyncError) -> None:
        with self._lock:
            self._failures += 1
        if self._failures >= _MOST_FAILURES:
            self._give_up(error.reason)

    def _give_up(self, reason: str) -> None:
        """Ask GraphQL no more in this run."""
        with self._lock:
            first, self._gave_up = not self._gave_up, True
        if first:
            log.log(self._level, "GraphQL cannot be asked (%s), so REST is", reason)


def _by_project(part: Sequence[_Item]) -> dict[str, dict[str, _Item]]:
    """Return the items by the path of their project and their number in it."""
    groups: dict[str, dict[str, _Item]] = {}
    for item in part:
        groups.setdefault(item.path, {})[item.iid] = item
    return groups
