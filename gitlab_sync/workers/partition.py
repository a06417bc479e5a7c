"""One partition of a run: a picklable task, and how it is run by whichever worker gets it."""

from __future__ import annotations

import os
import pickle
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, Self, TypeAlias, TypeVar

from gitlab_sync.concurrency.cancel import CancelToken
from gitlab_sync.http.credentials import Credential
from gitlab_sync.http.retry import RetryPolicy
from gitlab_sync.run import Run
from gitlab_sync.session.progress import ProgressTracker
from gitlab_sync.session.runtime import Bridge
from gitlab_sync.session.session import Session
from gitlab_sync.store.store import Item, Mode, PrincipalStore, Store
from gitlab_sync.types import Source
from gitlab_sync.workers.shares import Exchange, Orders, State

T = TypeVar("T")

BEAT = 0.1
"""Seconds between two messages of a worker."""

Work: TypeAlias = Callable[[Session, Run], T]
"""What is done for one partition: it takes a session with a context, and the run of the part."""


class Channel(Protocol):
    """The way from a worker to the process of its run. It pickles."""

    def connect(self) -> AbstractContextManager[Exchange]:
        """Yield what a worker tells its state by; it raises OSError or EOFError without a run."""


@dataclass(frozen=True, slots=True)
class Fixed(Channel):
    """No way at all: each of the workers has an even part of the requests, whatever happens."""

    at_once: int
    workers: int

    @contextmanager
    def connect(self) -> Iterator[Exchange]:
        """Yield what always says the same."""
        even = max(1, self.at_once // self.workers)
        yield lambda _state: Orders(even, 1 / self.workers)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a worker has found. `kept` is for the store of the run, `dates` are the server's."""

    value: T
    kept: list[Item] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Partition(Generic[T]):
    """One part of a run. It pickles if its work and the credential of its place do."""

    number: int
    work: Work[T]
    place: Place


def run_partition(partition: Partition[T]) -> Outcome[T]:
    """Do the work of a partition: the task that is mapped over the workers.

    Raises the errors of `gitlab_sync.errors` that its work raises.
    """
    with partition.place.open(partition.number) as (session, run):
        value = partition.work(session, run)
        kept = run.store.picked if isinstance(run.store, _PickedUp) else []
        return Outcome(value, kept, list(session.active.dates))


class Place(Protocol):
    """Where a partition is run."""

    def open(self, number: int) -> AbstractContextManager[tuple[Session, Run]]:
        """Yield the session and the run for the partition of this number."""


class Here(Place):
    """In the process of the run, with its session. In another process it is an `Elsewhere`."""

    def __init__(self, session: Session, run: Run, elsewhere: Elsewhere) -> None:
        self._session = session
        self._run = run
        self._elsewhere = elsewhere

    def __reduce__(self) -> tuple[Callable[[Elsewhere], Elsewhere], tuple[Elsewhere]]:
        return _as_it_is, (self._elsewhere,)

    @contextmanager
    def open(self, number: int) -> Iterator[tuple[Session, Run]]:
        """Yield the session of the run; only progress is the partition's own."""
        del number
        own = ProgressTracker()
        run = replace(self._run, tracker=own, on_row=None, on_progress=None, executor=None)
        yield self._session, run


def _as_it_is(place: Elsewhere) -> Elsewhere:
    return place


class StorePlace(NamedTuple):
    """Where the store of a run is, and the principal that has a part of it: it is no token."""

    mode: Mode
    folder: Path
    principal: bytes


@dataclass(frozen=True, slots=True)
class Elsewhere(Place):
    """In another process: with a bridge of its own, and a credential that is read there.

    The fields are those of bridge, session and run. Nothing of it holds a token, unless the
    credential was made to be sent. That is unpickled where the work is done, so that a token that
    is missing there ends the work, and not the worker.
    """

    base_url: str
    credential: Credential | bytes
    timeout: float
    limit: float | None
    max_wait: float
    at_once: int
    retries: RetryPolicy
    verify: bool | str | None
    largest: int
    source: Source
    store: StorePlace | None
    channel: Channel

    def __reduce__(self) -> tuple[Callable[..., Elsewhere], tuple[object, ...]]:
        parts = {each.name: getattr(self, each.name) for each in fields(self)}
        if isinstance(self.credential, Credential):
            parts["credential"] = pickle.dumps(self.credential)
        return Elsewhere, (*parts.values(),)

    @contextmanager
    def open(self, number: int) -> Iterator[tuple[Session, Run]]:
        """Yield a session of this process, which does what the process of the run says."""
        with ExitStack() as stack:
            bridge = stack.enter_context(
                Bridge(self.at_once, policy=self.retries, verify=self.verify, largest=self.largest)
            )
            credential = self.credential
            if isinstance(credential, bytes):
                credential = pickle.loads(credential)  # noqa: S301 - pickled by `__reduce__`
            client = Session(self.base_url, credential, bridge=bridge, timeout=self.timeout)
            cancel, tracker = CancelToken(), ProgressTracker()
            context = client.context(limit=self.limit, max_wait=self.max_wait, cancel=cancel)
            session = stack.enter_context(context)
            exchange = stack.enter_context(self.channel.connect())
            stack.enter_context(_Beat(number, exchange, session, tracker, cancel))
            store = None
            if self.store is not None:
                store = stack.enter_context(_picked_up(self.base_url, self.store))
            yield (
                session,
                Run(tracker=tracker, max_wait=self.max_wait, source=self.source, store=store),
            )


class _Beat:
    """Tells the process of the run how the partition is doing, and does what it says."""

    def __init__(
        self,
        number: int,
        exchange: Exchange,
        session: Session,
        tracker: ProgressTracker,
        cancel: CancelToken,
    ) -> None:
        self._state = State(number, f"{os.getpid()}-{uuid.uuid4().hex}")
        self._exchange = exchange
        self._context = session.active
        self._executor = session.bridge.executor
        self._tracker = tracker
        self._cancel = cancel
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="partition", daemon=True)

    def __enter__(self) -> Self:
        self._executor.resize(0)
        self._tell()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._tell(ended=True)

    def _go_on(self) -> None:
        while not self._ended.wait(BEAT):
            self._tell()

    def _tell(self, *, ended: bool = False) -> None:
        now, gate = self._tracker.now(), self._context.wait_budget.gate
        state = self._state._replace(
            held=max(self._executor.max_workers, self._executor.busy),
            requests=self._context.requests,
            closed=gate.closed(),
            part=min(1.0, now.done / now.total) if now.total else 0.0,
            ended=ended,
        )
        try:
            orders = self._exchange(state)
        except (OSError, EOFError):
            self._cancel.cancel("the process of the run is gone")
            return
        if ended:
            return
        gate.share = orders.share
        if orders.pause > gate.closed():
            gate.pause(orders.pause)
        if orders.at_once != self._executor.max_workers:
            self._executor.resize(orders.at_once)
        if orders.cancelled is not None:
            self._cancel.cancel(orders.cancelled)


@dataclass(frozen=True, slots=True)
class _PickedUp(PrincipalStore):
    """The store of a worker: it finds what is on this machine, and keeps for the run."""

    picked: list[Item] = field(default_factory=list)

    def keep(self, items: Iterable[Item]) -> None:
        """Pick up these items for the process of the run."""
        self.picked.extend(items)


@contextmanager
def _picked_up(instance: str, where: StorePlace) -> Iterator[_PickedUp]:
    mode: Mode = "refresh" if where.mode == "refresh" else "read-only"
    with Store(instance, mode, where.folder) as store:
        yield _PickedUp(store, where.principal)
