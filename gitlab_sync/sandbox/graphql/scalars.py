"""Times and global ids as GraphQL shows and takes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from graphql import GraphQLError, GraphQLScalarType, GraphQLSchema

_IDS = {"UserID": "User", "ProjectID": "Project", "GroupID": "Group"}


def global_id(kind: str, number: object) -> str:
    """Return a global id, as in `gid://gitlab/Note/7`."""
    return f"gid://gitlab/{kind}/{number}"


@lru_cache(maxsize=65_536)
def shown_time(text: str) -> str:
    """Return a time of REST as GraphQL shows it: without fractions, and UTC as `Z`.

    Commits keep the offset of their author's clock in both.
    """
    shown = datetime.fromisoformat(text).isoformat(timespec="seconds")
    return shown.removesuffix("+00:00") + "Z" if shown.endswith("+00:00") else shown


def given_time(value: Any) -> datetime:
    """Return the time that an argument names; a day is its first moment in UTC.

    Raises GraphQLError for anything else.
    """
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError(f"{value!r} is not a time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def furnish(schema: GraphQLSchema) -> None:
    """Give the scalars of `schema` their ways of showing and of taking values."""
    time = _scalar(schema, "Time")
    time.coerce_output_value = shown_time
    time.coerce_input_value = given_time
    _scalar(schema, "BigInt").coerce_output_value = str
    for name, kind in _IDS.items():
        _scalar(schema, name).coerce_input_value = _taken_id(kind)


def _scalar(schema: GraphQLSchema, name: str) -> GraphQLScalarType:
    found = schema.type_map[name]
    assert isinstance(found, GraphQLScalarType)  # noqa: S101 - our own definitions say so
    return found


def _taken_id(kind: str) -> Callable[[Any], int]:
    pattern = re.compile(rf"gid://gitlab/{kind}/([0-9]{{1,18}})")

    def taken(value: Any) -> int:
        match = pattern.fullmatch(str(value))
        if match is None:
            raise GraphQLError(f'"{value}" does not represent an instance of {kind}')
        return int(match[1])

    return taken
