"""Long lists: against what the latency allows, and how much memory they take when streamed."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.measuring import Bench, Entry, Sample, generated, require_agreement, work_at
from benchmarks.results import Cell, Section
from benchmarks.server import MeasurementFailed, SandboxProcess
from benchmarks.work import PER_PAGE
from benchmarks.world import LIST_OF

TITLE = "Long lists: page by page at 50 ms, and streamed"
LATENCY_MS = 50
_STREAM_LATENCY_MS = 5
_MOST_COUNTED = 10_000


def run(bench: Bench, section: Section) -> None:
    """Measure lists of known and unknown length at 50 ms; then stream as much as is longest."""
    lists, longest = bench.sizes.lists, bench.sizes.longest_list
    with generated(2, 2, lists={*lists, longest}) as server:
        for rows in lists:
            peers = [peer for peer in bench.peers if "long_list" in peer.tasks]
            bench.say(f"{rows:,} rows are made")
            _read(bench, server, Entry(bench.ours, "long_list", ""), rows, 0)
            samples = []
            for peer in peers:
                bench.say(f"{rows:,} rows, {peer.name}")
                entry = Entry(peer, "long_list", _title(peer.name, peer.title))
                sample = _measure(bench, section, server, entry, rows, LATENCY_MS)
                samples.append(sample)
            require_agreement(samples)
        for rows, times in ((lists[0], max(1, longest // lists[0])), (longest, 1)):
            bench.say(f"{rows * times:,} rows, streamed")
            entry = Entry(bench.ours, "long_list", "iter_pages, no page kept", {"times": times})
            _measure(bench, section, server, entry, rows, _STREAM_LATENCY_MS)
    section.notes += [
        "The bound is the first page, then all others divided by the workers.",
        "Each list was read once before, since the server keeps what it has made of a row.",
        f"GitLab reports the length of a list up to {_MOST_COUNTED:,} rows.",
    ]


def _title(name: str, title: str) -> str:
    if name == "ours":
        return "gitlab_sync, iter_pages"
    return f"{title.partition(',')[0]}, page after page"


def _read(bench: Bench, server: SandboxProcess, entry: Entry, rows: int, latency: int) -> Sample:
    server.set_latency(latency)
    work = replace(work_at(server, bench.sizes.workers), options={"author": LIST_OF.format(rows)})
    sample = entry.measure(server, work)
    wanted = rows * entry.options.get("times", 1)
    if sample.items != wanted:
        raise MeasurementFailed(f"{entry.title} read {sample.items:,} of {wanted:,} rows")
    return sample


def _measure(
    bench: Bench,
    section: Section,
    server: SandboxProcess,
    entry: Entry,
    rows: int,
    latency: int,
) -> Sample:
    sample = _read(bench, server, entry, rows, latency)
    times = entry.options.get("times", 1)
    section.raw.append(sample.raw(client=entry.title, rows=rows, times=times, latency_ms=latency))
    section.rows.append(_row(bench, sample, entry.title, rows, times, latency))
    return sample


def _row(
    bench: Bench, sample: Sample, title: str, rows: int, times: int, latency: int
) -> dict[str, Cell]:
    pages = -(-rows // PER_PAGE)
    bound = times * (1 + (pages - 1) / bench.sizes.workers) * latency / 1000
    return {
        "rows": f"{rows:,}" if times == 1 else f"{times} lists of {rows:,}",
        "length": "known" if rows <= _MOST_COUNTED else "unknown",
        "ms": latency,
        "client": title,
        "requests": f"{sample.requests:,}",
        "wall, s": f"{sample.wall:.2f}",
        "bound, s": f"{bound:.2f}",
        "wall / bound": f"{sample.wall / bound:.2f}",
        "rows/s": f"{sample.items / sample.wall:,.0f}",
        "peak memory, MB": sample.megabytes,
    }
