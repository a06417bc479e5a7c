"""One measured process: `python -m benchmarks.run PEER TASK`, the work as JSON on stdin.

It prints one line of JSON: seconds of CPU and wall, peak memory in bytes, and what the task says.
Only the peer that is measured is imported, so that none carries the weight of another.
"""

from __future__ import annotations

import importlib
import json
import re
import resource
import sys
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks.work import Task, Work


def cpu_seconds() -> float:
    """Return the CPU that this process has used so far, in user and in system mode."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_memory() -> int:
    """Return the most bytes of memory that this process has held.

    `ru_maxrss` alone would be wrong: on Linux a child begins with the peak of its parent.
    """
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(found[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main(peer: str, name: str) -> None:
    """Do the work given on stdin as this peer does it, and print the figures."""
    module = importlib.import_module(f"benchmarks.peers.{peer}")
    tasks: dict[str, Task] = module.TASKS
    work = Work.loads(sys.stdin.read())
    # The clocks start after the imports: those are paid once, however much there is to read.
    cpu, wall = cpu_seconds(), time.perf_counter()
    done = tasks[name](work)
    wall = time.perf_counter() - wall
    cpu = cpu_seconds() - cpu
    figures = {"cpu": cpu, "wall": wall, "peak_memory": peak_memory()}
    print(json.dumps({**figures, **asdict(done)}))


if __name__ == "__main__":
    main(*sys.argv[1:3])
