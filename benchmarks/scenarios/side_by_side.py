"""All clients have the same people to read, at several latencies; repetitions are interleaved."""

from __future__ import annotations

from benchmarks.measuring import Bench, Entry, Sample, median, require_agreement
from benchmarks.results import Cell, Section

TITLE = "Side by side: the merge requests of many people"
OTHERS = (
    "requests_threads",
    "httpx_threads",
    "python_gitlab_threads",
    "python_gitlab_serial",
    "aiohttp_loop",
)


def run(bench: Bench, section: Section) -> None:
    """Measure all clients at all latencies."""
    entries = [bench.evaluating("auto"), bench.evaluating("rest"), *bench.reading(*OTHERS)]
    everything: list[Sample] = []
    for latency in bench.sizes.latencies:
        bench.server.set_latency(latency)
        samples: dict[str, list[Sample]] = {entry.title: [] for entry in entries}
        for repetition in range(bench.sizes.repetitions):
            for entry in entries:
                bench.say(f"{entry.title}, {latency} ms, {repetition + 1}")
                work = bench.work_for(_people(bench, latency, entry))
                sample = entry.measure(bench.server, work)
                samples[entry.title].append(sample)
                section.raw.append(sample.raw(client=entry.title, latency_ms=latency))
        ours = samples[entries[0].title]
        for title, found in samples.items():
            section.rows.append(_row(latency, title, found, ours, bench.work.workers))
            everything += found
    bench.server.set_latency(0)
    require_agreement(everything)
    section.notes += _notes(bench, section)


def _people(bench: Bench, latency: int, entry: Entry) -> int:
    """Return how many people are read: as many as fit in the time allowed, the same for all."""
    if entry.peer.serial:
        return bench.people_within(bench.sizes.serial_seconds, latency, workers=1)
    return bench.people_within(bench.sizes.seconds, latency, bench.work.workers)


def _row(
    latency: int, title: str, found: list[Sample], ours: list[Sample], workers: int
) -> dict[str, Cell]:
    """Return the medians of one client at one latency, and how they compare to ours.

    Of one that read fewer people the wall is scaled, by the merge requests that it read.
    """
    scale = ours[0].items / found[0].items
    wall = median(found, lambda sample: sample.wall) * scale
    cpu = median(found, lambda sample: sample.cpu) * scale
    bound = found[0].bound(workers, latency) * scale
    part = scale != 1
    return {
        "ms": latency,
        "client": title,
        "people": found[0].people,
        "requests": f"{found[0].requests:,}",
        "wall, s": f"≈ {wall:.1f}" if part else f"{wall:.2f}",
        "bound, s": f"{bound:.2f}" if latency and not part else "",
        "CPU/request, µs": f"{median(found, lambda sample: sample.cpu_each) * 1e6:,.0f}",
        "peak memory, MB": f"{median(found, lambda sample: sample.peak_memory) / 1e6:.0f}",
        "CPU / ours": f"{cpu / median(ours, lambda sample: sample.cpu):.2f}",
        "wall / ours": f"{wall / median(ours, lambda sample: sample.wall):.2f}",
    }


def _notes(bench: Bench, section: Section) -> list[str]:
    sizes = bench.sizes
    people = f"{len(bench.work.usernames)} people with {sizes.merge_requests} merge requests each"
    times = "once" if sizes.repetitions == 1 else f"{sizes.repetitions} times, medians"
    notes = [
        f"{people}, or as many of them as can be read over REST in about {sizes.seconds:.0f} s.",
        f"Each measured {times}, in a process of its own; {sizes.workers} threads or connections.",
        "The server has a process of its own, on the same cores.",
        "Ours also evaluates what it reads. CPU is the client's alone, without its start.",
        "The bound is requests · latency / threads; no client can be faster with those requests.",
        "All that only read made the same requests and found the same; ours found as many.",
    ]
    if any(str(row["wall, s"]).startswith("≈") for row in section.rows):
        notes.append(
            "≈: read for fewer people and scaled by the merge requests, in the ratios too."
        )
    return notes
