"""Sharing within one principal: identical requests that are under way at once become one.

The key begins with the instance and the principal, so nothing is ever shared between two people.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from copy import copy
from typing import TypeAlias

from gitlab_sync.cancel import CancelToken
from gitlab_sync.errors import Cancelled, GitLabSyncError, TimedOut
from gitlab_sync.http.wire import Answer

Key: TypeAlias = tuple[Hashable, ...]
"""(instance, principal, request with all that tells it from others)."""


class InFlight:
    """Exchanges that are under way, by key. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Key, Future[Answer]] = {}

    def share(
        self,
        key: Key,
        exchange: Callable[[], Answer],
        cancel: CancelToken,
        deadline: float | None = None,
    ) -> Answer:
        """Return the answer of an exchange with this key, one's own or one already under way.

        Whoever follows gets the leader's answer or error, too; but if the leader was cancelled,
        that is its own affair, and a follower asks itself. Raises what `exchange` raises, and
        TimedOut for a follower whose `deadline` (of the monotonic clock) comes first.
        """
        while True:
            with self._lock:
                leader = self._under_way.get(key)
                if leader is None:
                    own = self._under_way[key] = Future()
                    break
            answer = _await(leader, cancel, deadline)
            if answer is not None:
                return answer
        try:
            answer = exchange()
        except BaseException as error:
            self._end(key)
            own.set_exception(error)
            raise
        self._end(key)
        own.set_result(answer)
        return answer

    def _end(self, key: Key) -> None:
        with self._lock:
            del self._under_way[key]


def _await(leader: Future[Answer], cancel: CancelToken, deadline: float | None) -> Answer | None:
    """Return the leader's answer, or None if it was stopped; Cancelled when the follower is."""
    woken = threading.Event()
    leader.add_done_callback(lambda _: woken.set())
    with cancel.on_cancel(woken.set):
        in_time = woken.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
    cancel.check()
    if not in_time:
        raise TimedOut("No answer in time to the same request that is under way already")
    error = leader.exception()
    if error is None:
        return leader.result()
    if isinstance(error, GitLabSyncError) and not isinstance(error, Cancelled):
        raise copy(error)  # each call writes its own facts on its error
    return None
