"""Whether an instance has GraphQL at all: a run asks once, however many people it is about."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http import HTTPStatus

from gitlab_sync.http.wire import Answer

PAUSE = 0.02
"""Seconds after which a request that was held back tries again."""


class KnownPresence:
    """Whether the GraphQL of an instance ever answered, to anyone."""

    seen = False


class GraphQLPresence:
    """What one run knows about the GraphQL of its instance.

    The first request goes alone. A 404 to it is also the answer to all others, which are not sent.
    Any other end lets the others go side by side. A request that is held back is put off, and holds
    no worker.
    """

    def __init__(self, known: KnownPresence) -> None:
        self._lock = threading.Lock()
        self._known = known
        self._missing: Answer | None = None
        self._asking = self._open = False

    def ask(self, exchange: Callable[[], Answer]) -> Answer | None:
        """Return the answer of the exchange, or None if it has to wait for another one."""
        if self._known.seen or self._open:
            return exchange()
        with self._lock:
            if self._missing is not None:
                return self._missing
            if self._asking:
                return None
            self._asking = True
        try:
            answer = exchange()
            if answer.status == HTTPStatus.NOT_FOUND:
                self._missing = answer
            elif answer.status == HTTPStatus.OK:
                self._known.seen = True
            return answer
        finally:
            self._open = self._missing is None
