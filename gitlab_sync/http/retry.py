"""Decides whether a failed exchange is retried, and after how long. tenacity decides; we wait.

A policy is a small immutable value. Whether a retry makes sense depends on the error, on the method
(a write is sent again only if it never left) and on a retry budget for the instance.

A frame that raises an error forgets it at its end (`del`), with everything that leads to it: the
error's traceback holds the frame, and both must go with their last reference.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import cast

from tenacity import RetryCallState, Retrying, stop_after_attempt
from tenacity.wait import wait_random_exponential

from gitlab_sync import errors
from gitlab_sync.http.wire import LONGEST_WAIT

TRANSIENT_STATUS = frozenset({500, 502, 503, 504, *range(520, 531)})
"""The 5xx that GitLab and proxies in front of it send for transient failures."""

_WINDOW = 60  # seconds
_FREE_RETRIES = 10
_SHARE = 5


def is_transient(error: BaseException) -> bool:
    """Return whether the same request could succeed a moment later."""
    if isinstance(error, errors.ServerError):
        return error.status in TRANSIENT_STATUS
    if isinstance(error, errors.ConnectionFailed | errors.TimedOut | errors.BadResponse):
        return not error.lasting
    return False


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how fast to retry: attempts, and full jitter from 0 to base * 2**n, capped.

    `base` and `cap` are seconds. Full jitter: Marc Brooker, "Exponential Backoff And Jitter".
    """

    attempts: int = 5
    base: float = 0.5
    cap: float = 30.0
    bad_answers: int = 1
    """How often an answer that is not JSON is requested again."""
    _retrying: Retrying = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        retrying = Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=wait_random_exponential(multiplier=self.base, max=self.cap),
            retry_error_callback=lambda _: None,
        )
        object.__setattr__(self, "_retrying", retrying)

    def __reduce__(self) -> tuple[type[RetryPolicy], tuple[int, float, float, int]]:
        return RetryPolicy, (self.attempts, self.base, self.cap, self.bad_answers)

    def start(self) -> RetryCallState:
        """Return the state of a call that has not failed yet."""
        return RetryCallState(self._retrying, None, (), {})

    def after(self, error: errors.GitLabSyncError, state: RetryCallState) -> float | None:
        """Return the seconds to wait before the next attempt; None if `error` is final."""
        if not is_transient(error):
            return None
        self._retrying.begin()  # its statistics are per thread, and a call can change threads
        state.set_exception((type(error), error, error.__traceback__))
        wait = cast("float | None", self._retrying.iter(state))  # a DoSleep, or the callback's
        state.prepare_for_next_attempt()
        return None if wait is None else float(wait)


class RetryBudget:
    """Limits the retries of one instance, so that a dead server is not hammered. Thread-safe.

    They are at most a fifth of the requests of the last minute, plus ten.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: deque[list[int]] = deque()  # [second, requests, retries]
        self.retries = 0

    def _now(self) -> list[int]:
        second = int(time.monotonic())
        while self._seconds and self._seconds[0][0] <= second - _WINDOW:
            self._seconds.popleft()
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0, 0])
        return self._seconds[-1]

    def count(self) -> None:
        """Count a request."""
        with self._lock:
            self._now()[1] += 1

    def take(self) -> bool:
        """Take one retry from the budget; return False if there is none left."""
        with self._lock:
            now = self._now()
            requests = sum(second[1] for second in self._seconds)
            retries = sum(second[2] for second in self._seconds)
            if retries >= requests // _SHARE + _FREE_RETRIES:
                return False
            now[2] += 1
            self.retries += 1
            return True


class RetryState:
    """The attempts of one call so far. Not thread-safe: one thread at a time works on a call.

    `limit` is how many seconds the whole call can take from now on (None: no limit). `longest` is
    the longest wait in seconds that the server can ask for before one retry. `repeatable` says that
    sending the request twice does no harm (GET, HEAD, a GraphQL query).
    """

    def __init__(
        self,
        policy: RetryPolicy,
        budget: RetryBudget,
        *,
        limit: float | None,
        longest: float,
        repeatable: bool,
    ) -> None:
        self._policy = policy
        self._budget = budget
        self._longest = longest
        self._repeatable = repeatable
        self._bad_answers = 0
        self._state: RetryCallState | None = None
        self.made = 0
        self.refusal: errors.RateLimited | None = None
        self.deadline = None if limit is None else time.monotonic() + limit

    def begin(self) -> None:
        """Count an exchange."""
        self.made += 1
        self._budget.count()

    def check_time(self) -> None:
        """Raise the last 429, if any, once the call's time is over: it took the time."""
        over = self.deadline is not None and time.monotonic() >= self.deadline
        if over and self.refusal is not None:
            try:
                raise self.refusal
            finally:
                del self

    def excuse(self, seconds: float) -> None:
        """Extend the deadline by a wait that has its own limit."""
        if self.deadline is not None:
            self.deadline += seconds

    def after(self, error: errors.GitLabSyncError) -> float:
        """Return the seconds to wait before the next attempt; raise `error` if it is final."""
        error.attempts = self.made
        try:
            self.check_time()
            wait = self._wait(error)
            if wait is None:
                raise error
            return wait
        finally:
            del self, error

    def _wait(self, error: errors.GitLabSyncError) -> float | None:
        """Return the seconds to wait before the next attempt; None if `error` is final."""
        if not self._repeatable and not error.nothing_sent:
            return None
        if isinstance(error, errors.BadResponse):
            self._bad_answers += 1
            if self._bad_answers > self._policy.bad_answers:
                return None
        if self._state is None:
            self._state = self._policy.start()
        wait = self._policy.after(error, self._state)
        if wait is None:
            return None
        if error.retry_after is not None:
            wait = error.retry_after
            if wait > min(self._longest, LONGEST_WAIT):
                return None
        if self.deadline is not None and time.monotonic() + wait >= self.deadline:
            return None
        return wait if self._budget.take() else None
