"""Readers of one run share what is open, and what no one reads is closed for the next."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import duckdb
import pytest
from taken_runs import take_run

from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.sandbox import Sandbox, demo_world
from gitlab_sync.snapshots.database import Source
from gitlab_sync.snapshots.pool import SnapshotPool
from gitlab_sync.snapshots.runs import source_of
from gitlab_sync.snapshots.snapshot import Snapshot


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Take a snapshot of two people."""
    folder = tmp_path_factory.mktemp("snapshots")
    with Sandbox(demo_world()) as sandbox:
        take_run(sandbox, folder, map(Person, ("kira.osei", "bo.lindqvist")))
    return source_of(str(folder))


def seen(source: Source, *keys: str) -> Source:
    """Return a source in which only these people are visible."""
    return replace(source, seen=frozenset(keys))


def people(snapshot: Snapshot) -> list[str]:
    """Return the usernames that a snapshot has."""
    return [each.username for each in snapshot.everyone()]


def test_who_sees_the_same_reads_the_same_and_no_one_else_does(source: Source) -> None:
    """Everyone's is another one than that of some."""
    pool = SnapshotPool()
    with (
        pool.opened(seen(source, "kira.osei")) as one,
        pool.opened(seen(source, "kira.osei")) as two,
    ):
        assert one is two
        assert people(one) == ["kira.osei"]
    with pool.opened(source) as all_of_it, pool.opened(seen(source)) as nothing:
        assert all_of_it is not nothing
        assert (people(all_of_it), people(nothing)) == (["bo.lindqvist", "kira.osei"], [])
    pool.close()
    assert len(pool) == 0


def test_few_stay_open_and_none_is_closed_while_it_is_read(source: Source) -> None:
    """The one that was not used for the longest time goes first; one that pauses stays."""
    pool = SnapshotPool(kept=2)
    with ExitStack() as stack:
        first = stack.enter_context(pool.opened(seen(source, "kira.osei")))
        for number in range(5):
            with pool.opened(seen(source, "kira.osei", f"other.{number}")) as other:
                assert people(other) == ["kira.osei"]
            assert len(pool) == 2
        assert people(first) == ["kira.osei"]
    with pool.opened(seen(source, "kira.osei")) as again:
        assert again is first
    pool.close()


def test_the_tables_of_one_reader_are_not_those_of_another(source: Source) -> None:
    """They share an engine: what one has made is not there for others, by any name."""
    pool = SnapshotPool()
    with pool.opened(source) as everyone, pool.opened(seen(source, "kira.osei")) as one:
        assert people(everyone) == ["bo.lindqvist", "kira.osei"]
        with pytest.raises(duckdb.CatalogException):
            [*one.rows("SELECT * FROM people")]
        assert people(one) == ["kira.osei"]
        assert people(everyone) == ["bo.lindqvist", "kira.osei"]
    pool.close()


def test_a_run_that_was_changed_is_another_one(source: Source) -> None:
    """Since someone was removed from it: what was open of it is not read again."""
    pool = SnapshotPool()
    changed = replace(source, info=replace(source.info, forgotten=1))
    with pool.opened(source) as before:
        pass
    with pool.opened(changed) as after:
        assert after is not before
    pool.close()
