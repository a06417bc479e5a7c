"""Reads a table of the older program: CSV, the text of a workbook, or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gitlab_sync.errors import ConfigurationError
from gitlab_sync.rules.bounds import MOST_LIST_CHARACTERS, BeyondBounds, first_faults, within
from gitlab_sync.rules.delimited import records_of
from gitlab_sync.rules.identity.people_input import username_fault
from gitlab_sync.rules.identity.usernames import HasUsername, bare_username
from gitlab_sync.rules.parity.columns import KINDS, OTHERS, Column, OlderKind
from gitlab_sync.rules.parity.older_cell import cell_of
from gitlab_sync.rules.text import did_you_mean
from gitlab_sync.rules.unique import unique

_USERNAME = "username"
_NAMED = 8  # of the titles that a table lacks


@dataclass(frozen=True, slots=True)
class OlderRow(HasUsername):
    """A person's numbers, by the titles of columns. Empty cells are left out. Immutable.

    A cell that is no number is its text.
    """

    username: str
    cells: Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True)
class OlderTable:
    """A table of the older program. Immutable.

    `faults` name the rows without a username that GitLab can have, with their places; `empty` is
    the number of cells without anything in the other rows.
    """

    kind: OlderKind
    rows: Sequence[OlderRow]
    faults: Sequence[str] = ()
    empty: int = 0

    @property
    def usernames(self) -> list[str]:
        """Everyone, once, in the order of the table."""
        return [row.username for row in unique(self.rows, lambda row: row.key)]


@dataclass(slots=True)
class _Rows:
    """The rows of any file: titles, and each row with its place and its cells by title."""

    titles: Sequence[str]
    rows: Sequence[tuple[str, Mapping[str, object]]]
    faults: list[str] = field(default_factory=list)


def read_older_table(text: str, source: str) -> OlderTable:
    """Return the table in a text: JSON if it begins as JSON does, else delimited text.

    The titles tell what the table is, in any order and case, and further ones are ignored. Raises
    ConfigurationError, which names `source`, for a text that is no table of `KINDS`.
    """
    is_json = text.lstrip("\ufeff \t\r\n")[:1] in {"[", "{"}
    found = _json_rows(text, source) if is_json else _delimited_rows(text, source)
    kind = _kind_of(found.titles, source)
    by_title = {_plain(column.title): column for column in kind.columns}
    rows, faults, empty = [], found.faults, 0
    for place, given in found.rows:
        plain: dict[str, object] = {}
        for title, cell in given.items():
            plain.setdefault(_plain(title), cell)
        username = bare_username(plain.get(_USERNAME))
        fault = username_fault(username)
        if fault is not None:
            faults.append(f"{place}: {fault}: left out")
            continue
        row = OlderRow(username, _cells(plain, by_title))
        empty += len(by_title) - len(row.cells)
        rows.append(row)
    return OlderTable(kind, rows, first_faults(faults), empty)


def _cells(
    given: Mapping[str, object], columns: Mapping[str, Column]
) -> dict[str, int | float | str]:
    read = {column.title: cell_of(given.get(plain)) for plain, column in columns.items()}
    return {title: cell for title, cell in read.items() if cell is not None}


def _delimited_rows(text: str, source: str) -> _Rows:
    records = records_of(text)
    faults = [f"{source}, line {line}: {fault}" for line, fault in records.faults]
    (first, titles), *rest = records.rows or ((1, ()),)
    if not titles or any(line < first for line, _ in records.faults):
        raise ConfigurationError(faults[0] if faults else f"{source} is empty", hint=_expected())
    own = {title: titles.index(title) for title in titles}  # the first of each
    rows = [
        (
            f"{source}, line {line}",
            {title: cells[place] for title, place in own.items() if place < len(cells)},
        )
        for line, cells in rest
    ]
    return _Rows(titles, rows, faults)


def _json_rows(text: str, source: str) -> _Rows:
    try:
        content: Any = orjson.loads(within(text.removeprefix("\ufeff"), MOST_LIST_CHARACTERS))
    except BeyondBounds as beyond:
        raise ConfigurationError(f"{source} is too large: {beyond}", hint=_expected()) from None
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"{source} is not valid JSON: {error}", hint=_expected()) from None
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        raise ConfigurationError(
            f"{source} must be a list of rows (objects), got something else", hint=_expected()
        )
    titles = dict.fromkeys(title for row in content for title in row)
    rows = [(f"{source}, row {number}", row) for number, row in enumerate(content, start=1)]
    return _Rows([*titles], rows)


def _kind_of(titles: Sequence[str], source: str) -> OlderKind:
    """Return the kind of table that has these titles; ConfigurationError if there is none."""
    given = {_plain(title): title for title in reversed(titles) if title.strip()}
    lacking = {kind.what: _lacking(kind.titles, given) for kind in KINDS}
    whole = next((kind for kind in KINDS if not lacking[kind.what]), None)
    if whole is not None:
        return whole
    for what, signs in OTHERS.items():
        if not _lacking(signs, given):
            raise ConfigurationError(
                f"{source} is a table of {what}, which cannot be compared", hint=_expected()
            )
    nearest = min(KINDS, key=lambda kind: len(lacking[kind.what]) / len(kind.titles))
    raise _refusal(nearest, given, source)


def _refusal(kind: OlderKind, given: Mapping[str, str], source: str) -> ConfigurationError:
    missing = _lacking(kind.titles, given)
    named = [_with_nearest(title, given.values()) for title in missing[:_NAMED]]
    more = f"; and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    return ConfigurationError(
        f"{source} is no table that can be compared. The nearest is {kind.what}, and it lacks "
        f"{'; '.join(named)}{more}",
        hint=f"Expected titles: {', '.join(kind.titles)}. {_expected()}",
    )


def _with_nearest(title: str, given: Iterable[str]) -> str:
    near = did_you_mean(title, given)
    return f"“{title}” ({near.strip()})" if near else f"“{title}”"


def _lacking(titles: Iterable[str], given: Mapping[str, str]) -> list[str]:
    return [title for title in titles if _plain(title) not in given]


def _expected() -> str:
    return f"Compared are tables of {', '.join(kind.what for kind in KINDS)}, as CSV, XLSX or JSON."


def _plain(title: str) -> str:
    """Return a title as it is compared."""
    return " ".join(title.casefold().split())
