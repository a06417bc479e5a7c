"""Further pages of long lists: of several merge requests with one GraphQL query.

REST would read such a list again from its beginning.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from gitlab_sync.api.graphql.query import PAGED, fields_of
from gitlab_sync.rules import record
from gitlab_sync.types import Record

MOST_PAGES = 5
"""The most pages of a list: REST reads the pages of longer ones in parallel."""

_ROWS = 100


@dataclass(frozen=True, slots=True)
class Place:
    """A merge request, and after which cursor each of its lists goes on, by fact. Immutable."""

    path: str
    iid: str
    cursors: Mapping[str, str]


def cursors_of(node: Record, facts: Collection[str]) -> dict[str, str]:
    """Return the cursor of the next page of each list among `facts` that has one."""
    found = {}
    for fact in sorted(PAGED.keys() & set(facts)):
        connection = record.field(node, PAGED[fact])
        page, nodes = (record.field(connection, key) for key in ("pageInfo", "nodes"))
        cursor = record.text(page, "endCursor")
        rows = len(nodes) if isinstance(nodes, list) else 0
        if record.field(page, "hasNextPage") is True and cursor and rows < MOST_PAGES * _ROWS:
            found[fact] = cursor
    return found


def query(places: Collection[Place]) -> tuple[str, dict[str, object]]:
    """Return the text and the variables of the query for the next pages.

    The answer has each merge request as `mergeRequest` of `p0`, `p1` and so on, in their order.
    """
    variables: dict[str, object] = {}
    for number, place in enumerate(places):
        variables |= {f"p{number}": place.path, f"i{number}": place.iid}
        variables |= {f"{fact}{number}": cursor for fact, cursor in place.cursors.items()}
    return _text(tuple(tuple(place.cursors) for place in places)), variables


@lru_cache(maxsize=256)
def _text(lists: tuple[tuple[str, ...], ...]) -> str:
    declared, parts = [], []
    for number, facts in enumerate(lists):
        declared += [f"$p{number}: ID!, $i{number}: String!"]
        declared += [f"${fact}{number}: String!" for fact in facts]
        fields = " ".join(fields_of(fact, _ROWS, f"${fact}{number}") for fact in facts)
        parts.append(
            f"p{number}: project(fullPath: $p{number}) "
            f"{{ mergeRequest(iid: $i{number}) {{ id iid {fields} }} }}"
        )
    return f"query furtherPages({', '.join(declared)}) {{ {' '.join(parts)} }}"


def continued(node: Record, page: Record) -> Record | None:
    """Return a merge request with the next page of each list in `page`; None if there is no row."""
    longer = dict(node)
    for name in PAGED.values():
        further = record.field(page, name)
        if further is None:
            continue
        nodes = record.field(further, "nodes")
        if not isinstance(nodes, list) or not nodes:
            return None
        longer[name] = {**further, "nodes": [*node[name]["nodes"], *nodes]}
    return longer
