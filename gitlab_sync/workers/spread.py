"""Maps the partitions of a run over its executor, and yields what the workers found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeVar, runtime_checkable

from gitlab_sync.errors import GitLabSyncError
from gitlab_sync.run import Run
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.session import Session
from gitlab_sync.workers.partition import (
    Channel,
    Elsewhere,
    Fixed,
    Here,
    Outcome,
    Partition,
    Place,
    StorePlace,
    Work,
    run_partition,
)
from gitlab_sync.workers.shares import Ledger

T = TypeVar("T")

_MOST_EACH = 6
"""Partitions for each worker at most: rows come early, and none is idle for long at the end."""

_ENOUGH = 15
"""Items that make a partition worth its beginning and its end."""


class WorkerLost(GitLabSyncError):
    """A worker was lost again and again with the same partition, which is therefore unknown."""

    hint_text = "Look into the log of the worker: memory is often what it lacked."


@runtime_checkable
class WorkerExecutor(Protocol):
    """An executor with workers that hear of the run: they share its limit, its pauses, its end.

    It runs a partition again if its worker was lost; when it has given up, its future raises one of
    the errors in `lost`.
    """

    workers: int
    lost: tuple[type[Exception], ...]

    def listen(self, ledger: Ledger) -> AbstractContextManager[Channel]:
        """Yield the channel that leads the workers to the ledger."""


def partitions(items: Sequence[T], executor: Executor, least: int = 1) -> list[Sequence[T]]:
    """Return the items in parts for the workers of an executor: some for each.

    Neighbours come into different parts, since lists of people are often sorted by how much they
    did. A small part takes longer than its share, since it waits for its first list and for its
    last answer; so each worker gets only one, unless there are many items. No part has fewer than
    `least`, if there is more than one.
    """
    workers = workers_of(executor)
    wanted = workers * min(_MOST_EACH, max(1, len(items) // (workers * _ENOUGH)))
    number = min(wanted, len(items), max(1, len(items) // max(1, least)))
    return [items[at::number] for at in range(number)]


def workers_of(executor: Executor) -> int:
    """Return how many tasks an executor runs at once, as far as it says; else 1."""
    for name in ("workers", "_max_workers"):
        number = getattr(executor, name, None)
        if isinstance(number, int) and number > 0:
            return number
    return 1


def spread(
    session: Session,
    run: Run,
    works: Sequence[tuple[int, Work[T]]],
    what: str,
    lost: Callable[[int, GitLabSyncError], T],
) -> Iterator[T]:
    """Do these works on the executor of a run, and yield what each returns, in their order.

    Each comes with the number of its items, which `what` names. If the worker of a work was lost
    for good, its place and the error go to `lost`, which returns what is yielded. Raises the first
    error that a work raises. When the run is cancelled, workers that hear of it end their works,
    and those that were not begun return as fast.
    """
    executor = run.executor
    assert executor is not None  # noqa: S101 - callers spread only what has one
    tracker = run.tracker or ProgressTracker()
    tracker.attach(session)
    sizes = {number: size for number, (size, _) in enumerate(works)}
    at_once, workers = session.bridge.workers, workers_of(executor)
    ledger = Ledger(session, at_once, workers, sizes, what, tracker)
    kinds: tuple[type[Exception], ...] = (BrokenExecutor,)
    listening: AbstractContextManager[Channel] = nullcontext(Fixed(at_once, workers))
    if isinstance(executor, WorkerExecutor):
        kinds, listening = executor.lost, executor.listen(ledger)
    with listening as channel:
        place = _place(session, run, channel)
        tasks = [Partition(number, work, place) for number, (_, work) in enumerate(works)]
        for number, outcome in _mapped(executor, tasks, kinds, session):
            ledger.done(number)
            if run.on_progress is not None:
                run.on_progress(tracker.now())
            if isinstance(outcome, GitLabSyncError):
                yield lost(number, outcome)
                continue
            session.active.saw(outcome.dates)
            if run.store is not None and outcome.kept:
                run.store.keep(outcome.kept)
            yield outcome.value


def _mapped(
    executor: Executor,
    tasks: Sequence[Partition[T]],
    kinds: tuple[type[Exception], ...],
    session: Session,
) -> Iterator[tuple[int, Outcome[T] | GitLabSyncError]]:
    at = 0
    while at < len(tasks):
        try:
            for outcome in executor.map(run_partition, tasks[at:]):
                yield at, outcome
                at += 1
        except CancelledError:
            raise session.active.cancel.error() from None
        except kinds as error:
            yield at, WorkerLost(f"the worker was lost: {type(error).__name__}")
            at += 1


def _place(session: Session, run: Run, channel: Channel) -> Place:
    bridge, context = session.bridge, session.active
    store = run.store
    elsewhere = Elsewhere(
        session.base_url,
        session.credential,
        session.timeout,
        context.limit,
        context.wait_budget.limit,
        bridge.workers,
        bridge.policy,
        bridge.verify,
        bridge.largest,
        run.source,
        None if store is None else StorePlace(
            store.store.mode, store.store.path.parent, store.principal
        ),
        channel,
    )  # fmt: skip
    return Here(session, run, elsewhere)
