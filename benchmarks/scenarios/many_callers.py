"""Many callers at once share one pool: their number must not multiply the threads."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.measuring import Bench, Sample, generated, measure, work_at
from benchmarks.results import Check, Section

TITLE = "Many callers at once, each with a client and people of its own"
LATENCY_MS = 20
SPARE_THREADS = 3


def run(bench: Bench, section: Section) -> None:
    """Measure threads, memory, and how far apart the callers ended.

    The first row is over REST, which has work for all threads.
    """
    sizes = bench.sizes
    few = max(2, sizes.merge_requests // 4)
    threads = _measure(bench, section, sizes.callers, few, "rest").extra["threads"]
    most = sizes.workers + sizes.callers + SPARE_THREADS
    section.checks.append(
        Check(
            f"threads of {sizes.callers} callers on {sizes.workers} workers",
            f"≤ {most}",
            f"{threads:.0f}",
            bench.checked(threads <= most),
        )
    )
    # Over REST the crowd takes most of a minute.
    for source in ("auto", "rest") if sizes.whole else ("auto",):
        _measure(bench, section, sizes.crowd, sizes.merge_requests, source)
    section.notes.append("Each measured once.")


def _measure(bench: Bench, section: Section, callers: int, each: int, source: str) -> Sample:
    sizes = bench.sizes
    bench.say(f"{callers} callers, {source}")
    with generated(callers * sizes.caller_users, each) as server:
        options = {"callers": callers, "source": source}
        work = replace(work_at(server, sizes.workers), options=options)
        server.set_latency(LATENCY_MS)
        sample = measure(bench.ours, "callers", server, work)
    section.raw.append(sample.raw(latency_ms=LATENCY_MS, source=source, callers=callers))
    section.rows.append(
        {
            "callers": callers,
            "source": source,
            "people": len(work.usernames),
            "merge requests of each": each,
            "requests": f"{sample.requests:,}",
            "requests/s": f"{sample.requests / sample.wall:,.0f}",
            "first caller done, s": f"{sample.extra['first']:.2f}",
            "last caller done, s": f"{sample.extra['last']:.2f}",
            "most threads": f"{sample.extra['threads']:.0f}",
            "peak memory, MB": sample.megabytes,
        }
    )
    return sample
