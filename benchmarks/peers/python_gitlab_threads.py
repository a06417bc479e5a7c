"""python-gitlab in a pool of threads, with a `Gitlab` for each: they are not made to be shared."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gitlab

from benchmarks.peers.python_gitlab_serial import client, facts, merge_requests
from benchmarks.work import Done, Task, Work

TITLE = "python-gitlab, threads"
HOW = "its objects in a `ThreadPoolExecutor`, a `Gitlab` for each thread"
PACKAGES = ("python-gitlab", "requests")


def batch(work: Work) -> Done:
    """Read everybody's list, then one merge request's facts in each task."""
    local = threading.local()

    def own() -> gitlab.Gitlab:
        if not hasattr(local, "gitlab"):
            local.gitlab = client(work)
        found: gitlab.Gitlab = local.gitlab
        return found

    def read(mr: Any) -> int:
        return facts(own(), mr)

    with ThreadPoolExecutor(work.workers) as pool:
        lists = pool.map(lambda name: merge_requests(own(), name), work.usernames)
        found = [mr for mrs in lists for mr in mrs]
        for _ in pool.map(read, found):
            pass
    return Done(len(found))


TASKS: dict[str, Task] = {"batch": batch}
