"""Rate limits, one count for each token and rule, with GitLab's headers."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from fnmatch import fnmatchcase
from typing import Literal

from gitlab_sync.sandbox.answer import Answer
from gitlab_sync.sandbox.faults import limited

Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `limit` requests in `window` seconds for each token.

    A window begins with its first request. `path` is a pattern for the path below `/api/v4`, or a
    route's template if it holds a colon; GraphQL is `/api/graphql`, and "*" counts it together with
    REST, as GitLab does. `token` is the name of the one token that is meant (None: each has a count
    of its own). With `style="json"` the refusal is GitLab's second kind: JSON and without any
    header. `headers=False` is an older server that sends none at all.
    """

    limit: int
    window: float = 60.0
    path: str = "*"
    token: str | None = None
    style: Literal["text", "json"] = "text"
    headers: bool = True
    name: str = "throttle_authenticated_api"


@dataclass(slots=True)
class _Count:
    began: float
    used: int = 0


class Limiter:
    """Counts requests against its rules; without a rule it costs nothing.

    `clock` gives seconds that only grow.
    """

    def __init__(
        self, rules: tuple[RateLimit, ...] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rules = rules
        self._counts: dict[tuple[RateLimit, str | None], _Count] = {}

    @property
    def rules(self) -> tuple[RateLimit, ...]:
        """The rules in force."""
        return self._rules

    def set(self, *rules: RateLimit) -> None:
        """Put `rules` in force in place of all others, with new counts; none: no limits."""
        with self._lock:
            self._rules = rules
            self._counts.clear()

    def check(
        self, path: str, endpoint: str, token: str | None
    ) -> tuple[list[Header], Answer | None]:
        """Count one request; return the headers for its answer, and the 429 if it is too many."""
        if not self._rules:
            return [], None
        headers: list[Header] = []
        refusal: Answer | None = None
        with self._lock:
            now = self._clock()
            for rule in self._rules:
                if not _applies(rule, path, endpoint, token):
                    continue
                count = self._count(rule, token, now)
                count.used += 1
                shown = _headers(rule, count, now) if rule.headers else []
                if count.used > rule.limit and refusal is None:
                    refusal = limited(rule.style)
                    if rule.style == "text":
                        headers = [*shown, *_retry(rule, count, now)] if rule.headers else []
                elif refusal is None:
                    headers = shown
        return headers, refusal

    def _count(self, rule: RateLimit, token: str | None, now: float) -> _Count:
        count = self._counts.get((rule, token))
        if count is None or now >= count.began + rule.window:
            count = self._counts[rule, token] = _Count(now)
        return count


def _applies(rule: RateLimit, path: str, endpoint: str, token: str | None) -> bool:
    if rule.token is not None and rule.token != token:
        return False
    if ":" in rule.path:
        return rule.path == endpoint
    return rule.path == "*" or fnmatchcase(path, rule.path)


def _left(rule: RateLimit, count: _Count, now: float) -> float:
    return max(0.0, count.began + rule.window - now)


def _headers(rule: RateLimit, count: _Count, now: float) -> list[Header]:
    opens = math.ceil(time.time() + _left(rule, count, now))
    return [
        ("RateLimit-Limit", str(rule.limit)),
        ("RateLimit-Name", rule.name),
        ("RateLimit-Observed", str(count.used)),
        ("RateLimit-Remaining", str(max(0, rule.limit - count.used))),
        ("RateLimit-Reset", str(opens)),
    ]


def _retry(rule: RateLimit, count: _Count, now: float) -> list[Header]:
    left = _left(rule, count, now)
    return [
        ("Retry-After", str(max(1, math.ceil(left)))),
        ("RateLimit-ResetTime", formatdate(math.ceil(time.time() + left), usegmt=True)),
    ]
