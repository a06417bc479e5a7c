"""Workers that are processes of this machine, for more than one core."""

from __future__ import annotations

import multiprocessing
import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Connection, Listener
from multiprocessing.connection import wait as wait_for
from typing import Any, ParamSpec, TypeVar

from gitlab_sync.concurrency.collector import collect_seldom
from gitlab_sync.errors import ConfigurationError
from gitlab_sync.workers.partition import Channel
from gitlab_sync.workers.shares import Exchange, Ledger, Orders, State

P = ParamSpec("P")
T = TypeVar("T")

MOST_PROCESSES = 64
_ATTEMPTS = 3


class ProcessWorkers(ThreadPoolExecutor):
    """An executor over processes: a task runs again, in a new process, if its own was killed.

    Each process has a thread here that waits for it, so that one that is lost takes no other along.
    Processes are spawned when there is work for them, and each calls `initializer(*initargs)`
    first; they end with this one, even if it is killed. Raises ConfigurationError unless their
    number is from 1 to 64.
    """

    lost = (BrokenExecutor,)

    def __init__(
        self,
        workers: int,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        if not 1 <= workers <= MOST_PROCESSES:
            raise ConfigurationError(
                f"The number of processes must be from 1 to {MOST_PROCESSES}, got {workers}"
            )
        super().__init__(workers, thread_name_prefix="process")
        self.workers = workers
        self._own = threading.local()
        self._pools: set[ProcessPoolExecutor] = set()
        self._prepared_by = (initializer, initargs)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a picklable call in one of the processes."""
        return super().submit(self._in_process, fn, *args, **kwargs)

    def _in_process(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        for _ in range(_ATTEMPTS - 1):
            with suppress(BrokenProcessPool):
                return self._pool().submit(fn, *args, **kwargs).result()
            self._drop()
        return self._pool().submit(fn, *args, **kwargs).result()

    def _pool(self) -> ProcessPoolExecutor:
        pool: ProcessPoolExecutor | None = getattr(self._own, "pool", None)
        if pool is None:
            spawn = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(1, spawn, _prepare, self._prepared_by)
            self._own.pool = pool
            self._pools.add(pool)
        return pool

    def _drop(self) -> None:
        pool = self._own.pool
        self._pools.discard(pool)
        self._own.pool = None
        pool.shutdown(wait=False)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more work, and end the processes when theirs is done."""
        super().shutdown(wait=wait, cancel_futures=cancel_futures)
        for pool in list(self._pools):
            pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    @contextmanager
    def listen(self, ledger: Ledger) -> Iterator[Channel]:
        """Yield the channel to the ledger: a socket of this machine that knows its callers."""
        key = secrets.token_bytes(32)
        with Listener(authkey=key) as listener:
            answering = threading.Thread(
                target=_accept, args=(listener, ledger), name="ledger", daemon=True
            )
            answering.start()
            try:
                yield _Socket(listener.address, key)
            finally:
                with suppress(OSError, EOFError):
                    Client(listener.address, authkey=key).close()  # it wakes the thread


@dataclass(frozen=True, slots=True)
class _Socket(Channel):
    """The address of the process of the run, for workers on its machine."""

    address: Any
    key: bytes = field(repr=False)

    @contextmanager
    def connect(self) -> Iterator[Exchange]:
        """Yield what sends a state and waits for the orders."""
        with Client(self.address, authkey=self.key) as connection:

            def exchange(state: State) -> Orders:
                connection.send(tuple(state))
                return Orders(*connection.recv())

            yield exchange


def _accept(listener: Listener, ledger: Ledger) -> None:
    """Answer all workers, each in a thread, until one connects that says nothing."""
    while True:
        try:
            connection = listener.accept()
            first = connection.recv()
        except EOFError:
            return
        except (OSError, multiprocessing.AuthenticationError):
            continue
        threading.Thread(
            target=_answer, args=(connection, first, ledger), name="ledger", daemon=True
        ).start()


def _answer(connection: Connection, first: tuple[Any, ...], ledger: Ledger) -> None:
    said = first
    with connection, suppress(EOFError, OSError):
        while True:
            connection.send(tuple(ledger.exchange(State(*said))))
            said = connection.recv()


def _prepare(initializer: Callable[..., object] | None, initargs: tuple[Any, ...]) -> None:
    """Prepare a process: Ctrl-C is for the process of the run, and with that one it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    collect_seldom()
    parent = multiprocessing.parent_process()
    if parent is not None:
        watch = threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True)
        watch.start()
    if initializer is not None:
        initializer(*initargs)


def _end_with(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)
