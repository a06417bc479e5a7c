"""The tables of one run as a database that only reads them: nothing else of the machine."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.snapshots import seen
from gitlab_sync.snapshots.files import MISSING, Folder, LocalCopies
from gitlab_sync.snapshots.run_info import RunInfo
from gitlab_sync.snapshots.schema import TABLES
from gitlab_sync.snapshots.seen import Seen

_AT_ONCE = 2000
"""Rows that are fetched together: a reader holds no more of an answer."""

_MEMORY = "256MB"
"""How much DuckDB holds."""


_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": _MEMORY,
    "threads": 2,
    "allocator_flush_threshold": "16MB",
    "temp_directory": "",
}

MAIN = "main"
"""The schema of the tables of a single run: they need no name of a schema."""


@dataclass(frozen=True, slots=True)
class Source:
    """A run with the tables of a database: its folder, its name, and its `run.json`. Immutable.

    `seen` are the keys of visible people (None: all are): of no one else is there anything in the
    tables. `copies` are the run's files, where others use them, too.
    """

    folder: Folder
    run: str
    info: RunInfo
    seen: Seen = None
    copies: LocalCopies | None = None

    def files(self) -> LocalCopies:
        """Return the files of the run on this machine; new ones are to be closed."""
        return self.copies or LocalCopies(self.folder, self.run, dict(self.info.files))


class Engine:
    """One DuckDB, which reads the files of runs and nothing else of the machine.

    Databases that share it take little memory. Thread-safe. Close it after them. Raises
    ConfigurationError without duckdb.
    """

    def __init__(self, files: Iterable[LocalCopies]) -> None:
        try:
            import duckdb
        except ModuleNotFoundError:
            raise ConfigurationError(
                "Reading snapshots needs the package duckdb, which is not installed", hint=MISSING
            ) from None
        # It spills nothing: it must not write, and could read what is in that folder.
        self._connection = duckdb.connect(config=_CONFIG)
        self._numbers = count(1)
        paths = ", ".join(_quoted(each.place_of(table.name)) for each in files for table in TABLES)
        known = "SELECT name FROM duckdb_settings() WHERE name = 'async_threads'"
        # Newer versions have threads to read files that are elsewhere: ours are on this machine.
        newer = [f"{name} = 0" for (name,) in self._connection.execute(known).fetchall()]
        for setting in (
            *newer,
            f"allowed_paths = [{paths}]",
            "TimeZone = 'UTC'",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self._connection.execute(f"SET {setting}")

    def connect(self) -> Any:
        """Return a new connection, to be closed."""
        return self._connection.cursor()

    def new_schema(self) -> str:
        """Return a name that no other database has."""
        return f"reader_{next(self._numbers)}"

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()


class Database:
    """The tables of runs in an engine, with the hashes of files checked. Thread-safe. Close it.

    `runs` are by the schema of their tables: `MAIN` for a single one; those of another are named
    with it, as `before.people`. A table is checked and attached when it is first asked for. Of an
    `engine` that others use, too, `MAIN` is a schema that only this one has: nothing is in the
    engine's own, which all see. Raises ConfigurationError without duckdb, and for a file that is
    missing or was changed.
    """

    def __init__(self, runs: Mapping[str, Source], engine: Engine | None = None) -> None:
        self._interruption = CancelToken()
        files = {schema: source.files() for schema, source in runs.items()}
        self._is_alone = engine is None
        self._engine = engine or Engine(files.values())
        self._home = MAIN if self._is_alone else self._engine.new_schema()
        self._connection = self._engine.connect()
        self._lock = threading.Lock()
        self._runs = {}
        for schema, source in runs.items():
            name = self._home if schema == MAIN else schema
            self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
            self._runs[schema] = _Relations(self._connection, name, source, files[schema])

    def rows(
        self, sql: str, given: Sequence[Any] = (), tables: Iterable[str] = ()
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of a query over `tables`, by the names of their columns.

        Raises Cancelled after `interrupt`, ConfigurationError if it needs too much memory, and
        duckdb.Error for what is wrong with it.
        """
        for table in tables:
            self.attach(table)
        answer = self.answer(sql, given)
        names = next(answer)
        for row in answer:
            yield dict(zip(names, row, strict=True))

    def answer(self, sql: str, given: Sequence[Any] = ()) -> Iterator[Sequence[Any]]:
        """Yield the names of the columns of a query, and then its rows; raises as `rows`."""
        with self._cursor() as cursor:
            cursor.execute(sql, list(given))
            yield [each[0] for each in cursor.description or ()]
            while found := cursor.fetchmany(_AT_ONCE):
                self._interruption.check()
                yield from found

    def make(self, sql: str, given: Sequence[Any] = ()) -> None:
        """Make a table in memory; raises as `rows`."""
        with self._cursor() as cursor:
            cursor.execute(sql, list(given))

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        import duckdb

        cursor = self._engine.connect()
        cursor.execute(f"SET schema = '{self._home}'")
        try:
            with self._interruption.on_cancel(cursor.interrupt):
                self._interruption.check()
                yield cursor
        except duckdb.InterruptException:
            raise self._interruption.error() from None
        except duckdb.OutOfMemoryException:
            raise ConfigurationError(
                f"The question needs more memory than it may have, {_MEMORY}",
                hint="Ask for less: fewer people, columns or rows, or totals in place of rows.",
            ) from None
        except duckdb.IOException as error:
            raise ConfigurationError(
                f"A file of the snapshot cannot be read: {error}",
                hint="Ask again: it was perhaps written again, or removed, in the meantime.",
            ) from None

    def attach(self, table: str) -> None:
        """Make a table of a run one of the database, once, with what is visible of it."""
        schema, _, name = table.rpartition(".")
        with self._lock:
            self._runs[schema or MAIN].attach(name)

    def interrupt(self, reason: str) -> None:
        """End the query under way, and those to come, with `Cancelled`. For any thread."""
        self._interruption.cancel(reason)

    def close(self) -> None:
        """Remove its tables, and copies of files that are its own."""
        if not self._is_alone:
            self._connection.execute(f"DROP SCHEMA {self._home} CASCADE")
        self._connection.close()
        if self._is_alone:
            self._engine.close()
        for each in self._runs.values():
            each.close()


