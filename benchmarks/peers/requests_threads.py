"""requests in a pool of threads: the script that most people would write first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from benchmarks.work import Done, Record, Task, Work, ended, facts_of, list_query

TITLE = "requests, threads"
HOW = "`ThreadPoolExecutor`, a `requests.Session` for each thread, default settings"
PACKAGES = ("requests", "urllib3")


class Reader:
    """Reads lists to their end, with a session for each thread: none is said to be thread-safe."""

    def __init__(self, work: Work) -> None:
        self._api = f"{work.url}/api/v4"
        self._token = work.token
        self._local = threading.local()

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.headers["PRIVATE-TOKEN"] = self._token
        session: requests.Session = self._local.session
        return session

    def read(self, endpoint: str, params: dict[str, Any]) -> list[Record]:
        """Return all rows of one list, page after page."""
        session = self._session()
        rows: list[Record] = []
        page = "1"
        while page:
            response = session.get(self._api + endpoint, params={**params, "page": page})
            response.raise_for_status()
            rows += response.json()
            page = response.headers.get("x-next-page", "")
        return rows


def batch(work: Work) -> Done:
    """Read everybody's list, then the facts of all ended merge requests together."""
    reader = Reader(work)
    with ThreadPoolExecutor(work.workers) as pool:
        lists = pool.map(
            lambda name: reader.read("/merge_requests", list_query(name)), work.usernames
        )
        found = [mr for mrs in lists for mr in ended(mrs)]
        endpoints = (endpoint for mr in found for endpoint in facts_of(mr))
        # Only counted: a script that kept all rows would be compared by its memory unfairly.
        for _ in pool.map(lambda path: len(reader.read(path, {"per_page": 100})), endpoints):
            pass
    return Done(len(found))


TASKS: dict[str, Task] = {"batch": batch}
