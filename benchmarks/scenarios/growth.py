"""How cost grows: with merge requests, people, workers, and tenants at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.measuring import MEGA, Bench, Entry, Sample, generated, work_at
from benchmarks.results import Section
from benchmarks.server import SandboxProcess
from benchmarks.work import Work

LATENCY_MS, NODE_MS = 50, 10
TITLE = (
    f"How cost grows, at {LATENCY_MS} ms for each request and {NODE_MS} ms for each merge request "
    "that GraphQL answers with"
)
_MADE = 2_000
"""Merge requests that are made one by one; larger worlds hold copies of them."""
_EACH = 100
"""Merge requests of each person where only their number grows."""


def run(bench: Bench, section: Section) -> None:
    """Measure each in turn: one thing grows, the others stay."""
    _merge_requests(bench, section)
    _people(bench, section)
    bench.server.set_latency(LATENCY_MS, NODE_MS)
    _workers(bench, section)
    _tenants(bench, section)
    bench.server.set_latency(0)
    section.notes.append(
        "Each measured once. With more people, the number of merge requests stays the same; "
        "workers and tenants have the people of the other scenarios, tenants each a share of them."
    )


def _merge_requests(bench: Bench, section: Section) -> None:
    for number in bench.sizes.growth:
        users = max(1, number // _EACH)
        each = number // users
        times = max(1, number // _MADE)
        bench.say(f"{number:,} merge requests: the world is made")
        with generated(users, each // times, times) as server:
            bench.say(f"{number:,} merge requests")
            server.set_latency(LATENCY_MS, NODE_MS)
            entry = bench.evaluating("auto")
            _measure(
                section,
                entry,
                server,
                work_at(server, bench.sizes.workers),
                "merge requests",
                number,
            )
            made, held = server.seconds, server.peak_memory() / MEGA
        section.notes.append(
            f"The world of {number:,} merge requests took {made:.1f} s and {held:,.0f} MB to make."
        )


def _people(bench: Bench, section: Section) -> None:
    most = bench.sizes.growth_users[-1]
    for users in bench.sizes.growth_users:
        bench.say(f"{users:,} people")
        with generated(users, 2 * most // users) as server:
            server.set_latency(LATENCY_MS, NODE_MS)
            work = work_at(server, bench.sizes.workers)
            _measure(section, bench.evaluating("auto"), server, work, "people", users)


def _workers(bench: Bench, section: Section) -> None:
    for source in ("auto", "rest"):
        # REST takes so much longer that fewer people show the same.
        share = len(bench.work.usernames) // (4 if source == "rest" else 1)
        for workers in bench.sizes.growth_workers:
            bench.say(f"{workers} workers, {source}")
            work = bench.work_for(max(1, share), workers=workers)
            _measure(section, bench.evaluating(source), bench.server, work, "workers", workers)


def _tenants(bench: Bench, section: Section) -> None:
    for tenants in bench.sizes.growth_tenants:
        bench.say(f"{tenants} tenants")
        options: Mapping[str, Any] = {"callers": tenants, "source": "auto"}
        entry = Entry(bench.ours, "callers", "gitlab_sync, source auto", options)
        _measure(section, entry, bench.server, bench.work, "tenants", tenants)


def _measure(
    section: Section, entry: Entry, server: SandboxProcess, work: Work, what: str, number: int
) -> Sample:
    sample = entry.measure(server, work)
    section.raw.append(sample.raw(client=entry.title, what=what, number=number))
    section.rows.append(
        {
            "grows": what,
            "to": f"{number:,}",
            "client": entry.title,
            "ended": f"{sample.items:,}",
            "requests": f"{sample.requests:,}",
            "for each ended": f"{sample.requests / sample.items:.3f}",
            "wall, s": f"{sample.wall:.2f}",
            "bound, s": f"{sample.bound(work.workers, LATENCY_MS, NODE_MS):.2f}",
            "CPU, s": f"{sample.cpu:.2f}",
            "peak memory, MB": sample.megabytes,
        }
    )
    return sample
