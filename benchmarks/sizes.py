"""How much is measured: the size of the worlds, how often, and what a quick run leaves out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The size of a whole run.

    `pairs` counts the A B pairs of the CPU comparison, `pair_users` the people in each. `callers`
    have `caller_users` people each; `large` requests stand before the small caller, who comes
    `probes` times. A peer without threads gets as many people as it can read in `serial_seconds`.
    `judged` is off where so little is measured that a target says nothing.
    """

    users: int = 39
    merge_requests: int = 20
    repetitions: int = 3
    latencies: tuple[int, ...] = (0, 5, 50)
    workers: int = 32
    serial_seconds: float = 9.0
    pairs: int = 5
    pair_users: int = 20
    callers: int = 20
    caller_users: int = 5
    large: int = 5000
    probes: int = 15
    real_data: bool = True
    judged: bool = True


DEFAULT = Sizes()

QUICK = Sizes(
    users=4,
    merge_requests=3,
    repetitions=1,
    latencies=(0, 5),
    serial_seconds=1.0,
    pairs=1,
    pair_users=4,
    callers=4,
    caller_users=1,
    large=300,
    probes=3,
    real_data=False,
    judged=False,
)

FULL = Sizes(users=60, merge_requests=40, repetitions=5, serial_seconds=30.0, pairs=9, probes=25)
