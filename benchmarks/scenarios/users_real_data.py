"""All about all authors of a real project, as `gitlab-sync users` reads it, fully and quickly."""

from __future__ import annotations

from benchmarks.measuring import Bench, Entry, Sample, work_at
from benchmarks.results import Cell, Check, Section
from benchmarks.scenarios.real_data import (
    FOLDER,
    MOST_REQUESTS,
    memory_check,
    sources,
    why_skipped,
)
from benchmarks.server import SandboxProcess

TITLE = "Real data: everything about all authors of gitlab-runner (gitlab-sync users)"
MOST_FOR_A_PERSON = 11.1
_FACTS = "/projects/:id/merge_requests/"
_COMMITS = "/projects/:id/repository/commits"


def run(bench: Bench, section: Section) -> None:
    """Measure everybody by the full rules, and once from lists alone."""
    section.skipped = why_skipped(bench)
    if section.skipped:
        return
    entries = [_entry(bench, source, quick=False) for source in sources(bench)]
    with SandboxProcess(data=str(FOLDER)) as server:
        work = work_at(server, bench.sizes.workers)
        for entry in (*entries, _entry(bench, "auto", quick=True)):
            bench.say(f"real data, everything about people, {entry.title}")
            sample = entry.measure(server, work)
            section.raw.append(sample.raw(evaluated=entry.title))
            section.rows.append(_row(entry.title, sample))
            if entry is entries[0]:
                section.checks.append(
                    memory_check(bench, "everything about all authors of the real data", sample)
                )
            if entry.options["source"] == "rest":
                section.checks += _requests_checks(bench, sample)
    section.notes.append("Each page of the project's commits is read once for all people.")


def _entry(bench: Bench, source: str, *, quick: bool) -> Entry:
    title = "from lists" if quick else f"in full, source {source}"
    return Entry(bench.ours, "people", title, {"source": source, "quick": quick})


def _row(evaluated: str, sample: Sample) -> dict[str, Cell]:
    return {
        "evaluated": evaluated,
        "people": f"{sample.people:,}",
        "ended merge requests": f"{sample.items:,}",
        "requests": f"{sample.requests:,}",
        "for each ended": f"{sample.requests / sample.items:.2f}",
        "pages of commits": f"{sample.endpoints.get(_COMMITS, 0):,}",
        "wall, s": f"{sample.wall:.1f}",
        "CPU, s": f"{sample.cpu:.1f}",
        "peak memory, MB": sample.megabytes,
    }


def _requests_checks(bench: Bench, sample: Sample) -> list[Check]:
    """Return the targets of the full evaluation over REST, by what the requests are about."""
    facts = sum(n for endpoint, n in sample.endpoints.items() if endpoint.startswith(_FACTS))
    rest = sample.requests - facts - sample.endpoints.get(_COMMITS, 0)
    return [
        Check(
            "REST requests for each ended merge request, everything about people",
            f"≤ {MOST_REQUESTS}",
            f"{facts / sample.items:.2f}",
            bench.checked(facts / sample.items <= MOST_REQUESTS),
        ),
        Check(
            "requests for each person, without commits",
            f"≤ {MOST_FOR_A_PERSON}",
            f"{rest / sample.people:.2f}",
            bench.checked(rest / sample.people <= MOST_FOR_A_PERSON),
        ),
    ]
