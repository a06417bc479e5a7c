"""aiohttp on an event loop: the bound. It is here to be measured against, and nowhere else."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from benchmarks.work import (
    PER_PAGE,
    Done,
    Record,
    Task,
    Work,
    ended,
    facts_of,
    list_query,
    proof_of,
)

TITLE = "aiohttp, event loop"
HOW = "`asyncio` and one `aiohttp.ClientSession`, with as many connections as others have threads"
PACKAGES = ("aiohttp",)


async def _rows(session: aiohttp.ClientSession, url: str, params: dict[str, Any]) -> list[Record]:
    """Return all rows of one list, page after page."""
    rows: list[Record] = []
    page = "1"
    while page:
        async with session.get(url, params={**params, "page": page}) as response:
            response.raise_for_status()
            rows += await response.json()
            page = response.headers.get("x-next-page", "")
    return rows


async def _read(work: Work) -> Done:
    api = f"{work.url}/api/v4"
    async with aiohttp.ClientSession(
        headers={"PRIVATE-TOKEN": work.token},
        connector=aiohttp.TCPConnector(limit=work.workers),
        timeout=aiohttp.ClientTimeout(total=None),
    ) as session:
        lists = await asyncio.gather(
            *(_rows(session, f"{api}/merge_requests", list_query(name)) for name in work.usernames)
        )
        found = [mr for mrs in lists for mr in ended(mrs)]

        async def facts(endpoint: str, key: str) -> int:
            rows = await _rows(session, api + endpoint, {"per_page": PER_PAGE})
            return proof_of(row[key] for row in rows)

        proofs = await asyncio.gather(
            *(facts(endpoint, key) for mr in found for endpoint, key in facts_of(mr))
        )
    return Done(len(found), sum(proofs))


def read(work: Work) -> Done:
    """Read everyone's list, then the facts of all ended merge requests together."""
    return asyncio.run(_read(work))


TASKS: dict[str, Task] = {"read": read}
