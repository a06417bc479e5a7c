"""Measures the latency, and estimates what a run about many people would cost.

docs/explanation/performance.md explains the formula, and has the measurements that its numbers are
from.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from gitlab_sync.rules.text import plural
from gitlab_sync.services.doctor.finding import Finding, ok, warning
from gitlab_sync.services.doctor.subject import Subject

ITEMS = 50
"""The ended merge requests of a person that the estimate is about."""

_TIMES = 5
_SLOW = 1.0  # seconds
_ROWS = 100
_WINDOW = 60  # seconds; GitLab's usual limits are for each minute


@dataclass(frozen=True, slots=True)
class Prices:
    """What an ended merge request costs, lists apart: requests, and seconds of server and CPU.

    `server` is what the server takes for it besides the latency of the request. `lists` is what
    each hundred of a person's merge requests cost in their list, in requests.
    """

    lists: float
    requests: float
    server: float
    cpu: float


GRAPHQL = Prices(lists=0.5, requests=0.08, server=0.010, cpu=0.0005)
REST = Prices(lists=1, requests=3.35, server=0.0, cpu=0.0015)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would cost, roughly: requests, and seconds without waits for a rate limit."""

    requests: int
    seconds: float


def estimated(people: int, items: int, prices: Prices, latency: float, workers: int) -> Estimate:
    """Estimate a first run about so many people with `items` ended merge requests each.

    `latency` is that of a request, in seconds.
    """
    lists, merge_requests = people * -(-items // _ROWS), people * items
    requests = prices.lists * lists + prices.requests * merge_requests
    waiting = (requests * latency + merge_requests * prices.server) / workers
    return Estimate(round(requests), waiting + merge_requests * prices.cpu)


def latency(subject: Subject) -> Finding:
    """Measure some small requests, one after another."""
    times = [subject.asking.get("version").seconds for _ in range(_TIMES)]
    middle = statistics.median(times)
    subject.learnt.latency = middle
    shown, low, high = (f"{each * 1000:.3g}" for each in (middle, min(times), max(times)))
    text = f"{shown} ms, the median of {_TIMES} requests ({low} to {high})"
    if middle > _SLOW:
        return warning(text, "The server is slow: runs take long, and time-outs are likely.")
    return ok(text, seconds=round(middle, 4))


def estimate(subject: Subject) -> Finding:
    """Estimate the requests and the time of a run."""
    learnt, people = subject.learnt, subject.people
    workers = subject.asking.session.bridge.workers
    assert learnt.latency is not None  # noqa: S101 - this check needs that of the latency
    source, prices = ("GraphQL", GRAPHQL) if learnt.graphql else ("REST", REST)
    found = estimated(people, ITEMS, prices, learnt.latency, workers)
    text = (
        f"the first run about {plural(people, 'person')} with {ITEMS} ended merge requests each "
        f"takes about {found.requests:,} requests and {_shown(found.seconds)}, by {source} with "
        f"{plural(workers, 'worker')}"
    )
    facts = {"people": people, "requests": found.requests, "seconds": round(found.seconds, 1)}
    if learnt.limit is None or learnt.remaining is None or found.requests <= learnt.remaining:
        return ok(text, **facts)
    windows = -(-(found.requests - learnt.remaining) // max(1, learnt.limit))
    wait = windows * _WINDOW
    return warning(
        f"{text}, and {_shown(wait)} of waiting for the rate limit",
        "Ask for fewer people at once, or an administrator for a higher limit.",
        **facts,
        waiting=wait,
    )


def _shown(seconds: float) -> str:
    if seconds < 1:
        return "less than a second"
    return plural(round(seconds), "second") if seconds < 120 else f"{seconds / 60:.0f} minutes"
