"""Figures for the operator by OpenTelemetry's API: requests, limits, queues, jobs, cache.

Names are those of its semantic conventions where they exist. Nothing is measured, and nothing is
sent, unless the process has a meter provider of an SDK: without one, and without the package,
nothing here is done for a request. Most figures are read when they are collected, from `Stats`;
only the duration of a request is noted when it ends. Thread-safe.
"""

from __future__ import annotations

import secrets
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitlab_sync._version import __version__
from gitlab_sync.http.exchanges import Exchange, observe
from gitlab_sync.session.runtime import Stats

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation

NAME = "gitlab_sync"
"""What the instruments are by."""

_OURS = "gitlab.sync"
SCHEMA = "https://opentelemetry.io/schemas/1.37.0"
"""The version of the conventions that the names are from."""

DURATION = "http.client.request.duration"
BOUNDARIES = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The buckets that the conventions advise for it, in seconds."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SUMS = ("retries", "limited", "bytes", "confirmed", "reused", "joined")
"""The figures of `Stats` that only grow."""

_KEY = secrets.token_bytes(16)


@dataclass(eq=False, slots=True)
class _Source:
    """What figures are read from: the activity of a bridge, and the jobs by state."""

    stats: Callable[[], Stats]
    jobs: Callable[[], Mapping[str, int]] = field(default=dict)


class Telemetry:
    """The instruments at one meter provider, and the sources that they read.

    `watch` adds a source. The sums of one that has ended still count: they never become smaller.
    """

    def __init__(self, provider: MeterProvider) -> None:
        from opentelemetry.metrics import Observation

        self._observation = Observation
        self._lock = threading.Lock()
        self._sources: list[_Source] = []
        self._ended: Counter[str] = Counter()
        meter = provider.get_meter(NAME, __version__, SCHEMA)
        self._duration = meter.create_histogram(
            DURATION,
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=BOUNDARIES,
        )
        for name, key, unit, what in (
            ("retries", "retries", "{request}", "Requests that were sent again."),
            ("rate_limited", "limited", "{response}", "Responses with status 429."),
            ("response.size", "bytes", "By", "Bodies of responses, decompressed."),
        ):
            meter.create_observable_counter(
                f"{_OURS}.client.{name}", [self._sum_of(key)], unit, what
            )
        meter.create_observable_counter(
            f"{_OURS}.cache.hits", [self._hits], "{response}", "Responses that were not read again."
        )
        for name, unit, what, read in (
            ("client.open_connections", "{connection}", "Open connections.", _connections),
            ("worker.busy", "{thread}", "Workers with a request in progress.", _busy),
            ("worker.limit", "{thread}", "The most workers.", _workers),
        ):
            meter.create_observable_up_down_counter(
                f"{_OURS}.{name}", [self._level_of(read)], unit, what
            )
        meter.create_observable_up_down_counter(
            f"{_OURS}.queue.length", [self._queues], "{request}",
            "Requests that wait for a worker, by tenant.",
        )  # fmt: skip
        meter.create_observable_up_down_counter(
            f"{_OURS}.jobs", [self._jobs], "{job}", "Jobs of the app that wait or run."
        )
        self.end = observe(self._note)

    def watch(
        self, stats: Callable[[], Stats], jobs: Callable[[], Mapping[str, int]] = dict
    ) -> Callable[[], None]:
        """Read this activity, and these jobs by state, from now on; return what ends that."""
        source = _Source(stats, jobs)
        with self._lock:
            self._sources.append(source)

        def end() -> None:
            with self._lock:
                if source in self._sources:
                    self._sources.remove(source)
                    last = source.stats()
                    self._ended.update({name: getattr(last, name) for name in _SUMS})

        return end

    def _note(self, exchange: Exchange) -> None:
        url = urlsplit(exchange.base_url)
        attributes: dict[str, str | int] = {
            "http.request.method": exchange.method if exchange.method in _METHODS else "_OTHER",
            "server.address": url.hostname or "",
            "server.port": url.port or (443 if url.scheme == "https" else 80),
            "url.scheme": url.scheme,
            "url.template": url.path + exchange.route,
        }
        if exchange.status is not None:
            attributes["http.response.status_code"] = exchange.status
        failed = exchange.error if exchange.status is None else str(exchange.status)
        if failed is not None and (exchange.status is None or exchange.status >= 400):
            attributes["error.type"] = failed
        self._duration.record(exchange.seconds, attributes)

    def _now(self) -> tuple[list[Stats], Counter[str]]:
        """Return the activity of each source, and the sums of all sources, ended ones too."""
        with self._lock:
            now = [source.stats() for source in self._sources]
            sums = Counter(self._ended)
        for stats in now:
            sums.update({name: getattr(stats, name) for name in _SUMS})
        return now, sums

    def _sum_of(self, key: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        return lambda _options: [self._observation(self._now()[1][key])]

    def _level_of(
        self, read: Callable[[Stats], int]
    ) -> Callable[[CallbackOptions], Iterable[Observation]]:
        return lambda _options: [self._observation(sum(map(read, self._now()[0])))]

    def _hits(self, _options: CallbackOptions) -> Iterable[Observation]:
        sums = self._now()[1]
        kinds = ("confirmed", "reused", "joined")
        return [self._observation(sums[kind], {f"{_OURS}.cache.kind": kind}) for kind in kinds]

    def _queues(self, _options: CallbackOptions) -> Iterable[Observation]:
        waiting: Counter[str] = Counter()
        for stats in self._now()[0]:
            waiting.update({_alias(tenant): number for tenant, number in stats.queued.items()})
        return [
            self._observation(number, {f"{_OURS}.tenant": tenant})
            for tenant, number in waiting.items()
        ]

    def _jobs(self, _options: CallbackOptions) -> Iterable[Observation]:
        with self._lock:
            sources = [*self._sources]
        counts: Counter[str] = Counter()
        for source in sources:
            counts.update(source.jobs())
        return [
            self._observation(number, {f"{_OURS}.job.state": state})
            for state, number in counts.items()
        ]


def _connections(stats: Stats) -> int:
    return stats.open_connections


def _busy(stats: Stats) -> int:
    return stats.busy


def _workers(stats: Stats) -> int:
    return stats.workers


def _alias(tenant: object) -> str:
    """Return a name for a tenant that reveals nothing of it, and is another in each process."""
    return blake2b(str(tenant).encode(), key=_KEY, digest_size=4).hexdigest()


_lock = threading.Lock()
_of_process: Telemetry | None = None


def watch(
    stats: Callable[[], Stats], jobs: Callable[[], Mapping[str, int]] = dict
) -> Callable[[], None]:
    """Let the meter provider of this process, if it has one, read this activity and these jobs.

    `stats` is a bridge's; `jobs` counts jobs by state. Returns what ends that. Without the package,
    and without a provider of an SDK, it does nothing.
    """
    global _of_process  # noqa: PLW0603 - instruments belong to the process
    with _lock:
        if _of_process is None:
            provider = _provider()
            if provider is None:
                return lambda: None
            _of_process = Telemetry(provider)
        return _of_process.watch(stats, jobs)


def _provider() -> MeterProvider | None:
    """Return the meter provider of the process, unless it is one of the API, which does nothing.

    Whatever sets up an SDK has imported the API by now: else it is not imported here either.
    """
    if "opentelemetry.metrics" not in sys.modules:
        return None
    from opentelemetry.metrics import get_meter_provider

    provider = get_meter_provider()
    is_idle = type(provider).__module__.startswith("opentelemetry.metrics")
    return None if is_idle else provider
