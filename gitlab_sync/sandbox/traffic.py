"""What was asked of the sandbox: exchanges, counts, and how much was in flight."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

KEPT = 20_000


@dataclass(slots=True)
class Exchange:
    """One request and its answer. Times are of `time.monotonic`; `ended` is None until then.

    `path` is as it was sent (still encoded), `endpoint` the template of its route ("" for none),
    `token` the token's name, `credential` the header that carried it, `connection` a number that
    is one connection's own, `fault` the kind of the fault that met it, `sent` the bytes of the
    body, `marker` the `If-None-Match` that came along, `operation` what a request to GraphQL was:
    `query` or `mutation`, or "" for text that is neither.
    """

    number: int
    method: str
    path: str
    query: str
    token: str | None
    credential: str | None
    cookie: str | None
    marker: str | None
    connection: int
    started: float
    endpoint: str = ""
    status: int | None = None
    fault: str | None = None
    ended: float | None = None
    sent: int = 0
    operation: str | None = None

    @property
    def url(self) -> str:
        """The path with its query, as they were sent."""
        return f"{self.path}?{self.query}" if self.query else self.path


class Traffic:
    """Counts all exchanges and keeps the latest 20,000.

    The counts go on when old exchanges are dropped, so a long benchmark costs no memory.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._changed = threading.Condition()
        self._kept = kept
        self._clear()

    def _clear(self) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=self._kept)
        self._total = 0
        self._in_flight = 0
        self._peak = 0
        self._busy = 0.0
        self._bytes = 0
        self._since = 0.0
        self._first: float | None = None
        self._last: float | None = None
        self._by_endpoint: Counter[str] = Counter()
        self._by_token: Counter[str] = Counter()
        self._by_connection: Counter[int] = Counter()
        self._by_status: Counter[int] = Counter()
        self._by_fault: Counter[str] = Counter()

    def reset(self) -> None:
        """Forget everything. Requests in flight are counted on as they end."""
        with self._changed:
            in_flight = self._in_flight
            self._clear()
            self._in_flight = self._peak = in_flight
            self._since = time.monotonic()

    def begin(
        self,
        method: str,
        path: str,
        query: str,
        *,
        token: str | None,
        credential: str | None,
        cookie: str | None,
        marker: str | None,
        connection: int,
    ) -> Exchange:
        """Note that a request has come, and return its record."""
        now = time.monotonic()
        with self._changed:
            self._flow(now, +1)
            self._total += 1
            exchange = Exchange(
                self._total, method, path, query, token, credential, cookie, marker, connection, now
            )
            self._exchanges.append(exchange)
            if self._first is None:
                self._first = now
            self._by_token[token or ""] += 1
            self._by_connection[connection] += 1
            self._changed.notify_all()
        return exchange

    def end(self, exchange: Exchange) -> None:
        """Note that the exchange is over; its status, endpoint, fault and size are set by now."""
        now = time.monotonic()
        with self._changed:
            self._flow(now, -1)
            exchange.ended = self._last = now
            self._bytes += exchange.sent
            self._by_endpoint[exchange.endpoint] += 1
            if exchange.status is not None:
                self._by_status[exchange.status] += 1
            if exchange.fault is not None:
                self._by_fault[exchange.fault] += 1
            self._changed.notify_all()

    def _flow(self, now: float, step: int) -> None:
        self._busy += self._in_flight * (now - self._since)
        self._since = now
        self._in_flight = max(0, self._in_flight + step)
        self._peak = max(self._peak, self._in_flight)

    @property
    def exchanges(self) -> list[Exchange]:
        """The latest exchanges, oldest first; those in flight are among them."""
        with self._changed:
            return list(self._exchanges)

    @property
    def total(self) -> int:
        """Requests that have come."""
        return self._total

    @property
    def in_flight(self) -> int:
        """Requests that are being answered now."""
        return self._in_flight

    @property
    def peak(self) -> int:
        """The most requests that were in flight at once."""
        return self._peak

    @property
    def busy(self) -> float:
        """The integral of the requests in flight over time, in seconds."""
        with self._changed:
            self._flow(time.monotonic(), 0)
            return self._busy

    @property
    def by_endpoint(self) -> dict[str, int]:
        """Ended exchanges by the template of their route; "" counts unknown routes."""
        return self._copy(self._by_endpoint)

    @property
    def by_token(self) -> dict[str, int]:
        """Requests by the name of their token; "" counts those without a known one."""
        return self._copy(self._by_token)

    @property
    def by_connection(self) -> dict[int, int]:
        """Requests by the number of their connection."""
        return self._copy(self._by_connection)

    @property
    def by_status(self) -> dict[int, int]:
        """Ended exchanges by status; resets before the answer have none."""
        return self._copy(self._by_status)

    @property
    def by_fault(self) -> dict[str, int]:
        """Ended exchanges by the kind of fault that met them."""
        return self._copy(self._by_fault)

    def _copy(self, counter: Counter[Any]) -> dict[Any, int]:
        with self._changed:
            return dict(counter)

    def count(self, endpoint: str) -> int:
        """Return how many exchanges of that endpoint have ended."""
        with self._changed:
            return self._by_endpoint[endpoint]

    def wait(self, condition: Callable[[Traffic], bool], timeout: float = 10.0) -> bool:
        """Wait until `condition(self)` holds; return whether it did within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self), timeout)

    def summary(self) -> dict[str, Any]:
        """Return the figures as plain JSON values: what `/-/sandbox/traffic` answers."""
        busy = self.busy
        with self._changed:
            span = (self._last or 0.0) - (self._first or 0.0) if self._last else 0.0
            return {
                "requests": self._total,
                "in_flight": self._in_flight,
                "peak": self._peak,
                "busy": busy,
                "span": span,
                "bytes": self._bytes,
                "connections": len(self._by_connection),
                "by_endpoint": dict(self._by_endpoint),
                "by_token": dict(self._by_token),
                "by_status": {str(key): n for key, n in self._by_status.items()},
                "by_fault": dict(self._by_fault),
            }
