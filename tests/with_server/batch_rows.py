"""Rows of a batch over people: what their columns are, and whether they say the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from gitlab_sync import GitLabClient
from gitlab_sync.sandbox import Sandbox, World
from gitlab_sync.sandbox.truth import Counts
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.types import TableRow

_NO_COUNTS = {"Username", "Status", "Error", "Unverified"}


def columns(counts: Sequence[str]) -> list[str]:
    """Return the columns of a row that has these counts, in order."""
    return ["Username", *counts, "Status", "Error", "Unverified"]


def counts(row: TableRow) -> dict[str, Any]:
    """Return the numbers of a row, in the order of the columns."""
    return {title: cell for title, cell in row.items() if title not in _NO_COUNTS}


def assert_true(rows: Sequence[TableRow], truth: Mapping[str, Counts]) -> None:
    """Check that these rows are whole and say what the world knows about itself."""
    assert {str(row["Username"]): counts(row) for row in rows} == truth
    for row in rows:
        assert (row["Status"], row["Error"], row["Unverified"]) == ("Success", None, 0)


@contextmanager
def serving(world: World, bridge: Bridge) -> Iterator[tuple[GitLabClient, Sandbox]]:
    """Serve a world of the test's own; give the administrator's client of it, and the sandbox."""
    with Sandbox(world) as sandbox:
        yield GitLabClient(sandbox.url, sandbox.token(), bridge=bridge), sandbox