class _Relations:
    """What the SQL of one run names: its files, and tables that are made when they are named.

    As a mapping it has, for `str.format_map`, a file under the name of its table.
    """

    def __init__(self, connection: Any, schema: str, source: Source, files: LocalCopies) -> None:
        self._connection = connection
        self._schema = schema
        self._source = source
        self._files = files
        self._made: set[str] = set()

    def attach(self, name: str) -> None:
        """Make the view of a table, with what is visible of it, if it is not there yet."""
        if name in self._made:
            return
        sql = f"CREATE VIEW {{name}} AS SELECT * FROM {{{name}}}"
        if self._source.seen is not None:
            sql = seen.view(next(table for table in TABLES if table.name == name))
        self._make(name, sql)

    def __getitem__(self, name: str) -> str:
        if name not in seen.HELPERS:
            return f"read_parquet({_quoted(self._files.path(name))}, {seen.PLACE} = true)"
        if name not in self._made:
            keys = [sorted(self._source.seen or ())] if name == "seen" else []
            self._make(name, seen.HELPERS[name], keys)
        return f"{self._schema}.{name}"

    def _make(self, name: str, sql: str, given: Sequence[Any] = ()) -> None:
        text = sql.replace("{name}", f"{self._schema}.{name}").format_map(self)
        self._connection.execute(text, given)
        self._made.add(name)

    def close(self) -> None:
        """Remove copies of files that no one else uses."""
        if self._source.copies is None:
            self._files.close()


def _quoted(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def columns_of(table: str, names: Iterable[str]) -> str:
    """Return SQL for columns of a table, in which times are texts as GitLab writes them."""
    kinds: Mapping[str, str] = {
        column.name: column.type for each in TABLES if each.name == table for column in each.columns
    }
    return ", ".join(
        f"strftime({name} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') AS {name}"
        if kinds[name] == "time"
        else f'"{name}"'
        for name in names
    )
