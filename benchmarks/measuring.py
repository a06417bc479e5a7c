"""Measuring: one process for each measurement, the server's own count, equal results for all."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from benchmarks.peers import Peer
from benchmarks.server import ROOT, MeasurementFailed, SandboxProcess
from benchmarks.sizes import Sizes
from benchmarks.work import Work

LONGEST = 900.0
"""Seconds after which a measured process is stopped."""

MEGA = 1_000_000
_OWN_TIME = 0.0012  # seconds that client and server take for a request without latency
_GRAPHQL = "/api/graphql"
_ANSWERS = {"200", "304"}  # the latter for what a client has read before in the same measurement


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. Seconds and bytes; `requests`, `busy` and `endpoints` are the server's.

    `busy` is the integral of the requests in flight at the server over time, in seconds; `proof` is
    as in `work.Done`.
    """

    peer: str
    task: str
    people: int
    cpu: float
    wall: float
    peak_memory: float
    items: int
    proof: int
    requests: int
    busy: float
    endpoints: dict[str, int]
    extra: dict[str, float]

    @property
    def cpu_each(self) -> float:
        """Seconds of CPU for each request."""
        return self.cpu / self.requests

    @property
    def megabytes(self) -> str:
        """The peak memory as people read it."""
        return f"{self.peak_memory / MEGA:.0f}"

    def bound(self, workers: int, latency_ms: float, node_ms: float = 0.0) -> float:
        """Return the seconds below which no client can come that has so many workers.

        That is what the server waits on purpose, divided by the workers: for each request, and for
        each merge request that comes from GraphQL.
        """
        nodes = self.items if self.endpoints.get(_GRAPHQL) else 0
        return (self.requests * latency_ms + nodes * node_ms) / 1000 / workers

    def raw(self, **where: object) -> dict[str, object]:
        """Return it for the file, with where it was measured."""
        return {**where, **asdict(self)}


def measure(peer: Peer, task: str, server: SandboxProcess, work: Work) -> Sample:
    """Let a peer do the work in its own process, and return the measurement.

    Raises MeasurementFailed if it fails, or if the server answered anything with an error.
    """
    server.reset()
    command = [sys.executable, "-m", "benchmarks.run", peer.name, task]
    try:
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env=_environment(),
            input=work.dumps(),
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise MeasurementFailed(f"{peer.name} did not end within {LONGEST:.0f} s") from None
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or ["no message"])[-1]
        raise MeasurementFailed(f"{peer.name} failed: {last}")
    traffic = server.traffic()
    answered = traffic["requests"] or "replay" in work.options
    if not answered or not traffic["by_status"].keys() <= _ANSWERS:
        raise MeasurementFailed(f"{peer.name}: statuses were {traffic['by_status']}")
    figures: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return Sample(
        peer=peer.name,
        task=task,
        people=len(work.usernames),
        requests=traffic["requests"],
        busy=traffic["busy"],
        endpoints=traffic["by_endpoint"],
        **figures,
    )


def _environment() -> dict[str, str]:
    """Return the environment without proxies, which no client needs to reach this machine."""
    return {name: text for name, text in os.environ.items() if not name.lower().endswith("_proxy")}


def median(samples: Iterable[Sample], figure: Callable[[Sample], float]) -> float:
    """Return the median of one figure."""
    return statistics.median(figure(sample) for sample in samples)


def require_agreement(samples: Iterable[Sample]) -> None:
    """Raise MeasurementFailed unless all clients with the same work have found the same.

    For the same people, all have found the same number of items; by the same task, the same items;
    and those that only read have made the same requests.
    """
    found: dict[tuple[object, ...], tuple[object, str]] = {}
    for sample in samples:
        people, task = sample.people, sample.task
        facts: dict[tuple[object, ...], object] = {
            ("items", people): sample.items,
            ("results", people, task): sample.proof,
        }
        if task == "read":
            facts["requests", people] = sample.endpoints
        for about, fact in facts.items():
            first, who = found.setdefault(about, (fact, sample.peer))
            if fact != first:
                raise MeasurementFailed(
                    f"{sample.peer} and {who} do not agree in their {about[0]}: {fact}, {first}"
                )


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a comparison: a peer, its task, and its options."""

    peer: Peer
    task: str
    title: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def measure(self, server: SandboxProcess, work: Work) -> Sample:
        """Measure it; `measure` says what it raises."""
        return measure(
            self.peer, self.task, server, replace(work, options={**work.options, **self.options})
        )


@dataclass(frozen=True, slots=True)
class Bench:
    """What a scenario needs: the sizes, the peers that are installed, the common server.

    `work` is for all authors of the server's world; `say` shows progress.
    """

    sizes: Sizes
    peers: tuple[Peer, ...]
    server: SandboxProcess
    work: Work
    say: Callable[[str], None]

    def peer(self, name: str) -> Peer:
        """Return a peer by its name; MeasurementFailed if it is not installed."""
        for peer in self.peers:
            if peer.name == name:
                return peer
        raise MeasurementFailed(f"{name} is not installed")

    @property
    def ours(self) -> Peer:
        """This package."""
        return self.peer("ours")

    def evaluating(self, source: str, title: str = "", **options: Any) -> Entry:
        """Return the batch of this package, which reads from `source` and evaluates."""
        title = title or f"gitlab_sync, source {source}"
        return Entry(self.ours, "batch", title, {"source": source, **options})

    def reading(self, *names: str) -> list[Entry]:
        """Return the named peers that are installed, reading what an evaluation needs."""
        return [Entry(peer, "read", peer.title) for peer in self.peers if peer.name in names]

    def work_for(self, users: int, **changes: Any) -> Work:
        """Return the work for the first `users` authors."""
        return replace(self.work, usernames=self.work.usernames[:users], **changes)

    def people_within(self, seconds: float, latency_ms: float, workers: int) -> int:
        """Return how many people's merge requests can be read over REST in that time, about."""
        each = max(latency_ms / 1000 / workers, _OWN_TIME)
        requests = 1 + 4 * self.sizes.merge_requests
        return max(1, min(len(self.work.usernames), int(seconds / each / requests)))

    def checked(self, passed: bool) -> bool | None:
        """Return whether a target was met, or None if the run is too small to say."""
        return passed if self.sizes.checked else None


def generated(
    users: int,
    merge_requests: int,
    times: int = 1,
    lists: Iterable[int] = (),
    *,
    merged: bool = False,
) -> SandboxProcess:
    """Return a sandbox of that size, always the same for the same size; see `world.Wanted`."""
    sizes = {"seed": 1, "users": users, "merge_requests": merge_requests, "issues": 0}
    return SandboxProcess(sizes=sizes, times=times, lists=tuple(lists), merged=merged)


def work_at(server: SandboxProcess, workers: int) -> Work:
    """Return the work for all authors that a server knows."""
    return Work(server.url, server.token, workers, server.authors)
