"""python-gitlab below its objects: `http_get`, which gives plain JSON, in a pool of threads."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.python_gitlab_threads import Own
from benchmarks.threads import read_in_threads
from benchmarks.work import PER_PAGE, Done, Record, Task, Work

TITLE = "python-gitlab, http_get"
HOW = "`Gitlab.http_get(…)` in a `ThreadPoolExecutor`, a `Gitlab` for each thread"
PACKAGES = ("python-gitlab", "requests")


def read(work: Work) -> Done:
    """Read everyone's list, then the facts of all ended merge requests together."""
    own = Own(work)

    def rows(path: str, query: dict[str, Any]) -> list[Record]:
        found: list[Record] = []
        page = 1
        while len(found) == (page - 1) * PER_PAGE:  # `http_get` shows no headers: is it full?
            added: Any = own().http_get(path, query_data={**query, "page": page})
            found += added
            page += 1
        return found

    return read_in_threads(work, rows)


TASKS: dict[str, Task] = {"read": read}
