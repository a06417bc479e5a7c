"""Questions in SQL are answered from the tables of a run, and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from cli_runs import Done, interrupted, of_sandbox, run, run_process, shared

from gitlab_sync.errors import Cancelled, ConfigurationError
from gitlab_sync.sandbox import Sandbox, demo_world
from gitlab_sync.snapshots.database import MAIN, Database
from gitlab_sync.snapshots.runs import source_of
from gitlab_sync.snapshots.schema import TABLES
from gitlab_sync.snapshots.sql import Questions

served, sandbox, world = shared(demo_world)

ENDLESS = "SELECT count(*) FROM range(1000000000000) WHERE hash(range) % 7 = 3"


@pytest.fixture(scope="module")
def taken(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Path]:
    """Take a snapshot of everyone; return the environment and the folder."""
    home = tmp_path_factory.mktemp("home")
    environ = of_sandbox(served, home, GITLAB_SYNC_POLICY="fair")
    people = served.world.truth.usernames
    done = run(environ, "snapshot", *people, "--into", str(home / "snapshots"))
    assert done.returncode == 0, done.stderr.decode()
    return environ, home / "snapshots"


def _asked(taken: tuple[dict[str, str], Path], sql: str, *options: str) -> Done:
    environ, folder = taken
    return run(environ, "sql", sql, "--from", str(folder), *options)


@pytest.mark.slow
def test_numbers_are_those_of_the_tables(
    taken: tuple[dict[str, str], Path], sandbox: Sandbox
) -> None:
    """No request is sent, and every table is there, without the place of rows."""
    environ, folder = taken
    known = json.loads(run(environ, "mrs", "--from", str(folder), "-f", "json").stdout)
    sandbox.traffic.reset()
    done = _asked(
        taken,
        "SELECT authored_by, count(*) FILTER (result = 'fail') AS faults FROM checks "
        "JOIN merge_requests USING (\"row\") WHERE kind = 'merge request' GROUP BY ALL ORDER BY 1",
        *("-f", "json"),
    )
    assert sandbox.traffic.total == 0
    titles = [column.removesuffix(" (of)") for column in known[0] if column.endswith(" (of)")]
    expected = {
        row["Username"].lower(): sum(row[title] or 0 for title in titles)
        for row in known
        if row["Closed MRs"] + row["Open"] > 0
    }
    found = {row["authored_by"]: row["faults"] for row in json.loads(done.stdout)}
    assert {name: found.get(name, 0) for name in expected} == expected
    for table in TABLES:
        done = _asked(taken, f"DESCRIBE {table.name}", "-f", "json")
        columns = [row["column_name"] for row in json.loads(done.stdout)]
        assert columns == [column.name for column in table.columns]
    done = _asked(taken, "SHOW TABLES", "-f", "json")
    assert {row["name"] for row in json.loads(done.stdout)} == {table.name for table in TABLES}


@pytest.mark.slow
def test_lists_and_objects_are_json_where_a_cell_is_flat(
    taken: tuple[dict[str, str], Path], tmp_path: Path
) -> None:
    """Times are in UTC, whatever the machine's zone; numbers are numbers."""
    asked = (
        "SELECT created_at, ['a', 'b'] AS list, {'n': 1.5} AS object, "
        "10.25::DECIMAL(9, 2) AS price, CAST(created_at AS DATE) AS day, "
        "NULL AS nothing, 'x' AS day "
        "FROM merge_requests ORDER BY created_at LIMIT 1"
    )
    (row,) = json.loads(_asked(taken, asked, "-f", "json").stdout)
    assert (row["list"], row["object"], row["price"]) == (["a", "b"], {"n": 1.5}, 10.25)
    assert row["created_at"].endswith("Z")
    assert row["day"] == row["created_at"][:10]
    assert (row["nothing"], row["day (2)"]) == (None, "x")
    (line,) = _asked(taken, asked, "-f", "ndjson").stdout.splitlines()
    assert json.loads(line) == row
    csv = _asked(taken, asked, "-f", "csv").stdout.decode()
    assert '"[""a"",""b""]","{""n"":1.5}",10.25,' in csv
    book = tmp_path / "answer.xlsx"
    assert _asked(taken, asked, "-o", str(book)).returncode == 0
    titles, cells = openpyxl.load_workbook(book).worksheets[0].iter_rows(values_only=True)
    assert (titles[1], cells[1], cells[3]) == ("list", '["a","b"]', 10.25)


REFUSED = {
    "COPY people TO '{file}'": "got COPY",
    "COPY (SELECT 1) TO '{file}'": "got COPY",
    "EXPORT DATABASE '{folder}'": "got EXPORT",
    "ATTACH '{file}' AS other": "got ATTACH",
    "INSTALL httpfs": "got LOAD",
    "LOAD httpfs": "got LOAD",
    "SET threads = 8": "got SET",
    "PRAGMA threads = 8": "got SET",
    "CREATE TABLE mine AS SELECT 1": "got CREATE",
    "INSERT INTO people SELECT * FROM people": "got INSERT",
    "DELETE FROM people": "got DELETE",
    "WITH made AS (INSERT INTO people VALUES (1) RETURNING *) FROM made": "cannot be answered",
    "SELECT 1; SELECT 2": "got SELECT, SELECT",
    "SELECT 1; DROP VIEW people": "got SELECT, DROP",
    "": "got nothing",
    "SELEC 1": "syntax error",
    "SELECT nothing FROM people": '"nothing" not found',
    "SELECT file_row_number FROM people": "not found",
    "FROM run.people": "got run.people",
    "FROM nowhere": "got nowhere",
    "FROM '{secret}'": "got ",
    "FROM '{folder}/people.parquet'": "got ",
    "FROM read_csv('{secret}')": "got read_csv",
    "FROM read_text('{secret}')": "got read_text",
    "FROM people WHERE key IN (SELECT content FROM read_text('{secret}'))": "got read_text",
    "FROM glob('{folder}/*')": "got glob",
    "FROM query('SELECT 1')": "got query",
    "FROM duckdb_settings()": "got duckdb_settings",
    "SELECT getenv('HOME')": "got getenv",
    "SELECT current_setting('allowed_paths')": "got current_setting",
    "SHOW ALL TABLES": "must show",
    "FROM (SHOW DATABASES)": "must show",
    "CALL pragma_version()": "got CALL",
    f"SELECT {' + '.join(['1'] * 3000)}": "depth",
}


