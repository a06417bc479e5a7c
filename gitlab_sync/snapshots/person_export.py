"""Everything that runs hold about a person, as JSON: what data protection lets people ask for."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from gitlab_sync.reports.json_file import json_document
from gitlab_sync.snapshots.database import Source
from gitlab_sync.snapshots.files import LocalCopies
from gitlab_sync.snapshots.identity import find
from gitlab_sync.snapshots.schema import TABLES
from gitlab_sync.snapshots.sql import plain
from gitlab_sync.snapshots.traces import Traces


def export_person(
    runs: Iterable[Source], person: str, also: Collection[str] = ()
) -> dict[str, dict[str, Any]]:
    """Return what runs hold about a person, by the name of the run; without what holds nothing.

    Each has the GitLab, the moment and the policy, and for each table the `own` rows, and of rows
    of others what names the person (`named`). Raises as `identity.find` and `Traces`.
    """
    sources = list(runs)
    wanted = find(person, _files(sources), also)
    held = {}
    for source, files in zip(sources, _files(sources), strict=True):
        traces = Traces(files, wanted.in_run(files))
        tables = {}
        for table in TABLES:
            found: dict[str, list[Any]] = {"own": [], "named": []}
            for own, row in traces.rows(table.name):
                found["own" if own else "named"].append(plain(row))
            if any(found.values()):
                tables[table.name] = found
        if tables:
            info = source.info
            head = {"gitlab": info.instance, "taken": plain(info.moment), "policy": info.policy}
            held[source.run] = {**head, "tables": tables}
    return held


def as_json(held: dict[str, dict[str, Any]]) -> bytes:
    """Return it as one JSON document."""
    return json_document(held)


def as_zip(held: dict[str, dict[str, Any]]) -> bytes:
    """Return it as a ZIP file with a folder for each run, and in it a JSON file for each table."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for run, told in held.items():
            head = {key: value for key, value in told.items() if key != "tables"}
            archive.writestr(f"{run}/run.json", json_document(head))
            for table, rows in told["tables"].items():
                archive.writestr(f"{run}/{table}.json", json_document(rows))
    return content.getvalue()


def _files(sources: Iterable[Source]) -> Iterator[LocalCopies]:
    for source in sources:
        with LocalCopies(source.folder, source.run, dict(source.info.files)) as files:
            yield files
