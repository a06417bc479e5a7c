"""Latency and stalls: waits that end early when the server stops or when their reason is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic


class Waits:
    """All waits of one server.

    `stopping` is true from `stop` to `start`; meanwhile there is nothing to wait for.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.stopping = False

    def wait(self, seconds: Callable[[], float]) -> bool:
        """Wait as long as `seconds` says, which is asked again after each `changed`.

        Returns whether the server stops.
        """
        begun = monotonic()
        with self._condition:
            while not self.stopping and (left := begun + seconds() - monotonic()) > 0:
                self._condition.wait(min(left, threading.TIMEOUT_MAX))
            return self.stopping

    def changed(self) -> None:
        """Let every wait ask again how long it is."""
        with self._condition:
            self._condition.notify_all()

    def start(self) -> None:
        """Wait from now on."""
        self.stopping = False

    def stop(self) -> None:
        """End every wait, also those to come."""
        self.stopping = True
        self.changed()
