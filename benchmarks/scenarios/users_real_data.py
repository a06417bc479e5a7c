"""All about all authors of a real project, as `gitlab-sync users` reads it, fully and quickly."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.measuring import Bench, Sample, measure, work_at
from benchmarks.results import Cell, Check, Section
from benchmarks.scenarios.real_data import FOLDER, MOST_MEMORY, MOST_REQUESTS, why_skipped
from benchmarks.server import SandboxProcess

TITLE = "Real data: whole people, all authors of gitlab-runner (gitlab-sync users)"
MOST_FOR_A_PERSON = 11.1
_FACTS = "/projects/:id/merge_requests/"
_COMMITS = "/projects/:id/repository/commits"
_MEGA = 1_000_000


def run(bench: Bench, section: Section) -> None:
    """Measure everybody once by the full rules, and once from lists alone."""
    section.skipped = why_skipped(bench)
    if section.skipped:
        return
    with SandboxProcess("--data", str(FOLDER)) as server:
        work = work_at(server, bench.sizes.workers)
        people = len(work.usernames)
        for quick in (False, True):
            bench.say(f"real data, whole people{', quick' if quick else ''}")
            work = replace(work, options={"quick": quick})
            sample = measure(bench.peer("ours"), "people", server, work)
            section.raw.append(sample.raw(people=people, quick=quick))
            section.rows.append(_row(people, sample, quick=quick))
            if not quick:
                section.checks += _checks(bench, people, sample)
    section.notes.append("Each page of the project's commits is read once for everybody.")


def _row(people: int, sample: Sample, *, quick: bool) -> dict[str, Cell]:
    return {
        "judged": "from lists" if quick else "in full",
        "people": f"{people:,}",
        "ended merge requests": f"{sample.items:,}",
        "requests": f"{sample.requests:,}",
        "for each ended": f"{sample.requests / sample.items:.2f}",
        "pages of commits": f"{sample.endpoints.get(_COMMITS, 0):,}",
        "requests/s": f"{sample.requests / sample.wall:,.0f}",
        "CPU/request, µs": f"{sample.cpu_each * 1e6:,.0f}",
        "wall, s": f"{sample.wall:.1f}",
        "peak memory, MB": f"{sample.peak_memory / _MEGA:.0f}",
    }


def _checks(bench: Bench, people: int, sample: Sample) -> list[Check]:
    """Return the targets of the full judgement: memory, and requests by what they are about."""
    facts = sum(n for endpoint, n in sample.endpoints.items() if endpoint.startswith(_FACTS))
    rest = sample.requests - facts - sample.endpoints.get(_COMMITS, 0)
    return [
        Check(
            "peak memory, whole people of the real data",
            f"< {MOST_MEMORY / _MEGA:.0f} MB",
            f"{sample.peak_memory / _MEGA:.0f} MB",
            bench.judged(sample.peak_memory < MOST_MEMORY),
        ),
        Check(
            "requests about each ended merge request of whole people",
            f"≤ {MOST_REQUESTS}",
            f"{facts / sample.items:.2f}",
            bench.judged(facts / sample.items <= MOST_REQUESTS),
        ),
        Check(
            "requests about each person, commits apart",
            f"≤ {MOST_FOR_A_PERSON}",
            f"{rest / people:.2f}",
            bench.judged(rest / people <= MOST_FOR_A_PERSON),
        ),
    ]
