"""Writes what was read as one run of a folder: its tables, then `run.json`."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

from gitlab_sync.services.people_data import PersonData
from gitlab_sync.snapshots import schema
from gitlab_sync.snapshots.files import Folder
from gitlab_sync.snapshots.records import text_of
from gitlab_sync.snapshots.run_files import RunFiles
from gitlab_sync.snapshots.run_info import RunInfo, policy_hash, versions
from gitlab_sync.snapshots.schema import VERSION, Table
from gitlab_sync.snapshots.table_rows import Cells, TableRows
from gitlab_sync.snapshots.taking import Evaluated, SnapshotQuery, Taken

_ROWS = 8192
"""How many rows are converted at once: what a writer holds beyond what was read."""

_GROUP = 65_536
"""The rows of a row group: what a reader skips or reads together."""


@dataclass(frozen=True, slots=True)
class Written:
    """A run that was written: its name, how much was read of what, and whether it is everything."""

    run: str
    completeness: Mapping[str, str]
    whole: bool


def write(folder: Folder, query: SnapshotQuery, taken: Taken, instance: str) -> Written:
    """Write a run, whole or not at all.

    Raises ConfigurationError if the folder cannot be written.
    """
    times = [parsed for each in taken.dates if (parsed := _date(each)) is not None]
    began = times[0] if times else None
    name = (began or taken.taken).strftime("%Y%m%dT%H%M%SZ")
    completeness, whole = _completeness(taken)
    with RunFiles(folder, name) as files, _without_collection():
        tables = TableRows(query, taken)
        rows = {
            table.name: _write_table(files, table, getattr(tables, table.name)())
            for table in schema.TABLES
        }
        info = RunInfo(
            schema=VERSION,
            instance=instance,
            began=_text(began),
            ended=_text(times[-1] if times else None),
            taken=text_of(taken.taken),
            policy=query.policy.name,
            policy_hash=policy_hash(query.policy),
            completeness=completeness,
            whole=whole,
            rules_hash=policy_hash(query.policy, waivers=False),
            groups=list(query.groups),
            left_out={group: dict(each.left_out) for group, each in taken.checked.items()},
            rows=rows,
            files=files.hashes,
            versions=versions(),
        )
        files.finish(info.to_json())
        return Written(files.name, completeness, whole)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Let the collector rest: no row is in a circle, and it would walk through all there is."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _write_table(files: RunFiles, table: Table, rows: Iterator[Cells]) -> int:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    number = 0
    layout = table.schema()
    with files.opened(f"{table.name}.parquet") as file:

        def write_all() -> None:
            nonlocal number
            with pq.ParquetWriter(file, layout, compression="zstd") as writer:
                waiting: list[Any] = []
                while part := list(islice(rows, _ROWS)):
                    number += len(part)
                    waiting.append(pa.RecordBatch.from_pylist(part, layout))
                    if len(waiting) * _ROWS >= _GROUP:
                        writer.write_table(pa.Table.from_batches(waiting))
                        waiting = []
                if waiting:
                    writer.write_table(pa.Table.from_batches(waiting))

        files.folder.attempt("write", write_all)
    return number


def _completeness(taken: Taken) -> tuple[dict[str, str], bool]:
    """Return in words how much was read of what, and whether it is everything."""
    people = Counter(
        "not found" if person.user is None and person.error is None
        else "not read" if person.user is None
        else "in part" if _lacks(person)
        else "read"
        for person in taken.read.people
    )  # fmt: skip
    said = {"people": ", ".join(f"{number} {what}" for what, number in sorted(people.items()))}
    lost = 0
    for name in ("merge_requests", "issues"):
        kept: Mapping[object, Evaluated] = getattr(taken, name)
        doubtful = sum(
            any(each.result == "unknown" and not each.pending for each in one.verdicts.values())
            for one in kept.values()
        )
        lost += doubtful
        noun = name.replace("_", " ")
        said[name] = f"{len(kept)} {noun}" + (f", {doubtful} not fully known" if doubtful else "")
    return said, set(people) <= {"read"} and not lost


def _lacks(person: PersonData) -> bool:
    parts = (person.projects, person.merge_requests, person.issues, person.time_logs)
    values = (person.projects.value, person.merge_requests.value, person.issues.value)
    return any(part.error for part in parts) or any(
        value is not None and value.errors for value in values
    )


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else text_of(moment)
