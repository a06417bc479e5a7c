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

    Of the requests that wait, the first goes alone. A 404 to it, or to any other request, is also
    the answer to all later ones, which are not sent. Any other end lets those that wait go side by
    side. A request that is held back is put off, and holds no worker.
    """

    def __init__(self, known: KnownPresence) -> None:
        self._lock = threading.Lock()
        self._known = known
        self._missing: Answer | None = None
        self._asking = self._open = False

    def ask(self, exchange: Callable[[], Answer], *, waits: bool) -> Answer | None:
        """Return the answer of the exchange, or None if it has to wait for another one."""
        alone = waits and not (self._known.seen or self._open)
        with self._lock:
            if self._missing is not None:
                return self._missing
            if alone and self._asking:
                return None
            self._asking = self._asking or alone
        try:
            answer = exchange()
            if answer.status == HTTPStatus.NOT_FOUND:
                self._missing = answer
            elif answer.status == HTTPStatus.OK:
                self._known.seen = True
            return answer
        finally:
            self._open = self._open or alone
