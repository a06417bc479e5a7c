"""GitLab's records as the cells of a table, and back: nothing that was readable changes on the way.

Of a record only the fields of its `Layout` are kept. A field that its column cannot hold as GitLab
sent it (it is missing, or of another type) is in the column `rest`, so that what was unknown for a
live run is unknown for a reader, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson

from gitlab_sync.rules import record as records
from gitlab_sync.rules.text import instant
from gitlab_sync.snapshots.schema import Type
from gitlab_sync.types import Record

REST = "rest"
_ABSENT = "-"
_MOST = 2**63
_MISSING = object()
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?!24)[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}"
_USUAL = re.compile(f"{_TIME}Z", re.ASCII)
_USUAL_THERE = re.compile(rf"{_TIME}(?!-00:00)[+-][0-9]{{2}}:[0-5][0-9]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: its key, the column that holds it, and the column's type.

    With `inner` the value is an object, of which only that key is kept. A time with an `offset` has
    its offset from UTC, in minutes, in the column of that name.
    """

    key: str
    column: str
    type: Type
    inner: str | None = None
    offset: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Which fields of a record are kept, and in which columns."""

    fields: tuple[Field, ...]

    @property
    def columns(self) -> list[str]:
        """The columns, the one for the rest behind them."""
        offsets = (each.offset for each in self.fields if each.offset)
        return [*(each.column for each in self.fields), *offsets, REST]

    def kept(self, record: Record) -> Record:
        """Return a record with the kept fields only, as `unpacked` returns it."""
        found: Record = {}
        for field in self.fields:
            value = record.get(field.key, _MISSING)
            if value is _MISSING:
                continue
            if field.inner is not None and isinstance(value, dict):
                value = {field.inner: value[field.inner]} if field.inner in value else {}
            found[field.key] = value
        return found

    def packed(self, record: Record) -> dict[str, Any]:
        """Return the cells of a record."""
        cells: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        for field in self.fields:
            value = record.get(field.key, _MISSING)
            if field.offset is not None:
                cells[field.offset] = _offset_of(value)
            if field.inner is not None and isinstance(value, dict):
                kept = {field.inner: value[field.inner]} if field.inner in value else {}
                cell, whole = _cell(kept.get(field.inner), field.type)
                if not whole or kept.get(field.inner) is None:
                    rest[field.key] = kept
            elif value is _MISSING:
                cell = None
                rest.setdefault(_ABSENT, []).append(field.key)
            else:
                # What is no object where one belongs says nothing, but must say it again.
                cell, whole = (None, value is None) if field.inner else _cell(value, field.type)
                if field.offset is not None and cell is not None:
                    whole = _is_usual_there(value)
                if not whole:
                    rest[field.key] = value
            cells[field.column] = cell
        cells[REST] = orjson.dumps(rest).decode() if rest else None
        return cells

    def unpacked(self, cells: Mapping[str, Any]) -> Record:
        """Return the record of cells, in which times are texts as in `text_of`."""
        record: Record = {}
        for field in self.fields:
            cell = cells[field.column]
            offset = cells[field.offset] if field.offset is not None else None
            if cell is not None and offset is not None:
                cell = text_of(datetime.fromisoformat(cell), offset)
            record[field.key] = cell if field.inner is None or cell is None else {field.inner: cell}
        if cells[REST] is not None:
            rest = orjson.loads(cells[REST])
            for key in rest.pop(_ABSENT, ()):
                del record[key]
            record |= rest
        return record


def text_of(moment: datetime, offset: int | None = None) -> str:
    """Return a time as GitLab writes it: `2026-01-05T09:00:00.000Z`.

    With an offset from UTC, in minutes, it is `2026-01-05T14:30:00.000+05:30`.
    """
    zone = UTC if offset is None else timezone(timedelta(minutes=offset))
    text = moment.astimezone(zone).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z" if offset is None else text


def _offset_of(text: object) -> int | None:
    moment = instant(text)
    offset = None if moment is None else moment.utcoffset()
    return None if offset is None else round(offset.total_seconds() / 60)


def time_of(text: object) -> datetime | None:
    """Return the moment of a text as a column of times holds it; None if it cannot."""
    moment = instant(text)
    if moment is None or not 1 < moment.year < 9999:
        return None
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _cell(value: Any, kind: Type) -> tuple[Any, bool]:
    """Return the cell of a value, and whether the cell alone says what GitLab sent."""
    if value is None:
        return None, True
    if kind == "text":
        return (value, True) if isinstance(value, str) else (None, False)
    if kind == "integer":
        fits = type(value) is int and -_MOST <= value < _MOST
        return (value, True) if fits else (None, False)
    if kind == "truth":
        return (value, True) if isinstance(value, bool) else (None, False)
    if kind == "texts":
        fits = isinstance(value, list) and all(isinstance(each, str) for each in value)
        return (value, True) if fits else (None, False)
    moment = time_of(value)
    return (moment, moment is not None and _is_usual(value))


def _is_usual(text: str) -> bool:
    """Return whether `text_of` returns this text for its moment: by its form, which is quicker."""
    return len(text) == 24 and _USUAL.fullmatch(text) is not None


def _is_usual_there(text: str) -> bool:
    """Return the same of a moment with its offset from UTC."""
    return len(text) == 29 and _USUAL_THERE.fullmatch(text) is not None


def _field(key: str, kind: Type = "text", column: str | None = None) -> Field:
    return Field(key, column or key, kind)


def _item(*times: str) -> Layout:
    return Layout(
        (
            *(_field(key, "integer") for key in ("id", "iid", "project_id")),
            *(_field(key) for key in ("title", "state")),
            Field("author", "author", "text", "username"),
            *(_field(key, "time") for key in times),
            _field("labels", "texts"),
            Field("milestone", "milestone", "text", "title"),
            Field("time_stats", "time_spent", "integer", "total_time_spent"),
            _field("web_url"),
            Field("references", "reference", "text", "full"),
        )
    )


MERGE_REQUEST = _item("created_at", "updated_at", "merged_at", "closed_at")
ISSUE = _item("created_at", "updated_at", "closed_at")

USER = Layout(
    (
        _field("id", "integer"),
        *(_field(key) for key in ("username", "name", "state", "avatar_url", "web_url")),
    )
)

COMMIT = Layout(
    (
        _field("id", column="sha"),
        _field("short_id"),
        Field("authored_date", "authored_date", "time", offset="offset"),
        *(_field(key) for key in ("title", "author_name", "web_url")),
    )
)

TIME_LOG = Layout(
    (
        _field("id"),
        _field("spent_at", "time"),
        _field("time_spent", "integer"),
        _field("summary"),
        _field("project_id", "integer"),
        _field("project_path"),
    )
)

PROJECT = Layout(
    (
        _field("id", "integer"),
        *(_field(key) for key in ("name", "path_with_namespace", "description", "visibility")),
        _field("archived", "truth"),
        Field("forked_from_project", "fork_of", "integer", "id"),
        *(_field(key, "time") for key in ("created_at", "last_activity_at")),
        _field("web_url"),
    )
)


def project_path(item: Record) -> str | None:
    """Return the full path of the project of a merge request or an issue, or None."""
    full = records.text(records.field(item, "references"), "full") or ""
    return full.replace("#", "!").rpartition("!")[0] or None
