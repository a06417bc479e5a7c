"""python-gitlab in a pool of threads, with a `Gitlab` for each: they are not made to be shared."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gitlab

from benchmarks.peers.python_gitlab_serial import client, facts, merge_requests
from benchmarks.work import Done, Task, Work

TITLE = "python-gitlab, threads"
HOW = "its objects in a `ThreadPoolExecutor`, a `Gitlab` with a session for each thread"
PACKAGES = ("python-gitlab", "requests")


class Own:
    """A `Gitlab` for each thread that asks for one."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._local = threading.local()

    def __call__(self) -> gitlab.Gitlab:
        """Return the calling thread's own."""
        if not hasattr(self._local, "gitlab"):
            self._local.gitlab = client(self._work)
        found: gitlab.Gitlab = self._local.gitlab
        return found


def read(work: Work) -> Done:
    """Read everyone's list, then one merge request's facts in each task."""
    own = Own(work)

    def read_facts(mr: Any) -> int:
        return facts(own(), mr)

    with ThreadPoolExecutor(work.workers) as pool:
        lists = pool.map(lambda name: merge_requests(own(), name), work.usernames)
        found = [mr for mrs in lists for mr in mrs]
        proof = sum(pool.map(read_facts, found))
    return Done(len(found), proof)


TASKS: dict[str, Task] = {"read": read}
