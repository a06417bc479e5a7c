"""Rows as JSON: a list of objects, or one object on each line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson

from gitlab_sync.reports.cells import STEERING
from gitlab_sync.types import TableRow

# orjson escapes only the controls that JSON forbids.
_STEERING = re.compile(STEERING)


def to_json(rows: Iterable[TableRow]) -> bytes:
    """Return a list of objects with the rows' own keys in their order; indented, in UTF-8."""
    return json_document(list(rows))


def json_document(content: Any) -> bytes:
    """Return one value as an indented JSON document that ends with a newline, in UTF-8."""
    return _dumps(content, orjson.OPT_INDENT_2)


def to_ndjson(rows: Iterable[TableRow]) -> bytes:
    """Return one object on each line; every line ends with a newline, so parts can be joined."""
    return b"".join(_dumps(row, 0) for row in rows)


def _dumps(content: Any, option: int) -> bytes:
    text = orjson.dumps(content, option=option | orjson.OPT_APPEND_NEWLINE)
    return _STEERING.sub(lambda found: b"\\u%04x" % ord(found[0].decode()), text)
