"""gitlab_sync: batches as programs would call them, and its pool under several callers."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.work import Done, Task, Work
from gitlab_sync.answers import people as answers
from gitlab_sync.bridge import Bridge
from gitlab_sync.client import GitLabClient
from gitlab_sync.rules.people_input import Person
from gitlab_sync.view import Request, fetch

TITLE = "gitlab_sync, batch"
HOW = "`GitLabClient.batch_evaluate_mrs`, which also judges what it reads"
PACKAGES = ("gitlab-sync", "urllib3", "orjson")

_SAMPLE_EVERY = 0.002
_BETWEEN_PROBES = 0.02


def batch(work: Work) -> Done:
    """Judge the merge requests of all these people in one call."""
    with (
        Bridge(work.workers) as bridge,
        GitLabClient(work.url, work.token, bridge=bridge) as client,
    ):
        return Done(_judge(client, work.usernames))


def _judge(client: GitLabClient, usernames: tuple[str, ...]) -> int:
    rows = client.batch_evaluate_mrs(usernames)
    if not rows.completeness.whole:
        raise RuntimeError(f"the batch is not whole: {rows.completeness}")
    return sum(int(row["Closed MRs"] or 0) for row in rows)


def people(work: Work) -> Done:
    """Read and judge everything about these people, as `gitlab-sync users` does.

    With the option `quick` their merge requests are judged from lists alone.
    """
    question = answers.Question(
        [Person(name) for name in work.usernames], quick=bool(work.options.get("quick"))
    )
    with (
        Bridge(work.workers) as bridge,
        GitLabClient(work.url, work.token, bridge=bridge) as client,
    ):
        report = answers.answer(client, question)
    if not report.completeness.whole:
        raise RuntimeError(f"the people are not whole: {report.completeness}")
    return Done(sum(len(person.mrs) for person in report.people.values()))


def callers(work: Work) -> Done:
    """Let many callers run a batch at once, each with a client and a share of the people."""
    count = int(work.options["callers"])
    items: list[int] = []
    walls: list[float] = []
    started = threading.Barrier(count)

    def call(bridge: Bridge, number: int) -> None:
        tenant = f"caller {number}"
        with GitLabClient(work.url, work.token, bridge=bridge, tenant=tenant) as client:
            started.wait()
            began = time.perf_counter()
            items.append(_judge(client, work.usernames[number::count]))
            walls.append(time.perf_counter() - began)

    with Bridge(work.workers) as bridge:
        threads = [threading.Thread(target=call, args=(bridge, n)) for n in range(count)]
        for thread in threads:
            thread.start()
        most = _most_threads(lambda: any(thread.is_alive() for thread in threads))
    if len(items) != count:
        raise RuntimeError(f"only {len(items)} of {count} callers came to their end")
    return Done(sum(items), {"threads": most, "first": min(walls), "last": max(walls)})


def _most_threads(going_on: Callable[[], bool]) -> int:
    """Watch, and return the most threads that the process had, the main thread among them."""
    most = 0
    while going_on():
        most = max(most, _threads())
        time.sleep(_SAMPLE_EVERY)
    return most


def _threads() -> int:
    """Count threads as the system does, where it tells: libraries may start some of their own."""
    tasks = Path("/proc/self/task")
    return sum(1 for _ in tasks.iterdir()) if tasks.exists() else threading.active_count()


def small_behind_large(work: Work) -> Done:
    """Let a caller with one request come again and again while another has thousands queued."""
    probes, large = int(work.options["probes"]), int(work.options["large"])
    name = work.usernames[0]
    pause = threading.Event()

    def probe(client: GitLabClient) -> float:
        pause.wait(_BETWEEN_PROBES)
        began = time.perf_counter()
        client.get("users", {"username": name})
        return time.perf_counter() - began

    with (
        Bridge(work.workers) as bridge,
        GitLabClient(work.url, work.token, bridge=bridge, tenant="small") as small,
        GitLabClient(work.url, work.token, bridge=bridge, tenant="large") as big,
    ):
        alone = statistics.median(probe(small) for _ in range(probes))
        with big.job() as job:
            # All of them stand in the queue at once, and no two are the same: equal ones would be
            # made one. The number is a parameter that the server does not know.
            targets = (f"users?username={name}&number={number}" for number in range(large))
            futures = [
                job.executor.submit(fetch, job, Request("GET", target)) for target in targets
            ]
            ahead = sum(not future.done() for future in futures)
            waits = [probe(small) for _ in range(probes)]
            left = sum(not future.done() for future in futures)
    return Done(
        extra={
            "alone": alone,
            "behind": statistics.median(waits),
            "worst": max(waits),
            "ahead": ahead,
            "left": left,
        }
    )


TASKS: dict[str, Task] = {
    "batch": batch,
    "people": people,
    "callers": callers,
    "small_behind_large": small_behind_large,
}
