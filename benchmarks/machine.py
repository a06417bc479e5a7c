"""The machine of a run: processor, Python and the packages that took part."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def machine(packages: Iterable[str], load_before: float | None) -> dict[str, object]:
    """Return processor, cores, system, Python, the versions of those packages, and the load.

    The load shows whether other programs were running: the benchmarks alone make about 3.
    """
    return {
        "processor": _processor(),
        "cores": _cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": {name: _version(name) for name in dict.fromkeys(packages)},
        "load_before": load_before,
        "load_after": load(),
    }


def load() -> float | None:
    """Return how many processes wanted a core in the last minute; None if that is unknown."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def in_words(facts: dict[str, object]) -> str:
    """Return the machine in one line."""
    packages = facts["packages"]
    assert isinstance(packages, dict)
    versions = ", ".join(f"{name} {number}" for name, number in packages.items())
    return (
        f"{facts['processor']}, {facts['cores']} cores, {facts['system']}, {facts['python']}; "
        f"{versions}; load {facts['load_before']} before and {facts['load_after']} after"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists() and (found := re.search(r"model name\s*:\s*(.+)", info.read_text())):
        return found[1].strip()
    return platform.processor() or "an unknown processor"


def _cores() -> int:
    """Return the cores that this process can use, which containers and taskset reduce."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of this checkout"
