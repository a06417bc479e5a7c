"""The GraphQL of an instance: what it lacks, how much it accepts, and whether a run uses it."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from gitlab_sync import errors
from gitlab_sync.api.graphql import query as graphql_query
from gitlab_sync.api.graphql import records as graphql_records
from gitlab_sync.api.graphql.page_size import OPEN_LIST, Pages, Room
from gitlab_sync.http.wire import Reply
from gitlab_sync.session.pagination import NextPages
from gitlab_sync.session.request import Request
from gitlab_sync.session.session import Session
from gitlab_sync.types import Record

S = TypeVar("S")

log = logging.getLogger("gitlab_sync")

_REMEMBERED = 3600.0
"""Seconds after which a server is asked again for what it lacked."""

_MOST_FAILURES = 8
"""A run stops using GraphQL after so many failed queries in a row."""

_NO_FIELD = re.compile(r"Field '(\w+)' doesn't exist on type '(\w+)'")
_NO_ARGUMENT = re.compile(r"Field '(\w+)' doesn't accept argument")


@dataclass(frozen=True, slots=True)
class Schema:
    """The parts of our queries that a server supports. Immutable.

    `facts` are the facts of merge requests it can return, `listed` the fields it has for lists of
    merge requests; `tells` says whether it reports the complexity of a query.
    """

    facts: frozenset[str] = graphql_query.FACTS
    listed: frozenset[str] = graphql_records.FIELDS
    tells: bool = True

    def without(self, refusal: str) -> Schema | None:
        """Return the schema without what a refusal names; None if it names nothing in it."""
        named = _NO_FIELD.findall(refusal)
        left = self
        for field, kind in named:
            left = left._without_field(field, kind)
        for field in _NO_ARGUMENT.findall(refusal):
            named.append((field, ""))
            if field in graphql_records.CONNECTIONS:
                left = replace(left, listed=frozenset())
            else:
                left = replace(left, facts=frozenset())
        return left if named else None

    def _without_field(self, field: str, kind: str) -> Schema:
        if field == "queryComplexity":
            return replace(self, tells=False)
        listed = graphql_records.needing(field, kind)
        facts = graphql_query.needing(field, kind)
        if not listed and not facts:
            facts = graphql_query.FACTS  # it is unknown which fact needs it
        return replace(self, facts=self.facts - facts, listed=self.listed - listed)


def named_in(refusal: str) -> list[str]:
    """Return the fields and arguments that a refusal names, such as `MergeRequest.closedAt`."""
    fields = [f"{kind}.{field}" for field, kind in _NO_FIELD.findall(refusal)]
    return fields + [f"an argument of {field}" for field in _NO_ARGUMENT.findall(refusal)]


class Server:
    """What is known about the GraphQL of one instance, shared by all its users.

    `rest_tells_merges` says whether REST reports the parents of merge requests' commits (None:
    unknown yet).
    """

    def __init__(self) -> None:
        self.pages = Pages()
        self.room = Room()
        self.room_of_open = Room(OPEN_LIST)
        self.rest_tells_merges: bool | None = None
        self._lock = threading.Lock()
        self._schema = Schema()
        self._learnt = 0.0

    @property
    def schema(self) -> Schema:
        """What it supports, as far as is known; after an hour, what it lacked is tried again."""
        with self._lock:
            if self._learnt and time.monotonic() - self._learnt > _REMEMBERED:
                self._schema, self._learnt = Schema(), 0.0
            return self._schema

    def lacks(self, refusal: str) -> bool:
        """Learn from a refusal what it lacks; return False for a refusal of another kind."""
        with self._lock:
            left = self._schema.without(refusal)
            if left is not None:
                self._schema, self._learnt = left, time.monotonic()
            return left is not None

    def is_off(self) -> None:
        """Remember that GraphQL is switched off."""
        with self._lock:
            self._schema = Schema(frozenset(), frozenset())
            self._learnt = time.monotonic()


class Refusals:
    """When an instance last refused a kind of query; subclasses are for one kind each."""

    def __init__(self) -> None:
        self._since: float | None = None

    def note(self) -> None:
        """Remember a refusal, for an hour."""
        self._since = time.monotonic()

    @property
    def lasts(self) -> bool:
        """Whether there was one not long ago."""
        return self._since is not None and time.monotonic() - self._since < _REMEMBERED


class GraphQLHealth:
    """Whether a run continues to use GraphQL for something, after the failures it met.

    `what` names it in the log. `named` says that GraphQL was chosen by name, so the log warns.
    """

    def __init__(self, server: Server, what: str, *, named: bool) -> None:
        self._server = server
        self._what = what
        self._level = logging.WARNING if named else logging.INFO
        self._lock = threading.Lock()
        self._failures = 0
        self.over = False

    def passed(self) -> None:
        """Note that a query succeeded."""
        with self._lock:
            self._failures = 0

    def failed(self, error: errors.GitLabSyncError) -> None:
        """Note that a query failed, and stop after too many failures in a row."""
        with self._lock:
            self._failures += 1
        if self._failures >= _MOST_FAILURES:
            self.end(error.reason)

    def end(self, reason: str) -> None:
        """Stop using GraphQL for this in the run."""
        with self._lock:
            first, self.over = not self.over, True
        if first:
            log.log(self._level, "GraphQL cannot read %s (%s), so REST does", self._what, reason)

    def may_ask_again(
        self, error: errors.GitLabSyncError, shrink: Callable[[str | None], None]
    ) -> bool:
        """Learn from a failure; return whether to ask for the same again in another way.

        `shrink` makes queries smaller: it is called with the refusal of a query that was too
        complex, or with None if a query took too long or broke the server.
        """
        if isinstance(error, errors.NotFound):
            self._server.is_off()
            self.end(error.reason)
        elif isinstance(error, errors.AuthenticationError | errors.PermissionDenied):
            self.end(error.reason)
        elif isinstance(error, errors.RateLimited | errors.Cancelled):
            pass  # REST meets the same error, and reports it
        elif isinstance(error, errors.GraphQLError) and self._server.lacks(error.message):
            return True
        elif isinstance(error, errors.QueryTooComplex) and "complexity" in error.message:
            shrink(error.message)
            return True
        elif isinstance(error, errors.GraphQLError | errors.TimedOut | errors.ServerError):
            self.failed(error)
            shrink(None)
            return True
        else:
            self.failed(error)
        return False


@dataclass(frozen=True, slots=True)
class Bulk(Generic[S]):
    """A query about many things: its answer is one row without further pages. Immutable.

    `size` is how much it asks for.
    """

    text: str
    variables: Mapping[str, object]
    size: S

    def first(self, session: Session) -> Request:
        """Return the request."""
        return session.graphql_request(self.text, dict(self.variables))

    def rows(self, data: object) -> list[Record]:
        """Return the answer's data as the only row."""
        if not isinstance(data, dict):
            raise errors.BadResponse(
                "The answer must hold the data of the query, got none", status=200
            )
        return [data]

    def after(self, session: Session, place: int, reply: Reply, ahead: int = 1) -> NextPages:  # noqa: ARG002
        """Return nothing: there is no further page."""
        return ()
