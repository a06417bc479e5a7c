"""All authors of a real project's history: how much memory, and how many requests."""

from __future__ import annotations

from benchmarks.measuring import MEGA, Bench, Sample, work_at
from benchmarks.results import Check, Section
from benchmarks.scenarios.cold_and_warm import in_all_states
from benchmarks.server import ROOT, SandboxProcess

TITLE = "Real data: all authors of gitlab-runner"
FOLDER = ROOT.parent / "shared/data/gitlab-runner"
MOST_MEMORY = 300_000_000
MOST_REQUESTS = 4.1
_LIST = "/merge_requests"


def why_skipped(bench: Bench) -> str | None:
    """Return why nothing is measured over the real data, or None if it is."""
    if not bench.sizes.real_data:
        return "the real data is left out of a quick run"
    if not FOLDER.is_dir():
        return "there is no folder shared/data/gitlab-runner next to the project"
    return None


def sources(bench: Bench) -> tuple[str, ...]:
    """Return where facts are taken from: REST too where there is time for it."""
    return ("auto", "rest") if bench.sizes.whole else ("auto",)


def run(bench: Bench, section: Section) -> None:
    """Measure a batch over everybody: cold, warm, and after changes; no latency."""
    section.skipped = why_skipped(bench)
    if section.skipped:
        return
    with SandboxProcess(data=str(FOLDER)) as server:
        work = work_at(server, bench.sizes.workers)
        found = in_all_states(bench, section, server, work, sources(bench))
    for state, title, sample in found:
        section.rows.append(
            {
                "state": state,
                "client": title,
                "requests": f"{sample.requests:,}",
                "of them lists": f"{sample.endpoints.get(_LIST, 0):,}",
                "for each ended": f"{sample.requests / sample.items:.2f}",
                "wall, s": f"{sample.wall:.1f}",
                "CPU, s": f"{sample.cpu:.1f}",
                "peak memory, MB": sample.megabytes,
            }
        )
    first = found[0][2]
    section.notes.append(
        f"{len(work.usernames):,} authors, {first.items:,} ended merge requests; no latency."
    )
    section.checks.append(memory_check(bench, "all authors of the real data", first))
    for _, title, sample in found:
        if title.endswith("rest"):
            section.checks.append(_requests_check(bench, sample))
            break


def memory_check(bench: Bench, whose: str, sample: Sample) -> Check:
    """Return the target of memory."""
    return Check(
        f"peak memory, {whose}",
        f"< {MOST_MEMORY / MEGA:.0f} MB",
        f"{sample.megabytes} MB",
        bench.checked(sample.peak_memory < MOST_MEMORY),
    )


def _requests_check(bench: Bench, sample: Sample) -> Check:
    lists = sample.endpoints.get(_LIST, 0)
    facts = (sample.requests - lists) / sample.items
    return Check(
        "REST requests for each ended merge request, without people's lists",
        f"≤ {MOST_REQUESTS}",
        f"{facts:.2f}, and {lists / sample.items:.2f} for the lists",
        bench.checked(facts <= MOST_REQUESTS),
    )
