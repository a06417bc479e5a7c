"""Sharing within one principal: identical requests under way become one, and answers are kept.

Keys begin with the instance and the principal, so nothing is ever shared between two people.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from copy import copy
from typing import TypeAlias

from cachetools import LRUCache

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.errors import Cancelled, GitLabSyncError, TimedOut
from gitlab_sync.http.wire import Answer

Key: TypeAlias = tuple[Hashable, ...]
"""Instance, principal, and the request with everything that distinguishes it."""

_MOST_KEPT = 16_000_000
_LARGEST_KEPT = 500_000
_BESIDES_BODY = 2_000  # about what an answer takes in memory without its body


class ETagCache:
    """Answers that a server can confirm instead of sending them again, by key.

    `most` limits their size in bytes; the least recently used ones are evicted. An answer is used
    only after GitLab confirms it (`If-None-Match`), or within the run that read it: `confirmed` and
    `reused` count that, roughly, since threads that count at the same moment can lose a count.
    """

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._lock = threading.Lock()
        self._answers: LRUCache[Key, Answer] = LRUCache(most, getsizeof=_size)
        self.confirmed = self.reused = 0

    def get(self, key: Key) -> Answer | None:
        """Return the answer with this key, or None."""
        with self._lock:
            return self._answers.get(key)

    def keep(self, key: Key, answer: Answer) -> None:
        """Keep an answer and replace an older one, unless it is too large."""
        with self._lock:
            self._answers.pop(key, None)
            if len(answer.body) <= _LARGEST_KEPT and _size(answer) <= self._answers.maxsize:
                self._answers[key] = answer


def _size(answer: Answer) -> int:
    return len(answer.body) + _BESIDES_BODY


class InFlight:
    """Exchanges that are under way, by key. `joined` counts those that shared an answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Key, Future[Answer]] = {}
        self.joined = 0

    def share(
        self,
        key: Key,
        exchange: Callable[[], Answer],
        cancel: CancelToken,
        deadline: float | None = None,
    ) -> Answer:
        """Return the answer of the exchange with this key that is under way, else of this one.

        A follower gets the answer or the error of the leader; if the leader was cancelled, the
        follower makes its own exchange. Raises what `exchange` raises, and TimedOut if a follower's
        `deadline` (on the monotonic clock) comes first.
        """
        while True:
            with self._lock:
                leader = self._under_way.get(key)
                if leader is None:
                    own = self._under_way[key] = Future()
                    break
                self.joined += 1
            answer = _await(leader, cancel, deadline)
            if answer is not None:
                return answer
        try:
            answer = exchange()
        except BaseException as error:
            self._end(key)
            own.set_exception(error)
            del own  # the error's traceback holds this frame: the two would keep each other alive
            raise
        self._end(key)
        own.set_result(answer)
        return answer

    def _end(self, key: Key) -> None:
        with self._lock:
            del self._under_way[key]


def _await(leader: Future[Answer], cancel: CancelToken, deadline: float | None) -> Answer | None:
    """Return the leader's answer, or None if the leader was cancelled.

    Raises Cancelled, or TimedOut, for the follower.
    """
    woken = threading.Event()
    leader.add_done_callback(lambda _: woken.set())
    with cancel.on_cancel(woken.set):
        in_time = woken.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
    cancel.check()
    if not in_time:
        raise TimedOut("No answer in time to an identical request that was under way already")
    error = leader.exception()
    if error is None:
        return leader.result()
    if isinstance(error, GitLabSyncError) and not isinstance(error, Cancelled):
        raise copy(error)  # each call adds its own facts to its error
    return None
