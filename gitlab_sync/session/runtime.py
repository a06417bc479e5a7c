"""The one owner of everything process-wide: pool, connections, gates, budgets, shared answers."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from cachetools import LRUCache

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.concurrency.executor import DEFAULT_WORKERS, SharedExecutor
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.http.cache import ETagCache, InFlight
from gitlab_sync.http.messages import LARGEST_VARIABLE, MOST_DECODED
from gitlab_sync.http.rate_limit import Gate
from gitlab_sync.http.retry import RetryBudget, RetryPolicy
from gitlab_sync.http.transport import Transport

T = TypeVar("T")

_SHARED = 2  # requests for each worker, of all who read lists
_LEAST = 2  # requests of each of them

WORKERS_VARIABLE = "GITLAB_SYNC_WORKERS"
MOST_WORKERS = 256
_MOST_LARGEST = 4096  # MB
_GATES_KEPT = 1024
_LONGEST_JOIN = 5.0  # seconds; only a name look-up can hold a worker once its socket is shut


@dataclass(frozen=True, slots=True)
class Stats:
    """The activity of a bridge. `queued` is by tenant, `limited` counts 429s.

    `bytes` are those of decoded bodies. Of the answers that were not read again, `confirmed` were
    valid still by GitLab's word, `reused` were read in the same run, and `joined` came from an
    identical request that was under way.
    """

    workers: int
    threads: int
    busy: int
    queued: dict[Hashable, int]
    requests: int
    retries: int
    limited: int
    bytes: int
    open_connections: int
    confirmed: int
    reused: int
    joined: int


def _from_environment(variable: str, default: int, most: int) -> int:
    """Return the whole number that a variable holds, or the default."""
    said = os.environ.get(variable, "").strip()
    if not said:
        return default
    if not (said.isascii() and said.isdigit() and len(said) <= len(str(most))):
        raise ConfigurationError(
            f"{variable} must be a number, got {said[:40]!r}",
            hint=f"Give a number from 1 to {most}.",
        )
    return int(said)


def _check(name: str, number: int, most: int) -> int:
    if not 1 <= number <= most:
        raise ConfigurationError(f"{name} must be from 1 to {most}, got {number}")
    return number


class Bridge:
    """One bounded pool of threads and one pool of connections, for all users of the process.

    `workers` is the size of both (None: `GITLAB_SYNC_WORKERS`, else 32). `verify` is what TLS
    certificates are checked against: a bundle's path, True, False for nothing, or None for what the
    environment says. `largest` is the size of the largest answer that is read, in MB after
    decompression (None: `GITLAB_SYNC_MAX_ANSWER`, else 64). No thread starts before there is work.
    In a forked child the bridge is empty. Raises ConfigurationError unless the number of workers is
    from 1 to 256, and the size from 1 to 4096.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        policy: RetryPolicy | None = None,
        verify: bool | str | None = None,
        largest: int | None = None,
    ) -> None:
        if workers is None:
            workers = _from_environment(WORKERS_VARIABLE, DEFAULT_WORKERS, MOST_WORKERS)
        if largest is None:
            largest = _from_environment(LARGEST_VARIABLE, MOST_DECODED, _MOST_LARGEST)
        self.workers = _check("workers", workers, MOST_WORKERS)
        self.largest = _check("largest", largest, _MOST_LARGEST)
        self.policy = RetryPolicy() if policy is None else policy
        self.executor = SharedExecutor(workers)
        self.verify = verify
        self._begin()
        _bridges.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self.cancel = CancelToken()
        self.transport = Transport(self.workers, verify=self.verify, largest=self.largest)
        self.in_flight = InFlight()
        self.etags = ETagCache()
        # Weak, so that a gate lives as long as work waits at it. The latest ones are kept, since a
        # closed gate must still be closed for the next call.
        self._gates: weakref.WeakValueDictionary[tuple[str, str], Gate] = (
            weakref.WeakValueDictionary()
        )
        self._latest: LRUCache[tuple[str, str], Gate] = LRUCache(_GATES_KEPT)
        self._budgets: dict[str, RetryBudget] = {}
        self._of_instances: dict[tuple[str, type], Any] = {}
        self._limited = 0
        self._readers: set[object] = set()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self.cancel.cancelled

    def gate(self, instance: str, principal: str) -> Gate:
        """Return the one gate of this principal at this instance."""
        key = (instance, principal)
        with self._lock:
            gate = self._gates.get(key)
            if gate is None:
                gate = self._gates[key] = Gate()
            self._latest[key] = gate
            return gate

    def budget(self, instance: str) -> RetryBudget:
        """Return the one retry budget of this instance."""
        with self._lock:
            found = self._budgets.get(instance)
            return found or self._budgets.setdefault(instance, RetryBudget())

    def of_instance(self, instance: str, kind: type[T]) -> T:
        """Return the one object of this class for an instance, made when first asked for.

        It is for facts about the instance that do not depend on the user, such as what its version
        lacks.
        """
        with self._lock:
            found: T = self._of_instances.setdefault((instance, kind), kind())
            return found

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Count one more who reads lists, in the `with` block."""
        # Without the lock: the garbage collector can end a forgotten reader inside it.
        reader = object()
        self._readers.add(reader)
        try:
            yield
        finally:
            self._readers.discard(reader)

    @property
    def window(self) -> int:
        """The most requests that one who reads lists has under way, or unread, at this moment.

        They are a quarter more than the workers, so that no worker waits for the caller, and the
        next requests have a short queue before them. Many readers share twice the workers:
        answers that wait for a busy caller take memory.
        """
        shared = _SHARED * self.workers // max(1, len(self._readers))
        return min(self.workers + self.workers // 4, max(_LEAST, shared))

    def count_limited(self) -> None:
        """Count a 429."""
        with self._lock:
            self._limited += 1

    def stats(self) -> Stats:
        """Return the current activity, for a status page and for tests."""
        traffic = self.transport.traffic()
        with self._lock:
            retries = sum(budget.retries for budget in self._budgets.values())
        return Stats(
            workers=self.workers,
            threads=self.executor.threads,
            busy=self.executor.busy,
            queued=self.executor.queued(),
            requests=traffic.requests,
            retries=retries,
            limited=self._limited,
            bytes=traffic.bytes,
            open_connections=traffic.open_connections,
            confirmed=self.etags.confirmed,
            reused=self.etags.reused,
            joined=self.in_flight.joined,
        )

    def close(self) -> None:
        """Cancel what waits, break off what is under way, and leave no thread behind. Idempotent.

        All who wait for work of this bridge get `Cancelled`.
        """
        self.cancel.cancel("the bridge was closed")
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.transport.close()
        self.executor.join(_LONGEST_JOIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _after_fork(self) -> None:
        """Start afresh in a forked child: the parent's sockets and locks must not be touched."""
        closed = self.closed
        gates = list(self._gates.items())
        self._begin()
        for key, gate in gates:
            gate.after_fork()
            self._gates[key] = self._latest[key] = gate
        if closed:
            self.cancel.cancel("the bridge was closed")


