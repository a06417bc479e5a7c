"""Ctrl-C and SIGTERM: the first ends the work and keeps what is done, a later one ends the process.

A Python signal handler interrupts the main thread, which might hold the locks that a cancellation
needs: the handler would wait for ever. So the handler does nothing. The interpreter writes the
number of the signal to a socket, and a thread reads it and cancels.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Self

from gitlab_sync.concurrency.cancel import CancelToken

_REASONS = {
    signal.SIGINT: "interrupted by Ctrl-C",
    signal.SIGTERM: "ended by SIGTERM",
}
_SAME_WISH = 1.0  # seconds
_SHOW_CURSOR = b"\x1b[?25h"


def _leave_it_to_the_watcher(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: only with a handler does the interpreter write to the socket."""


class Interruption:
    """Cancels `cancel` on SIGINT and SIGTERM within its `with` block. For the main thread.

    `exit_code` is None until the first signal. One that comes a second or more after it calls
    `last_words` in another thread and ends the process: they must be short and take no lock. An
    earlier one is the same wish: `timeout` signals its command twice, and people press twice.
    """

    def __init__(self) -> None:
        self.cancel = CancelToken()
        self.last_words: list[Callable[[], None]] = []
        self.exit_code: int | None = None

    def __enter__(self) -> Self:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._old_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._old = {number: signal.signal(number, _leave_it_to_the_watcher) for number in _REASONS}
        self._watcher = threading.Thread(target=self._watch, name="signals", daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_fd)
        self._writer.close()
        self._watcher.join()
        self._reader.close()

    def _watch(self) -> None:
        first = 0.0
        while came := self._reader.recv(1):
            number = came[0]
            if number not in _REASONS:
                continue  # another signal that has a handler of its own
            if self.exit_code is None:
                first = time.monotonic()
                self.exit_code = 128 + number
                self.cancel.cancel(_REASONS[signal.Signals(number)])
            elif time.monotonic() - first >= _SAME_WISH:
                self._end(number)

    def _end(self, number: int) -> None:
        for say in self.last_words:
            with contextlib.suppress(Exception):
                say()
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if sys.stderr.isatty():
                os.write(sys.stderr.fileno(), _SHOW_CURSOR)  # a live display had hidden it
        os._exit(128 + number)
