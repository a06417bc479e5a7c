"""Removes one person from all runs of a folder: each is rewritten whole, or stays as it is."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from gitlab_sync.snapshots.files import Folder, LocalCopies
from gitlab_sync.snapshots.identity import find
from gitlab_sync.snapshots.rewriting import Rewriting, remove_unknown
from gitlab_sync.snapshots.run_files import sweep
from gitlab_sync.snapshots.run_info import RunInfo, read_run
from gitlab_sync.snapshots.runs import no_snapshot
from gitlab_sync.snapshots.schema import TABLES
from gitlab_sync.snapshots.traces import Traces
from gitlab_sync.store.store import store_path
from gitlab_sync.types import Record

_Changes: TypeAlias = dict[int, dict[int, Record | None]]
"""By the part of a file and the place in it: the new row, or None for one that is removed."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows of a table of a run are the person's, and how many others named them."""

    run: str
    table: str
    removed: int
    changed: int


class Forgetting:
    """One person in all runs of a folder.

    `also` are further names and addresses. `words` names the person in the runs that `run` has gone
    through, and `items` has the ids of the merge requests that they wrote. Raises
    ConfigurationError for a run that cannot be read, before anything is changed, and as
    `identity.find` does.
    """

    def __init__(self, folder: Folder, person: str, also: Collection[str] = ()) -> None:
        self.folder = folder
        self._runs = [(run, read_run(folder, run)) for run in folder.runs()]
        if not self._runs:
            raise no_snapshot(folder)
        self._wanted = find(person, self._checked_files(), also)
        self.words: set[str] = set()
        self.items: set[int] = set()

    @property
    def instances(self) -> list[str]:
        """The addresses of the GitLabs that the runs are of."""
        return list(dict.fromkeys(info.instance for _, info in self._runs))

    def stores(self) -> list[Path]:
        """Return the paths of this machine's stores of these GitLabs, if they are there."""
        return [path for path in map(store_path, self.instances) if path.exists()]

    def run(self, *, only_look: bool) -> Iterator[Forgotten]:
        """Remove the person, a run after the other, and yield what was removed of it.

        With `only_look` nothing is changed. Raises ConfigurationError if a file cannot be read, or
        the folder not be written: then the run stays as it was, and earlier ones are done.
        """
        if not only_look:
            sweep(self.folder)
        for run, info in self._runs:
            yield from self._of_run(run, info, only_look=only_look)

    def _checked_files(self) -> Iterator[LocalCopies]:
        for run, info in self._runs:
            with LocalCopies(self.folder, run, dict(info.files)) as files:
                for table in TABLES:
                    files.path(table.name)  # a damaged file is to stop it before anything is done
                yield files

    def _of_run(self, run: str, info: RunInfo, *, only_look: bool) -> list[Forgotten]:
        found = []
        with (
            LocalCopies(self.folder, run, dict(info.files)) as files,
            Rewriting(self.folder, run) as rewriting,
        ):
            identity = self._wanted.in_run(files)
            traces = Traces(files, identity)
            self.words |= identity.words
            self.items |= traces.written_ids()
            if not only_look:
                remove_unknown(self.folder, run, info.files)
            new, rows = dict(info.files), dict(info.rows)
            for table in (each.name for each in TABLES):
                changes = _changes(traces, table)
                if not changes:
                    continue
                made = [row for part in changes.values() for row in part.values()]
                removed = made.count(None)
                found.append(Forgotten(run, table, removed, len(made) - removed))
                if only_look:
                    continue
                name = f"{table}.{secrets.token_hex(4)}.parquet"
                with rewriting.opened(name) as file:
                    self.folder.attempt("write", partial(_write, files.path(table), file, changes))
                new = {
                    old: digest for old, digest in new.items() if not old.startswith(f"{table}.")
                }
                new[name] = rewriting.hashes[name]
                rows[table] -= removed
            if found and not only_look:
                number = info.forgotten + 1
                done = replace(info, files=new, rows=rows, forgotten=number)
                rewriting.finish(done.to_json(), new)
        return found


def _changes(traces: Traces, table: str) -> _Changes:
    """Return the rows of a table that are not as they were, without the person."""
    found: _Changes = {}
    for part, (batch, places) in enumerate(traces.batches(table)):
        rows = batch.take(places).to_pylist() if places else []
        for place, row in zip(places, rows, strict=True):
            made = traces.forgotten(table, row)
            if made != row:
                found.setdefault(part, {})[place] = made
    return found


def _write(path: str, file: Any, changes: _Changes) -> None:
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    with (
        pq.ParquetFile(path) as old,
        pq.ParquetWriter(file, old.schema_arrow, compression="zstd") as writer,
    ):
        for part, batch in enumerate(old.iter_batches()):
            rows = changes.get(part)
            writer.write_batch(batch) if rows is None else writer.write_table(_rebuilt(batch, rows))


def _rebuilt(batch: Any, rows: Mapping[int, Record | None]) -> Any:
    """Return a part of a file (Table) with new rows in the places of old ones."""
    import pyarrow as pa

    same = [place for place in range(batch.num_rows) if place not in rows]
    made = {place: row for place, row in rows.items() if row is not None}
    new = pa.RecordBatch.from_pylist([*made.values()], batch.schema)
    places = [*same, *made]
    order = sorted(range(len(places)), key=places.__getitem__)
    return pa.Table.from_batches([batch.take(pa.array(same, pa.int64())), new]).take(order)
