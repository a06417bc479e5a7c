"""The schema that is executed: definitions, resolvers, and what a server is to lack."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_ast_schema,
    parse,
)

from gitlab_sync.sandbox.graphql import (
    connections,
    merge_requests,
    milestones,
    people,
    repositories,
    timelogs,
)
from gitlab_sync.sandbox.graphql.asking import Info
from gitlab_sync.sandbox.graphql.connections import CONNECTION, Resolver
from gitlab_sync.sandbox.graphql.definitions import DEFINITIONS, PEOPLE
from gitlab_sync.sandbox.graphql.scalars import furnish
from gitlab_sync.sandbox.records import Record

_WITH_FIELDS = (GraphQLObjectType, GraphQLInterfaceType)
_CAPITAL = re.compile(r"(?=[A-Z])")
_RESOLVERS: dict[str, Resolver] = {
    **connections.RESOLVERS,
    **merge_requests.RESOLVERS,
    **milestones.RESOLVERS,
    **people.RESOLVERS,
    **repositories.RESOLVERS,
    **timelogs.RESOLVERS,
}


def make_schema(without: Iterable[str] = ()) -> GraphQLSchema:
    """Return the schema, but for what a server shall lack.

    `without` names fields (`MergeRequest.closedAt`) and arguments (`MergeRequest.notes.filter`).
    What one kind of people lacks, all lack. Servers that lack the same share one schema: it holds
    nothing of a world. Raises ValueError for what is not there anyway.
    """
    return _made(tuple(without))


@lru_cache(maxsize=1)
def _definitions() -> DocumentNode:
    return parse(DEFINITIONS, no_location=True)


@lru_cache(maxsize=16)
def _made(without: tuple[str, ...]) -> GraphQLSchema:
    schema = build_ast_schema(_definitions(), assume_valid=True)
    furnish(schema)
    for name in without:
        _take_away(schema, name)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                field.resolve = _resolver(kind.name, name)
    return schema


def _resolver(kind: str, field: str) -> Resolver:
    """Return the resolver of a field: its own, that of its kind, or the record's value."""
    found = _RESOLVERS.get(f"{kind}.{field}")
    if found is None and kind in PEOPLE:
        found = _RESOLVERS.get(f"User.{field}")
    if found is None and kind.endswith("Connection"):
        found = CONNECTION[field]
    return found or _value(_CAPITAL.sub("_", field).lower())


def _value(key: str) -> Resolver:
    def resolve(record: Record, _info: Info) -> Any:
        return record.get(key)

    return resolve


def _take_away(schema: GraphQLSchema, what: str) -> None:
    kind, _, rest = what.partition(".")
    field, _, argument = rest.partition(".")
    names = ("User", *PEOPLE) if kind in {"User", *PEOPLE} else (kind,)
    for name in names:
        found = schema.type_map.get(name)
        fields = found.fields if isinstance(found, _WITH_FIELDS) else {}
        if field not in fields or (argument and argument not in fields[field].args):
            raise ValueError(f"there is no such field or argument: {what}")
        if argument:
            del fields[field].args[argument]
        else:
            del fields[field]
