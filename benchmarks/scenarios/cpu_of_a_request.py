"""CPU for each request against `requests.Session.get(…).json()` and python-gitlab's `http_get`."""

from __future__ import annotations

import statistics

from benchmarks.measuring import Bench, Entry, Sample, median, require_agreement
from benchmarks.results import Check, Section

TITLE = "CPU for each request, against requests.Session.get(…).json() and python-gitlab's http_get"
MOST = {"requests_threads": 0.42, "python_gitlab_http": 0.42}
MOST_WITH_ONE = 0.50
"""With one thread no request waits for another, and the overhead of the pool counts for more."""


def run(bench: Bench, section: Section) -> None:
    """Measure rounds A B C A B C without latency, with all workers and with one."""
    bench.server.set_latency(0)
    ours = Entry(bench.ours, "read", bench.ours.title)
    entries = [ours, *bench.reading(*MOST)]
    for workers in (bench.work.workers, 1):
        work = bench.work_for(bench.sizes.pair_users, workers=workers)
        rounds: list[list[Sample]] = []
        for number in range(bench.sizes.pairs):
            bench.say(f"CPU of a request, {workers} threads, round {number + 1}")
            # Each comes first as often as the others, if there are rounds enough.
            order = [(place + number) % len(entries) for place in range(len(entries))]
            taken = {place: entries[place].measure(bench.server, work) for place in order}
            rounds.append([taken[place] for place in range(len(entries))])
            section.raw += [sample.raw(workers=workers, round=number) for sample in rounds[-1]]
        require_agreement(sample for each in rounds for sample in each)
        _report(bench, section, entries, rounds, workers)
    section.notes.append(
        f"{bench.sizes.pairs} rounds with all clients; the same requests and results, both "
        "checked; no latency; ratios are within a round."
    )


def _report(
    bench: Bench,
    section: Section,
    entries: list[Entry],
    rounds: list[list[Sample]],
    workers: int,
) -> None:
    for place, entry in enumerate(entries):
        found = [each[place] for each in rounds]
        ratios = [each[0].cpu_each / each[place].cpu_each for each in rounds]
        ratio = statistics.median(ratios)
        section.rows.append(
            {
                "threads": workers,
                "client": entry.title,
                "requests": f"{found[0].requests:,}",
                "CPU/request, µs": f"{median(found, lambda sample: sample.cpu_each) * 1e6:,.0f}",
                "least, µs": f"{min(sample.cpu_each for sample in found) * 1e6:,.0f}",
                "ours / theirs": f"{ratio:.2f}",
                "lowest": f"{min(ratios):.2f}",
                "highest": f"{max(ratios):.2f}",
            }
        )
        if place:
            most = MOST[entry.peer.name] if workers > 1 else MOST_WITH_ONE
            threads = f"{workers} threads" if workers > 1 else "1 thread"
            section.checks.append(
                Check(
                    f"CPU of our request / of {entry.title.removesuffix(', threads')}, {threads}",
                    f"≤ {most:.2f}",
                    f"{ratio:.2f}",
                    bench.checked(ratio <= most),
                )
            )
