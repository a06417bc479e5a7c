"""gitlab_sync: batches as programs would call them, lists, and its pool under several callers."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.replay import record, replay
from benchmarks.work import Done, Record, Task, Work, ended, facts_of, list_query, proof_of
from gitlab_sync.client import GitLabClient
from gitlab_sync.http.credentials import Credential
from gitlab_sync.reports.report import Report
from gitlab_sync.rules.identity.people_input import Person
from gitlab_sync.rules.policy import FAIR
from gitlab_sync.run import Run
from gitlab_sync.services import people as answers
from gitlab_sync.session.context import fetch
from gitlab_sync.session.pagination import RestList
from gitlab_sync.session.request import Request
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.session.workflow import Workflow, run_workflows, whole
from gitlab_sync.store.store import open_store
from gitlab_sync.workers.processes import ProcessWorkers

TITLE = "gitlab_sync, the same requests"
HOW = "its engine, which reads what the others read and evaluates nothing"
PACKAGES = ("gitlab-sync", "urllib3", "orjson")

_TOKEN = "GITLAB_SYNC_BENCHMARK_TOKEN"
_SAMPLE_EVERY = 0.002
_BETWEEN_PROBES = 0.02


@contextmanager
def client_of(work: Work) -> Iterator[GitLabClient]:
    """Yield a client with a pool of its own."""
    with (
        Bridge(work.workers) as bridge,
        GitLabClient(work.url, work.token, bridge=bridge) as client,
    ):
        yield client


@contextmanager
def run_of(work: Work, client: GitLabClient) -> Iterator[Run]:
    """Yield how a batch runs: the option `source`, and `store`, a folder, if there is one."""
    source = work.options.get("source", "auto")
    if "store" not in work.options:
        yield Run(source=source)
        return
    folder = Path(work.options["store"])
    with open_store(client.base_url, client.session.credential, "on", folder) as store:
        yield Run(source=source, store=store)


# -- people ----------------------------------------------------------------------------------------


def batch(work: Work) -> Done:
    """Evaluate the merge requests of all these people in one call.

    The seconds until the first row are `extra["first row"]`.
    """
    moments: list[float] = []
    with client_of(work) as client, run_of(work, client) as run:
        timed = replace(run, on_row=lambda _: moments.append(time.perf_counter()))
        began = time.perf_counter()
        rows = client.batch_evaluate_mrs(work.usernames, run=timed)
    _require_whole(rows)
    return Done(_evaluated(rows), proof_of(rows), {"first row": moments[0] - began})


def fair_batch(work: Work) -> Done:
    """Evaluate the same by the fair policy: the merged ones."""
    with client_of(work) as client, run_of(work, client) as run:
        rows = client.batch_evaluate_mrs(work.usernames, run=run, policy=FAIR)
    _require_whole(rows)
    return Done(_evaluated(rows, "MR Merged"), proof_of(rows))


def divided_batch(work: Work) -> Done:
    """Evaluate the same by the fair policy with the number of processes in the option `processes`.

    Where one is 0, this process does it alone; else they are started before, with a first batch.
    With `record` the answers go to that folder, and with `replay` they come from it. The seconds of
    the batch are `extra["batch"]`.
    """
    options = work.options
    os.environ[_TOKEN] = work.token
    credential = Credential.from_environment(_TOKEN)
    with ExitStack() as stack:
        initial: tuple[Callable[..., object] | None, tuple[str, ...]] = (None, ())
        for name, prepare in (("record", record), ("replay", replay)):
            if name in options:
                initial = (prepare, (options[name],))
                prepare(options[name])
        bridge = stack.enter_context(Bridge(work.workers))
        client = stack.enter_context(GitLabClient(work.url, credential, bridge=bridge))
        run = Run(source=options.get("source", "auto"))
        if options["processes"]:
            workers = stack.enter_context(ProcessWorkers(options["processes"], *initial))
            run = replace(run, executor=workers)
        first = work.usernames[: 2 * max(1, options["processes"])]
        client.batch_evaluate_mrs(first, run=run, policy=FAIR)
        began = time.perf_counter()
        rows = client.batch_evaluate_mrs(work.usernames, run=run, policy=FAIR)
        seconds = time.perf_counter() - began
    _require_whole(rows)
    return Done(_evaluated(rows, "MR Merged"), proof_of(rows), {"batch": seconds})


def _evaluated(rows: Report, column: str = "Closed MRs") -> int:
    return sum(int(row[column] or 0) for row in rows)


def _require_whole(rows: Report) -> None:
    if not rows.completeness.whole:
        raise RuntimeError(f"not everything was read: {rows.completeness}")


def read(work: Work) -> Done:
    """Read everyone's list and the facts of all ended merge requests; evaluate nothing."""

    def listed(username: str) -> Workflow[list[Record]]:
        found = yield {"rows": RestList("/merge_requests", list_query(username))}
        return list(ended(whole(found["rows"])))

    def facts(mr: Record) -> Workflow[int]:
        keys = dict(facts_of(mr))
        found = yield {endpoint: RestList(endpoint) for endpoint in keys}
        return sum(
            proof_of(row[key] for row in whole(found[endpoint])) for endpoint, key in keys.items()
        )

    with client_of(work) as client, client.session.context() as job:
        lists = run_workflows(job, ((name, listed(name)) for name in work.usernames))
        mrs = [mr for _, found in lists for mr in found]
        proof = sum(each for _, each in run_workflows(job, ((None, facts(mr)) for mr in mrs)))
    return Done(len(mrs), proof)


