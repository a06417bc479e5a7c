"""What a run costs by source: nothing known, everything known, one in a hundred changed."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import Bench, Entry, Sample, generated, require_agreement, work_at
from benchmarks.results import Section
from benchmarks.server import SandboxProcess
from benchmarks.work import Work

LATENCY_MS, NODE_MS = 50, 10
TITLE = (
    f"Cold and warm: {LATENCY_MS} ms for each request, and {NODE_MS} ms for each merge request "
    "that GraphQL answers with"
)
CHANGED_EACH = 100
_STATES = ("nothing is known", "everything is known", "1 % has changed")


def run(bench: Bench, section: Section) -> None:
    """Measure all sources in all states, and who reads the same without any of that."""
    with generated(bench.sizes.users, bench.sizes.merge_requests) as server:
        server.set_latency(LATENCY_MS, NODE_MS)
        work = work_at(server, bench.sizes.workers)
        found = in_all_states(bench, section, server, work, ("auto", "graphql", "rest"))
        bench.say("requests, for comparison")
        peer = bench.peer("requests_threads")
        sample = Entry(peer, "read", peer.title).measure(server, work)
        section.raw.append(sample.raw(client=peer.title, state=_STATES[0]))
        found.append((_STATES[0], peer.title, sample))
    first = found[0][2].wall
    for state, title, each in found:
        bound = each.bound(work.workers, LATENCY_MS, NODE_MS)
        section.rows.append(
            {
                "state": state,
                "client": title,
                "requests": f"{each.requests:,}",
                "for each ended": f"{each.requests / each.items:.2f}",
                "first row, s": f"{each.extra['first row']:.2f}" if each.extra else "",
                "wall, s": f"{each.wall:.2f}",
                "bound, s": f"{bound:.2f}",
                "CPU, s": f"{each.cpu:.2f}",
                "peak memory, MB": each.megabytes,
                "wall / first": f"{each.wall / first:.2f}",
            }
        )
    section.notes += [
        f"{len(work.usernames)} people, {found[0][2].items:,} ended merge requests.",
        f"{work.workers} workers; each measured once.",
        "What is known is in a store. All sources gave the same rows.",
        "The bound is the time that the server waits on purpose, divided by the workers.",
    ]


def in_all_states(
    bench: Bench,
    section: Section,
    server: SandboxProcess,
    work: Work,
    sources: tuple[str, ...],
) -> list[tuple[str, str, Sample]]:
    """Measure the batch by these sources in all states; return state, title and sample of each.

    The world of the server is changed. Raises MeasurementFailed if sources do not agree.
    """
    found: list[tuple[str, str, Sample]] = []
    with TemporaryDirectory() as folder:
        stored = [bench.evaluating(name, store=str(Path(folder, name))) for name in sources]
        for state in _STATES:
            if state == _STATES[2]:
                server.change(CHANGED_EACH)
            for entry in stored:
                bench.say(f"{entry.title}, {state}")
                sample = entry.measure(server, work)
                section.raw.append(sample.raw(client=entry.title, state=state))
                found.append((state, entry.title, sample))
    require_agreement(sample for state, _, sample in found if state != _STATES[2])
    require_agreement(sample for state, _, sample in found if state == _STATES[2])
    return found
