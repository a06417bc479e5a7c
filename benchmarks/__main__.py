"""`python -m benchmarks`: measure, print tables, write `benchmarks/results/latest.json`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console

from benchmarks import report, scenarios
from benchmarks.machine import load, machine
from benchmarks.measuring import Bench, generated, measure, work_at
from benchmarks.peers import Peer, installed
from benchmarks.results import Section
from benchmarks.server import MeasurementFailed
from benchmarks.sizes import DEFAULT, FULL, QUICK, Sizes

LATEST = Path(__file__).parent / "results" / "latest.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 if something could not be measured, 0 also for missed targets."""
    options = _parser().parse_args(arguments)
    sizes = _sizes(options)
    peers, notes = installed()
    console = Console(stderr=True)
    load_before = load()
    try:
        with console.status("a sandbox starts") as status:
            sections = _measure(sizes, peers, options.only or scenarios.NAMES, status.update)
    except MeasurementFailed as error:
        print(f"Nothing could be measured: {error}", file=sys.stderr)
        return 1
    packages = (package for peer in peers for package in peer.packages)
    facts = machine(packages, load_before)
    report.save(options.output, sections, facts, asdict(sizes))
    if options.markdown:
        print(report.markdown(sections, facts, notes, _command(options)))
    else:
        report.show(sections, facts, notes, Console(width=None if sys.stdout.isatty() else 140))
    return 1 if any(section.failed is not None for section in sections) else 0


def _measure(
    sizes: Sizes, peers: tuple[Peer, ...], names: Sequence[str], say: Callable[[str], None]
) -> list[Section]:
    """Run the scenarios one after another on a common server; a failure ends only its own.

    Raises MeasurementFailed if not even the server can be had.
    """
    sections: list[Section] = []
    with generated(sizes.users, sizes.merge_requests) as server:
        bench = Bench(sizes, peers, server, work_at(server, sizes.workers), say)
        say("the server warms up")
        # The server makes its answers ready when they are asked for the first time: not on
        # whoever happens to come first.
        measure(bench.peer("ours"), "batch", server, bench.work)
        for name in names:
            found = scenarios.scenario(name)
            section = Section(name, found.title)
            sections.append(section)
            try:
                found.run(bench, section)
            except MeasurementFailed as error:
                section.failed = str(error)
    return sections


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure this package beside what people would write without it.",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a smoke run; judges no target")
    size.add_argument("--full", action="store_true", help="larger worlds and more repetitions")
    parser.add_argument("--users", type=int, help="people in the common world")
    parser.add_argument("--merge-requests", type=int, help="written by each of them")
    parser.add_argument("--repetitions", type=int, help="of each interleaved measurement")
    parser.add_argument("--only", action="append", choices=scenarios.NAMES, help="can be repeated")
    parser.add_argument("--markdown", action="store_true", help="print Markdown for a README")
    parser.add_argument(
        "--output", type=Path, default=LATEST, help="the JSON file, default results/latest.json"
    )
    return parser


def _sizes(options: argparse.Namespace) -> Sizes:
    sizes = QUICK if options.quick else FULL if options.full else DEFAULT
    given = {
        "users": options.users,
        "merge_requests": options.merge_requests,
        "repetitions": options.repetitions,
    }
    return replace(sizes, **{name: value for name, value in given.items() if value is not None})


def _command(options: argparse.Namespace) -> str:
    """Return what a person types to get the same."""
    if options.only or options.users or options.merge_requests or options.repetitions:
        return "python -m benchmarks " + " ".join(sys.argv[1:])
    if options.quick or options.full:
        return f"python -m benchmarks {'--quick' if options.quick else '--full'}"
    return "make bench"


if __name__ == "__main__":
    sys.exit(main())
