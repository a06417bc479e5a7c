"""Reads merge requests of many people from GraphQL, several people with one query.

People are left out if GraphQL does not return their list reliably: REST reads it. So are people
with many merge requests: a query reads its lists one after another, REST in parallel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gitlab_sync.api.graphql.health import Bulk, GraphQLHealth, Server
from gitlab_sync.api.graphql.records import (
    Ask,
    Connection,
    Listed,
    Which,
    listed_in,
    number_in,
    query,
)
from gitlab_sync.api.period import listed_within
from gitlab_sync.api.scope import Scope
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.session.fetch import ListResult
from gitlab_sync.session.session import Session
from gitlab_sync.session.workflow import Workflow
from gitlab_sync.types import Source

AT_ONCE = 100
"""People in one workflow: so many that those with longer lists fill queries, too."""

_FEWEST = 3
"""The fewest people in a query: with fewer it saves next to nothing."""

_TIMES = {
    "created_after": "createdAfter",
    "created_before": "createdBefore",
    "updated_after": "updatedAfter",
}
"""The filters of GraphQL by those of REST."""

_FIRST, _FIRST_OPEN = 10, 25
_MOST, _MOST_NAMED = 30, 100
"""Merge requests to request of a person: at first, and at most (if GraphQL was named: more)."""


def lists_for(session: Session, scope: Scope, choice: Source, people: int) -> Lists | None:
    """Return what reads the merge requests of so many people from GraphQL, or None. No request yet.

    None if the choice is REST, or the scope a group. `auto` uses GraphQL only for many people: the
    lists of fewer, which the pool reads over REST in two rounds, take longer over GraphQL and save
    next to nothing. `graphql` uses it even for one person, and logs a warning if that is not
    possible.
    """
    if choice == "rest" or (scope.project is None and scope.group is not None):
        return None
    if choice == "auto" and people <= 2 * session.bridge.workers:
        return None
    assigned = scope.role == "assignee"
    within = listed_within(scope.period, scope.moment)
    connection: Connection = "assignedMergeRequests" if assigned else "authoredMergeRequests"
    which = Which(
        connection,
        scope.project,
        tuple((_TIMES[name], time) for name, time in within.items()),
        opened=scope.state == "opened",
    )
    return Lists(session, which, named=choice == "graphql")


class Lists:
    """Reads lists of people's merge requests from GraphQL.

    What an instance lacks is learnt from its first refusal and remembered on the bridge.
    """

    def __init__(self, session: Session, which: Which, *, named: bool = False) -> None:
        self._server = session.bridge.of_instance(session.base_url, Server)
        self._attempts = GraphQLHealth(self._server, "lists of merge requests", named=named)
        self._which = which
        self._fewest = 1 if named else _FEWEST
        self._most = _MOST_NAMED if named else _MOST
        self._room = self._server.room_of_open if which.opened else self._server.room
        self._first = _FIRST_OPEN if which.opened else _FIRST

    @property
    def _usable(self) -> bool:
        return self._is_supported and not self._attempts.over

    @property
    def _is_supported(self) -> bool:
        return self._server.schema.listed >= self._which.needed

    def read(self, usernames: Sequence[str]) -> Workflow[dict[str, Listed]]:
        """Return the workflow that reads the lists of these people, by the given names.

        People who are not in its result have to be read over REST; empty lists are never in it.
        """
        if not self._is_supported:
            self._attempts.end("the instance lacks what is needed")
        read: dict[str, Listed] = {}
        asks = [Ask(username, self._first) for username in usernames]
        while self._usable and (parts := list(self._parts(asks))):
            asked = {str(place): self._bulk(part) for place, part in enumerate(parts)}
            found = yield asked
            asks = []
            for name, bulk in asked.items():
                asks += self._take(bulk, found[name], read)
        return read

    def _parts(self, asks: Sequence[Ask]) -> Iterator[Sequence[Ask]]:
        """Cut into parts that fit a query; a part that is too small for one is left out."""
        start = 0
        while start < len(asks):
            stop = start + self._room.fitting([ask.first for ask in asks[start:]])
            if stop - start >= self._fewest:
                yield asks[start:stop]
            start = stop

    def _bulk(self, part: Sequence[Ask]) -> Bulk[Sequence[Ask]]:
        schema = self._server.schema
        variables = self._which.variables
        for place, ask in enumerate(part):
            variables[f"u{place}"] = ask.username
            variables[f"n{place}"] = ask.first
        text = query(self._which, schema.listed, len(part), tells=schema.tells)
        return Bulk(text, variables, part)

    def _take(
        self, bulk: Bulk[Sequence[Ask]], found: ListResult[str], read: dict[str, Listed]
    ) -> Iterator[Ask]:
        """Take an answer into `read`; yield what to request again."""
        if found.error is not None:
            yield from self._again(bulk, found.error)
            return
        answer = found.reading.rows[0]
        self._attempts.passed()
        complexity = answer.get("queryComplexity")
        self._room.passed([ask.first for ask in bulk.size], complexity)
        for place, ask in enumerate(bulk.size):
            person = answer.get(f"p{place}")
            listed = listed_in(person, self._which)
            number = number_in(person, self._which)
            if listed is not None:
                read[ask.username] = listed
            elif ask.first == self._first < number <= self._most:
                yield replace(ask, first=number)

    def _again(self, bulk: Bulk[Sequence[Ask]], error: GitLabSyncError) -> Iterator[Ask]:
        """Learn from a failure; yield what another query can bring."""
        room, firsts = self._room, [ask.first for ask in bulk.size]

        def shrink(refusal: str | None) -> None:
            if refusal is None:
                room.too_slow(firsts)
            else:
                room.too_complex(firsts, refusal)

        if not self._attempts.may_ask_again(error, shrink):
            return
        parts = list(self._parts(bulk.size))
        if any(self._bulk(part) != bulk for part in parts):
            yield from bulk.size
        elif parts:
            self._attempts.failed(error)