_bridges: weakref.WeakSet[Bridge] = weakref.WeakSet()
_default: Bridge | None = None
_others: dict[bool | str, Bridge] = {}
_default_lock = threading.Lock()


def get_bridge(verify: bool | str | None = None) -> Bridge:
    """Return the bridge of the process, made at the first call, or again after it was closed.

    Clients that check certificates against something else than the environment says (`verify`, as
    `Bridge` takes it) share another bridge.
    """
    global _default  # noqa: PLW0603 - the process-wide object
    with _default_lock:
        found = _default if verify is None else _others.get(verify)
        if found is None or found.closed:
            found = Bridge(verify=verify)
            if verify is None:
                _default = found
            else:
                _others[verify] = found
        return found


def _at_exit() -> None:
    for bridge in list(_bridges):
        bridge.cancel.cancel("the process is ending")


def _in_forked_child() -> None:
    global _default_lock  # noqa: PLW0603 - another thread could have held it at the fork
    _default_lock = threading.Lock()
    for bridge in list(_bridges):
        bridge._after_fork()  # noqa: SLF001


# Registered after the executor's hook, so it runs before it and breaks off what workers wait for.
threading._register_atexit(_at_exit)  # type: ignore[attr-defined] # noqa: SLF001
if sys.platform != "win32":
    os.register_at_fork(after_in_child=_in_forked_child)
