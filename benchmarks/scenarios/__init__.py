"""What is measured: one module for each scenario, named in `NAMES` in the order of the report.

A module has a `TITLE` and `run(bench)`, which fills a `Section`. A new one is a file and a name.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks.measuring import Bench
from benchmarks.results import Section

Run: TypeAlias = Callable[[Bench, Section], None]

NAMES = (
    "side_by_side",
    "cold_and_warm",
    "cpu_of_a_request",
    "policies",
    "workers_busy",
    "lists",
    "real_data",
    "users_real_data",
    "growth",
    "many_callers",
    "small_behind_large",
    "processes",
    "beyond",
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario by its name; `run` fills the section that it is given."""

    name: str
    title: str
    run: Run


def scenario(name: str) -> Scenario:
    """Return the scenario of that name."""
    module = importlib.import_module(f"{__name__}.{name}")
    return Scenario(name, module.TITLE, module.run)
