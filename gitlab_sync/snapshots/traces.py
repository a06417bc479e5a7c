"""What one run holds about a person: their own rows, and those of others that name them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import orjson

from gitlab_sync.rules.identity.usernames import username_key
from gitlab_sync.snapshots.files import LocalCopies
from gitlab_sync.snapshots.identity import Identity, read_rows
from gitlab_sync.snapshots.snapshot import NOUNS
from gitlab_sync.types import Record

_ADDRESSES = frozenset({"web_url", "avatar_url", "readme_link", "evidence", "link", "url", "item"})
"""The columns of addresses: one that lacks a part leads nowhere, so it is null."""

_NOUNS = {str(kind): noun for kind, noun in NOUNS.items()}

_PEOPLE = frozenset({"author", "authored_by"})
"""The columns that name the author of an item: null if that is not known."""


class Traces:
    """What a run holds about a person. For one thread.

    Raises ConfigurationError for a file that is missing or was changed.
    """

    def __init__(self, files: LocalCopies, identity: Identity) -> None:
        self._files = files
        self._identity = identity
        self._written: dict[str, set[int]] = {}
        self._alone: dict[str, set[int]] = {}
        for kind, noun in NOUNS.items():
            self._written[noun], self._alone[noun] = self._find_items(kind)
        self._projects = self._find_projects()
        self._aliases = self._find_aliases()

    def batches(self, table: str) -> Iterator[tuple[Any, list[int]]]:
        """Yield the file of a table in parts (RecordBatch), with the places of rows to look at.

        All rows that are the person's, or name them, are among those.
        """
        import pyarrow.parquet as pq  # type: ignore[import-untyped]

        with pq.ParquetFile(self._files.path(table)) as file:
            for batch in file.iter_batches():
                places = self._belonging(table, batch)
                for column in batch.columns:
                    places |= _naming(column, self._identity.pattern)
                yield batch, sorted(places)

    def rows(self, table: str) -> Iterator[tuple[bool, Record]]:
        """Yield the person's own rows (True), and what names them in rows of others.

        Of the latter there are the columns with the name, and those that say what the row is about.
        """
        for batch, places in self.batches(table):
            for row in batch.take(places).to_pylist() if places else ():
                if self.is_own(table, row):
                    yield True, row
                elif naming := [
                    name for name in row if self._without(name, row[name]) != row[name]
                ]:
                    yield False, {name: row[name] for name in row if name in {*_ABOUT, *naming}}

    def written_ids(self) -> set[int]:
        """Return GitLab's ids of the merge requests that the person wrote."""
        rows = read_rows(self._files, "merge_requests", ("row", "id"))
        written = self._written[NOUNS["merge_requests"]]
        return {row["id"] for row in rows if row["row"] in written and row["id"] is not None}

    def is_own(self, table: str, row: Record) -> bool:
        """Return whether a row is the person's."""
        return self._belongs(table, row, self._written)

    def forgotten(self, table: str, row: Record) -> Record | None:
        """Return a row without the person; None if nothing of it would stay.

        An item that another person of the run has stays, without its author.
        """
        if self._belongs(table, row, self._alone):
            return None
        made = {name: self._without(name, cell) for name, cell in row.items()}
        if table == "reviews" and made["author"] is None:
            made["author"] = ""  # what says there that the author is not known
        return made

    # -- what is the person's ------------------------------------------------------------------

    def _belongs(self, table: str, row: Record, items: Mapping[str, Collection[int]]) -> bool:
        me = self._identity
        if table in {"people", "members"}:
            key = username_key(row.get("key") or row["username"])
            return row["id"] in me.ids if row["id"] is not None else key in me.keys
        if table in _NOUNS:
            return row["row"] in items[_NOUNS[table]]
        if table in {"checks", "reviews"}:
            return row["row"] in items[row.get("kind", "merge request")]
        if table in {"projects", "project_checks"}:
            return str(row.get("key") or row["project_id"]) in self._projects
        if table == "time_logs":
            return row["person"] in me.keys
        name = str(row["author_name"]).lower()
        theirs = row["person"] is None and (
            name in self._aliases or any(map(me.is_named, (name, row["author_email"])))
        )
        return theirs or row["person"] in me.keys or row["project_key"] in self._projects

    def _find_items(self, kind: str) -> tuple[set[int], set[int]]:
        """Return the numbers of items that the person wrote, and of those that no one else has."""
        written, alone, keys = set(), set(), self._identity.keys
        for row in read_rows(self._files, kind, ("row", "authored_by", "assigned_to")):
            others = set(row["assigned_to"]) - keys
            is_author = row["authored_by"] in keys
            is_only_assignee = (
                row["authored_by"] is None and bool(row["assigned_to"]) and not others
            )
            if is_author or is_only_assignee:
                written.add(row["row"])
                if not others:
                    alone.add(row["row"])
        return written, alone

    def _find_projects(self) -> set[str]:
        """Return the keys of the person's own projects in which no one else of the run has work."""
        mine, others = set[int](), set[int]()
        columns = ("id", "key", "personal_projects", "contributed_projects")
        for row in read_rows(self._files, "people", columns):
            if self._belongs("people", row, {}):
                mine.update(row["personal_projects"] or ())
            else:
                others.update(*(row[name] or () for name in columns[2:]))
        return {*map(str, mine - others)}

    def _find_aliases(self) -> set[str]:
        """Return further names that the person, and no one else of the run, has in commits."""
        mine, others = set[str](), set[str]()
        for row in read_rows(self._files, "commits", ("person", "author_name")):
            if row["person"] is not None and row["author_name"]:
                is_mine = row["person"] in self._identity.keys
                (mine if is_mine else others).add(row["author_name"].lower())
        return mine - others

    def _belonging(self, table: str, batch: Any) -> set[int]:
        """Return the places of rows that can be the person's without naming them."""
        columns: dict[str, Collection[object]] = {}
        if table in {"checks", "reviews"}:
            columns["row"] = set().union(*self._written.values())
        if table in {"projects", "commits"}:
            columns["key" if table == "projects" else "project_key"] = self._projects
        if table == "project_checks":
            columns["project_id"] = {*map(int, self._projects)}
        places = {
            place
            for name, known in columns.items()
            if known
            for place, cell in enumerate(batch.column(name).to_pylist())
            if cell in known
        }
        if table == "commits" and self._aliases:
            names = batch.column("author_name").to_pylist()
            places |= {
                place for place, name in enumerate(names) if str(name).lower() in self._aliases
            }
        return places

    # -- names in cells ------------------------------------------------------------------------

    def _without(self, name: str, cell: Any) -> Any:
        """Return a cell without the person's names; the same one if it has none."""
        me = self._identity
        if isinstance(cell, str):
            if name == "rest":
                record = orjson.loads(cell)
                made = self._without("", record)
                return cell if made == record else orjson.dumps(made).decode()
            text = me.without(cell)
            if text == cell:
                return cell
            is_gone = name in _ADDRESSES or (name in _PEOPLE and me.is_named(cell))
            return None if is_gone else text
        if isinstance(cell, list):
            return [self._without(name, each) for each in cell if not self._is_gone(each)]
        if isinstance(cell, dict):
            return {key: self._without(key, each) for key, each in cell.items()}
        return cell

    def _is_gone(self, element: Any) -> bool:
        """Return whether an element of a list is only about the person: a name, or a review."""
        named = self._identity.is_named
        if isinstance(element, dict):
            return named(element.get("reviewer")) or named(element.get("author"))
        return named(element)


_ABOUT = frozenset({"row", "kind", "check", "reference", "sha", "project", "key"})
"""The columns that say what a row is about."""


def _naming(column: Any, pattern: str) -> set[int]:
    """Return the places of cells with a match of a pattern, in texts, lists and objects."""
    import pyarrow as pa
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    if not pattern:
        return set()
    if pa.types.is_string(column.type):
        found = pc.match_substring_regex(column, pattern, ignore_case=True)
        return set(pc.indices_nonzero(found).to_pylist())
    if pa.types.is_list(column.type):
        parents = pc.list_parent_indices(column)
        inner = sorted(_naming(pc.list_flatten(column), pattern))
        return set(parents.take(inner).to_pylist()) if inner else set()
    if pa.types.is_struct(column.type):
        return set().union(*(_naming(each, pattern) for each in column.flatten()))
    return set()
