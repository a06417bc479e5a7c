"""An estimate of what a run would take, in requests: over REST alone, and with GraphQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitlab_sync.api.facts.rest import LEAST
from gitlab_sync.api.graphql.page_size import MOST_ITEMS, MOST_PEOPLE
from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.services.foreseen import pages
from gitlab_sync.types import Source, TableRow


@dataclass(frozen=True, slots=True)
class Table:
    """One table: the titles of its columns, and its rows. Not to be changed."""

    columns: Sequence[str]
    rows: Sequence[TableRow]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would take at least if nothing is stored yet. Not to be changed.

    `doing` says what the run would do, and `instead` what was done. `tables` are by title; each row
    has `Requests` (over REST), `Status` and `Error`. `before` is what it takes to find out whom and
    what the run is about. Of all these requests, `queries` of GraphQL may spare `spared`. `errors`
    are those that were met; `unknown_projects` were named and could not be found, and `unread` says
    of which projects nobody knows the members.
    """

    doing: str
    tables: Mapping[str, Table]
    before: int = 0
    instead: str = "this was a dry run"
    spared: int = 0
    queries: int = 0
    errors: Sequence[GitLabSyncError] = ()
    unknown_projects: Sequence[int | str] = ()
    unread: Sequence[str] = ()

    @property
    def rows(self) -> list[TableRow]:
        """The rows of all tables."""
        return [row for table in self.tables.values() for row in table.rows]

    @property
    def over_rest(self) -> int:
        """The requests of the whole run over REST alone, as far as they are known."""
        return self.before + sum(int(row["Requests"] or 0) for row in self.rows)

    @property
    def requests(self) -> int:
        """The requests of the whole run, if GraphQL gives all that it may be asked for.

        Without GraphQL they are those over REST.
        """
        return self.over_rest - self.spared + self.queries

    @property
    def whole(self) -> bool:
        """Whether nothing was left out that can be counted."""
        lost = [*self.unknown_projects, *self.unread]
        return not lost and all(row["Status"] == "Success" for row in self.rows)

    def __str__(self) -> str:
        number = f"{self.requests:,} requests"
        if self.spared:
            number += f" with GraphQL, or {self.over_rest:,} over REST alone,"
        bound = "at least" if self.whole else "more than"
        # What of ended merge requests lies in a store is not asked for; nobody has looked there.
        given = " if nothing is stored yet" if any(row.get("Ended") for row in self.rows) else ""
        return f"{bound} {number} would {self.doing}{given}; {self.instead}"


def spared(
    rows: Sequence[TableRow], source: Source, *, lists: bool = False, shared: bool = False
) -> tuple[int, int]:
    """Return how many requests for these people GraphQL may spare, and by how few queries.

    They are for the facts of ended merge requests, and for the `lists` of all, if GraphQL is asked
    for these: it is believed of those that are not empty. `shared`: the same merge request may be
    that of several people.
    """
    if source == "rest":
        return 0, 0
    ended = [int(row.get("Ended") or 0) for row in rows]
    distinct = max(ended, default=0) if shared else sum(ended)
    requests, queries = LEAST * sum(ended), -(-distinct // MOST_ITEMS)
    found = [number for row in rows if (number := int(row.get("Merge Requests") or 0))]
    if lists:
        requests += sum(map(pages, found))
        queries += -(-len(found) // MOST_PEOPLE)
    return requests, queries
