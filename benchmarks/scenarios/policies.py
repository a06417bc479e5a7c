"""CPU for each merge request evaluated, by the fair policy against the classic one."""

from __future__ import annotations

import statistics
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import Bench, Entry, Sample, generated, require_agreement, work_at
from benchmarks.results import Check, Section

TITLE = "CPU for each merge request evaluated, fair against classic, source graphql"
MOST = 1.10
_POLICIES = {"classic": "batch", "fair": "fair_batch"}
_STATES = ("nothing is known", "everything is known")


def run(bench: Bench, section: Section) -> None:
    """Measure rounds of both policies without latency, each with a store of its own.

    Fair evaluates only what was merged, so nothing else has ended in the world of this scenario.
    """
    found: dict[tuple[str, str], list[Sample]] = {}
    with generated(bench.sizes.users, bench.sizes.merge_requests, merged=True) as server:
        work = work_at(server, bench.sizes.workers)
        bench.say("policies, the server warms up")
        for task in _POLICIES.values():
            Entry(bench.ours, task, "", {"source": "graphql"}).measure(server, work)
        for number in range(bench.sizes.pairs):
            bench.say(f"policies, round {number + 1}")
            # Each policy comes first as often as the other, if there are rounds enough.
            names = sorted(_POLICIES, reverse=bool(number % 2))
            with TemporaryDirectory() as folder:
                for state, name in product(_STATES, names):
                    sample = _entry(bench, name, folder).measure(server, work)
                    section.raw.append(sample.raw(policy=name, state=state, round=number))
                    found.setdefault((state, name), []).append(sample)
    require_agreement(sample for samples in found.values() for sample in samples)
    for state in _STATES:
        _report(bench, section, state, found[state, "classic"], found[state, "fair"])
    section.notes.append(
        f"{len(work.usernames)} people, {found[_STATES[0], 'fair'][0].items:,} merged merge "
        f"requests, none closed; {bench.sizes.pairs} rounds with both policies; no latency; "
        "ratios are within a round."
    )


def _entry(bench: Bench, name: str, folder: str) -> Entry:
    options = {"source": "graphql", "store": str(Path(folder, name))}
    return Entry(bench.ours, _POLICIES[name], name, options)


def _report(
    bench: Bench, section: Section, state: str, classic: list[Sample], fair: list[Sample]
) -> None:
    ratios = [_each(ours) / _each(other) for ours, other in zip(fair, classic, strict=True)]
    ratio = statistics.median(ratios)
    for name, samples in (("classic", classic), ("fair", fair)):
        section.rows.append(
            {
                "state": state,
                "evaluated": name,
                "requests": f"{samples[0].requests:,}",
                "CPU of each, µs": f"{statistics.median(map(_each, samples)) * 1e6:,.0f}",
                "least, µs": f"{min(map(_each, samples)) * 1e6:,.0f}",
                "fair / classic": f"{ratio:.2f}" if name == "fair" else "",
                "lowest": f"{min(ratios):.2f}" if name == "fair" else "",
                "highest": f"{max(ratios):.2f}" if name == "fair" else "",
            }
        )
    section.checks.append(
        Check(
            f"CPU of a merge request, fair / classic, {state}",
            f"≤ {MOST:.2f}",
            f"{ratio:.2f}",
            bench.checked(ratio <= MOST),
        )
    )


def _each(sample: Sample) -> float:
    """Return the seconds of CPU for each merge request evaluated."""
    return sample.cpu / sample.items
