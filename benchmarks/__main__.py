"""`python -m benchmarks`: measure; tables are printed, JSON and pictures go to `results/`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import charts, report, scenarios
from benchmarks.documents import LATEST
from benchmarks.machine import load, machine
from benchmarks.measuring import Bench, generated, work_at
from benchmarks.peers import Peer, installed
from benchmarks.results import Section
from benchmarks.server import MeasurementFailed
from benchmarks.sizes import ALL, DEFAULT, QUICK, Sizes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; return 1 if a measurement failed, 0 even for missed targets."""
    options = _parser().parse_args(arguments)
    sizes = _sizes(options)
    try:
        if options.profile:
            return _profile(sizes, options.profile)
        found = _run(sizes, options)
    except MeasurementFailed as error:
        print(f"Nothing could be measured: {error}", file=sys.stderr)
        return 1
    report.save(options.output, found)
    if charts.can_be_drawn():
        charts.draw(options.output.parent, found["sections"])
    else:
        found["notes"].append(f"No pictures were drawn: {charts.NEEDED} is not installed.")
    if options.markdown:
        print(report.markdown(found))
    else:
        report.show(found, Console(width=None if sys.stdout.isatty() else 160))
    return 1 if any(section["failed"] is not None for section in found["sections"]) else 0


def _run(sizes: Sizes, options: argparse.Namespace) -> dict[str, Any]:
    """Measure, and return everything to report. Raises what `_measure` does."""
    peers, notes = installed()
    command, load_before = _command(options), load()
    with Console(stderr=True).status("a sandbox starts") as status:
        sections = _measure(sizes, peers, options.only or scenarios.NAMES, status.update)
    packages = (package for peer in peers for package in peer.packages)
    return {
        "machine": machine(packages, load_before),
        "command": command,
        "notes": list(notes),
        "sizes": asdict(sizes),
        "sections": [asdict(section) for section in sections],
    }


def _profile(sizes: Sizes, source: str) -> int:
    """Show where the CPU time of a batch goes."""
    from benchmarks import profiling

    with generated(sizes.users, sizes.merge_requests) as server:
        work = work_at(server, workers=1)
        people = work.usernames[: sizes.pair_users]
        profiling.show(profiling.profile(replace(work, usernames=people), source))
    return 0


def _measure(
    sizes: Sizes, peers: tuple[Peer, ...], names: Sequence[str], say: Callable[[str], None]
) -> list[Section]:
    """Run the scenarios one after another on a common server; a failure ends only its own.

    Raises MeasurementFailed if the server does not start.
    """
    sections: list[Section] = []
    with generated(sizes.users, sizes.merge_requests) as server:
        bench = Bench(sizes, peers, server, work_at(server, sizes.workers), say)
        say("the server warms up")
        # The server prepares its answers when they are first asked for: no client shall pay for
        # that because it comes first.
        for source in ("rest", "auto"):
            bench.evaluating(source).measure(server, bench.work)
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
        description="Compare this package with what people would write without it.",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a smoke run; checks no target")
    size.add_argument("--all", action="store_true", help="everything; a quarter of an hour")
    parser.add_argument("--users", type=int, help="people in the common world")
    parser.add_argument("--merge-requests", type=int, help="written by each of them")
    parser.add_argument("--repetitions", type=int, help="of each interleaved measurement")
    parser.add_argument("--only", action="append", choices=scenarios.NAMES, help="can be repeated")
    parser.add_argument(
        "--profile", nargs="?", const="rest", choices=("rest", "graphql", "auto"),
        help="measure nothing, but show where the CPU time of a batch goes, by source (rest)",
    )  # fmt: skip
    parser.add_argument("--markdown", action="store_true", help="print Markdown for a README")
    parser.add_argument(
        "--output",
        type=Path,
        default=LATEST,
        help="the JSON file, default results/latest.json; pictures go into its folder",
    )
    return parser


def _sizes(options: argparse.Namespace) -> Sizes:
    sizes = QUICK if options.quick else ALL if options.all else DEFAULT
    given = {
        "users": options.users,
        "merge_requests": options.merge_requests,
        "repetitions": options.repetitions,
    }
    return replace(sizes, **{name: value for name, value in given.items() if value is not None})


def _command(options: argparse.Namespace) -> str:
    """Return the command that gives the same run."""
    words = [f"--{name}" for name in ("quick", "all") if getattr(options, name)]
    words += [
        f"--{name.replace('_', '-')} {number}"
        for name in ("users", "merge_requests", "repetitions")
        if (number := getattr(options, name)) is not None
    ]
    words += [f"--only {name}" for name in options.only or ()]
    usual = {"": "make bench", "--all": "make bench-all"}
    told = " ".join(words)
    return usual.get(told, f"python -m benchmarks {told}")


if __name__ == "__main__":
    sys.exit(main())
