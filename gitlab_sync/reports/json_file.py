"""Rows as JSON: a list of objects, or one object on each line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from gitlab_sync.types import TableRow


def to_json(rows: Iterable[TableRow]) -> bytes:
    """Return a list of objects with the rows' own keys in their order; indented, in UTF-8."""
    return json_document(list(rows))


def json_document(content: Any) -> bytes:
    """Return one value as an indented JSON document that ends with a newline, in UTF-8."""
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def to_ndjson(rows: Iterable[TableRow]) -> bytes:
    """Return one object on each line; every line ends with a newline, so parts can be joined."""
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