def people(work: Work) -> Done:
    """Read and evaluate everything about these people, as `gitlab-sync users` does.

    With the option `quick`, their merge requests are evaluated from lists alone.
    """
    question = answers.PeopleQuery(
        [Person(name) for name in work.usernames], quick=bool(work.options.get("quick"))
    )
    with client_of(work) as client, run_of(work, client) as run:
        report = answers.answer(client, question, run)
    _require_whole(report)
    return Done(sum(len(person.mrs) for person in report.people.values()), proof_of(report))


# -- lists -----------------------------------------------------------------------------------------


def long_list(work: Work) -> Done:
    """Read the list of the option `author`, `times` over, page by page; keep no page."""
    rows = proof = 0
    with client_of(work) as client:
        for number in range(int(work.options.get("times", 1))):
            # A parameter that the server does not know makes it another list.
            query = {**list_query(work.options["author"]), "number": number}
            for page in client.iter_pages("merge_requests", query):
                rows += len(page)
                proof += proof_of(row["id"] for row in page)
    return Done(rows, proof)


# -- many callers ----------------------------------------------------------------------------------


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
            with run_of(work, client) as run:
                rows = client.batch_evaluate_mrs(work.usernames[number::count], run=run)
            walls.append(time.perf_counter() - began)
            _require_whole(rows)
            items.append(_evaluated(rows))

    with Bridge(work.workers) as bridge:
        threads = [threading.Thread(target=call, args=(bridge, n)) for n in range(count)]
        for thread in threads:
            thread.start()
        most = _most_threads(lambda: any(thread.is_alive() for thread in threads))
    if len(items) != count:
        raise RuntimeError(f"only {len(items)} of {count} callers came to their end")
    return Done(sum(items), extra={"threads": most, "first": min(walls), "last": max(walls)})


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
        with big.session.context() as job:
            # All of them are queued at once, and no two are the same: equal ones would become one
            # request. The number is a parameter that the server ignores.
            targets = (f"users?username={name}&number={number}" for number in range(large))
            futures = [
                job.active.executor.submit(fetch, job.active, Request("GET", target))
                for target in targets
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
    "fair_batch": fair_batch,
    "divided_batch": divided_batch,
    "read": read,
    "people": people,
    "long_list": long_list,
    "callers": callers,
    "small_behind_large": small_behind_large,
}