@pytest.fixture
def places(taken: tuple[dict[str, str], Path], tmp_path: Path) -> dict[str, str]:
    """Return a file with a secret, one that is not there, and the folder of the run."""
    secret = tmp_path / "secret.csv"
    secret.write_text("the secret\n")
    source = source_of(str(taken[1]))
    return {
        "secret": str(secret),
        "file": str(tmp_path / "written"),
        "folder": f"{source.folder.path}/{source.run}",
    }


@pytest.mark.parametrize("sql", REFUSED, ids=lambda sql: sql[:40])
def test_anything_but_one_select_of_the_tables_is_refused(
    sql: str, taken: tuple[dict[str, str], Path], places: dict[str, str]
) -> None:
    """Nothing is shown, nothing is written, and the reason is said."""
    before = {path: path.stat().st_mtime_ns for path in taken[1].rglob("*")}
    asked = sql
    for name, place in places.items():
        asked = asked.replace(f"{{{name}}}", place)
    done = _asked(taken, asked)
    assert (done.returncode, done.stdout) == (2, b"")
    assert REFUSED[sql] in done.stderr.decode()
    assert b"the secret" not in done.stderr
    assert not Path(places["file"]).exists()
    assert {path: path.stat().st_mtime_ns for path in taken[1].rglob("*")} == before


@pytest.mark.parametrize(
    "sql",
    [
        "COPY people TO '{file}'",
        "EXPORT DATABASE '{folder}'",
        "ATTACH '{file}' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 8",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "PRAGMA memory_limit = '8GB'",
        "CREATE SECRET mine (TYPE s3)",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_blob('{folder}/run.json')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT getenv('HOME')",
    ],
)
def test_the_database_below_refuses_it_as_well(
    sql: str, taken: tuple[dict[str, str], Path], places: dict[str, str]
) -> None:
    """Whatever SQL reaches it: it has no files but those of the run, and no settings."""
    for name, place in places.items():
        sql = sql.replace(f"{{{name}}}", place)
    database = Database({MAIN: source_of(str(taken[1]))})
    try:
        database.attach("people")
        with pytest.raises((duckdb.Error, ConfigurationError)):
            database.make(sql)
    finally:
        database.close()
    assert not Path(places["file"]).exists()


# -- limits ----------------------------------------------------------------------------------------


@pytest.fixture
def questions(taken: tuple[dict[str, str], Path]) -> Iterator[Questions]:
    """Open the tables of the run."""
    with Questions(source_of(str(taken[1]))) as found:
        yield found


@pytest.mark.slow
def test_a_question_has_so_much_time_and_memory(taken: tuple[dict[str, str], Path]) -> None:
    """Then it ends, and says why."""
    done = _asked(taken, ENDLESS, "--limit-seconds", "0.2")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"must end within 0.2 s, and did not" in done.stderr
    # In a process of its own, which gives the memory back.
    much = "SELECT list(sha1(CAST(range AS VARCHAR))) FROM range(100000000)"
    environ, folder = taken
    done = run_process(environ, "sql", much, "--from", str(folder))
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"needs more memory" in done.stderr


@pytest.mark.slow
def test_ctrl_c_ends_a_question(taken: tuple[dict[str, str], Path]) -> None:
    """At once, with the exit code of the signal."""
    environ, folder = taken
    calls: list[None] = []

    def asked_often() -> bool:
        calls.append(None)
        return len(calls) > 60

    done = interrupted(environ, "sql", ENDLESS, "--from", str(folder), when=asked_often)
    assert (done.returncode, done.stdout) == (130, b"")
    assert b"interrupted by Ctrl-C" in done.stderr


@pytest.mark.slow
def test_rows_that_come_stop_when_they_are_interrupted(questions: Questions) -> None:
    """Between two parts of an answer, too, and no later question starts."""
    titles, rows = questions.ask("SELECT range AS n FROM range(1000000)", 60)
    assert (titles, next(rows)) == (["n"], [0])
    questions.interrupt("enough")
    with pytest.raises(Cancelled, match="enough"):
        list(rows)
    with pytest.raises(Cancelled, match="enough"):
        questions.ask("SELECT 1", 60)


@pytest.mark.slow
def test_a_long_answer_is_cut_where_a_table_is_held(
    taken: tuple[dict[str, str], Path], tmp_path: Path
) -> None:
    """It says so; one row per line has them all."""
    asked: tuple[Any, ...] = (taken, "FROM range(100001)")
    done = _asked(*asked, "-o", str(tmp_path / "answer.csv"))
    assert done.returncode == 3
    assert b"1 rows left out: --format ndjson shows all" in done.stderr
    done = _asked(*asked, "-o", str(tmp_path / "answer.ndjson"))
    assert done.returncode == 0
    assert (tmp_path / "answer.ndjson").read_bytes().count(b"\n") == 100_001
