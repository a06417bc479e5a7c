"""Many callers at once share one pool: their number must not multiply the threads."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.measuring import Bench, generated, measure, work_at
from benchmarks.results import Check, Section

TITLE = "Many callers at once, each with a client and people of its own"
LATENCY_MS = 20
SPARE_THREADS = 3


def run(bench: Bench, section: Section) -> None:
    """Measure the most threads that the process had, and how far apart the callers ended."""
    sizes = bench.sizes
    bench.say("many callers")
    options = {"callers": sizes.callers, "source": "rest"}  # which has work for all threads
    each = max(2, sizes.merge_requests // 4)
    with generated(sizes.callers * sizes.caller_users, each) as server:
        work = replace(work_at(server, sizes.workers), options=options)
        server.set_latency(LATENCY_MS)
        sample = measure(bench.ours, "callers", server, work)
    section.raw.append(sample.raw(latency_ms=LATENCY_MS))
    threads = int(sample.extra["threads"])
    most = sizes.workers + sizes.callers + SPARE_THREADS
    section.rows.append(
        {
            "callers": sizes.callers,
            "people": len(work.usernames),
            "requests": f"{sample.requests:,}",
            "requests/s": f"{sample.requests / sample.wall:,.0f}",
            "first caller done, s": f"{sample.extra['first']:.2f}",
            "last caller done, s": f"{sample.extra['last']:.2f}",
            "most threads": threads,
        }
    )
    section.checks.append(
        Check(
            f"threads of {sizes.callers} callers on {sizes.workers} workers",
            f"≤ {most}",
            str(threads),
            bench.checked(threads <= most),
        )
    )
