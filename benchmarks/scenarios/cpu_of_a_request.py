"""CPU for each request against `requests.Session.get(…).json()`, in pairs that follow closely."""

from __future__ import annotations

import statistics

from benchmarks.measuring import Bench, Sample, measure, median
from benchmarks.results import Check, Section

TITLE = "CPU for each request, against requests.Session.get(…).json()"
MOST = 0.80


def run(bench: Bench, section: Section) -> None:
    """Measure pairs A B A B without latency, with all workers and with one."""
    bench.server.set_latency(0)
    ours, theirs = bench.peer("ours"), bench.peer("requests_threads")
    for workers in (bench.work.workers, 1):
        work = bench.work_for(bench.sizes.pair_users, workers=workers)
        found: dict[str, list[Sample]] = {ours.name: [], theirs.name: []}
        for pair in range(bench.sizes.pairs):
            bench.say(f"CPU of a request, {workers} threads, pair {pair + 1}")
            for peer in (ours, theirs):
                sample = measure(peer, "batch", bench.server, work)
                found[peer.name].append(sample)
                section.raw.append(sample.raw(workers=workers, pair=pair))
        mine = median(found[ours.name], lambda sample: sample.cpu_each)
        other = median(found[theirs.name], lambda sample: sample.cpu_each)
        pairs = zip(found[ours.name], found[theirs.name], strict=True)
        ratios = [first.cpu_each / second.cpu_each for first, second in pairs]
        ratio = statistics.median(ratios)
        threads = f"{workers} threads" if workers > 1 else "1 thread"
        section.rows.append(
            {
                "threads": workers,
                "ours, µs": f"{mine * 1e6:,.0f}",
                "requests, µs": f"{other * 1e6:,.0f}",
                "ratio, median of pairs": f"{ratio:.2f}",
                "lowest": f"{min(ratios):.2f}",
                "highest": f"{max(ratios):.2f}",
            }
        )
        section.checks.append(
            Check(
                f"CPU of our request / of theirs, {threads}",
                f"≤ {MOST:.2f}",
                f"{ratio:.2f}",
                bench.judged(ratio <= MOST),
            )
        )
    section.notes.append(
        f"{bench.sizes.pairs} pairs, the same URLs, no latency. Ours also judges what it reads."
    )
