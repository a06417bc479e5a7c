"""requests in a pool of threads: the script that most people would write first."""

from __future__ import annotations

import threading
from typing import Any

import requests

from benchmarks.threads import read_in_threads
from benchmarks.work import Done, Record, Task, Work, list_query, proof_of

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

    def rows(self, endpoint: str, params: dict[str, Any]) -> list[Record]:
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


def read(work: Work) -> Done:
    """Read everyone's list, then the facts of all ended merge requests together."""
    return read_in_threads(work, Reader(work).rows)


def long_list(work: Work) -> Done:
    """Read one list page after page, as there is no telling how long it is."""
    rows = Reader(work).rows("/merge_requests", list_query(work.options["author"]))
    return Done(len(rows), proof_of(row["id"] for row in rows))


TASKS: dict[str, Task] = {"read": read, "long_list": long_list}
