"""The threads of the sandbox's server: as many as are busy at once, up to a limit."""

from __future__ import annotations

import threading
from queue import Empty, Queue
from typing import Any

from cheroot.workers.threadpool import ThreadPool, WorkerThread


class Workers(ThreadPool):
    """Starts one more thread when a connection has a request and all threads are busy.

    cheroot's own pool starts all of them at once, which takes longer than most of our tests run.
    Only the server's thread calls `put`, so nothing else adds threads.
    """

    _threads: list[threading.Thread]
    _queue: Queue[Any]

    def __init__(self, server: Any, most: int) -> None:
        super().__init__(server, min=1, max=most)
        self._idle = threading.Semaphore(0)
        self.get = self._take

    def start(self) -> None:
        """Start no thread: the first request does."""

    def put(self, obj: Any) -> None:
        """Hand a connection to a thread that is idle, or else to a new one."""
        super().put(obj)
        if not self._idle.acquire(blocking=False) and len(self._threads) < self.max:
            worker = WorkerThread(self.server)  # type: ignore[no-untyped-call]
            worker.name = f"sandbox-{len(self._threads)}"
            worker.start()
            self._threads.append(worker)

    def _take(self) -> Any:
        """Return the next connection; a thread that has to wait for it is idle until then."""
        try:
            return self._queue.get_nowait()
        except Empty:
            self._idle.release()
            return self._queue.get()
