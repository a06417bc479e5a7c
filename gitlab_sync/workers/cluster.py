"""Workers of a dask cluster, for more than one machine: the optional extra `cluster`.

dask runs an event loop of its own, in its own code and thread. What is here only waits for it.
"""

from __future__ import annotations

import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

from gitlab_sync._version import __version__
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.workers.partition import Channel
from gitlab_sync.workers.shares import Exchange, Ledger, Orders, State

if TYPE_CHECKING:
    from distributed import Client, Variable

P = ParamSpec("P")
T = TypeVar("T")

SCHEMES = ("tcp://", "tls://")
MISSING = 'Install it with pip install "gitlab-sync[cluster]", here and on the workers.'

_PATIENCE = 10.0  # seconds, for a scheduler to answer
_TICK = 0.5  # seconds after which the orders are written again, so that workers know us alive
_GONE = 10.0  # seconds without new orders after which a worker takes the run for dead

_Message: TypeAlias = tuple[Any, ...]


class ClusterWorkers(Executor):
    """An executor over the workers of the dask scheduler at `address`, `tcp://…` or `tls://…`.

    The settings of TLS are dask's own. dask runs a task again, a few
    times, if its worker was lost.
    Raises ConfigurationError without the package, for an address that does not answer, and for
    workers that lack this package or have another version of it.
    """

    def __init__(self, address: str) -> None:
        if not address.startswith(SCHEMES):
            raise ConfigurationError(
                f"The cluster must be an address tcp://… or tls://…, got {address}"
            )
        try:
            from distributed import Client, KilledWorker
        except ModuleNotFoundError:
            raise ConfigurationError(
                "A cluster needs the package distributed, which is not installed", hint=MISSING
            ) from None
        self.lost = (BrokenExecutor, KilledWorker)
        try:
            self._client = Client(address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise ConfigurationError(
                f"The cluster at {address} does not answer: {_first_line(error)}",
                hint="Check that a dask scheduler listens there, and its certificates.",
            ) from None
        try:
            self.workers = _checked(self._client, address)
        except BaseException:
            self._client.close()
            raise
        self._executor = self._client.get_executor(pure=False)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a picklable call on one of the workers."""
        future: Future[T] = self._executor.submit(fn, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; its workers stay."""
        del cancel_futures
        self._executor.shutdown(wait=wait)
        self._client.close()

    @contextmanager
    def listen(self, ledger: Ledger) -> Iterator[Channel]:
        """Yield the channel to the ledger, which leads through the scheduler."""
        from distributed import Variable

        topic = f"gitlab-sync-{uuid.uuid4().hex}"
        said: SimpleQueue[_Message | None] = SimpleQueue()
        self._client.subscribe_topic(topic, lambda event: said.put(tuple(event[1])))
        orders = Variable(topic, client=self._client)
        orders.set((0, {}))
        answering = threading.Thread(
            target=_answer, args=(said, ledger, orders), name="ledger", daemon=True
        )
        answering.start()
        try:
            yield _Topic(topic)
        finally:
            said.put(None)
            answering.join()
            self._client.unsubscribe_topic(topic)
            orders.delete()


def _checked(client: Client, address: str) -> int:
    """Return how many tasks the workers run at once.

    Raises ConfigurationError if there is no worker, or if one has not this version of the package.
    """
    threads: dict[str, int] = client.nthreads()
    if not threads:
        raise ConfigurationError(
            f"The cluster at {address} has no workers", hint="Start one with dask worker."
        )
    for worker, version in client.run(_version_of()).items():
        if version != __version__:
            has = "lacks it" if version is None else f"has {version}"
            raise ConfigurationError(
                f"All workers must have gitlab-sync {__version__}, but {worker} {has}",
                hint="Install the same version there, with the same extras.",
            )
    return sum(threads.values())


def _version_of() -> Callable[[], str | None]:
    """Return a function that says which version a worker has, and that does not need it to run."""

    def version() -> str | None:
        try:
            from gitlab_sync._version import __version__ as found
        except ImportError:
            return None
        return found

    return version


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__


def _answer(said: SimpleQueue[_Message | None], ledger: Ledger, orders: Variable) -> None:
    """Write the orders for all workers under one name, until there is nothing more to answer."""
    known: dict[str, _Message] = {}
    for number in range(1, sys.maxsize):
        messages = _arrived(said)
        for message in messages:
            if message is None:
                return
            state = State(*message)
            known[state.attempt] = tuple(ledger.exchange(state))
            if state.ended:
                del known[state.attempt]
        orders.set((number, known))


def _arrived(said: SimpleQueue[_Message | None]) -> list[_Message | None]:
    """Return all messages that are there, after a wait for the first one."""
    found: list[_Message | None] = []
    with suppress(Empty):
        found.append(said.get(timeout=_TICK))
        while True:
            found.append(said.get_nowait())
    return found


@dataclass(frozen=True, slots=True)
class _Topic(Channel):
    """The name under which workers and the process of the run find each other's messages."""

    topic: str

    @contextmanager
    def connect(self) -> Iterator[Exchange]:
        """Yield what sends a state and takes the newest orders, which can be a moment old."""
        from distributed import Variable, get_client, get_worker

        worker = get_worker()
        orders = Variable(self.topic, client=get_client())
        newest, since = -1, time.monotonic()

        def exchange(state: State) -> Orders:
            nonlocal newest, since
            worker.log_event(self.topic, list(state))
            try:
                number, known = orders.get(timeout=_PATIENCE)
            except TimeoutError:
                raise EOFError from None
            if number != newest:
                newest, since = number, time.monotonic()
            elif time.monotonic() > since + _GONE:
                raise EOFError
            return Orders(*known[state.attempt]) if state.attempt in known else Orders(0)

        yield exchange
