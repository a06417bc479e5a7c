"""Questions in SQL about one run: a single SELECT over its tables, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any, Self

import orjson

from gitlab_sync.errors import Cancelled, ConfigurationError
from gitlab_sync.rules.text import did_you_mean, first_line
from gitlab_sync.snapshots.database import MAIN, Database, Source
from gitlab_sync.snapshots.records import text_of
from gitlab_sync.snapshots.schema import TABLES, Table

_RUN = "run"
"""The schema of the files; `MAIN` has the tables as people see them."""

_FUNCTIONS = frozenset({"unnest", "range", "generate_series"})
"""The functions that a FROM can call; others of DuckDB read files and settings, or run SQL."""

_HIDDEN = frozenset({"current_setting", "getenv", "getvariable"})
"""The functions that say something about this machine."""

_LISTS = frozenset({"", '"tables"'})
"""What SHOW and DESCRIBE can be about, besides a table: a SELECT, and all tables."""


class Questions:
    """The tables of one run for questions in SQL. A context manager. For one thread.

    All files are checked at once. Raises ConfigurationError as `Database` does.
    """

    def __init__(self, source: Source) -> None:
        self._database = Database({_RUN: source})
        for table in TABLES:
            self._database.attach(f"{_RUN}.{table.name}")
            self._database.make(_view(table))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def interrupt(self, reason: str) -> None:
        """End the question under way, and those to come, with `Cancelled`. For any thread."""
        self._database.interrupt(reason)

    def ask(self, sql: str, seconds: float) -> tuple[list[str], Iterator[list[Any]]]:
        """Return the titles of the columns of an answer, each once, and its rows, one by one.

        Values are as `plain` returns them. Raises ConfigurationError for anything but one SELECT
        (WITH, SHOW, DESCRIBE) over the tables of the run, for SQL with a fault, and, also while
        rows come, after so many seconds and if DuckDB lacks memory.
        """
        answer = self._answer(sql, seconds)
        return _titles(next(answer)), answer

    def _answer(self, sql: str, seconds: float) -> Iterator[list[Any]]:
        late = f"The query must end within {seconds:g} s, and did not"
        timer = threading.Timer(seconds, self._database.interrupt, [late])
        timer.daemon = True
        timer.start()
        try:
            with _faults():
                self._require_reading(sql)
                for row in self._database.answer(sql):
                    yield [plain(cell) for cell in row]
        except Cancelled as cancelled:
            if str(cancelled) != late:
                raise
            hint = "Ask for less, or give more time with --limit-seconds."
            raise ConfigurationError(late, hint=hint) from None
        finally:
            timer.cancel()

    def _require_reading(self, sql: str) -> None:
        """Raise ConfigurationError unless this is one SELECT of the tables; duckdb.Error, too."""
        import duckdb

        with duckdb.connect() as parser:
            kinds = [each.type for each in parser.extract_statements(sql)]
        if kinds != [duckdb.StatementType.SELECT]:
            got = ", ".join(kind.name for kind in kinds) or "nothing"
            raise _refused("must be one SELECT (or WITH, SHOW, DESCRIBE)", got)
        (row,) = self._database.rows("SELECT json_serialize_sql(?) AS tree", [sql])
        try:
            tree = orjson.loads(row["tree"])
        except orjson.JSONDecodeError:
            raise _refused("must not be nested so deeply", "more than 1,000 levels") from None
        if tree["error"]:
            raise _refused("must be one SELECT", tree["error_message"])
        parts = [*_parts(tree["statements"])]
        tables = {table.name for table in TABLES}
        named = {entry["key"].lower() for part in parts for entry in _named(part)}
        for part in parts:
            kind, name = part.get("type"), str(part.get("table_name"))
            of = ".".join(filter(None, (part.get("catalog_name"), part.get("schema_name"), name)))
            if kind == "BASE_TABLE" and of.lower() not in tables | named:
                hint = f"The tables are {', '.join(sorted(tables))}.{did_you_mean(of, tables)}"
                raise _refused("must read tables of the run", of, hint)
            if kind == "TABLE_FUNCTION" and part["function"]["function_name"] not in _FUNCTIONS:
                raise _refused("must read tables of the run", part["function"]["function_name"])
            if kind == "FUNCTION" and part.get("function_name") in _HIDDEN:
                raise _refused("must read tables of the run", part["function_name"])
            if kind == "SHOW_REF" and name not in tables | _LISTS:
                raise _refused("must show or describe tables of the run", name.strip('"'))


def plain(cell: Any) -> Any:
    """Return a value of DuckDB as JSON has it: a text, a number, true or false, a list, an object.

    A time is a text in ISO 8601, one without an offset taken as UTC. What JSON cannot hold, such as
    a number of more than 64 bits, is a text.
    """
    return next(made(cell) for kinds, made in _PLAIN if isinstance(cell, kinds))


def _number(cell: int | Decimal) -> int | float | str:
    if cell != int(cell):
        return float(cell)
    return int(cell) if -(2**63) <= cell < 2**63 else str(int(cell))


_PLAIN: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    ((bool, float, str, NoneType), lambda cell: cell),
    ((int, Decimal), _number),
    (datetime, lambda cell: text_of(cell if cell.tzinfo else cell.replace(tzinfo=UTC))),
    (date, date.isoformat),
    (bytes, bytes.hex),
    ((list, tuple), lambda cell: [*map(plain, cell)]),
    (Mapping, lambda cell: {str(key): plain(value) for key, value in cell.items()}),
    (object, str),
)
"""How values of these types are shown; the first that fits counts."""


def flat(cell: Any) -> Any:
    """Return a value of `plain` for formats without lists and objects: those are JSON texts."""
    return orjson.dumps(cell).decode() if isinstance(cell, list | dict) else cell


def _view(table: Table) -> str:
    """Return SQL for a table with times in UTC, and without the place of rows in the file."""
    columns = ", ".join(
        f'"{each.name}" AT TIME ZONE \'UTC\' AS "{each.name}"'
        if each.type == "time"
        else f'"{each.name}"'
        for each in table.columns
    )
    return f"CREATE VIEW {MAIN}.{table.name} AS SELECT {columns} FROM {_RUN}.{table.name}"


def _parts(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Yield all objects of a query, as DuckDB serializes it."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _named(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the queries that WITH names in this part."""
    named = part.get("cte_map")
    return named["map"] if isinstance(named, dict) else []


def _titles(names: list[str]) -> list[str]:
    """Return the names of columns, with a number behind one that is there already."""
    titles: list[str] = []
    for name in names:
        title, number = name, 2
        while title in titles:
            title, number = f"{name} ({number})", number + 1
        titles.append(title)
    return titles


def _refused(must: str, got: str, hint: str = "") -> ConfigurationError:
    return ConfigurationError(f"The SQL {must}, got {got}", hint=hint or None)


@contextmanager
def _faults() -> Iterator[None]:
    """Raise ConfigurationError for what DuckDB says of SQL."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        said = [line for line in str(error).splitlines() if line.strip()]
        _, _, message = first_line(said[0]).partition("Error: ")
        near = next((line for line in said[1:] if line.startswith("Candidate")), "")
        raise ConfigurationError(
            f"The SQL cannot be answered: {message or said[0]}",
            hint=near or "DESCRIBE people shows the columns of a table, SHOW TABLES all tables.",
        ) from None
