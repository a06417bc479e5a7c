"""httpx in a pool of threads: one client for all of them, which it is made for."""

from __future__ import annotations

from typing import Any

import httpx

from benchmarks.threads import read_in_threads
from benchmarks.work import Done, Record, Task, Work

TITLE = "httpx, threads"
HOW = "`ThreadPoolExecutor`, one `httpx.Client`, with as many connections as threads"
PACKAGES = ("httpx",)


def read(work: Work) -> Done:
    """Read everyone's list, then the facts of all ended merge requests together."""
    with httpx.Client(
        base_url=f"{work.url}/api/v4",
        headers={"PRIVATE-TOKEN": work.token},
        limits=httpx.Limits(max_connections=work.workers, max_keepalive_connections=work.workers),
        # Its 5 s hold for the wait for a connection, too, and would end a run that is slow.
        timeout=60,
    ) as client:

        def rows(endpoint: str, params: dict[str, Any]) -> list[Record]:
            found: list[Record] = []
            page = "1"
            while page:
                response = client.get(endpoint, params={**params, "page": page})
                response.raise_for_status()
                found += response.json()
                page = response.headers.get("x-next-page", "")
            return found

        return read_in_threads(work, rows)


TASKS: dict[str, Task] = {"read": read}
