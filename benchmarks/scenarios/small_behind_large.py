"""A caller with one request comes while another has thousands in the queue."""

from __future__ import annotations

from benchmarks.measuring import Bench, measure
from benchmarks.results import Check, Section

TITLE = "One request behind thousands of another caller"
LATENCY_MS = 20
MOST_REQUESTS_TIME = 2


def run(bench: Bench, section: Section) -> None:
    """Measure the time from asking to the answer, alone and behind the large caller."""
    sizes = bench.sizes
    bench.say("small behind large")
    bench.server.set_latency(LATENCY_MS)
    work = bench.work_for(1, options={"large": sizes.large, "probes": sizes.probes})
    sample = measure(bench.ours, "small_behind_large", bench.server, work)
    section.raw.append(sample.raw(latency_ms=LATENCY_MS))
    took = {name: seconds * 1000 for name, seconds in sample.extra.items()}
    wait = took["behind"] - took["alone"]
    most = MOST_REQUESTS_TIME * LATENCY_MS
    section.rows.append(
        {
            "in the queue before": f"{sample.extra['ahead']:,.0f}",
            "and after": f"{sample.extra['left']:,.0f}",
            "times": sizes.probes,
            "alone, ms": f"{took['alone']:.1f}",
            "behind, ms": f"{took['behind']:.1f}",
            "worst, ms": f"{took['worst']:.1f}",
            "wait, ms": f"{wait:.1f}",
        }
    )
    section.checks.append(
        Check(
            f"wait of one request behind {sizes.large:,} at {LATENCY_MS} ms",
            f"< {most} ms",
            f"{wait:.1f} ms",
            bench.checked(wait < most),
        )
    )
