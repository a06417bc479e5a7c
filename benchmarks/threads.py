"""The same work for every client that reads with threads: who is asked what, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from benchmarks.work import PER_PAGE, Done, Record, Work, ended, facts_of, list_query, proof_of

Rows: TypeAlias = Callable[[str, dict[str, Any]], list[Record]]
"""Reads one list to its end: the endpoint below the API's root, and the query. Thread-safe."""


def read_in_threads(work: Work, rows: Rows) -> Done:
    """Read everyone's list, then the facts of all ended merge requests together."""
    with ThreadPoolExecutor(work.workers) as pool:
        lists = pool.map(lambda name: rows("/merge_requests", list_query(name)), work.usernames)
        found = [mr for mrs in lists for mr in ended(mrs)]

        def facts(asked: tuple[str, str]) -> int:
            endpoint, key = asked
            return proof_of(row[key] for row in rows(endpoint, {"per_page": PER_PAGE}))

        # Only counted: a script that kept all rows would be compared by its memory unfairly.
        proof = sum(pool.map(facts, (asked for mr in found for asked in facts_of(mr))))
    return Done(len(found), proof)
