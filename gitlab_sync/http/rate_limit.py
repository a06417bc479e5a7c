"""Rate limits: one gate for all work of a principal, and how long each piece of work waits there.

Newer GitLab servers send `RateLimit-*` with every answer and `Retry-After` with most 429s, but some
429s come without any header while `Remaining` still looks fine. So the gate follows the headers if
there are any, and backs off by itself if there are none.
"""

from __future__ import annotations

import random
import threading
import time

from gitlab_sync.errors import RateLimited
from gitlab_sync.http.wire import LONGEST_WAIT, RateLimit

_OWN_BACKOFF = (0.5, 30.0)  # seconds: the first and the longest wait after a 429 without headers


class Gate:
    """When one principal is allowed to send a request to one instance. Thread-safe.

    A 429 closes the gate for all of the principal's requests, until the same moment. The gate also
    closes by itself once the requests under way use up what `RateLimit-Remaining` allows. No answer
    closes it for more than `LONGEST_WAIT`; `asked` is the longer wait that one asked for, if any.
    `share` is the part of `RateLimit-Remaining` that is this process's own, from 0 to 1, where
    several processes work for the principal.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opens_at = 0.0
        self._refusals = 0
        self._under_way = 0
        self._budgets: dict[str, tuple[int, float]] = {}
        self.asked: float | None = None
        self.share = 1.0

    def _capped(self, seconds: float) -> float:
        """Return a wait that a server asked for, or the longest if that is shorter."""
        if seconds > LONGEST_WAIT:
            self.asked = seconds
        return min(seconds, LONGEST_WAIT)

    def delay(self) -> float:
        """Return the seconds until a request can start (0: now). Called often: it takes no lock."""
        now = time.monotonic()
        wait = self._opens_at - now
        for remaining, resets_at in tuple(self._budgets.values()):
            if int(remaining * self.share) <= self._under_way:
                wait = max(wait, resets_at - now)
        return max(0.0, wait)

    def enter(self) -> None:
        """Count a request as under way."""
        with self._lock:
            self._under_way += 1

    def leave(self, limit: RateLimit | None = None) -> None:
        """Count a request as done, with the limit that its answer reported."""
        with self._lock:
            self._under_way -= 1
            if limit is None:
                return
            now = time.monotonic()
            resets_at = now + self._capped(limit.reset_after)
            known = self._budgets.get(limit.name)
            remaining = limit.remaining
            if known is not None and now < known[1] and resets_at < known[1] + 1.0:
                # Answers overtake each other: within one window, the lowest number is the newest.
                remaining, resets_at = min(remaining, known[0]), known[1]
            self._budgets[limit.name] = (remaining, resets_at)

    def close(self, seconds: float | None) -> None:
        """Let no request start for this many seconds; None backs off, as the server named no time.

        After repeated refusals it also backs off, even if the server names a shorter time.
        """
        with self._lock:
            now = time.monotonic()
            self.asked = None
            own = 0.0
            if now >= self._opens_at:  # requests under way together are refused together: once
                if seconds is None or self._refusals:
                    first, longest = _OWN_BACKOFF
                    high = min(longest, first * 2 ** min(self._refusals, 16))
                    own = random.uniform(first / 2, high)  # noqa: S311 - jitter, not a secret
                self._refusals += 1
            self._opens_at = max(self._opens_at, now + max(self._capped(seconds or 0.0), own))

    def closed(self) -> float:
        """Return the seconds until it opens after a 429 (0: it is open)."""
        return max(0.0, self._opens_at - time.monotonic())

    def pause(self, seconds: float) -> None:
        """Let no request start for this many seconds, since another process met a 429."""
        with self._lock:
            self._opens_at = max(self._opens_at, time.monotonic() + self._capped(seconds))

    def after_fork(self) -> None:
        """Forget the requests that the parent process has under way."""
        self._lock = threading.Lock()
        self._under_way = 0

    def passed(self) -> None:
        """Note that a request succeeded: the next refusal counts as a first one again."""
        self._refusals = 0


class WaitBudget:
    """How long one piece of work waits at a gate before it gives up. Thread-safe.

    `limit` is in seconds. A call counts it from its start (`started`, on the monotonic clock; then
    the budget is `fixed`). A batch counts it from each closing of the gate, since every request
    that succeeded shows that waiting is worthwhile.
    """

    def __init__(self, gate: Gate, limit: float, started: float | None = None) -> None:
        self.gate = gate
        self.limit = limit
        self.fixed = started is not None
        self._since = started

    def waited(self) -> float:
        """Return the seconds since the call began; 0 for a batch, which has no time limit."""
        return time.monotonic() - self._since if self.fixed and self._since is not None else 0.0

    def delay(self) -> float:
        """Return the seconds to wait; 0 if the gate is open, and also if it opens too late.

        For the queue that holds tasks back: a task that would wait too long starts, and fails.
        """
        wait = self.gate.delay()
        return wait if wait > 0 and not self._hopeless(wait) else 0.0

    def delay_or_raise(self) -> float:
        """Return the seconds to wait; raise RateLimited if the gate opens too late."""
        wait = self.gate.delay()
        if wait <= 0:
            return 0.0
        if self._hopeless(wait):
            asked = self.gate.asked
            more = "" if asked is None else f" (the server asks for a wait of {asked:.0f} s)"
            limit = "the call's timeout" if self.fixed else "--max-wait"
            raise RateLimited(
                f"429 Rate Limit reached: resets in {wait:.0f} s{more}; "
                f"{limit} is {self.limit:.0f} s",
                status=429,
                retry_after=wait,
            )
        return wait

    def relax(self) -> None:
        """Note that a request of this work succeeded."""
        if not self.fixed and self._since is not None:
            self._since = None

    def _hopeless(self, wait: float) -> bool:
        now = time.monotonic()
        since = self._since
        if since is None:
            self._since = since = now
        return now - since + wait > self.limit
