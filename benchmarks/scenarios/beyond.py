"""What more workers would give: calculated from the CPU and the requests of a measured batch.

A run takes the longest of three times: what its cores compute, what its requests at once wait for,
and what the server's limit lets through. Nothing of that is slept; the documents call it a model.
"""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.measuring import Bench, Entry, Sample
from benchmarks.results import Section

TITLE = "Beyond this machine, by calculation: 500,000 merge requests"
_MERGE_REQUESTS = 500_000
_WORKERS = (1, 2, 10, 100)
_AT_ONCE = 32  # of all workers together
_LATENCY = 0.05  # seconds
_LIMITS = (0, 2000, 600)  # requests a minute; 0: none


class Need(NamedTuple):
    """What one merge request takes: seconds of CPU, and requests."""

    cpu: float
    requests: float


def run(bench: Bench, section: Section) -> None:
    """Measure what a merge request takes by each source, and calculate the rest."""
    bench.server.set_latency(0)
    for source in ("graphql", "rest"):
        bench.say(f"beyond, {source}")
        entry = Entry(bench.ours, "fair_batch", source, {"source": source})
        sample = entry.measure(bench.server, bench.work)
        section.raw.append(sample.raw(source=source))
        need = _need(sample)
        for limit in _LIMITS:
            found = [time_of(need, workers, limit) for workers in _WORKERS]
            minutes = {
                f"{number} worker{'s' if number > 1 else ''}, min": f"{seconds / 60:,.1f}"
                for number, (seconds, _) in zip(_WORKERS, found, strict=True)
            }
            allowed = f"{limit:,} requests a minute" if limit else "no limit"
            section.rows.append(
                {"source": source, "GitLab allows": allowed, **minutes, "waits for": found[-1][1]}
            )
    section.notes.append(
        f"{_AT_ONCE} requests at once of all workers together, {_LATENCY * 1000:.0f} ms for each, "
        "a core for each worker; CPU and requests of a merge request are those of this run."
    )


def _need(sample: Sample) -> Need:
    return Need(sample.cpu / sample.items, sample.requests / sample.items)


def time_of(need: Need, workers: int, limit: int) -> tuple[float, str]:
    """Return the seconds that a run takes, and what it waits for; `limit` is a minute's requests.

    A limit of 0 is none.
    """
    requests = need.requests * _MERGE_REQUESTS
    times = {
        "the workers": need.cpu * _MERGE_REQUESTS / workers,
        "the latency": requests * _LATENCY / _AT_ONCE,
        "the limit": 60 * requests / limit if limit else 0.0,
    }
    holds = max(times, key=lambda name: times[name])
    return times[holds], holds
