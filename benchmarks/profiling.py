"""Shows where the CPU time of a batch goes: `python -m benchmarks --profile`.

Everything runs in one thread, where the profiler sees it. The profiler slows down small functions,
so the shares show where to look, not how much can be gained.
"""

from __future__ import annotations

import cProfile
import pstats
import re
import time
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.work import Work
from gitlab_sync.client import GitLabClient
from gitlab_sync.concurrency.executor import SharedExecutor
from gitlab_sync.concurrency.fair_queue import Delay
from gitlab_sync.run import Run
from gitlab_sync.session.runtime import Bridge

T = TypeVar("T")

_MOST = 25
_LIB = re.compile(r"python\d[\d.]*$")


class AtOnce(SharedExecutor):
    """The pool of a bridge that does everything in the thread that submits it, at once."""

    def for_tenant(self, key: Hashable, delay: Delay | None = None) -> Any:
        """Return this executor: there is no queue."""
        del key, delay
        return self

    def cancel(self) -> None:
        """Do nothing: nothing waits."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call it; the future has its result, or its error."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it is the future's
            future.set_exception(error)
        return future


def profile(work: Work, source: str) -> pstats.Stats:
    """Return the profile of a batch over these people, the first one apart, which warms up."""
    with Bridge(1) as bridge, GitLabClient(work.url, work.token, bridge=bridge) as client:
        bridge.executor = AtOnce(1)
        run = Run(source=source)  # type: ignore[arg-type] # argparse has checked
        client.batch_evaluate_mrs(work.usernames[:1], run=run)
        profiler = cProfile.Profile(time.process_time)  # the server's time is not ours
        profiler.enable()
        client.batch_evaluate_mrs(work.usernames, run=run)
        profiler.disable()
    return pstats.Stats(profiler)


def by_package(stats: pstats.Stats) -> list[tuple[str, float]]:
    """Return the share of the whole CPU that was spent in each package, the largest first.

    Built-in functions count for their caller, except sockets and JSON.
    """
    seconds: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, callers) in stats.stats.items():  # type: ignore[attr-defined]
        told = next((each for each in ("socket", "orjson") if each in name), None)
        if file != "~" or told is not None or not callers:
            seconds[told if file == "~" and told else _package(file)] += own
            continue
        for (caller, _, _), (_, _, share, _) in callers.items():
            seconds[_package(caller)] += share
    whole = sum(seconds.values())
    return [(package, own / whole) for package, own in seconds.most_common()]


def _package(file: str) -> str:
    """Return what a file belongs to: a package, or a folder of ours."""
    parts = Path(file).with_suffix("").parts
    for root in ("site-packages", "gitlab_sync", *(part for part in parts if _LIB.match(part))):
        if root in parts:
            place = parts.index(root)
            ours = root == "gitlab_sync"
            return "/".join(parts[place : place + 2] if ours else parts[place + 1 : place + 2])
    return parts[0] if file != "~" else "the interpreter"


def show(stats: pstats.Stats) -> None:
    """Print the shares of the packages, then the functions that took most."""
    for package, share in by_package(stats)[:_MOST]:
        print(f"{share:7.1%}  {package}")
    stats.sort_stats("tottime").print_stats(_MOST)
