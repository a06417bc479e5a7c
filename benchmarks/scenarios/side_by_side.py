"""All peers do the same work at several latencies; repetitions are interleaved."""

from __future__ import annotations

from benchmarks.measuring import Bench, Sample, measure, median
from benchmarks.results import Cell, Section
from benchmarks.work import FACTS

TITLE = "Side by side: the merge requests of many people, each list read to its end"
TASK = "batch"

_OWN_TIME = 0.002  # seconds that client and server take for a request when nobody sleeps
_MEGA = 1_000_000


def run(bench: Bench, section: Section) -> None:
    """Measure all peers at all latencies."""
    peers = [peer for peer in bench.peers if TASK in peer.tasks]
    whole: set[tuple[int, str]] = set()
    for latency in bench.sizes.latencies:
        bench.server.set_latency(latency)
        samples: dict[str, list[Sample]] = {peer.name: [] for peer in peers}
        users = {peer.name: _users(bench, latency, peer.serial) for peer in peers}
        for repetition in range(bench.sizes.repetitions):
            for peer in peers:
                bench.say(f"{peer.title}, {latency} ms, {repetition + 1}")
                work = bench.work_for(users[peer.name])
                sample = measure(peer, TASK, bench.server, work)
                samples[peer.name].append(sample)
                section.raw.append(sample.raw(latency_ms=latency, people=len(work.usernames)))
        ours = samples["ours"]
        for peer in peers:
            found = samples[peer.name]
            all_people = users[peer.name] == len(bench.work.usernames)
            section.rows.append(_row(latency, peer.title, found, ours, all_people=all_people))
            if all_people:
                whole.add((found[0].items, str(sorted(found[0].endpoints.items()))))
    section.notes += _notes(bench, section, alike=len(whole) == 1)


def _users(bench: Bench, latency: int, serial: bool) -> int:
    """Return how many people a peer reads: all, or what one thread manages in the time allowed."""
    people = len(bench.work.usernames)
    if not serial:
        return people
    requests = 1 + len(FACTS) * bench.sizes.merge_requests
    one_person = requests * (latency / 1000 + _OWN_TIME)
    return max(1, min(people, int(bench.sizes.serial_seconds / one_person)))


def _row(
    latency: int, title: str, found: list[Sample], ours: list[Sample], *, all_people: bool
) -> dict[str, Cell]:
    """Return the medians of one peer at one latency, and how they compare to ours.

    A peer that read fewer people has its wall scaled to the requests of ours.
    """
    rate = median(found, lambda sample: sample.requests / sample.wall)
    cpu = median(found, lambda sample: sample.cpu_each)
    read = median(found, lambda sample: sample.requests)
    wall = median(found, lambda sample: sample.wall)
    if not all_people:
        wall *= median(ours, lambda sample: sample.requests) / read
    our_wall = median(ours, lambda sample: sample.wall)
    return {
        "ms": latency,
        "client": title,
        "requests": f"{read:,.0f}",
        "requests/s": f"{rate:,.0f}",
        "CPU/request, µs": f"{cpu * 1e6:,.0f}",
        "wall, s": f"{wall:.2f}" if all_people else f"≈ {wall:.1f}",
        "peak memory, MB": f"{median(found, lambda sample: sample.peak_memory) / _MEGA:.0f}",
        "CPU / ours": f"{cpu / median(ours, lambda sample: sample.cpu_each):.2f}",
        "wall / ours": f"{wall / our_wall:.2f}",
    }


def _notes(bench: Bench, section: Section, *, alike: bool) -> list[str]:
    sizes = bench.sizes
    people = f"{len(bench.work.usernames)} people with {sizes.merge_requests} merge requests each"
    notes = [
        f"{people}, {sizes.workers} threads where threads are used.",
        f"Medians of {sizes.repetitions} interleaved repetitions, each in a process of its own.",
        "The server has a process of its own, on the same cores.",
        "CPU is the client's alone, without its start; ours also judges what it reads.",
    ]
    if any(str(row["wall, s"]).startswith("≈") for row in section.rows):
        notes.append(
            "≈: read for fewer people (see the requests) and scaled to the requests of ours; "
            "only the wall is."
        )
    if alike:
        notes.append("All clients that read everybody made exactly the same requests.")
    else:
        notes.append("NOT ALL CLIENTS MADE THE SAME REQUESTS: the file of results has them.")
    return notes
