"""All authors of a real project's history: how much memory, and how many requests."""

from __future__ import annotations

from benchmarks.measuring import Bench, measure, work_at
from benchmarks.results import Check, Section
from benchmarks.server import ROOT, SandboxProcess

TITLE = "Real data: all authors of gitlab-runner"
FOLDER = ROOT.parent / "shared/data/gitlab-runner"
MOST_MEMORY = 300_000_000
MOST_REQUESTS = 4.1
_LIST = "/merge_requests"
_MEGA = 1_000_000


def why_skipped(bench: Bench) -> str | None:
    """Return why nothing is measured over the real data, or None if it is."""
    if not bench.sizes.real_data:
        return "the real data is left out of a quick run"
    if not FOLDER.is_dir():
        return "there is no folder shared/data/gitlab-runner beside the project"
    return None


def run(bench: Bench, section: Section) -> None:
    """Measure one batch over everybody, once: it is long, and neither figure varies."""
    section.skipped = why_skipped(bench)
    if section.skipped:
        return
    bench.say("real data, all authors")
    with SandboxProcess("--data", str(FOLDER)) as server:
        work = work_at(server, bench.sizes.workers)
        sample = measure(bench.peer("ours"), "batch", server, work)
    section.raw.append(sample.raw(people=len(work.usernames)))
    lists = sample.endpoints.get(_LIST, 0)
    facts = (sample.requests - lists) / sample.items
    section.rows.append(
        {
            "authors": f"{len(work.usernames):,}",
            "ended merge requests": f"{sample.items:,}",
            "requests": f"{sample.requests:,}",
            "of them lists": f"{lists:,}",
            "requests/s": f"{sample.requests / sample.wall:,.0f}",
            "CPU/request, µs": f"{sample.cpu_each * 1e6:,.0f}",
            "wall, s": f"{sample.wall:.1f}",
            "peak memory, MB": f"{sample.peak_memory / _MEGA:.0f}",
        }
    )
    section.checks += [
        Check(
            "peak memory, all authors of the real data",
            f"< {MOST_MEMORY / _MEGA:.0f} MB",
            f"{sample.peak_memory / _MEGA:.0f} MB",
            bench.judged(sample.peak_memory < MOST_MEMORY),
        ),
        Check(
            "requests for each ended merge request, people's lists apart",
            f"≤ {MOST_REQUESTS}",
            f"{facts:.2f}, and {lists / sample.items:.2f} for the lists",
            bench.judged(facts <= MOST_REQUESTS),
        ),
    ]
