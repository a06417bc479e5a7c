"""How much is measured: the size of the worlds, how often, and what a quick run leaves out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The size of a whole run.

    `users` wrote `merge_requests` each. In the comparison at several `latencies`, each client reads
    as many people as it can in about `seconds`, or `serial_seconds` without threads. `pairs` counts
    the rounds of the CPU comparison, `pair_users` the people in each. `callers`, and those of a
    `crowd`, have `caller_users` people each; `large` requests are queued before the small caller,
    who comes `probes` times.
    `lists` and `longest_list` are rows: above 10,000 GitLab does not say how many. `growth…` are
    the numbers of merge requests, people, workers and tenants. `whole` adds what takes minutes.
    `checked` is off if so little is measured that targets mean nothing.
    """

    users: int = 39
    merge_requests: int = 60
    repetitions: int = 1
    latencies: tuple[int, ...] = (0, 50)
    workers: int = 32
    seconds: float = 4.0
    serial_seconds: float = 3.0
    pairs: int = 5
    pair_users: int = 5
    callers: int = 20
    caller_users: int = 5
    crowd: int = 50
    large: int = 5000
    probes: int = 15
    lists: tuple[int, ...] = (10_000, 10_100)
    longest_list: int = 20_000
    growth: tuple[int, ...] = (100, 1_000)
    growth_users: tuple[int, ...] = (10, 100)
    growth_workers: tuple[int, ...] = (8, 32)
    growth_tenants: tuple[int, ...] = (1, 4)
    real_data: bool = True
    whole: bool = False
    checked: bool = True


DEFAULT = Sizes()

QUICK = Sizes(
    users=4,
    merge_requests=3,
    latencies=(5,),
    seconds=1.0,
    serial_seconds=1.0,
    pairs=1,
    pair_users=4,
    callers=4,
    caller_users=1,
    crowd=2,
    large=300,
    probes=3,
    lists=(300,),
    longest_list=500,
    growth=(20,),
    growth_users=(2,),
    growth_workers=(2,),
    growth_tenants=(2,),
    real_data=False,
    checked=False,
)

ALL = Sizes(
    latencies=(0, 5, 20, 50, 150),
    seconds=12.0,
    pairs=7,
    probes=25,
    longest_list=100_000,
    growth=(100, 1_000, 10_000, 100_000),
    growth_users=(10, 100, 1_000),
    growth_workers=(8, 32, 64),
    growth_tenants=(1, 4, 16),
    whole=True,
)
