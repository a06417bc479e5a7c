"""Measuring: one process for each measurement, the server's own count, medians of repetitions."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from benchmarks.peers import Peer
from benchmarks.server import ROOT, MeasurementFailed, SandboxProcess
from benchmarks.sizes import Sizes
from benchmarks.work import Work

LONGEST = 900.0
"""Seconds after which a measured process is given up."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. Seconds and bytes; `requests`, `busy` and `endpoints` are the server's.

    `busy` is the integral of the requests in flight at the server over time, in seconds.
    """

    peer: str
    cpu: float
    wall: float
    peak_memory: float
    items: int
    requests: int
    busy: float
    endpoints: dict[str, int]
    extra: dict[str, float]

    @property
    def cpu_each(self) -> float:
        """Seconds of CPU for each request."""
        return self.cpu / self.requests

    def raw(self, **where: object) -> dict[str, object]:
        """Return it for the file, with where it was measured."""
        return {**where, **asdict(self)}


def measure(peer: Peer, task: str, server: SandboxProcess, work: Work) -> Sample:
    """Let a peer do the work in a process of its own, and return what it took.

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
        last = (ended.stderr.strip().splitlines() or ["no word"])[-1]
        raise MeasurementFailed(f"{peer.name} failed: {last}")
    traffic = server.traffic()
    errors = {status: n for status, n in traffic["by_status"].items() if not status.startswith("2")}
    if errors or not traffic["requests"]:
        raise MeasurementFailed(f"{peer.name}: statuses were {traffic['by_status']}")
    figures: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return Sample(
        peer=peer.name,
        requests=traffic["requests"],
        busy=traffic["busy"],
        endpoints=traffic["by_endpoint"],
        **figures,
    )


def _environment() -> dict[str, str]:
    """Return the environment without proxies: nobody shall go through one to this machine."""
    return {name: text for name, text in os.environ.items() if not name.lower().endswith("_proxy")}


def median(samples: Iterable[Sample], figure: Callable[[Sample], float]) -> float:
    """Return the median of one figure."""
    return statistics.median(figure(sample) for sample in samples)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a scenario needs: the sizes, the peers that are installed, the common server.

    `work` is for all authors of the server's world; `say` tells a person what goes on.
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

    def work_for(self, users: int, **changes: Any) -> Work:
        """Return the work for the first `users` authors."""
        return replace(self.work, usernames=self.work.usernames[:users], **changes)

    def judged(self, passed: bool) -> bool | None:
        """Return a verdict, or None where the run is too small for one."""
        return passed if self.sizes.judged else None


def generated(users: int, merge_requests: int) -> SandboxProcess:
    """Return a sandbox of that size, always the same for the same size."""
    return SandboxProcess(
        "--seed", "1", "--users", str(users), "--merge-requests", str(merge_requests), "--issues",
        "0",
    )  # fmt: skip


def work_at(server: SandboxProcess, workers: int) -> Work:
    """Return the work for all authors that a server knows."""
    return Work(server.url, server.token, workers, tuple(server.authors()))
