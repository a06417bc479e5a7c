"""One process against several: over a server on the same cores, and over recorded answers."""

from __future__ import annotations

import statistics
from itertools import product
from tempfile import TemporaryDirectory

from benchmarks.measuring import Bench, Entry, Sample, generated, require_agreement, work_at
from benchmarks.results import Check, Section
from benchmarks.server import SandboxProcess
from benchmarks.work import Work

TITLE = "Processes: a batch under the fair policy, by one process and by two"
LEAST = 1.6
_LATENCIES = (0, 50)
_TIMES = 3  # as many merge requests as usual, so that a batch takes seconds
_ROUNDS = 3


def run(bench: Bench, section: Section) -> None:
    """Measure rounds of both numbers at each latency and source, then over recorded answers."""
    sizes = bench.sizes
    times = _TIMES if sizes.checked else 1
    with (
        generated(sizes.users, sizes.merge_requests * times, merged=True) as server,
        TemporaryDirectory() as folder,
    ):
        work = work_at(server, sizes.workers)
        for latency, source in product(_LATENCIES, ("graphql", "rest")):
            server.set_latency(latency)
            # A third of them over REST takes long enough.
            part = work.usernames[:: times if source == "rest" else 1]
            found = _rounds(bench, section, server, work, part, source, {})
            _report(section, source, f"{latency} ms", found)
        server.set_latency(0)
        for processes in (0, 2):
            bench.say("processes, answers are recorded")
            _entry(bench, processes, "rest", {"record": folder}).measure(server, work)
        found = _rounds(bench, section, server, work, work.usernames, "rest", {"replay": folder})
        ratio = _report(section, "rest", "recorded", found)
    section.checks.append(
        Check(
            "two processes against one, over recorded answers",
            f"≥ {LEAST} times",
            f"{ratio:.2f} times",
            bench.checked(ratio >= LEAST),
        )
    )
    section.notes.append(
        f"{len(work.usernames):,} people, {sizes.merge_requests * times} merge requests each; "
        f"{sizes.workers} requests at once, however many processes; the processes run before the "
        "measurement begins. The server runs on the same cores, but for recorded answers."
    )


def _entry(bench: Bench, processes: int, source: str, options: dict[str, str]) -> Entry:
    given = {"processes": processes, "source": source, **options}
    return Entry(bench.ours, "divided_batch", str(processes or 1), given)


def _rounds(
    bench: Bench,
    section: Section,
    server: SandboxProcess,
    work: Work,
    usernames: tuple[str, ...],
    source: str,
    options: dict[str, str],
) -> dict[int, list[Sample]]:
    found: dict[int, list[Sample]] = {0: [], 2: []}
    rounds = _ROUNDS if bench.sizes.checked else 1
    few = Work(work.url, work.token, work.workers, usernames)
    for number, processes in product(range(rounds), found):
        bench.say(f"processes, {source}, round {number + 1}")
        sample = _entry(bench, processes, source, options).measure(server, few)
        section.raw.append(sample.raw(processes=processes or 1, source=source, **options))
        found[processes].append(sample)
    require_agreement(sample for samples in found.values() for sample in samples)
    return found


def _report(section: Section, source: str, answers: str, found: dict[int, list[Sample]]) -> float:
    """Add a row; return how many times as fast the batch is by two processes."""
    one, two = (
        statistics.median(sample.extra["batch"] for sample in samples) for samples in found.values()
    )
    first = found[0][0]
    section.rows.append(
        {
            "source": source,
            "answers": answers,
            "merge requests": f"{first.items:,}",
            "one process, s": f"{one:.2f}",
            "two processes, s": f"{two:.2f}",
            "times as fast": f"{one / two:.2f}",
        }
    )
    return one / two
