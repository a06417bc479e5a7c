"""At 50 ms a batch over REST has to keep its workers busy, from first list to last fact."""

from __future__ import annotations

import statistics

from benchmarks.measuring import Bench
from benchmarks.results import Check, Section

TITLE = "Are the workers busy? The batch over REST at 50 ms"
LATENCY_MS = 50
LEAST_BUSY = 0.90
MOST_OF_IDEAL = 1.15


def run(bench: Bench, section: Section) -> None:
    """Measure how full the server saw the workers, and the wall against the ideal one."""
    bench.server.set_latency(LATENCY_MS)
    # Long enough that the first and the last round, which are not full, weigh little.
    people = bench.people_within(2 * bench.sizes.seconds, LATENCY_MS, bench.work.workers)
    busy: list[float] = []
    stretch: list[float] = []
    for repetition in range(bench.sizes.repetitions):
        bench.say(f"workers busy, {repetition + 1}")
        sample = bench.evaluating("rest").measure(bench.server, bench.work_for(people))
        section.raw.append(sample.raw(latency_ms=LATENCY_MS))
        ideal = sample.bound(bench.work.workers, LATENCY_MS)
        busy.append(sample.busy / (sample.wall * bench.work.workers))
        stretch.append(sample.wall / ideal)
        section.rows.append(
            {
                "repetition": repetition + 1,
                "people": people,
                "requests": f"{sample.requests:,}",
                "wall, s": f"{sample.wall:.2f}",
                "ideal wall, s": f"{ideal:.2f}",
                "wall / ideal": f"{stretch[-1]:.3f}",
                "workers busy": f"{busy[-1]:.1%}",
            }
        )
    full, long = statistics.median(busy), statistics.median(stretch)
    section.checks += [
        Check(
            f"{bench.work.workers} workers busy at {LATENCY_MS} ms",
            f"≥ {LEAST_BUSY:.0%}",
            f"{full:.1%}",
            bench.checked(full >= LEAST_BUSY),
        ),
        Check(
            "wall / (requests · latency / workers)",
            f"≤ {MOST_OF_IDEAL}",
            f"{long:.3f}",
            bench.checked(long <= MOST_OF_IDEAL),
        ),
    ]
    section.notes.append(
        "Busy is what the server saw: requests in flight, integrated over time, "
        "divided by wall · workers."
    )
